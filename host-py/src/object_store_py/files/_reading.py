"""The plans behind readers: what is in memory, what is fetched, and what a call reads of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import index
from typing import NamedTuple, TypeVar

from .._backend import RawMeta
from .._effects import Plan
from .._fresh import fills, fresh
from ..stores.base import ObjectStoreMethods
from ._cursor import Cursor
from ._fetching import ObjectState, Ranges

T = TypeVar("T")


class _Block(NamedTuple):
    """Bytes of the object that are in memory, and never change there."""

    first: int
    data: bytes

    def has(self, position: int) -> bool:
        """Whether the byte at a position is among them."""
        return 0 <= position - self.first < len(self.data)


_NO_BLOCK = _Block(0, b"")


class Reader:
    """An object that is read as a file: a position, and a block of it in memory.

    Calls share both, and an open range if it is not in use; none waits for the bytes of another.
    """

    def __init__(
        self,
        store: ObjectStoreMethods,
        path: str,
        size: int,
        state: RawMeta | None,
        *,
        buffer_size: int,
    ) -> None:
        self.path = path
        self.size = size
        self.cursor = Cursor(size)
        self._object = ObjectState(store, path, size, state)
        self._buffer_size = buffer_size
        self._block = _NO_BLOCK
        self._idle: list[Ranges] = []
        self._closed = False

    # What is in memory: most reads are small, and need no plan.

    def read_now(self, wanted: int | None, *, some: bool = False) -> bytes | None:
        """What `read` returns, or with `some` what `read_some` does, if it is in memory."""
        cursor = self.cursor
        first, data = self._block
        with cursor.lock:
            start = cursor.here()
            if start is None:
                return None
            end, known = cursor.end(start, wanted), first + len(data)
            if some and first <= start < known < end:
                end = known
            if start < end and (start < first or known < end):
                return None
            cursor.move(end)
        return data[start - first : end - first] if start < end else b""

    def read_line_now(self, limit: int | None) -> bytes | None:
        """What `read_line` returns, if it is in memory."""
        cursor = self.cursor
        first, data = self._block
        with cursor.lock:
            start = cursor.here()
            if start is None or start < first:
                return None
            most = len(data) if limit in (-1, None) else cursor.end(start, limit) - first
            end = data.find(b"\n", start - first, most) + 1
            if not end:
                return None
            cursor.move(first + end)
        return data[start - first : end]

    # What may have to be fetched.

    def read(self, wanted: int | None) -> Plan[bytes]:
        """Read that many bytes, or all that are left."""
        taken = yield from self.cursor.take(wanted)
        try:
            start, end, _ = taken
            if end - start >= self._buffer_size and not self._block.has(start):
                return (yield from self._fetch(partial(Ranges.fetch, start=start, end=end)))
            if fills(bytes, end - start):
                data, view = fresh(bytes, end - start)
                yield from self._fill(start, view)
                return data
            memory = bytearray(end - start)
            yield from self._fill(start, memoryview(memory))
            return bytes(memory)
        except BaseException:
            self.cursor.give_back(taken)
            raise

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read as many bytes as the memory takes and the object has."""
        taken = yield from self.cursor.take(view.nbytes)
        count = taken.end - taken.start
        try:
            yield from self._fill(taken.start, view[:count])
        except BaseException:
            self.cursor.give_back(taken)
            raise
        return count

    def read_some(self, wanted: int | None) -> Plan[bytes]:
        """Read what is in memory, or with one request, up to so many bytes."""

        def read(start: int) -> Plan[list[bytes]]:
            end = self.cursor.end(start, wanted)
            if start == end:
                return []
            block = yield from self._load(start)
            return [block.data[start - block.first : end - block.first]]

        return b"".join((yield from self._read_on(read)))

    def read_line(self, limit: int | None) -> Plan[bytes]:
        """Read up to and with the next newline, `limit` bytes at most."""

        def read(start: int) -> Plan[list[bytes]]:
            return [(yield from self._line(start, self.cursor.end(start, limit)))]

        return b"".join((yield from self._read_on(read)))

    def read_lines(self, hint: int | None) -> Plan[list[bytes]]:
        """Read lines until they have `hint` bytes, or all that are left."""
        most = -1 if hint is None else index(hint)

        def read(start: int) -> Plan[list[bytes]]:
            lines: list[bytes] = []
            size = 0
            while line := (yield from self._line(start + size, self.size)):
                lines.append(line)
                size += len(line)
                if 0 < most <= size:
                    break
            return lines

        return (yield from self._read_on(read))

    def peek(self) -> Plan[bytes]:
        """What is in memory at the position, at least one byte before the end; stays unread."""
        start = self.cursor.tell()
        if start >= self.size:
            return b""
        block = yield from self._load(start)
        return block.data[start - block.first :]

    def _read_on(self, read: Callable[[int], Plan[list[bytes]]]) -> Plan[list[bytes]]:
        """Read from the position on what ends nobody knows where, before anybody else does."""
        claim = object()
        end = start = yield from self.cursor.claim(claim)
        try:
            found = yield from read(start)
            end = start + sum(map(len, found))
        finally:
            self.cursor.settle(claim, end)
        return found

    def _line(self, start: int, end: int) -> Plan[bytes]:
        pieces: list[bytes] = []
        while start < end:
            block = yield from self._load(start)
            first = start - block.first
            last = block.data.find(b"\n", first, end - block.first) + 1
            pieces.append(block.data[first : last or end - block.first])
            if last:
                break
            start += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _fill(self, start: int, view: memoryview) -> Plan[None]:
        """Fill memory from the block, and with what has to be fetched."""
        while view.nbytes:
            block = self._block
            if not block.has(start):
                if view.nbytes >= self._buffer_size:
                    yield from self._fetch(partial(Ranges.fill, start=start, view=view))
                    return
                block = yield from self._load(start, view.nbytes)
            found = memoryview(block.data)[start - block.first :][: view.nbytes]
            view[: found.nbytes] = found
            start, view = start + found.nbytes, view[found.nbytes :]

    def _load(self, start: int, wanted: int = 1) -> Plan[_Block]:
        """A block with the byte at `start`; `wanted` is less than a buffer."""
        block = self._block
        if block.has(start):
            return block
        self._block = _NO_BLOCK  # its memory may be used again
        del block
        loaded = yield from self._fetch(lambda ranges: self._next_block(ranges, start, wanted))
        if not self._closed:
            self._block = loaded
        return loaded

    def _next_block(self, ranges: Ranges, start: int, wanted: int) -> Plan[_Block]:
        step = self._buffer_size
        if ranges.continues(start):
            first, end = start, start + step
        else:  # whole blocks, so that going back a little finds what is there
            first, end = start - start % step, -(-(start + wanted) // step) * step
        return _Block(first, (yield from ranges.fetch(first, min(end, self.size))))

    def _fetch(self, use: Callable[[Ranges], Plan[T]]) -> Plan[T]:
        """Fetch through the range that is open, or another while that one is in use."""
        self.cursor.begin()
        try:
            ranges = self._idle.pop()
        except IndexError:
            ranges = Ranges(self._object, self._buffer_size)
        try:
            result = yield from use(ranges)
        except BaseException:
            ranges.abandon()
            raise
        finally:
            self.cursor.done()
        self._idle.append(ranges)
        if self._closed or len(self._idle) > 1:
            yield from self._close_ranges()
        return result

    def close(self) -> Plan[None]:
        """Give up what is open and what is in memory."""
        self._forget()
        yield from self._close_ranges()

    def abandon(self) -> None:
        """Give up what is open from where nobody can wait."""
        self._forget()
        for ranges in self._idle:
            ranges.abandon()

    def _forget(self) -> None:
        self._closed = True
        self._block = _NO_BLOCK

    def _close_ranges(self) -> Plan[None]:
        """Give up the ranges that nobody uses, but for the last one of an open file."""
        while len(self._idle) > (0 if self._closed else 1):
            with suppress(IndexError):  # another call has taken it
                yield from self._idle.pop(0).close()
