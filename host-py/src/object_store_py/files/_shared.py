"""What readers and writers share: closed files, memory of the caller's, an answer that is there."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any


def check_open(closed: bool) -> None:
    """Refuse a closed file, in the words of `io`."""
    if closed:
        raise ValueError("I/O operation on closed file")


def memory_of(buffer: Any) -> memoryview:
    """Memory to read into.

    Raises:
        TypeError: it is none, is read-only, or does not lie in one piece.
    """
    view = memoryview(buffer)
    if view.readonly:
        raise TypeError("the memory to read into is read-only: give a bytearray or the like")
    return view.cast("B")


class Done:
    """Something that was done already, whether it is awaited or not."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield
