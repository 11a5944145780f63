"""Buckets of other tenants, as Ceph names them: `tenant:bucket`, `tenant$bucket`, in path style."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from urllib.parse import quote

import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import GCSStore, S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.wire.sigv4 import claimed_signature, expected_presigned, expected_signature

BUCKETS = ("tenant:bucket", "tenant$bucket", "a:b:c", "t$b.c-d_e")
FACTS = {"etag": '"e"', "last-modified": "Sun, 29 Nov 2026 01:00:00 GMT"}
LISTING = b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"


def serve(request: RecordedRequest) -> bytes:
    if b"list-type=2" in request.target:
        return response(200, LISTING)
    if request.header("x-amz-copy-source"):
        return response(200, b'<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>')
    if b"?delete" in request.target:
        return response(200, b"<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>")
    return response(200, b"x", FACTS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_request_names_and_signs_the_bucket(api: Api, bucket: str) -> None:
    with RawServer(serve) as server:
        store = S3Store(bucket, endpoint=server.endpoint, allow_http=True, access_key_id="AK",
                        secret_access_key="SK", region="default")  # fmt: skip
        api.put(store, "d/k ü", b"x")
        assert api.read(store, "d/k ü") == b"x"
        api.copy(store, "d/k ü", "to")
        api.list(store, "d")
        api.delete(store, ["d/k ü", "to"])
        [url] = api.sign(store, "GET", ["d/k"], timedelta(minutes=1))
        requests = list(server.requests)
    place = f"/{quote(bucket, safe='')}"
    assert len(requests) == 5
    for request in requests:
        path = request.target.decode().partition("?")[0]
        assert path == place or path.startswith(f"{place}/"), path
        assert claimed_signature(request) == expected_signature(request, "SK")
    [copy] = [request for request in requests if request.header("x-amz-copy-source")]
    assert copy.header("x-amz-copy-source") == f"{place[1:]}/d/k%20%C3%BC"
    assert f"{place}/d/k?" in url
    assert f"X-Amz-Signature={expected_presigned('GET', str(url), 'SK')}" in url


@pytest.mark.parametrize("bucket", BUCKETS)
def test_urls_of_such_buckets(bucket: str) -> None:
    for scheme in ("s3", "s3a"):
        store = obs.store.from_url(f"{scheme}://{bucket}/a/b", region="default")
        assert isinstance(store, S3Store)
        assert (store.config["bucket"], store.prefix) == (bucket, "a/b")
        assert S3Store.from_url(f"{scheme}://{bucket}").config == {"bucket": bucket}
    assert bucket in repr(S3Store(bucket))


@pytest.mark.parametrize("bucket", ["tenant:bucket", "tenant$bucket"])
def test_such_a_bucket_is_no_part_of_a_hosts_name(bucket: str) -> None:
    with pytest.raises(GenericError, match="do not set virtual_hosted_style_request"):
        S3Store(bucket, virtual_hosted_style_request=True)


@pytest.mark.parametrize("bucket", ["a/b", "a b", "a@b", "a?b", "a#b", "a%3Ab", ".", "..", "a\nb"])
def test_what_is_not_a_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(GenericError, match="is no name of a bucket"):
        S3Store(bucket)


def test_buckets_of_domains_at_google(api: Api) -> None:
    with RawServer(lambda _: response(404)) as server:
        store = GCSStore("example.com:data", base_url=server.endpoint, allow_http=True,
                         bearer_token="t", retry_config={"max_retries": 0})  # fmt: skip
        with contextlib.suppress(BaseError):
            api.get(store, "k")
        [request] = server.requests
    assert request.target.startswith((b"/example%2Ecom%3Adata/k", b"/example.com%3Adata/k"))
