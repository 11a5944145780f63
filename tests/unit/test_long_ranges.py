"""Ranges beyond 4 GiB, which the 32-bit core cannot ask for with an end."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from object_store_py.store import S3Store

SIZE = 6 << 30
asked: list[str] = []


class Endless(httpx.SyncByteStream):
    """Zeros for as long as somebody reads."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield bytes(1 << 20)


def answer(request: httpx.Request) -> httpx.Response:
    wanted = request.headers["range"]
    asked.append(wanted)
    start = int(wanted.removeprefix("bytes=").partition("-")[0])
    end = int(wanted.partition("-")[2] or SIZE - 1)
    headers = {
        "content-length": str(end + 1 - start),
        "content-range": f"bytes {start}-{end}/{SIZE}",
        "etag": '"x"',
    }
    return httpx.Response(206, headers=headers, stream=Endless())


@pytest.fixture
def store() -> S3Store:
    """A store with one object of 6 GiB."""
    asked.clear()
    transport = httpx.MockTransport(answer)
    return S3Store("b", access_key_id="x", secret_access_key="y", transport=transport)


def test_a_long_range_is_asked_for_without_its_end(store: S3Store) -> None:
    result = store.get("k", options={"range": (10, 10 + (5 << 30))})
    assert asked == ["bytes=10-"]
    assert result.range == (10, 10 + (5 << 30))


def test_a_range_is_never_longer_than_asked(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("object_store_py._brain.LONGEST_RANGE", 1000)
    data = store.get("k", options={"range": (10, 3_000_010)}).bytes()
    assert len(data) == 3_000_000


def test_a_range_of_4_gib_is_asked_for_as_it_is(store: S3Store) -> None:
    store.get("k", options={"range": (0, (4 << 30) - 1)})
    last = (4 << 30) - 2
    assert asked == [f"bytes=0-{last}"]
