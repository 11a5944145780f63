"""No secret in any text (S1), for the stores and ways that no other test of S1 has.

The others: `tests/credentials/test_s3_secrets.py`, `test_azure_secrets.py`, `test_earthdata.py`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store
from tests.backends.forwardproxy import ForwardProxy
from tests.backends.gcs_auth import Authority
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import Answer, Pause, RawServer, Reset, response
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.security.texts import collect

pytestmark = pytest.mark.row("S1")
CANARY = "CaNaRy0123456789"
QUICK = {"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}}
FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}


@pytest.fixture(autouse=True)
def every_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def calls_of(api: Api, store: Any) -> list[Callable[[], object]]:
    return [
        lambda: repr(store),
        lambda: api.put(store, "k", b"x"),
        lambda: api.read(store, "k"),
        lambda: api.head(store, "k"),
        lambda: api.delete(store, "k"),
        lambda: api.copy(store, "k", "l"),
        lambda: api.list(store),
    ]


def echo(status: int) -> Callable[[RecordedRequest], Answer]:
    return lambda request: response(status, request.head, FACTS)


def moved(request: RecordedRequest) -> Answer:
    place = f"https://localhost:1/x?sig={CANARY}"
    return response(302, headers={"Location": place, "Set-Cookie": f"session={CANARY}"})


ANSWERS: dict[str, Callable[[RecordedRequest], Answer]] = {
    **{str(status): echo(status) for status in (400, 401, 403, 404, 500)},
    "moved": moved,
    "broken": lambda _: [Reset()],
    "silent": lambda _: [Pause(1)],
    "cut": lambda _: [response(200, b"x", FACTS, 1000), Reset()],
}


@pytest.mark.slow
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])
@pytest.mark.parametrize("name", ANSWERS)
def test_http_with_a_token(
    api: Api,
    name: str,
    proxied: bool,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    headers = {"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY}
    options: dict[str, Any] = {"allow_http": True, "default_headers": headers}
    if name == "silent":
        options["timeout"] = "150ms"
    with ForwardProxy("me", CANARY) as proxy, RawServer(ANSWERS[name]) as server:
        if proxied:
            address = proxy.endpoint.partition("://")[2]
            options["proxy_url"] = f"http://me:{CANARY}@{address}"
        store = HTTPStore(server.endpoint, client_options=options, retry_config=QUICK)
        said = collect(caplog, recwarn, calls_of(api, store))
    assert server.requests[0].header("x-api-key") == CANARY
    assert CANARY not in said


@pytest.mark.parametrize("how", ["option", "environment", "not there"])
def test_a_proxys_password(
    api: Api,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    with ForwardProxy("me", "another") as proxy:
        address = "127.0.0.1:9" if how == "not there" else proxy.endpoint.partition("://")[2]
        options: dict[str, Any] = {"allow_http": True, "proxy_url": f"http://me:{CANARY}@{address}"}
        if how == "environment":
            monkeypatch.setenv("ALL_PROXY", options.pop("proxy_url"))
        for url in ("http://127.0.0.1:9", "https://127.0.0.1:9"):
            store = HTTPStore(url, client_options=options, retry_config=QUICK)
            assert CANARY not in collect(caplog, recwarn, calls_of(api, store))
    assert how == "not there" or proxy.requests != []


def test_http_2_with_a_token(
    api: Api,
    servers: Servers,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    minio: Minio = servers.get("minio over TLS", lambda: Minio(tls=True))
    options = {"root_certificate": minio.ca_pem, "http2_only": True}
    given = {**minio.store_options(), "client_options": options}
    store = S3Store(minio.create_bucket(), session_token=CANARY, retry_config=QUICK, **given)
    caplog.clear()  # boto3 made the bucket
    said = collect(caplog, recwarn, calls_of(api, store))
    assert "httpcore.http2 send_request_headers" in said  # which says that it was sent, and no more
    assert CANARY not in said
    assert given["secret_access_key"] not in said
    assert "AWS4-HMAC-SHA256" not in said


class Leaky(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that breaks, and whose error names the URL."""

    def __init__(self, url: str) -> None:
        self._error = httpx.ReadError(f"broken at {url}")

    def __iter__(self) -> Any:
        yield b"x"
        raise self._error

    async def __aiter__(self) -> Any:
        yield b"x"
        raise self._error


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_transports_error_that_names_a_signed_url(
    api: Api,
    where: str,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert CANARY in str(request.url)
        if where == "head":
            raise httpx.ReadError(f"broken at {request.url}", request=request)
        headers = {**FACTS, "Content-Length": "100000"}
        return httpx.Response(200, headers=headers, stream=Leaky(str(request.url)))

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    store = AzureStore(
        "c",
        account_name="a",
        sas_token=f"sv=2025&sig={CANARY}",
        transport=httpx.MockTransport(answer),
        async_transport=httpx.MockTransport(answer_async),
        retry_config=QUICK,
    )
    said = collect(caplog, recwarn, calls_of(api, store))
    assert "broken at https://a.blob.core.windows.net/c/k" in said
    assert CANARY not in said


AUTHORITY = Authority()
USER = {"client_id": "c", "client_secret": CANARY, "refresh_token": f"{CANARY}-refresh"}


def gcs_ways(directory: Path) -> dict[str, dict[str, Any]]:
    adc = directory / "adc.json"
    adc.write_text(json.dumps({"type": "authorized_user", **USER}))
    key = AUTHORITY.service_account("https://oauth2.googleapis.com/token")
    return {
        "key": {"service_account_key": json.dumps(key)},
        "user": {"application_credentials": str(adc)},
        "instance": {},
        "bearer": {"credential_provider": lambda: {"token": CANARY, "expires_at": None}},
        "bad provider": {"credential_provider": lambda: {"token": CANARY}},
    }


@pytest.mark.slow
@pytest.mark.parametrize("way", ["key", "user", "instance", "bearer", "bad provider"])
@pytest.mark.parametrize("tokens", ["given", "refused"])
@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_google(
    api: Api,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    tokens: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    def answer(request: httpx.Request, body: bytes) -> httpx.Response:
        sent = f"{request.url} {dict(request.headers)} {body.decode('latin-1')}"
        if "token" in request.url.path:
            if tokens == "given":
                return httpx.Response(200, json={"access_token": CANARY, "expires_in": 3600})
            return httpx.Response(status, json={"error": "bad", "error_description": sent})
        text = f"<Error><Code>Bad</Code><Message>{sent}</Message></Error>"
        return httpx.Response(status, text=text, headers=FACTS)

    def answer_sync(request: httpx.Request) -> httpx.Response:
        return answer(request, request.read())

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request, await request.aread())

    store = GCSStore(
        "b",
        transport=httpx.MockTransport(answer_sync),
        async_transport=httpx.MockTransport(answer_async),
        retry_config={"max_retries": 0},
        **gcs_ways(tmp_path)[way],
    )
    said = collect(caplog, recwarn, calls_of(api, store))
    assert CANARY not in said
    key = AUTHORITY.service_account("https://x")["private_key"].splitlines()[3]
    assert key not in said
