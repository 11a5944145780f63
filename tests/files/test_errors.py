"""Errors of files are `OSError`s, whatever a server answers; `ValueError`s where `io` has them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError
from object_store_py.fsspec import FsspecStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, RawServer, Reset, response
from tests.files.facade import open_reader, open_writer
from tests.harness.api import Api
from tests.harness.stores import open_scripted

SIZE = 50_000
HEAD = {"ETag": '"1"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}
OTHER = {**HEAD, "ETag": '"2"', "Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}
ANSWERS: dict[str, Answer] = {
    **{
        str(status): response(status, b"<Error><Code>Odd</Code></Error>")
        for status in (301, 304, 400, 401, 403, 404, 405, 409, 412, 416, 429, 500, 501, 503)
    },
    "too short": [response(200, b"x", HEAD, length=SIZE), Close()],
    "no HTTP": b"\x00\x01\x02 garbage\r\n\r\n",
    "reset": [Reset()],
    "a bad length": b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: many\r\n\r\n',
}
WHEN_READING: dict[str, Answer] = {
    **ANSWERS,
    "another state": response(206, bytes(SIZE), OTHER),
    "another size": response(200, bytes(SIZE - 1), HEAD),
}
IN_PARTS = 11 << 20
WHEN_WRITING: list[tuple[int, Answer]] = [
    *((10, answer) for answer in ANSWERS.values()),
    *((IN_PARTS, answer) for answer in ANSWERS.values()),
    (IN_PARTS, response(200)),  # a part has an e_tag
]
READS: dict[str, Callable[[Any], Any]] = {
    "read": lambda file: file.read(),
    "read a little": lambda file: file.read(5),
    "readinto": lambda file: file.readinto(bytearray(50)),
    "readline": lambda file: file.readline(),
    "readlines": lambda file: file.readlines(),
}
SYNC_READS: dict[str, Callable[[Any], Any]] = {
    **READS,
    "read1": lambda file: file.read1(5),
    "iterate": list,
}
OPTIONS: dict[str, Any] = {"retry_config": {"max_retries": 0}}


def read_server(answer: Answer) -> RawServer:
    def answers(request: RecordedRequest) -> Answer:
        return response(200, b"", HEAD, length=SIZE) if request.method == "HEAD" else answer

    return RawServer(answers)


@pytest.mark.parametrize("answer", WHEN_READING.values(), ids=WHEN_READING)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_reading_raises_is_an_os_error(
    api: Api, read: Callable[[Any], Any], answer: Answer
) -> None:
    with read_server(answer) as server:
        store = open_scripted(server, **OPTIONS)
        with open_reader(api, store, "k", buffer_size=1000) as file:
            with pytest.raises(OSError) as caught:  # noqa: PT011, RUF100 - of whichever text
                read(file)
            assert isinstance(caught.value, BaseError)
            assert file.tell() == 0


@pytest.mark.parametrize(("size", "answer"), WHEN_WRITING)
def test_what_writing_raises_is_an_os_error(api: Api, size: int, answer: Answer) -> None:
    begun = response(200, b"<R><UploadId>u</UploadId></R>")

    def answers(request: RecordedRequest) -> Answer:
        return begun if request.method == "POST" and "uploads" in request.query else answer

    with RawServer(answers) as server:
        file = open_writer(api, open_scripted(server, **OPTIONS), "k", buffer_size=5 << 20)
        with pytest.raises(OSError) as caught:  # noqa: PT011, PT012, RUF100
            file.write(bytes(size))
            file.flush()
            file.close()
        assert isinstance(caught.value, BaseError)
        file.abort()


@pytest.mark.parametrize("answer", WHEN_READING.values(), ids=WHEN_READING)
@pytest.mark.parametrize("read", SYNC_READS.values(), ids=SYNC_READS)
def test_what_files_of_fsspec_raise_is_an_os_error(
    read: Callable[[Any], Any], answer: Answer
) -> None:
    with read_server(answer) as server:
        options: dict[str, Any] = {"client_options": {"allow_http": True}, "skip_signature": True}
        fs = FsspecStore("s3", endpoint=server.endpoint, region="us-east-1", **options, **OPTIONS)
        with (
            fs.open("bucket/k", block_size=1000) as file,
            pytest.raises(OSError),  # noqa: PT011, RUF100
        ):
            read(file)


def test_the_wrong_direction_is_an_unsupported_operation(store: Any) -> None:
    obs.put(store, "k", b"x")
    with obs.open_reader(store, "k") as reader, obs.open_writer(store, "n") as writer:
        for wrong in (
            lambda: reader.write(b"x"),
            lambda: reader.truncate(0),
            reader.fileno,
            lambda: writer.read(1),
            writer.readline,
            lambda: writer.seek(0),
        ):
            with pytest.raises(io.UnsupportedOperation):
                wrong()


def test_a_closed_file_is_a_value_error(api: Api, store: Any) -> None:
    obs.put(store, "k", b"x")
    with open_reader(api, store, "k") as reader, open_writer(api, store, "n") as writer:
        pass
    for wrong in (
        lambda: reader.read(1),
        lambda: reader.read(0),
        reader.readline,
        reader.readlines,
        lambda: reader.readinto(bytearray(1)),
        lambda: reader.seek(0),
        reader.tell,
        lambda: writer.write(b"x"),
        writer.flush,
        writer.tell,
    ):
        with pytest.raises(ValueError, match="closed file"):
            wrong()
