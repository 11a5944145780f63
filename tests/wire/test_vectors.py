"""Signatures as the component makes them, recomputed by other code from what leaves (S5).

WASI's clock cannot be set from outside, so no signature is compared with one that was written down:
the date is read out of each request. Published signatures anchor the other code instead.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from object_store_py.store import AzureStore, GCSStore, S3Store
from tests.backends import gcs_auth
from tests.backends.http1 import RecordedRequest
from tests.harness.api import Api
from tests.wire import azure_keys, sigv4

pytestmark = pytest.mark.row("S5")
KEYS = ["a", "a b/c+d", "ü/日本", "x=1&y=2", "%41", "a:b@c!$'()*,;", "~tilde", "plus+?#"]
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
MINUTE = timedelta(minutes=1)
FACTS = {"Content-Length": "0", "ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
EMPTY = {
    "s3": "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
    "azure": "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>",
}


class Recorder(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Keeps each request as its bytes would stand on the wire, and answers that all is well."""

    def __init__(self, listing: str) -> None:
        self.requests: list[RecordedRequest] = []
        self._listing = listing

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        line = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"
        head = "\r\n".join([line, *lines, "", ""]).encode("latin-1")
        self.requests.append(RecordedRequest(head, body, len(body), 0.0, 1))
        if b"list" in request.url.query:
            return httpx.Response(200, text=self._listing)
        created = request.method == "PUT" and "ListBucket" not in self._listing
        return httpx.Response(201 if created else 200, headers=FACTS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Keep and answer a request."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Keep and answer a request."""
        return self._answer(request, await request.aread())


def use(api: Api, store: Any, key: str) -> None:
    """Requests of each kind whose answers are all alike."""
    api.put(store, key, b"body", attributes={"Content-Type": "a/b; c=d", "k": "two  words"})
    api.head(store, key)
    api.get(store, key, if_match='"x"')
    api.list(store, key, offset=f"{key}/x")
    api.list_with_delimiter(store, key)


def test_the_other_code_gives_the_signatures_that_amazon_published() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    signed = "host;range;x-amz-content-sha256;x-amz-date"
    published = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    head = (
        "GET /test.txt HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\nRange: bytes=0-9\r\n"
        f"x-amz-content-sha256: {empty}\r\nx-amz-date: 20130524T000000Z\r\n"
        "Authorization: AWS4-HMAC-SHA256"
        " Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={published}\r\n\r\n"
    )
    request = RecordedRequest(head.encode(), b"", 0, 0.0, 1)
    assert sigv4.expected_signature(request, SECRET) == published
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    )
    assert sigv4.expected_presigned("GET", url, SECRET) == (
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def s3(recorder: Recorder, **more: Any) -> S3Store:
    return S3Store(
        "b",
        access_key_id="AKIAIOSFODNN7EXAMPLE",
        secret_access_key=SECRET,
        region="us-east-1",
        transport=recorder,
        async_transport=recorder,
        **more,
    )


@pytest.mark.parametrize("key", KEYS)
def test_s3(api: Api, key: str) -> None:
    recorder = Recorder(EMPTY["s3"])
    use(api, s3(recorder), key)
    assert len(recorder.requests) == 5
    for request in recorder.requests:
        assert sigv4.claimed_signature(request) == sigv4.expected_signature(request, SECRET)
        digest = request.header("x-amz-content-sha256")
        assert digest == hashlib.sha256(request.body).hexdigest()


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "POST"])
@pytest.mark.parametrize("key", KEYS)
def test_presigned_urls_of_s3(api: Api, key: str, method: str) -> None:
    for token in ({}, {"token": "session+/="}):
        store = s3(Recorder(EMPTY["s3"]), **token)
        [url] = api.sign(store, method, [key], MINUTE)
        fields = dict(parse_qsl(urlsplit(str(url)).query))
        assert fields["X-Amz-Expires"] == "60"
        assert fields.get("X-Amz-Security-Token") == token.get("token")
        assert fields["X-Amz-Signature"] == sigv4.expected_presigned(method, str(url), SECRET)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
@pytest.mark.parametrize("key", KEYS)
def test_signed_urls_of_gcs(api: Api, key: str, method: str) -> None:
    account = json.dumps(gcs_auth.Authority().service_account())
    [url] = api.sign(GCSStore("b", service_account_key=account), method, [key], MINUTE)
    parts = urlsplit(str(url))
    gcs_auth.check_signed_url(method, parts.path, parts.query)
    with pytest.raises(gcs_auth.Refused):
        gcs_auth.check_signed_url("POST", parts.path, parts.query)


def azure(recorder: Recorder) -> AzureStore:
    return AzureStore(
        "c",
        account_name="acc",
        account_key=AZURE_KEY,
        transport=recorder,
        async_transport=recorder,
    )


@pytest.mark.parametrize("key", KEYS)
def test_shared_keys_of_azure(api: Api, key: str) -> None:
    recorder = Recorder(EMPTY["azure"])
    use(api, azure(recorder), key)
    assert len(recorder.requests) == 5
    for request in recorder.requests:
        expected = azure_keys.expected_authorization(request, "acc", AZURE_KEY)
        assert request.header("authorization") == expected


@pytest.mark.parametrize("key", KEYS)
def test_sas_urls_of_azure(api: Api, key: str) -> None:
    [url] = api.sign(azure(Recorder("")), "GET", [key], MINUTE)
    parts = urlsplit(str(url))
    fields = dict(parse_qsl(parts.query))
    assert (fields["sp"], fields["sr"]) == ("r", "b")
    assert fields["sig"] == azure_keys.expected_sas(parts.path, fields, "acc", AZURE_KEY)
    assert len(base64.b64decode(fields["sig"])) == 32
