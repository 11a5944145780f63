"""`store.stats()`, the hook `on_request`, and `request_policy`, which may refuse or redirect."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from object_store_py import RequestInfo
from object_store_py.exceptions import BaseError, PermissionDeniedError
from object_store_py.store import HTTPStore, LocalStore, MemoryStore, S3Store, from_url
from tests.backends.minio import Minio
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.harness.stores import open_scripted

BIG = bytes(300_000)


def test_the_hook_sees_each_request_and_stats_add_them_up(
    api: Api, minio: Minio, shared_bucket: str
) -> None:
    seen: list[RequestInfo] = []
    options = minio.store_options()
    store = S3Store(shared_bucket, prefix=f"seen-{api.way}", on_request=seen.append, **options)
    api.put(store, "a b", BIG)
    assert api.read(store, "a b") == BIG
    with pytest.raises(BaseError):
        api.head(store, "none")
    assert [(info.method, info.status) for info in seen] == [
        ("PUT", 200),
        ("GET", 200),
        ("HEAD", 404),
    ]
    put, get, _ = seen
    assert get.path == f"/{shared_bucket}/seen-{api.way}/a%20b"
    assert get.host == f"127.0.0.1:{minio.port}"
    assert (put.bytes_sent, put.bytes_received) == (len(BIG), 0)
    assert (get.bytes_sent, get.bytes_received) == (0, len(BIG))
    assert all(0 < info.duration < 30 and info.attempt == 1 for info in seen)
    assert get.request_id
    stats = store.stats()
    assert stats == {
        "requests": 3,
        "retries": 0,
        "errors": 1,
        "bytes_sent": len(BIG),
        "bytes_received": len(BIG),
        "by_method": {"PUT": 1, "GET": 1, "HEAD": 1},
    }


def test_a_repeated_request_says_which_attempt_it_is(api: Api) -> None:
    seen: list[RequestInfo] = []
    facts = {"ETag": '"x"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}
    answers = [response(503), response(503), response(200, b"data", facts)]
    with RawServer(answers) as server:
        store = open_scripted(server, on_request=seen.append)
        assert api.read(store, "k") == b"data"
    assert [(info.status, info.attempt) for info in seen] == [(503, 1), (503, 2), (200, 3)]
    stats = store.stats()
    assert (stats["requests"], stats["retries"], stats["errors"]) == (3, 2, 2)


def test_no_answer_is_told_with_its_reason_and_a_failing_hook_harms_nobody(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    kinds: list[str | None] = []

    def hook(info: RequestInfo) -> None:
        kinds.append(info.error)
        raise RuntimeError("the hook's own bug")

    with RawServer([]) as server:
        endpoint = server.endpoint
        store = open_scripted(server, on_request=hook)
    assert endpoint
    with pytest.raises(BaseError):
        api.head(store, "k")
    assert kinds == ["connect"] * 3
    assert "on_request failed" in caplog.text


def test_stores_without_http_send_nothing(api: Api, tmp_path: Any) -> None:
    for store in (MemoryStore(), LocalStore(tmp_path)):
        api.put(store, "a", b"data")
        assert store.stats()["requests"] == 0
        assert store.stats()["by_method"] == {}


@pytest.mark.row("S3")
@pytest.mark.parametrize("answer", [False, None, "ftp://elsewhere", OSError("not from here")])
def test_a_policy_refuses_before_anything_is_sent(
    api: Api, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[tuple[str, str]] = []

    def policy(method: str, url: str) -> Any:
        asked.append((method, url))
        if isinstance(answer, Exception):
            raise answer
        return answer

    with RawServer([]) as server, caplog.at_level(logging.WARNING, "object_store_py.http"):
        store = open_scripted(server, request_policy=policy)
        with pytest.raises(PermissionDeniedError, match="request_policy refused PUT"):
            api.put(store, "k", b"data", tags={"a": "b"})
        assert server.requests == []
        assert asked == [("PUT", f"{server.endpoint}/bucket/k")]
    assert "request_policy refused PUT" in caplog.text


@pytest.mark.row("S3")
def test_a_policy_sees_token_requests_too(api: Api, tmp_path: Any) -> None:
    (tmp_path / "token").write_text("web-identity")
    with RawServer([]) as server:
        store = S3Store(
            "bucket",
            endpoint=server.endpoint,
            endpoint_url_sts="https://sts.example",
            region="us-east-1",
            web_identity_token_file=str(tmp_path / "token"),
            role_arn="arn:aws:iam::1:role/r",
            client_options={"allow_http": True},
            request_policy=lambda _, url: not url.startswith("https://sts.example"),
        )
        with pytest.raises(PermissionDeniedError, match=r"POST https://sts\.example/"):
            api.head(store, "k")
        assert server.requests == []


@pytest.mark.row("S3")
def test_a_policy_sends_requests_elsewhere_and_their_signature_holds(
    api: Api, minio: Minio, shared_bucket: str
) -> None:
    options = minio.store_options() | {"endpoint": "http://s3.internal.example:9000"}
    there = f"http://127.0.0.1:{minio.port}"
    store = S3Store(shared_bucket, request_policy=lambda *_: there, **options)
    api.put(store, f"elsewhere-{api.way}", b"data")
    direct = S3Store(shared_bucket, **minio.store_options())
    assert api.read(direct, f"elsewhere-{api.way}") == b"data"


@pytest.mark.row("S3")
def test_a_redirected_request_must_be_encrypted_too(api: Api) -> None:
    with RawServer([]) as server:
        endpoint = server.endpoint
        store = HTTPStore("https://example.com/", request_policy=lambda *_: endpoint)
        with pytest.raises(BaseError, match="not encrypted"):
            api.head(store, "k")
        assert server.requests == []


def allow(_method: str, _url: str) -> bool:
    return True


def test_a_pickle_keeps_the_policy_or_fails_and_drops_a_local_hook() -> None:
    store = HTTPStore("https://example.com/", request_policy=allow, on_request=print)
    again = pickle.loads(pickle.dumps(store))
    assert again._request_policy is allow
    hooked = HTTPStore("https://example.com/", on_request=lambda _: None)
    assert pickle.loads(pickle.dumps(hooked)) == HTTPStore("https://example.com/")
    with pytest.raises(Exception, match=r"pickle|local"):
        pickle.dumps(HTTPStore("https://example.com/", request_policy=lambda *_: True))


def test_what_is_no_function_is_refused() -> None:
    wrong: Any = 5
    for url in ("https://example.com/", "s3://bucket", "gs://bucket", "az://container"):
        with pytest.raises(TypeError, match="on_request must be a function"):
            from_url(url, on_request=wrong)


def test_opentelemetry_spans_have_the_callers_span_as_parent(
    api: Api, minio: Minio, shared_bucket: str
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("example")

    def record(info: RequestInfo) -> None:  # as in docs/observing.md
        span = tracer.start_span(
            f"{info.method} {info.host}",
            kind=trace.SpanKind.CLIENT,
            start_time=info.started,
            attributes={
                "http.request.method": info.method,
                "server.address": info.host,
                "url.path": info.path,
                "http.request.resend_count": info.attempt - 1,
                "http.request.body.size": info.bytes_sent,
                "http.response.body.size": info.bytes_received,
            },
        )
        if info.status is not None:
            span.set_attribute("http.response.status_code", info.status)
        if info.error is not None or (info.status or 0) >= 400:
            span.set_status(trace.StatusCode.ERROR, info.error)
        span.end(end_time=info.started + int(info.duration * 1e9))

    options = minio.store_options()
    store = S3Store(shared_bucket, prefix=f"otel-{api.way}", on_request=record, **options)
    part = 5 << 20
    if api.way == "sync":
        with tracer.start_as_current_span("upload"):
            api.put(store, "parts", bytes(part + 1))
    else:
        api.put(store, "parts", bytes(part + 1))
    spans = exporter.get_finished_spans()
    requests = [span for span in spans if span.kind is trace.SpanKind.CLIENT]
    assert [span.name.split()[0] for span in requests] in (["POST", "PUT", "PUT", "POST"],)
    sizes = [span.attributes["http.request.body.size"] for span in requests if span.attributes]
    assert part in sizes
    assert 1 in sizes
    if api.way == "sync":  # parts are sent by threads, which must know the caller's span
        (upload,) = (span for span in spans if span.name == "upload")
        assert upload.context is not None
        for span in requests:
            assert span.parent is not None
            assert span.parent.span_id == upload.context.span_id
