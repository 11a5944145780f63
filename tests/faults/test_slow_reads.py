"""Reads over bad or slow lines (F35): what makes progress reaches its end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from object_store_py.exceptions import GenericError
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, Pause, RawServer, Step, response
from tests.harness.api import Api
from tests.harness.stores import REMOTE, open_scripted_as

pytestmark = pytest.mark.row("F35")

SIZE = 200_000
BODY = random.Random(5).randbytes(SIZE)
FACTS = {"ETag": '"1"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}


def head_of(request: RecordedRequest, size: int = SIZE) -> tuple[int, bytes]:
    """Where the body that is asked for begins, and the head before it."""
    asked = request.header("range") or request.header("x-ms-range")
    if asked is None:
        return 0, response(200, b"", FACTS, length=size)
    first = int(asked.removeprefix("bytes=").partition("-")[0])
    where = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
    return first, response(206, b"", {**FACTS, **where}, length=size - first)


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("how", ["bytes", "stream", "get_into"])
def test_a_line_that_breaks_often_is_no_hindrance(api: Api, kind: str, how: str) -> None:
    """With two retries, and 40 breaks."""

    def answer(request: RecordedRequest) -> Answer:
        first, head = head_of(request)
        return [head, BODY[first : first + 5000], Close()]

    with RawServer(answer) as server:
        assert read(api, open_scripted_as(kind, server), how) == BODY
    assert len(server.requests) == SIZE // 5000


def read(api: Api, store: Any, how: str) -> bytes:
    if how == "stream":
        return b"".join(api.stream(api.get(store, "k"), 1000))
    if how == "get_into":
        memory = bytearray(SIZE)
        api.call("get_into", store, "k", memory)
        return bytes(memory)
    return api.read(store, "k")


@pytest.mark.slow
def test_a_steady_slow_body_is_read_to_its_end(api: Api) -> None:
    """It takes 2 s; the timeout of a request is 0.4 s, and it may be repeated twice."""

    def answer(request: RecordedRequest) -> Answer:
        first, head = head_of(request)
        steps: list[Step] = [head]
        for start in range(first, SIZE, 5000):
            steps += [BODY[start : start + 5000], Pause(0.05)]
        return steps

    with RawServer(answer) as server:
        store = open_scripted_as("s3", server, client_options={"timeout": "400ms"})
        assert api.read(store, "k") == BODY


def test_a_body_that_comes_in_drops_is_given_up(api: Api) -> None:
    def answer(request: RecordedRequest) -> Answer:
        first, head = head_of(request)
        return [head, BODY[first : first + 10], Close()]

    with RawServer(answer) as server, pytest.raises(GenericError, match="broke off at byte 30"):
        api.read(open_scripted_as("s3", server), "k")
    assert len(server.requests) == 3
