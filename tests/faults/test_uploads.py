"""Uploads in parts whose completion or end goes wrong: nothing is lost, and the error is the first.

The answers to what a server has done can be lost. Then it is asked again, and does not know the
upload any more.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.exceptions import GenericError, NotFoundError, PermissionDeniedError
from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy, RecordedRequest, answer_status
from tests.backends.minio import Minio
from tests.faults.conftest import is_part
from tests.harness.api import Api

PART = bytes(range(256)) * (5 * 4096)


def completes(request: RecordedRequest) -> bool:
    return request.method == "POST" and "uploadId" in request.query


def gives_up(request: RecordedRequest) -> bool:
    return request.method == "DELETE" and "uploadId" in request.query


@pytest.mark.row("F2")
def test_a_completion_whose_answer_is_lost_is_a_success(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    proxy.add(Fault(lose_response=True, when=completes))
    put = api.put(store, "a", iter([PART, b"end"]), use_multipart=True)
    assert put == {"e_tag": api.head(direct, "a")["e_tag"], "version": None}
    assert api.read(direct, "a") == PART + b"end"
    assert sum(completes(request) for request in proxy.requests) == 2


@pytest.mark.row("F2")
def test_a_file_whose_completion_loses_its_answer_is_written(store: Any, proxy: FaultProxy) -> None:
    proxy.add(Fault(lose_response=True, when=completes))
    with obs.open_writer(store, "a", buffer_size=len(PART)) as file:
        file.write(PART + b"end")
    assert store.get("a").bytes() == PART + b"end"


@pytest.mark.row("F2")
def test_checksums_change_nothing_about_it(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, proxy: FaultProxy
) -> None:
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    checked = S3Store(shared_bucket, prefix=prefix, checksum_algorithm="sha256", **options)
    proxy.add(Fault(lose_response=True, when=completes))
    api.put(checked, "a", iter([b"one part"]), use_multipart=True)
    assert api.read(checked, "a") == b"one part"


UPLOAD = httpx.Response(
    200,
    text="<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
)
GONE = httpx.Response(404, text="<Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>")


def scripted(e_tag_of_part: str, e_tag_of_object: str) -> S3Store:
    """A server that forgets an upload after it has lost the answer to its completion."""
    stands = httpx.Response(
        200,
        headers={
            "ETag": f'"{e_tag_of_object}"',
            "Content-Length": "3",
            "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        },
    )

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(200, headers={"ETag": f'"{e_tag_of_part}"'})
        if request.method == "HEAD":
            return stands
        if "uploads" in request.url.params:
            return UPLOAD
        if request.method == "POST" and not lost:
            lost.append(True)
            raise httpx.ReadError("reset")
        return GONE

    lost: list[bool] = []
    transport = httpx.MockTransport(answer)
    return S3Store("b", skip_signature=True, transport=transport, async_transport=transport)


@pytest.mark.row("F2", "F7")
@pytest.mark.parametrize(
    ("part", "found"),
    [
        pytest.param("0" * 32, "1" * 32 + "-1", id="somebody else's object"),
        pytest.param("0" * 32, "1" * 32, id="an object that was not written in parts"),
        pytest.param("no-md5", "no-md5", id="e_tags that are no digests"),
    ],
)
def test_a_completion_that_cannot_be_proven_is_an_error(api: Api, part: str, found: str) -> None:
    with pytest.raises(NotFoundError, match="NoSuchUpload"):
        api.put(scripted(part, found), "a", iter([b"abc"]), use_multipart=True)


@pytest.mark.row("F13")
def test_an_upload_that_cannot_be_given_up_hides_no_error(
    api: Api, store: Any, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.add(Fault(answer=answer_status(403).answer, when=is_part))
    proxy.add(Fault(answer=answer_status(400).answer, when=gives_up))
    with pytest.raises(PermissionDeniedError):
        api.put(store, "a", iter([b"one part"]), use_multipart=True)
    assert "could not be given up" in caplog.text


BEGUN = """<InitiateMultipartUploadResult><UploadId>u</UploadId>
</InitiateMultipartUploadResult>"""
GONE = httpx.Response(404, text="<Error><Code>NoSuchUpload</Code></Error>")


class Aborts:
    """A server on which parts fail, and an upload is there until it was aborted some times."""

    def __init__(self, part: httpx.Response | Exception, times: int) -> None:
        self._part, self._times = part, times
        self.count = 0
        transport = httpx.MockTransport(self._answer)
        self.store = S3Store(
            "bucket",
            skip_signature=True,
            retry_config={"max_retries": 0},
            transport=transport,
            async_transport=transport,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, text=BEGUN)
        if request.method == "DELETE":
            self.count += 1
            return httpx.Response(204) if self.count <= self._times else GONE
        if isinstance(self._part, Exception):
            raise self._part
        return self._part


@pytest.mark.row("F13")
def test_an_upload_with_a_part_cut_off_is_given_up_until_nothing_is_left(api: Api) -> None:
    """The server may still be at work on that part, and keep it with its upload."""
    server = Aborts(httpx.ReadError("lost"), times=2)
    with pytest.raises(GenericError, match="lost"):
        api.put(server.store, "a", iter([PART]), use_multipart=True)
    assert server.count == 3


@pytest.mark.row("F13")
def test_a_file_with_a_part_cut_off_is_given_up_until_nothing_is_left() -> None:
    server = Aborts(httpx.ReadError("lost"), times=2)
    with (
        pytest.raises(GenericError, match="lost"),
        obs.open_writer(server.store, "a", buffer_size=len(PART)) as file,
    ):
        file.write(PART + b"end")
    assert server.count == 3


@pytest.mark.row("F13")
def test_an_upload_whose_parts_were_answered_is_given_up_once(api: Api) -> None:
    server = Aborts(httpx.Response(403), times=1)
    with pytest.raises(PermissionDeniedError):
        api.put(server.store, "a", iter([PART]), use_multipart=True)
    assert server.count == 1
