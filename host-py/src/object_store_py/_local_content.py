"""The bytes of a large local file while they are read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from . import exceptions
from ._effects import Plan

T = TypeVar("T")

CHUNK = 4 << 20
"""How much is read from a file at once, in bytes."""

_moving = threading.RLock()
"""Held while a file's position is moved, where that is the only way to read from a place."""


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Read some bytes of a file from a place on."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, offset)
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


def write_at(descriptor: int, view: memoryview, offset: int) -> int:
    """Write some bytes to a place in a file; how many."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, view, offset)
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, view)


State = tuple[int, int]
"""A file's size in bytes and time of modification in nanoseconds."""


def state_of(status: os.stat_result) -> State:
    """What changes when a file is written to; not when its name goes to another file."""
    return status.st_size, status.st_mtime_ns


def is_as_it_was(descriptor: int, state: State) -> bool:
    """Whether nobody has written to a file."""
    return state_of(os.fstat(descriptor)) == state


class FileContent:
    """A large file's bytes while they are read: those of one state, for others write in place."""

    splits = False

    def __init__(
        self,
        block: Callable[[Callable[[], Any]], Plan[Any]],
        descriptor: int,
        state: State,
        start: int,
        end: int,
    ) -> None:
        self._block = block
        self._descriptor: int | None = descriptor
        self._state = state
        self._position = start
        self._end = end

    def read(self) -> Plan[bytes]:
        """Read the next chunk; empty at the end."""
        stop = min(self._position + CHUNK, self._end)
        descriptor = self._descriptor
        if stop == self._position or descriptor is None:
            self.abandon()
            return b""
        start, self._position = self._position, stop
        data: bytes = yield from self._block(
            lambda: self._checked(descriptor, read_file(descriptor, start, stop))
        )
        return data

    def _checked(self, descriptor: int, read: T) -> T:
        if not is_as_it_was(descriptor, self._state):
            raise exceptions.GenericError("the file changed while it was read; read it again")
        return read

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read some bytes into memory; 0 at the end."""
        start, descriptor = self._position, self._descriptor
        view = view[: min(CHUNK, self._end - start)]
        if not view or descriptor is None:
            self.abandon()
            return 0
        count: int = yield from self._block(
            lambda: self._checked(descriptor, _read_into(descriptor, view, start))
        )
        self._position += count
        return count

    def part(self, start: int, end: int) -> Plan[FileContent]:
        """Refuse: one reader is quick."""
        raise NotImplementedError
        yield

    def whole(self) -> None:
        """None: it is not in memory."""

    def close(self) -> Plan[None]:
        """Close the file."""
        self.abandon()
        return
        yield

    def abandon(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def read_file(descriptor: int, start: int, end: int) -> bytes:
    """The bytes of a part of a file; an error if there are fewer."""
    data = read_at(descriptor, end - start, start)
    while len(data) < end - start:
        more = read_at(descriptor, end - start - len(data), start + len(data))
        if not more:
            raise exceptions.GenericError("the file became shorter while it was read")
        data += more
    return data


def _read_into(descriptor: int, view: memoryview, start: int) -> int:
    count = os.preadv(descriptor, [view], start) if hasattr(os, "preadv") else 0
    if not hasattr(os, "preadv"):
        data = read_at(descriptor, len(view), start)
        count = len(data)
        view[:count] = data
    if not count:
        raise exceptions.GenericError("the file became shorter while it was read")
    return count
