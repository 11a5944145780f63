"""Row I7 of reliability.md: data that is none, or not what it says; what is written is whole."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from object_store_py.exceptions import NotFoundError
from object_store_py.store import MemoryStore
from tests.harness.api import Api

pytestmark = pytest.mark.row("I7")


class Liar(io.RawIOBase):
    """A file whose size and whose `read` say what they are told to say."""

    def __init__(self, data: bytes, size: int, more: Callable[[int], Any] | None = None) -> None:
        self._data = io.BytesIO(data)
        self._size = size
        self._more = more

    def tell(self) -> int:
        return self._data.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._size if whence == io.SEEK_END else self._data.seek(offset, whence)

    def read(self, size: int = -1) -> Any:
        return self._data.read(size) if self._more is None else self._more(size)


@pytest.mark.parametrize("size", [0, 3, 300, 10**6, 2**63 - 1])
def test_a_file_that_lies_about_its_size_is_written_as_it_is(api: Api, size: int) -> None:
    store = MemoryStore()
    api.put(store, "k", Liar(b"abc" * 100, size))
    assert api.read(store, "k") == b"abc" * 100


@pytest.mark.parametrize(
    "more", [lambda _: None, lambda _: 0, lambda _: 7, lambda _: "x", lambda n: bytes(n + 1)]
)
def test_a_file_that_reads_no_bytes_or_too_many_is_refused(
    api: Api, more: Callable[[int], Any]
) -> None:
    store = MemoryStore()
    with pytest.raises(TypeError, match=r"read\(\d+\) returned no bytes or too many|binary mode"):
        api.put(store, "k", Liar(b"", 5, more))
    assert api.paths(store) == []


@pytest.mark.parametrize("strange", [None, 0, "x", 1.5, [b"x"]])
def test_an_iterator_that_yields_something_else_writes_nothing(api: Api, strange: Any) -> None:
    store = MemoryStore()
    given = api.source([b"first", strange, b"last"])
    with pytest.raises(TypeError, match="must yield bytes, not "):
        api.put(store, "k", given)
    if api.way != "sync":
        api.wait(given.aclose)  # the generator is the caller's to close
    with pytest.raises(NotFoundError):
        api.head(store, "k")


def test_a_file_in_text_mode_is_refused(api: Api, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    with (tmp_path / "text").open() as file, pytest.raises(TypeError, match="binary mode"):
        api.put(MemoryStore(), "k", file)
