"""A tampered request is refused by MinIO: so a green suite says something about signing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store
from tests.backends.faultproxy import FaultProxy
from tests.backends.http1 import RecordedRequest, Wire
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.wire.sigv4 import claimed_signature


@pytest.fixture
def recorded(minio: Minio, shared_bucket: str) -> Iterator[RecordedRequest]:
    """A put of ours, as it was on the wire."""
    with FaultProxy(minio.port) as proxy:
        options = minio.store_options() | {"endpoint": proxy.endpoint}
        S3Store(shared_bucket, **options).put("tamper/key", b"0123456789")
        yield proxy.requests[0]


def replay(port: int, raw: bytes) -> int:
    """The status that a server answers to exactly these bytes."""
    wire = Wire(socket.create_connection(("127.0.0.1", port), timeout=10))
    try:
        wire.send(raw)
        return int(wire.read_head().split(b" ")[1])
    finally:
        wire.close()


CHANGES: dict[str, Callable[[RecordedRequest], bytes]] = {
    "signature": lambda r: _with_another_signature(r) + r.body,
    "key": lambda r: r.head.replace(b"tamper/key", b"tamper/kez", 1) + r.body,
    "query": lambda r: r.head.replace(b"tamper/key", b"tamper/key?a=b", 1) + r.body,
    "method": lambda r: r.head.replace(b"PUT ", b"DELETE ", 1) + r.body,
    "body": lambda r: r.head + r.body[::-1],
}


def test_the_recorded_request_is_accepted_again(recorded: RecordedRequest, minio: Minio) -> None:
    assert replay(minio.port, recorded.head + recorded.body) == 200


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_request_is_refused(recorded: RecordedRequest, minio: Minio, change: str) -> None:
    assert replay(minio.port, CHANGES[change](recorded)) in (400, 403)


def test_a_wrong_secret_is_refused(api: Api, minio: Minio, shared_bucket: str) -> None:
    secret = minio.secret_access_key[::-1]
    store = S3Store(shared_bucket, **(minio.store_options() | {"secret_access_key": secret}))
    with pytest.raises((BaseError, PermissionError)) as refused:
        api.put(store, "k", b"x")
    assert type(refused.value).__name__ == "PermissionDeniedError"
    assert secret not in str(refused.value)


def _with_another_signature(request: RecordedRequest) -> bytes:
    signature = claimed_signature(request)
    other = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    return request.head.replace(signature.encode(), other.encode())
