"""The region of a bucket is found when it is not given: one request more, once a store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError, GenericError, PermissionDeniedError
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.threads import together

HOME = "eu-west-1"
SCOPE = re.compile(r"Credential=AK/\d{8}/([a-z0-9-]+)/s3/aws4_request")
MOVED = (
    "<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be"
    " addressed using the specified endpoint.</Message><Endpoint>b.s3-eu-west-1.amazonaws.com"
    "</Endpoint><Bucket>b</Bucket></Error>"
)
MALFORMED = (
    "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is"
    " malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message>"
    "<Region>eu-west-1</Region></Error>"
)


class Aws:
    """A bucket in eu-west-1, as S3 answers for it at any of its endpoints."""

    def __init__(self, status: int = 301, home: str = HOME) -> None:
        self.status, self.home = status, home
        self.requests: list[tuple[str, str, str]] = []  # method, host, region of the signature

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = SCOPE.search(request.headers.get("authorization", ""))
        region = found[1] if found else ""
        self.requests.append((request.method, request.url.host, region))
        if self.home in request.url.host and region == self.home:
            return self._good(request)
        head = {"x-amz-bucket-region": self.home, "content-type": "application/xml"}
        body = {301: MOVED, 400: MALFORMED, 403: "", 307: ""}[self.status]
        return httpx.Response(
            self.status, headers=head, text="" if request.method == "HEAD" else body
        )

    def _good(self, request: httpx.Request) -> httpx.Response:
        headers = {"etag": '"e"', "last-modified": "Tue, 24 Nov 2026 12:00:00 GMT"}
        if "list-type" in request.url.query.decode():
            listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            return httpx.Response(200, text=listing)
        if request.method == "POST":
            deleted = "<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>"
            return httpx.Response(200, text=deleted)
        if request.method == "HEAD":
            return httpx.Response(200, headers={**headers, "content-length": "4"})
        body = b"body" if request.method == "GET" else b""
        return httpx.Response(200, headers=headers, content=body)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        return self(request)

    def store(self, **more: Any) -> S3Store:
        keys = {"access_key_id": "AK", "secret_access_key": "SK"}
        transports = {
            "transport": httpx.MockTransport(self),
            "async_transport": httpx.MockTransport(self.answer_async),
        }
        return S3Store("b", **{**keys, **transports, **more})


@pytest.mark.parametrize("status", [301, 307, 400, 403])
@pytest.mark.parametrize("verb", ["get", "head", "put", "delete", "list"])
def test_any_first_operation_finds_the_region(api: Api, status: int, verb: str) -> None:
    aws = Aws(status)
    store = aws.store()
    if verb == "list":
        assert api.list(store) == []
    else:
        api.call(verb, store, "k", *([b"body"] if verb == "put" else []))
    first, second = aws.requests
    assert first[1:] == ("s3.us-east-1.amazonaws.com", "us-east-1")
    assert second[1:] == (f"s3.{HOME}.amazonaws.com", HOME)
    api.put(store, "k", b"body")
    assert api.read(store, "k") == b"body"
    assert len(aws.requests) == 4
    assert "region" not in store.config


def test_virtual_hosts_move_too(api: Api) -> None:
    aws = Aws()
    assert api.read(aws.store(virtual_hosted_style_request=True), "k") == b"body"
    assert [host for _, host, _ in aws.requests] == [
        "b.s3.us-east-1.amazonaws.com",
        f"b.s3.{HOME}.amazonaws.com",
    ]


def test_a_right_region_costs_nothing(api: Api) -> None:
    aws = Aws()
    api.read(aws.store(region=HOME), "k")
    assert len(aws.requests) == 1
    aws = Aws(home="us-east-1")
    api.read(aws.store(), "k")
    assert len(aws.requests) == 1


def test_a_wrong_region_that_was_given_is_an_error(api: Api) -> None:
    aws = Aws()
    with pytest.raises(GenericError, match="region") as caught:
        api.read(aws.store(region="ap-south-1"), "k")
    assert caught.value.code == "PermanentRedirect"
    assert len(aws.requests) == 1


def test_many_first_operations_at_once(api: Api) -> None:
    aws = Aws()
    store = aws.store()
    api.together(*[partial(api.read, store, f"k{n}") for n in range(20)])
    before = len(aws.requests)
    assert before <= 40
    api.read(store, "k")
    assert len(aws.requests) == before + 1


def test_a_server_that_changes_its_mind_is_followed_once(api: Api) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        region = "eu-west-1" if len(seen) % 2 else "eu-west-2"
        return httpx.Response(301, headers={"x-amz-bucket-region": region})

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    seen: list[str] = []
    store = Aws().store(
        transport=httpx.MockTransport(answer), async_transport=httpx.MockTransport(answer_async)
    )
    with pytest.raises(BaseError):
        api.read(store, "k")
    assert len(seen) == 2


@pytest.mark.parametrize("region", ["evil.example/", "eu-west-1.evil.example", "EU WEST", ""])
def test_a_region_that_is_none_is_not_followed(api: Api, region: str) -> None:
    aws = Aws(home=region)
    with pytest.raises(BaseError):
        api.read(aws.store(), "k")
    assert len(aws.requests) == 1


@contextmanager
def start_in_europe() -> Iterator[Minio]:
    with Minio(environment={"MINIO_SITE_REGION": HOME}) as minio:
        yield minio


def test_a_real_server_says_its_region(api: Api, servers: Servers) -> None:
    minio: Minio = servers.get("minio in Europe", start_in_europe)
    client = minio.boto3_session().client("s3", endpoint_url=minio.endpoint, region_name=HOME)
    bucket = f"bucket-{api.way}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": HOME})
    client.close()
    options = minio.store_options()
    del options["region"]
    store = S3Store(bucket, **options)
    api.put(store, "k", b"body")
    assert api.read(store, "k") == b"body"
    assert api.head(S3Store(bucket, **options), "k")["size"] == 4


def test_threads_with_the_same_refusal(minio: Minio, shared_bucket: str) -> None:
    # 403 without another region stays what it is.
    options = {**minio.store_options(), "secret_access_key": "wrong"}
    del options["region"]
    store = S3Store(shared_bucket, **options)

    def denied() -> None:
        with pytest.raises(PermissionDeniedError):
            obs.get(store, "k")

    together([denied] * 8)
