"""Wire equals signed (S5): for any key, the recorded bytes carry the signature they should."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from object_store_py.store import S3Store
from tests.backends.faultproxy import FaultProxy
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.wire.sigv4 import claimed_signature, expected_signature, signed_header_names

pytestmark = pytest.mark.row("S5")
KEYS = [
    "plain.txt",
    "with space/and  two",
    "unicode/ü/🙀/日本語",
    "percent/%/%41/%2F/%zz",
    "plus+plus",
    "hash#fragment",
    "question?mark=1&a=b",
    "tilde~dash-dot.under_score",
    "all/!\"$&'()*,:;<=>@[\\]^`{|}",
    "dots/.hidden/...",
    "/".join(["x" * 250] * 3),
    "/".join(["ü" * 100] * 3),
]
SEGMENTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=60
).filter(lambda text: text.strip() not in ("", ".", ".."))  # MinIO refuses these three
ANY_KEY = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


@pytest.fixture
def proxy(minio: Minio) -> Iterator[FaultProxy]:
    with FaultProxy(minio.port) as running:
        yield running


@pytest.fixture
def store(minio: Minio, shared_bucket: str, proxy: FaultProxy) -> S3Store:
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    return S3Store(shared_bucket, prefix=f"wire-{secrets.token_hex(4)}", **options)


def assert_signed(request: RecordedRequest, minio: Minio) -> None:
    """The request has the signature of its own bytes, and the digest of its own body."""
    assert claimed_signature(request) == expected_signature(request, minio.secret_access_key)
    assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed_header_names(request))
    digest = request.header("x-amz-content-sha256")
    assert digest in (hashlib.sha256(request.body).hexdigest(), "UNSIGNED-PAYLOAD")


def use_every_verb(api: Api, store: Any, key: str) -> None:
    api.put(store, key, b"body of the object")
    assert api.head(store, key)["path"] == key
    assert api.read(store, key) == b"body of the object"
    assert api.get_range(store, key, start=1, end=4) == b"ody"
    api.copy(store, key, f"copy/{key}")
    api.delete(store, key)


@pytest.mark.parametrize("key", KEYS)
def test_each_request_carries_its_own_signature(
    api: Api, store: Any, minio: Minio, proxy: FaultProxy, key: str
) -> None:
    use_every_verb(api, store, key)
    assert {request.method for request in proxy.requests} >= {"PUT", "GET", "HEAD"}
    for request in proxy.requests:
        assert_signed(request, minio)


def test_listings_too(api: Api, store: Any, minio: Minio, proxy: FaultProxy) -> None:
    api.put(store, "dir/a b+c", b"")
    api.list(store, "dir", offset="dir/A ?&=+%/ü")
    api.list_with_delimiter(store, "dir")
    for request in proxy.requests:
        assert_signed(request, minio)


def test_a_multipart_upload_too(api: Api, store: Any, minio: Minio, proxy: FaultProxy) -> None:
    part = 5 * 1024 * 1024
    api.put(store, "a b/big+one", bytes(part + 1), chunk_size=part)
    assert sum("partNumber" in request.query for request in proxy.requests) == 2
    for request in proxy.requests:
        assert claimed_signature(request) == expected_signature(request, minio.secret_access_key)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(key=ANY_KEY)
@example(key="a%2Fb/../c".replace("..", ".. ."))
@example(key="%")
@example(key="+ +")
def test_any_key_is_accepted_and_means_itself(
    store: Any, minio: Minio, shared_bucket: str, proxy: FaultProxy, key: str
) -> None:
    proxy.clear()
    body = secrets.token_bytes(8)
    store.put(key, body)
    assert bytes(store.get(key).bytes()) == body
    seen = minio.client.get_object(Bucket=shared_bucket, Key=f"{store.prefix}/{key}")
    assert seen["Body"].read() == body
    for request in proxy.requests:
        assert_signed(request, minio)


def test_nothing_asks_for_a_compressed_body(api: Api, store: Any, proxy: FaultProxy) -> None:
    api.put(store, "k", b"x")
    api.read(store, "k")
    encodings = {request.header("accept-encoding") for request in proxy.requests}
    assert encodings <= {None, "identity"}


def test_the_body_on_the_wire_is_the_body(api: Api, store: Any, proxy: FaultProxy) -> None:
    # The engine signs over a placeholder; the placeholder itself must never travel.
    body = secrets.token_bytes(100_000)
    api.put(store, "k", body)
    [put] = [request for request in proxy.requests if request.method == "PUT"]
    assert put.body == body
