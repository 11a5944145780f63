"""What can be put, made readable in chunks: buffers, files, paths, iterators, also asynchronous."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from . import _files
from ._effects import Block, Effect, Invoke, Plan
from ._http import Payload

PIECE = 16 << 20
"""How many bytes one read of a file asks for at most: files make room for all that is asked for."""


class Source:
    """Something that is read from its start to its end, once."""

    length: int | None
    """How many bytes are left; None where nobody knows."""

    def read(self, size: int) -> Plan[Payload]:
        """Read `size` bytes, or fewer at the end."""
        raise NotImplementedError

    def close(self) -> Plan[None]:
        """Close what the source itself has opened."""
        return
        yield  # a plan, though it needs nothing from outside


def make_source(given: Any, asynchronous: bool) -> Source:
    """Find out how to read what was given to `put` (asynchronous: to `put_async`).

    Raises:
        TypeError: it cannot be put.
        ValueError: it is a closed file, or something asynchronous in a sync call.
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, str):
        raise TypeError(
            "a str cannot be put: encode it for its text, or give a pathlib.Path for a file's bytes"
        )
    if isinstance(given, os.PathLike):
        return _PathSource(os.fspath(cast("os.PathLike[str]", given)))
    view = _view(given)
    if view is not None:
        return _BufferSource(view)
    if hasattr(given, "read") and hasattr(given, "seek"):
        return _file_source(given, asynchronous)
    return _iterator_source(given, asynchronous)


def _view(given: Any) -> memoryview | None:
    try:
        view = memoryview(given)
    except TypeError:
        return None
    if not view.c_contiguous:
        raise ValueError("a buffer must be C-contiguous")
    return view.cast("B") if view.nbytes else memoryview(b"")


class _BufferSource(Source):
    """Memory of the caller's."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self.length: int | None = view.nbytes

    def read(self, size: int) -> Plan[Payload]:
        head, self._view = self._view[:size], self._view[size:]
        self.length = self._view.nbytes
        return Payload([head] if head.nbytes else [])
        yield  # a plan, though it needs nothing from outside


class _FileSource(Source):
    """An open binary file: `effect` says how its `read` is called."""

    def __init__(
        self, file: Any, length: int | None, effect: Callable[[Callable[[], Any]], Effect]
    ) -> None:
        self._file = file
        self._effect = effect
        self.length = length

    def _read_file(self, count: int) -> Any:
        return self._file.read(count)

    def read(self, size: int) -> Plan[Payload]:
        views: list[memoryview] = []
        wanted = size
        while wanted:
            count = min(wanted, PIECE)
            chunk = yield self._effect(partial(self._read_file, count))
            if isinstance(chunk, str):
                raise TypeError("a text file cannot be put: open it in binary mode ('rb')")
            view = _view(chunk)
            if view is None or view.nbytes > count:
                raise TypeError(f"the file's read({count}) returned no bytes or too many")
            if not view.nbytes:
                break
            views.append(view)
            wanted -= view.nbytes
        return Payload(views)


class _PathSource(_FileSource):
    """A local file, opened when it is read first. Of a pipe the caller gives an open file."""

    def __init__(self, path: Any) -> None:
        super().__init__(None, _files.status(path).st_size, Block)
        self._path = path

    def read(self, size: int) -> Plan[Payload]:
        if self._file is None:
            self._file = yield Block(lambda: io.FileIO(_files.open_regular(self._path)))
        return (yield from super().read(size))

    def close(self) -> Plan[None]:
        if self._file is not None:
            yield Block(self._file.close)


def _file_source(file: Any, asynchronous: bool) -> Source:
    if isinstance(file, io.TextIOBase):
        raise TypeError("a text file cannot be put: open it in binary mode ('rb')")
    if getattr(file, "closed", False) is True:
        raise ValueError("a closed file cannot be put")
    import inspect  # slow to load

    if inspect.iscoroutinefunction(file.read):
        if not asynchronous:
            raise ValueError("Async input not allowed in 'put'. Use 'put_async'.")
        return _FileSource(file, None, lambda call: Invoke(call, "the file"))
    if isinstance(file, io.BytesIO):
        return _FileSource(file, _rest(file), lambda call: Invoke(call, "the file"))
    return _FileSource(file, _rest(file), Block)


def _rest(file: Any) -> int | None:
    """How many bytes a file has from where it stands, without moving it."""
    try:
        here = file.tell()
        end = file.seek(0, io.SEEK_END)
        file.seek(here)
    except (OSError, AttributeError, ValueError):
        return None
    return max(end - here, 0) if isinstance(end, int) else None


_END: Any = object()
"""What an iterator gives at its end; None is something that it may not yield."""


def _iterator_source(given: Any, asynchronous: bool) -> Source:
    is_async = hasattr(given, "__aiter__") or hasattr(given, "__anext__")
    is_sync = hasattr(given, "__iter__") or hasattr(given, "__next__")
    if is_async and (asynchronous or not is_sync):
        if not asynchronous:
            raise ValueError("Async input not allowed in 'put'. Use 'put_async'.")
        iterator = aiter(given) if hasattr(given, "__aiter__") else given
        return _IteratorSource(lambda: _next_async(iterator))
    if is_sync:
        items = iter(given) if hasattr(given, "__iter__") else given
        return _IteratorSource(lambda: next(items, _END))
    raise TypeError(
        f"Unexpected input for PutInput: {type(given).__name__} is no bytes-like object, binary"
        " file, path or iterator of bytes-like objects"
    )


async def _next_async(iterator: Any) -> Any:
    try:
        return await iterator.__anext__()
    except StopAsyncIteration:
        return _END


class _IteratorSource(Source):
    """An iterator of bytes-like objects, regrouped to the size that is asked for."""

    def __init__(self, advance: Callable[[], Any]) -> None:
        self._advance = advance
        self._left = memoryview(b"")
        self.length: int | None = None

    def read(self, size: int) -> Plan[Payload]:
        views: list[memoryview] = []
        wanted = size
        while wanted:
            if not self._left.nbytes:
                item = yield Invoke(self._advance, "the input")
                if item is _END:
                    break
                view = _view(item)
                if view is None:
                    raise TypeError(
                        f"an iterator to put must yield bytes, not {type(item).__name__}"
                    )
                self._left = view
            head, self._left = self._left[:wanted], self._left[wanted:]
            if head.nbytes:
                views.append(head)
                wanted -= head.nbytes
        return Payload(views)
