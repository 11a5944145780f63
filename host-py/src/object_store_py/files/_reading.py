"""The plans behind readers: which ranges of an object are fetched, and what is kept of them."""

from __future__ import annotations

from operator import index

from .._backend import Content, Fetched, GetRequest
from .._effects import Plan
from ..bytes import Bytes
from ..exceptions import GenericError, PreconditionError
from ..stores.base import ObjectStoreMethods

_NOTHING = memoryview(b"")


class _Object:
    """One state of an object: whoever reads it gets the bytes of that state or an error."""

    def __init__(
        self, store: ObjectStoreMethods, path: str, size: int, e_tag: str | None, given: bool
    ) -> None:
        self.path = path
        self.size = size
        self._store = store
        self._e_tag = e_tag
        self._given = given

    def get(self, start: int, end: int) -> Plan[Content]:
        """Begin to read a range."""
        # A weak e_tag never satisfies If-Match (RFC 9110, 13.1.1): the answer's is compared then.
        strong = self._e_tag is not None and not self._e_tag.startswith("W/")
        # The whole is asked for as such: plain HTTP servers may know no ranges.
        part = None if (start, end) == (0, self.size) else ("bounded", start, end)
        wanted = GetRequest(range=part, if_match=self._e_tag if strong else None)
        verbs = self._store._verbs()
        try:
            fetched = yield from verbs._backend.get(verbs._full(self.path), wanted)
        except PreconditionError as error:
            raise self._changed() from error
        except GenericError as error:
            if error.status == 416:
                raise self._wrong_size("fewer") from error
            raise
        try:
            self._check(fetched)
        except BaseException:
            yield from fetched.content.close()
            raise
        return fetched.content

    def _check(self, fetched: Fetched) -> None:
        e_tag = fetched.meta.e_tag
        if self._e_tag is None and self._given:
            self._e_tag = e_tag
        if _weak(e_tag) != _weak(self._e_tag):
            raise self._changed()
        if fetched.meta.size != self.size:
            raise self._wrong_size(str(fetched.meta.size))

    def _changed(self) -> PreconditionError:
        return PreconditionError(
            f"{self._store!r}, {self.path!r}: the object changed since it was opened:"
            " open it again",
            store=repr(self._store),
            path=self.path,
        )

    def _wrong_size(self, found: str) -> Exception:
        if not self._given:
            return self._changed()
        return GenericError(
            f"{self._store!r}, {self.path!r}: the object has {found} bytes, not size={self.size};"
            " leave size away to have it looked up",
            store=repr(self._store),
            path=self.path,
        )


def _weak(e_tag: str | None) -> str | None:
    return e_tag.removeprefix("W/") if e_tag is not None else None


class _Ranges:
    """Fetches bytes into memory: what is read on where the last range ended, in ever longer ones.

    A range is streamed, so its length costs no memory. One that continues the one before is twice
    as long: an object that is read through takes few requests, and one that is read here and there
    no more bytes than were asked for.
    """

    def __init__(self, object_: _Object, skip: int) -> None:
        self._object = object_
        self._skip = skip
        self._content: Content | None = None
        self._chunk = _NOTHING
        self._at = self._until = 0
        """Where the open range goes on, and where it ends."""
        self._length = 0
        self._end = -1

    def continues(self, start: int) -> bool:
        """Whether reading at `start` is reading on."""
        return start == self._end or self._reaches(start)

    def _reaches(self, start: int) -> bool:
        near = self._at <= start <= self._at + self._skip
        return self._content is not None and near and start < self._until

    def fill(self, start: int, view: memoryview) -> Plan[None]:
        """Fill memory with the object's bytes from `start` on."""
        try:
            while view.nbytes:
                if not self._reaches(start):
                    yield from self._begin(start, start + view.nbytes)
                taken = yield from self._take(start, view)
                start, view = start + taken, view[taken:]
        except BaseException:
            self.abandon()
            raise

    def _begin(self, start: int, end: int) -> Plan[None]:
        yield from self.close()
        length = end - start
        if start == self._end:
            length = max(length, 2 * self._length)
        until = min(start + length, self._object.size)
        self._content = yield from self._object.get(start, until)
        self._at, self._until = start, until
        self._length, self._end = until - start, until

    def _take(self, start: int, view: memoryview) -> Plan[int]:
        """Take from the open range what it has of the bytes from `start` on."""
        content = self._content
        assert content is not None
        end = min(start + view.nbytes, self._until)
        taken = 0
        while self._at < end:
            if not self._chunk.nbytes:
                self._chunk = memoryview((yield from content.read()))
                if not self._chunk.nbytes:
                    raise GenericError(f"{self._object.path!r}: the body ended too early")
            chunk = self._chunk[: end - self._at]
            useful = chunk[max(start - self._at, 0) :]
            view[taken : taken + useful.nbytes] = useful
            taken += useful.nbytes
            self._at += chunk.nbytes
            self._chunk = self._chunk[chunk.nbytes :]
        if self._at == self._until:
            yield from self.close()
        return taken

    def close(self) -> Plan[None]:
        """Give the open range up."""
        content, self._content, self._chunk = self._content, None, _NOTHING
        if content is not None:
            yield from content.close()

    def abandon(self) -> None:
        """Give the open range up from where nobody can wait."""
        content, self._content, self._chunk = self._content, None, _NOTHING
        if content is not None:
            content.abandon()


class Reader:
    """An object that is read as a file: a position, and a block of it in memory."""

    def __init__(
        self,
        store: ObjectStoreMethods,
        path: str,
        size: int,
        e_tag: str | None,
        *,
        given: bool,
        buffer_size: int,
    ) -> None:
        self.path = path
        self.size = size
        self.position = 0
        self._ranges = _Ranges(_Object(store, path, size, e_tag, given), buffer_size)
        self._buffer_size = buffer_size
        self._block = bytearray()
        self._first = 0
        """Where the block is in the object."""

    def _left(self, wanted: int | None) -> int:
        left = max(self.size - self.position, 0)
        wanted = -1 if wanted is None else index(wanted)
        return left if wanted < 0 else min(wanted, left)

    def _buffered(self, position: int) -> memoryview:
        """What the block has from `position` on."""
        offset = position - self._first
        return memoryview(self._block)[offset:] if offset >= 0 else _NOTHING

    def _load(self, start: int, wanted: int) -> Plan[memoryview]:
        """Have a block with the bytes at `start`; `wanted` is less than a buffer."""
        step = self._buffer_size
        if self._ranges.continues(start):
            first, end = start, start + step
        else:  # whole blocks, so that going back a little finds what is there
            first, end = start - start % step, -(-(start + wanted) // step) * step
        length = min(end, self.size) - first
        block = self._block if len(self._block) == length else bytearray(length)
        self._block = bytearray()
        yield from self._ranges.fill(first, memoryview(block))
        self._block, self._first = block, first
        return self._buffered(start)

    def _fill(self, position: int, view: memoryview) -> Plan[None]:
        """Fill memory from the block, and with what has to be fetched."""
        while view.nbytes:
            found = self._buffered(position)
            if not found.nbytes:
                if view.nbytes >= self._buffer_size:
                    yield from self._ranges.fill(position, view)
                    return
                found = yield from self._load(position, view.nbytes)
            found = found[: view.nbytes]
            view[: found.nbytes] = found
            position, view = position + found.nbytes, view[found.nbytes :]

    def take(self, wanted: int | None) -> Bytes | None:
        """What `read` returns, if it is in memory: most reads are small, and need no plan."""
        count = self._left(wanted)
        found = self._buffered(self.position)
        if count > found.nbytes:
            return None
        self.position += count
        return Bytes(found[:count])

    def take_line(self, limit: int | None) -> Bytes | None:
        """What `read_line` returns, if it is in memory."""
        start = self.position - self._first
        if start < 0 or (limit is not None and index(limit) >= 0):
            return None
        end = self._block.find(b"\n", start) + 1
        if not end:
            return None
        self.position += end - start
        return Bytes(self._block[start:end])

    def read(self, wanted: int | None) -> Plan[Bytes]:
        """Read that many bytes, or all that are left."""
        memory = bytearray(self._left(wanted))
        yield from self._fill(self.position, memoryview(memory))
        self.position += len(memory)
        return Bytes(memory)

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read as many bytes as the memory takes and the object has."""
        count = self._left(view.nbytes)
        yield from self._fill(self.position, view[:count])
        self.position += count
        return count

    def peek(self) -> Plan[memoryview]:
        """What is in memory at the position, at least one byte before the end; stays unread."""
        found = self._buffered(self.position)
        if not found.nbytes and self._left(None):
            found = yield from self._load(self.position, 1)
        return found

    def read_line(self, limit: int | None) -> Plan[Bytes]:
        """Read up to and with the next newline, `limit` bytes at most."""
        position, end = self.position, self.position + self._left(limit)
        line = Bytes()
        while position < end:
            found = self._buffered(position)
            if not found.nbytes:
                found = yield from self._load(position, 1)
            offset = position - self._first
            newline = self._block.find(b"\n", offset, offset + end - position)
            stop = newline + 1 - offset if newline >= 0 else end - position
            piece = Bytes(found[:stop])  # a copy: the next block may take this one's memory
            line = line + piece if line else piece
            position += len(piece)
            if newline >= 0:
                break
        self.position = position
        return line

    def read_lines(self, hint: int | None) -> Plan[list[Bytes]]:
        """Read lines until they have `hint` bytes, or all that are left."""
        lines: list[Bytes] = []
        size, hint = 0, None if hint is None else index(hint)
        while line := (yield from self.read_line(None)):
            lines.append(line)
            size += len(line)
            if hint is not None and 0 < hint <= size:
                break
        return lines

    def seek(self, offset: int, whence: int) -> int:
        """Move the position; nothing is fetched or forgotten."""
        bases = {0: 0, 1: self.position, 2: self.size}
        if whence not in bases:
            raise ValueError(f"whence must be 0, 1 or 2, but is {whence}")
        position = bases[whence] + index(offset)
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self.position = position
        return position

    def close(self) -> Plan[None]:
        """Give up what is open and what is in memory."""
        self._block = bytearray()
        yield from self._ranges.close()

    def abandon(self) -> None:
        """Give up what is open from where nobody can wait."""
        self._block = bytearray()
        self._ranges.abandon()
