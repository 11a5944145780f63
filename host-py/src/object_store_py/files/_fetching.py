"""Fetching the bytes of one state of an object: what is read on, in ever longer ranges."""

from __future__ import annotations

from .._backend import Content, Fetched, GetRequest, RawMeta
from .._effects import Plan
from .._fresh import fills, fresh
from .._states import difference, is_strong
from ..exceptions import GenericError, PreconditionError
from ..stores.base import ObjectStoreMethods

_NOTHING = memoryview(b"")


class ObjectState:
    """One state of an object: whoever reads it gets the bytes of that state or an error.

    A strong e_tag says which state it is. Without one, what the server says of the object must stay
    as it was: its weak e_tag, size and date, as far as it gives them.
    """

    def __init__(
        self, store: ObjectStoreMethods, path: str, size: int, state: RawMeta | None
    ) -> None:
        self.path = path
        self.size = size
        self._store = store
        self._state = state
        self._given = state is None

    @property
    def is_certain(self) -> bool:
        """Whether a second request is sure to give bytes of the same state, or an error."""
        return self._state is None or is_strong(self._state.e_tag)

    def get(self, start: int, end: int) -> Plan[Content]:
        """Begin to read a range."""
        # A weak e_tag never satisfies If-Match (RFC 9110, 13.1.1): the answer's is compared then.
        e_tag = self._state.e_tag if self._state is not None and self.is_certain else None
        # The whole is asked for as such: plain HTTP servers may know no ranges.
        part = None if (start, end) == (0, self.size) else ("bounded", start, end)
        wanted = GetRequest(range=part, if_match=e_tag)
        verbs = self._store._verbs()
        try:
            fetched = yield from verbs.backend.get(verbs.full(self.path, reading=True), wanted)
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
        if fetched.meta.size != self.size:
            raise self._wrong_size(str(fetched.meta.size))
        if self._state is None:
            self._state = fetched.meta
        if difference(_as_compared(self._state), _as_compared(fetched.meta)):
            raise self._changed()

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


def _as_compared(meta: RawMeta) -> RawMeta:
    # Apache gives a weak e_tag within a second of a change, and a strong one later.
    e_tag = meta.e_tag.removeprefix("W/") if meta.e_tag is not None else None
    return meta._replace(e_tag=e_tag)


class Ranges:
    """Fetches bytes into memory: what is read on where the last range ended, in ever longer ones.

    A range is streamed, so its length costs no memory. One that continues the one before is twice
    as long: an object that is read through takes few requests, and one that is read here and there
    no more bytes than were asked for. Where two requests are not certain to read the same state,
    one reads all that follows. One call at a time uses it.
    """

    def __init__(self, state: ObjectState, skip: int) -> None:
        self._object = state
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

    def fetch(self, start: int, end: int) -> Plan[bytes]:
        """The object's bytes from `start` to `end`, which is not beyond its end."""
        if not self._reaches(start):
            yield from self._begin(start, end)
            content = self._content
            whole = content.whole() if content is not None else None
            if whole is not None:
                if len(whole) == end - start == self._until - start:
                    self._at = end
                    yield from self.close()
                    return whole
                self._chunk = memoryview(whole)
        if fills(bytes, end - start):
            data, view = fresh(bytes, end - start)
            yield from self.fill(start, view)
            return data
        memory = bytearray(end - start)
        yield from self.fill(start, memoryview(memory))
        return bytes(memory)

    def fill(self, start: int, view: memoryview) -> Plan[None]:
        """Fill memory with the object's bytes from `start` on."""
        while view.nbytes:
            if not self._reaches(start):
                yield from self._begin(start, start + view.nbytes)
            taken = yield from self._take(start, view)
            start, view = start + taken, view[taken:]

    def _begin(self, start: int, end: int) -> Plan[None]:
        yield from self.close()
        length = end - start
        if start == self._end:
            length = max(length, 2 * self._length)
        until = min(start + length, self._object.size)
        if start in (0, self._end) and not self._object.is_certain:
            until = self._object.size
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
