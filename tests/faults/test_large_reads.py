"""Reads by several requests at once: cut, or of an object that changes; right bytes or an error."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from object_store_py import _filling
from object_store_py.exceptions import GenericError, PermissionDeniedError
from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy, RecordedRequest
from tests.harness.api import Api

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
PIECE = 100_000
SIZE = 20 * PIECE + 1
BODY = random.Random(3).randbytes(SIZE)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_filling, "SPLIT_FROM", SIZE)
    monkeypatch.setattr(_filling, "PIECE", PIECE)


@pytest.fixture
def filled(api: Api, store: Any, direct: Any) -> Any:
    api.put(direct, "k", BODY)
    return store


def a_further(request: RecordedRequest) -> bool:
    return request.method == "GET" and request.header("range") is not None


def read_into(api: Api, store: Any, **options: Any) -> bytes:
    buffer = bytearray(SIZE)
    count = api.call("get_into", store, "k", buffer, **options)
    return bytes(buffer[:count])


def test_a_large_object_is_read_by_several_requests(
    api: Api, filled: Any, direct: Any, proxy: FaultProxy
) -> None:
    assert read_into(api, filled) == BODY
    assert api.read(filled, "k") == BODY
    tag = api.head(direct, "k")["e_tag"]
    further = [request for request in proxy.requests if a_further(request)]
    assert len(proxy.requests) - len(further) == 2
    assert further
    assert {request.header("if-match") for request in further} == {tag}


def test_a_large_range_is_read_within_itself(api: Api, filled: Any, proxy: FaultProxy) -> None:
    _filling.SPLIT_FROM = PIECE  # undone by the fixture
    first, last = 3, SIZE - 5
    assert read_into(api, filled, options={"range": (first, last)}) == BODY[first:last]
    for request in proxy.requests:
        low, high = (request.header("range") or "").removeprefix("bytes=").split("-")
        assert first <= int(low) <= int(high) < last


def test_cut_pieces_are_resumed(api: Api, filled: Any, proxy: FaultProxy) -> None:
    proxy.add(Fault(cut_body_at=PIECE // 3, times=3, when=a_further))
    assert read_into(api, filled) == BODY


def test_pieces_of_another_state_are_never_mixed_in(
    api: Api, filled: Any, direct: Any, proxy: FaultProxy
) -> None:
    replaced: list[bool] = []

    def replace(request: RecordedRequest) -> bool:
        if a_further(request) and not replaced:
            replaced.append(True)
            direct.put("k", BODY[::-1])
        return False

    proxy.add(Fault(when=replace))
    with pytest.raises(GenericError, match="changed while it was read"):
        read_into(api, filled)
    assert read_into(api, filled) == BODY[::-1]


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of zeros that remembers whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield bytes(1 << 16)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def test_pieces_that_fail_at_once_close_the_first_body(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_filling, "BESIDE", 64)  # some fail before the last one is started
    monkeypatch.setattr(_filling, "PIECE", 1000)
    body = Endless()

    def answer(request: httpx.Request) -> httpx.Response:
        if "range" in request.headers:
            return httpx.Response(403)
        facts = {"etag": '"1"', "last-modified": DATE, "content-length": str(SIZE)}
        return httpx.Response(200, headers=facts, stream=body)

    transport = httpx.MockTransport(answer)
    store = S3Store("bucket", skip_signature=True, transport=transport, async_transport=transport)
    with pytest.raises(PermissionDeniedError):
        api.call("get_into", store, "a", bytearray(SIZE))
    assert body.closed
