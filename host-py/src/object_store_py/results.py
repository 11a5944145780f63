"""What reads and listings return: `GetResult`, `BytesStream`, `ListStream`."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from . import _arguments
from ._backend import Fetched, Page, Progress
from ._driver import run, run_async
from ._effects import Plan
from ._filling import fill_from, read_all
from ._fresh import B, as_kind, fills, fresh
from .bytes import Bytes
from .types import Attributes, ObjectMeta

__all__ = ["BytesStream", "GetResult", "ListStream"]

_Plain: TypeAlias = builtins.bytes  # inside GetResult, `bytes` is the method

ListChunkT_co = TypeVar("ListChunkT_co", covariant=True)

STREAM_CHUNK = 10 * 1024 * 1024
"""The default size of a stream's chunks, in bytes."""


class GetResult:
    """An object that is being read: its metadata now, its bytes once.

    The bytes can be had once, by one of `bytes`, `stream` or iteration, or their asynchronous
    twins; the metadata stays. A result that is dropped unread gives its connection up.
    """

    def __init__(self, fetched: Fetched, meta: ObjectMeta) -> None:
        self._fetched = fetched
        self._meta = meta
        self._used = False

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata; its size is that of the whole object."""
        return self._meta

    @property
    def range(self) -> tuple[int, int]:
        """The start and end of the bytes that were asked for, in the object."""
        return self._fetched.start, self._fetched.end

    @property
    def attributes(self) -> Attributes:
        """The object's attributes and user metadata."""
        return dict(self._fetched.attributes)

    def bytes(self) -> builtins.bytes:
        """Read everything, as exactly `bytes`.

        Raises:
            ValueError: the bytes were taken already.
        """
        return self._read(_Plain)

    async def bytes_async(self) -> builtins.bytes:
        """Read everything, as exactly `bytes`.

        Raises:
            ValueError: the bytes were taken already.
        """
        return await self._read_async(_Plain)

    def buffer(self) -> Bytes:
        """Read everything, as `Bytes`: `bytes` with obstore's methods.

        Raises:
            ValueError: the bytes were taken already.
        """
        return self._read(Bytes)

    async def buffer_async(self) -> Bytes:
        """Read everything, as `Bytes`: `bytes` with obstore's methods.

        Raises:
            ValueError: the bytes were taken already.
        """
        return await self._read_async(Bytes)

    def _read(self, kind: type[B]) -> B:
        fetched = self._take()
        whole = fetched.content.whole()
        return run(read_all(fetched, kind)) if whole is None else as_kind(kind, whole)

    async def _read_async(self, kind: type[B]) -> B:
        fetched = self._take()
        whole = fetched.content.whole()
        return await run_async(read_all(fetched, kind)) if whole is None else as_kind(kind, whole)

    def stream(self, min_chunk_size: int = STREAM_CHUNK) -> BytesStream:
        """Read in chunks of at least `min_chunk_size` bytes; the last one may be smaller.

        With 0 or 1, each chunk is what has come, as soon as it has.

        Raises:
            ValueError: the bytes were taken already, or the size is negative.
        """
        size = _arguments.offset(min_chunk_size, "min_chunk_size")
        return BytesStream(self._take(), max(size, 1))

    def __iter__(self) -> Iterator[_Plain]:
        return self.stream()

    def __aiter__(self) -> AsyncIterator[_Plain]:
        return self.stream()

    def _take(self) -> Fetched:
        if self._used:
            raise ValueError("Result has already been disposed.")
        self._used = True
        return self._fetched

    def __repr__(self) -> str:
        start, end = self.range
        return f"GetResult({self._meta['path']!r}, bytes {start} to {end} of {self._meta['size']})"

    def __del__(self) -> None:
        if not getattr(self, "_used", True):
            self._fetched.content.abandon()


class BytesStream:
    """The bytes of an object in chunks: an iterator, and an asynchronous one."""

    def __init__(self, fetched: Fetched, min_chunk_size: int) -> None:
        self._content = fetched.content
        self._left = fetched.end - fetched.start
        self._min_chunk_size = min_chunk_size
        self._filling = False
        self._ended = False

    def __iter__(self) -> BytesStream:
        return self

    def __aiter__(self) -> BytesStream:
        return self

    def __next__(self) -> _Plain:
        chunk = run(self._next())
        if not chunk:
            raise StopIteration
        return chunk

    async def __anext__(self) -> _Plain:
        chunk = await run_async(self._next())
        if not chunk:
            raise StopAsyncIteration
        return chunk

    def _next(self) -> Plan[_Plain]:
        whole = self._content.whole()
        if whole is not None:
            self._left = 0
            self._ended = not whole
            return whole
        # Once filled, always: what `read_into` has left over is not seen by `read`.
        self._filling |= fills(builtins.bytes, min(self._min_chunk_size, self._left))
        if self._filling and self._left:
            return (yield from self._filled())
        chunks: list[_Plain] = []
        size = 0
        while size < self._min_chunk_size and not self._ended:
            chunk: _Plain = yield from self._content.read()
            chunks.append(chunk)
            size += len(chunk)
            self._ended = not chunk
        self._left -= size
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _filled(self) -> Plan[_Plain]:
        """A chunk into which the bytes are received, instead of one joined of what was received."""
        size = min(self._min_chunk_size, self._left)
        chunk, view = fresh(builtins.bytes, size)
        yield from fill_from(self._content, view, last=size == self._left)
        self._left -= size
        return chunk

    def __del__(self) -> None:
        if not getattr(self, "_ended", True):
            self._content.abandon()


class ListStream(Generic[ListChunkT_co]):
    """A listing, read page by page: an iterator of its chunks, and an asynchronous one.

    A chunk is a list of metadata, or an Arrow record batch with `return_arrow=True`.
    """

    def __init__(
        self,
        next_page: Callable[[str | None], Plan[Page]],
        chunk_size: int,
        make_chunk: Callable[[Sequence[Sequence[Any]]], ListChunkT_co],
    ) -> None:
        self._next_page = next_page
        self._chunk_size = chunk_size
        self._make_chunk = make_chunk
        self._ready: list[Sequence[Any]] = []
        self._token: str | None = None
        self._progress = Progress()
        self._ended = False
        self._skipped: list[str] = []

    @property
    def skipped(self) -> list[str]:
        """The keys left out so far by `on_bad_key="skip"`, whole and as the store spells them."""
        return list(self._skipped)

    def __iter__(self) -> ListStream[ListChunkT_co]:
        return self

    def __aiter__(self) -> ListStream[ListChunkT_co]:
        return self

    def __next__(self) -> ListChunkT_co:
        rows = run(self._take(self._chunk_size))
        if not rows:
            raise StopIteration
        return self._make_chunk(rows)

    async def __anext__(self) -> ListChunkT_co:
        rows = await run_async(self._take(self._chunk_size))
        if not rows:
            raise StopAsyncIteration
        return self._make_chunk(rows)

    def collect(self) -> ListChunkT_co:
        """Read everything that is left, as one chunk; an empty one at the end."""
        return self._make_chunk(run(self._take(None)))

    async def collect_async(self) -> ListChunkT_co:
        """Read everything that is left, as one chunk; an empty one at the end."""
        return self._make_chunk(await run_async(self._take(None)))

    def _take(self, count: int | None) -> Plan[list[Sequence[Any]]]:
        while not self._ended and (count is None or len(self._ready) < count):
            page = yield from self._next_page(self._token)
            self._ready.extend(page.objects)
            self._skipped.extend(page.skipped)
            self._token = self._progress.follow(page)
            self._ended = self._token is None
        taken = self._ready[:count] if count is not None else self._ready
        self._ready = self._ready[len(taken) :]
        return taken
