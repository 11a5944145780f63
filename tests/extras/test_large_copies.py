"""Copies of what S3 does not copy in one request: in parts, by the server, as a whole or not."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from object_store_py import _s3_copying
from object_store_py.exceptions import AlreadyExistsError, BaseError, GenericError
from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import response
from tests.harness.api import Api
from tests.wire.sigv4 import claimed_signature, expected_signature

MIB = 1 << 20
PART = 5 * MIB
DATA = secrets.token_bytes(2 * PART + 12_345)
ATTRIBUTES = {
    "Content-Type": "text/x-large",
    "Cache-Control": "max-age=5",
    "Content-Disposition": 'attachment; filename="x"',
    "Content-Encoding": "identity",
    "Content-Language": "de",
    "color": "blue",
}
TAGS = {"kind": "large", "odd": "a b+c/d"}
REFUSED = response(
    400,
    b"<Error><Code>InvalidRequest</Code><Message>The specified copy source is larger than the"
    b" maximum allowable size for a copy source: 5368709120</Message></Error>",
)


def is_whole_copy(request: RecordedRequest) -> bool:
    source, ranged = (request.header(f"x-amz-copy-source{end}") for end in ("", "-range"))
    return source is not None and ranged is None


def is_part(request: RecordedRequest) -> bool:
    return request.header("x-amz-copy-source-range") is not None


@pytest.fixture
def proxy(minio: Minio, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """MinIO behind S3's limit, which MinIO does not have, and the limit is 5 MiB."""
    monkeypatch.setattr(_s3_copying, "LARGEST_COPY", PART)
    monkeypatch.setattr(_s3_copying, "PART", PART)
    with FaultProxy(minio.port) as running:
        running.add(Fault(1000, when=is_whole_copy, answer=REFUSED))
        yield running


@pytest.fixture
def prefix() -> str:
    return f"large-{secrets.token_hex(4)}"


@pytest.fixture
def store(minio: Minio, shared_bucket: str, proxy: FaultProxy, prefix: str) -> S3Store:
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    return S3Store(shared_bucket, prefix=prefix, copy_if_not_exists="multipart", **options)


def uploads(minio: Minio, bucket: str, prefix: str) -> list[str]:
    """The uploads below the prefix that are under way."""
    client = minio.client
    found: list[str] = []
    for key in ("to", "a b/ü%41"):
        answer = client.list_multipart_uploads(Bucket=bucket, Prefix=f"{prefix}/{key}")
        found += [upload["Key"] for upload in answer.get("Uploads", [])]
    return found


@pytest.mark.parametrize("source", ["from", "from/ü +%41?#"])
def test_a_large_object_is_copied_with_all_it_has(
    api: Api, store: S3Store, minio: Minio, proxy: FaultProxy, prefix: str, source: str
) -> None:
    api.put(store, source, DATA, attributes=ATTRIBUTES, tags=TAGS)
    proxy.requests.clear()
    api.copy(store, source, "a b/ü%41")
    assert api.read(store, "a b/ü%41") == DATA
    assert api.get(store, "a b/ü%41").attributes == ATTRIBUTES
    assert minio.tags(store.config["bucket"], f"{prefix}/a b/ü%41") == TAGS
    assert api.read(store, source) == DATA
    parts = [request for request in proxy.requests if is_part(request)]
    ranges = sorted(str(request.header("x-amz-copy-source-range")) for request in parts)
    last = f"bytes={2 * PART}-{len(DATA) - 1}"
    assert ranges == sorted([f"bytes=0-{PART - 1}", f"bytes={PART}-{2 * PART - 1}", last])
    e_tag = api.head(store, source)["e_tag"]
    for request in parts:
        assert request.header("x-amz-copy-source-if-match") == e_tag
        assert claimed_signature(request) == expected_signature(request, minio.secret_access_key)
    bodies = sum(len(request.body) for request in proxy.requests)
    assert bodies < 5000  # the bytes do not come here


def test_a_large_object_is_copied_to_another_store_of_the_server(
    api: Api, store: S3Store, minio: Minio, proxy: FaultProxy, prefix: str
) -> None:
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    there = f"{prefix}/other"
    other = S3Store(store.config["bucket"], prefix=there, copy_if_not_exists="multipart", **options)
    api.put(store, "from", DATA, attributes=ATTRIBUTES)
    proxy.requests.clear()
    api.call("copy_to", store, "from", other, "to")
    assert api.read(other, "to") == DATA
    assert api.get(other, "to").attributes == ATTRIBUTES
    assert sum(len(request.body) for request in proxy.requests) < 5000


def test_a_large_object_is_renamed(api: Api, store: S3Store) -> None:
    api.put(store, "from", DATA, attributes=ATTRIBUTES)
    api.rename(store, "from", "to")
    assert api.paths(store) == ["to"]
    assert api.read(store, "to") == DATA
    assert api.get(store, "to").attributes == ATTRIBUTES


@pytest.mark.parametrize("verb", ["copy", "rename"])
def test_a_large_copy_replaces_nothing_if_it_must_not(
    api: Api, store: S3Store, minio: Minio, prefix: str, verb: str
) -> None:
    api.put(store, "from", DATA, attributes=ATTRIBUTES)
    api.put(store, "to", b"here")
    with pytest.raises(AlreadyExistsError):
        api.call(verb, store, "from", "to", overwrite=False)
    assert api.read(store, "to") == b"here"
    assert api.read(store, "from") == DATA
    assert uploads(minio, store.config["bucket"], prefix) == []
    api.delete(store, "to")
    api.call(verb, store, "from", "to", overwrite=False)
    assert api.read(store, "to") == DATA
    assert api.get(store, "to").attributes == ATTRIBUTES


FAULTS = {
    "refused": Fault(1, when=is_part, answer=response(403)),
    "an error in a 200": Fault(
        99, when=is_part, answer=response(200, b"<Error><Code>InternalError</Code></Error>")
    ),
    "down": Fault(99, when=is_part, answer=response(503)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_copy_that_fails_leaves_nothing_and_deletes_nothing(
    api: Api, store: S3Store, minio: Minio, proxy: FaultProxy, prefix: str, fault: str
) -> None:
    given = FAULTS[fault]
    once = S3Store(config=store.config, prefix=prefix, client_options=store.client_options,
                   retry_config={"max_retries": 1})  # fmt: skip
    api.put(store, "from", DATA)
    api.put(store, "to", b"old")
    proxy.add(Fault(given.times, when=given.when, answer=given.answer))
    with pytest.raises(BaseError):
        api.rename(once, "from", "to")
    assert api.read(store, "from") == DATA
    assert api.read(store, "to") == b"old"
    assert uploads(minio, store.config["bucket"], prefix) == []


def test_a_part_that_a_busy_server_refuses_is_copied_again(
    api: Api, store: S3Store, proxy: FaultProxy
) -> None:
    busy = b"<Error><Code>SlowDown</Code></Error>"
    api.put(store, "from", DATA)
    proxy.add(Fault(1, when=is_part, answer=response(503, busy)))
    proxy.add(Fault(1, when=is_part, answer=response(200, busy)))
    api.copy(store, "from", "to")
    assert api.read(store, "to") == DATA


def test_a_source_that_changes_meanwhile_is_not_mixed(
    api: Api, store: S3Store, minio: Minio, proxy: FaultProxy, prefix: str
) -> None:
    api.put(store, "from", DATA)
    changed = response(412, b"<Error><Code>PreconditionFailed</Code></Error>")
    proxy.add(Fault(1, when=lambda r: is_part(r) and b"partNumber=2" in r.target, answer=changed))
    with pytest.raises(GenericError, match="changed while it was copied"):
        api.rename(store, "from", "to")
    assert api.paths(store) == ["from"]
    assert uploads(minio, store.config["bucket"], prefix) == []


def test_other_refusals_are_what_they_were(api: Api, store: S3Store, proxy: FaultProxy) -> None:
    api.put(store, "small", b"x")
    with pytest.raises(GenericError, match="InvalidRequest"):
        api.copy(store, "small", "to")
    with pytest.raises(BaseError):
        api.copy(store, "gone", "to")
    assert not any(is_part(request) for request in proxy.requests)


def test_tags_that_may_not_be_read_are_named_in_the_log(
    api: Api, store: S3Store, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    api.put(store, "from", DATA)
    asks = lambda request: b"?tagging" in request.target  # noqa: E731
    proxy.add(Fault(1, when=asks, answer=response(403)))
    api.copy(store, "from", "to")
    assert "its tags may not be read" in caplog.text
    proxy.add(Fault(1, when=asks, answer=response(503)))
    api.copy(store, "from", "to")
    assert api.read(store, "to") == DATA


def test_small_copies_cost_one_request(api: Api, minio: Minio, shared_bucket: str) -> None:
    options: dict[str, Any] = minio.store_options()
    store = S3Store(shared_bucket, prefix=f"small-{secrets.token_hex(4)}", **options)
    api.put(store, "a", b"x")
    before = store.stats()["requests"]
    api.copy(store, "a", "b")
    assert store.stats()["requests"] - before == 1
    assert api.read(store, "b") == b"x"


@pytest.mark.parametrize("verb", ["copy_async", "rename_async"])
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_copy_that_is_cancelled_is_given_up(
    store: S3Store, minio: Minio, proxy: FaultProxy, prefix: str, verb: str, loop: str
) -> None:
    store.put("from", DATA)
    proxy.add(Fault(99, when=is_part, delay=0.5))

    async def cancelled() -> None:
        with anyio.move_on_after(30) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(getattr(store, verb), "from", "to")
                while not any(is_part(request) for request in proxy.requests):
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()
        assert not scope.cancelled_caught

    anyio.run(cancelled, backend=loop)
    assert [item["path"] for item in store.list().collect()] == ["from"]
    assert uploads(minio, store.config["bucket"], prefix) == []
