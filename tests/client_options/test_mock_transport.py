"""A transport of the user's: a whole S3 session without a server, every request seen."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store
from tests.harness.api import Api

PART = 5 << 20
METADATA = "http://169.254.169.254"
MODIFIED = "2026-01-02T03:04:05.000Z"


class MockS3:
    """As much of S3 as a session needs, as a handler for `httpx.MockTransport`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, bytes] = {}
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self.answer(request)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - one for each verb
        self.seen.append(request)
        if str(request.url).startswith(METADATA):
            return self._metadata(request)
        key, query = unquote(request.url.path).removeprefix("/b").strip("/"), request.url.params
        match request.method:
            case "GET" if not key:
                return self._list(query.get("prefix", ""))
            case "GET":
                return self._read(key)
            case "HEAD":  # a length, and no body
                whole = self._read(key)
                return httpx.Response(whole.status_code, headers=whole.headers)
            case "PUT" if "partNumber" in query:
                self.parts[query["partNumber"]] = request.content
                return httpx.Response(200, headers={"ETag": f'"{query["partNumber"]}"'})
            case "PUT":
                return self._write(key, request.content)
            case "POST" if "uploads" in query:
                text = "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                return httpx.Response(200, text=f"{text}</InitiateMultipartUploadResult>")
            case "POST" if "uploadId" in query:
                self._write(key, b"".join(self.parts[name] for name in sorted(self.parts)))
                done = "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag>"
                return httpx.Response(200, text=f"{done}</CompleteMultipartUploadResult>")
            case "POST" if "delete" in query:
                names = re.findall(r"<Key>(.*?)</Key>", request.content.decode())
                for name in names:
                    self.objects.pop(name, None)
                gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
                return httpx.Response(200, text=f"<DeleteResult>{gone}</DeleteResult>")
        return httpx.Response(501)

    def _write(self, key: str, data: bytes) -> httpx.Response:
        self.objects[key] = data
        return httpx.Response(200, headers={"ETag": _tag(data)})

    def _read(self, key: str) -> httpx.Response:
        if key not in self.objects:
            return httpx.Response(404, text="<Error><Code>NoSuchKey</Code></Error>")
        data = self.objects[key]
        modified = "Fri, 02 Jan 2026 03:04:05 GMT"
        headers = {"ETag": _tag(data), "Last-Modified": modified}
        return httpx.Response(200, content=data, headers=headers)

    def _list(self, prefix: str) -> httpx.Response:
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<ETag>{_tag(data)}</ETag><Size>{len(data)}</Size></Contents>"
            for key, data in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return httpx.Response(200, text=f"<ListBucketResult>{entries}</ListBucketResult>")

    def _metadata(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/api/token"):
            return httpx.Response(200, text="token")
        if path.endswith("/security-credentials/"):
            return httpx.Response(200, text="role")
        keys = {"AccessKeyId": "from-role", "SecretAccessKey": "s", "Token": "t"}
        return httpx.Response(200, text=json.dumps(keys | {"Expiration": "2099-01-01T00:00:00Z"}))


def _tag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def store_on(mock: MockS3, **options: Any) -> Any:
    return S3Store(
        "b",
        region="us-east-1",
        transport=httpx.MockTransport(mock),
        async_transport=httpx.MockTransport(mock.answer_async),
        **options,
    )


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_whole_session_without_a_server(api: Api) -> None:
    mock = MockS3()
    store = store_on(mock, access_key_id="id", secret_access_key="secret")
    large = bytes(PART) + b"the end"
    api.put(store, "dir/a b", b"small")
    assert api.put(store, "dir/large", large, chunk_size=PART)["e_tag"] == '"e-2"'
    assert api.read(store, "dir/a b") == b"small"
    assert api.read(store, "dir/large") == large
    assert api.head(store, "dir/large")["size"] == len(large)
    assert api.paths(store, "dir") == ["dir/a b", "dir/large"]
    api.delete(store, ["dir/a b", "dir/large"])
    assert api.paths(store) == []
    with pytest.raises(FileNotFoundError):
        api.get(store, "dir/large")
    assert {request.method for request in mock.seen} == {"GET", "HEAD", "PUT", "POST"}
    for request in mock.seen:
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256")
        assert request.headers["host"] == "s3.us-east-1.amazonaws.com"


def test_requests_for_tokens_pass_the_same_transport(api: Api) -> None:
    mock = MockS3()
    mock.objects["k"] = b"x"
    assert api.read(store_on(mock), "k") == b"x"
    places = [str(request.url.copy_with(query=None)) for request in mock.seen]
    assert places[0] == f"{METADATA}/latest/api/token"
    assert all(place.startswith(METADATA) for place in places[:-1])
    assert "from-role" in mock.seen[-1].headers["authorization"]
    assert mock.seen[-1].headers["x-amz-security-token"] == "t"


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_what_a_transport_throws_is_a_failed_request(
    api: Api, error: type[httpx.HTTPError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no luck")

    async def fail_async(request: httpx.Request) -> httpx.Response:
        raise error("no luck")

    store = S3Store(
        "b",
        region="us-east-1",
        skip_signature=True,
        transport=httpx.MockTransport(fail),
        async_transport=httpx.MockTransport(fail_async),
        retry_config={"max_retries": 0},
    )
    with pytest.raises(GenericError, match="no luck"):
        api.get(store, "k")


def test_a_transport_of_another_origin_is_never_asked(api: Api) -> None:
    mock = MockS3()
    store = store_on(mock, skip_signature=True)
    with pytest.raises(FileNotFoundError):
        api.get(store, "k")
    assert [request.url.host for request in mock.seen] == ["s3.us-east-1.amazonaws.com"]
