"""Objects as files: `open_reader`, `open_writer`, their asynchronous twins, and their results."""

from __future__ import annotations

from .. import _arguments
from .._backend import GetRequest
from .._driver import run, run_async
from .._effects import Plan
from ..stores.base import MAX_CONCURRENCY, ObjectStoreMethods, known
from ..types import Attributes, PutMode
from ._reading import Reader
from ._writing import Writer
from .readers import AsyncReadableFile, ReadableFile
from .writers import AsyncWritableFile, WritableFile

__all__ = [
    "AsyncReadableFile",
    "AsyncWritableFile",
    "ReadableFile",
    "WritableFile",
    "open_reader",
    "open_reader_async",
    "open_writer",
    "open_writer_async",
]

READ_BUFFER = 1024 * 1024
"""The default size of a reader's buffer, in bytes."""
WRITE_BUFFER = 10 * 1024 * 1024
"""The default size of a writer's buffer, which is that of a part, in bytes."""


def open_reader(
    store: ObjectStoreMethods,
    path: str,
    *,
    buffer_size: int = READ_BUFFER,
    size: int | None = None,
) -> ReadableFile:
    """Open an object as a binary file to read: buffered, seekable, an `io.BufferedIOBase`.

    Args:
        store: where the object is.
        path: the object.
        buffer_size: how many bytes are fetched at least, and kept. What is read on from where the
            last fetch ended is streamed; a read of `buffer_size` or more fetches just that.
        size: the object's size in bytes, if you know it: it saves the request that asks for it.

    Raises:
        NotFoundError: there is no such object (with `size`: when it is read).
    """
    return ReadableFile(run(_open(store, path, buffer_size, size)))


async def open_reader_async(
    store: ObjectStoreMethods,
    path: str,
    *,
    buffer_size: int = READ_BUFFER,
    size: int | None = None,
) -> AsyncReadableFile:
    """Open an object as a file to read asynchronously; see `open_reader`."""
    return AsyncReadableFile(await run_async(_open(store, path, buffer_size, size)))


def _open(store: ObjectStoreMethods, path: str, buffer_size: int, size: int | None) -> Plan[Reader]:
    step = _arguments.positive(buffer_size, "buffer_size")
    verbs = known(store)._verbs()
    full = verbs.full(path, reading=True)  # a path that cannot be is an error now, not later
    if size is not None:
        return Reader(store, path, _arguments.offset(size, "size"), None, buffer_size=step)
    fetched = yield from verbs.backend.get(full, GetRequest(head=True))
    yield from fetched.content.close()
    return Reader(store, path, fetched.meta.size, fetched.meta, buffer_size=step)


def open_writer(
    store: ObjectStoreMethods,
    path: str,
    *,
    attributes: Attributes | None = None,
    buffer_size: int = WRITE_BUFFER,
    tags: dict[str, str] | None = None,
    max_concurrency: int = MAX_CONCURRENCY,
    mode: PutMode | None = None,
) -> WritableFile:
    """Open an object as a binary file to write: an `io.BufferedIOBase` that cannot seek.

    The object is there when the file was closed; use a with-block, which gives up what was written
    when it raises.

    Args:
        store: where the object shall be.
        path: the object.
        attributes: Content-Type and the like, and user metadata.
        buffer_size: up to so many bytes are kept, and written in one request; what is longer is
            sent in parts of this size, or of the store's smallest if that is larger (S3: 5 MiB).
        tags: tags of the object, where the store has such.
        max_concurrency: how many parts are under way at once. That many parts and two more are in
            memory.
        mode: `"overwrite"` (the default), `"create"`, or `{"e_tag": ...}` to replace only that
            state. Other modes than overwrite write in one request when the file is closed, and keep
            everything in memory until then; so do stores that cannot write in parts (HTTP).

    Raises:
        TypeError, ValueError: an argument cannot be used.
    """
    return WritableFile(
        _writer(store, path, attributes, buffer_size, tags, max_concurrency, mode, background=True)
    )


def open_writer_async(
    store: ObjectStoreMethods,
    path: str,
    *,
    attributes: Attributes | None = None,
    buffer_size: int = WRITE_BUFFER,
    tags: dict[str, str] | None = None,
    max_concurrency: int = MAX_CONCURRENCY,
    mode: PutMode | None = None,
) -> AsyncWritableFile:
    """Open an object as a file to write asynchronously; see `open_writer`. It is not awaited."""
    return AsyncWritableFile(
        _writer(store, path, attributes, buffer_size, tags, max_concurrency, mode, background=False)
    )


def _writer(
    store: ObjectStoreMethods,
    path: str,
    attributes: Attributes | None,
    buffer_size: int,
    tags: dict[str, str] | None,
    max_concurrency: int,
    mode: PutMode | None,
    *,
    background: bool,
) -> Writer:
    limit = known(store)._verbs().backend.limits.metadata
    return Writer(
        known(store),
        path,
        _arguments.put_options(attributes, tags, mode, limit),
        buffer_size=_arguments.positive(buffer_size, "buffer_size"),
        limit=_arguments.positive(max_concurrency, "max_concurrency"),
        background=background,
    )
