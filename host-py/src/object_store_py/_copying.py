"""Copying an object from one store to another: on the server where it can be, else streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _arguments
from ._backend import Content, Fetched
from ._driver import run, run_async
from ._effects import Block, Plan
from ._http import Payload
from ._progress import ProgressInput, WatchedContent, make_progress
from ._sources import Source
from .exceptions import GenericError, NotSupportedError
from .stores.base import CHUNK_SIZE, MAX_CONCURRENCY, ObjectStoreMethods, known

_TOO_LARGE = frozenset({"InvalidRequest", "EntityTooLarge"})
"""What S3 says to the copy of an object over 5 GiB."""


def copy_to(
    store: ObjectStoreMethods,
    from_: str,
    target: ObjectStoreMethods,
    to: str,
    *,
    overwrite: bool = True,
    progress: ProgressInput = None,
    chunk_size: int = CHUNK_SIZE,
    max_concurrency: int = MAX_CONCURRENCY,
) -> None:
    """Copy an object from one store to another.

    The server copies where both stores are the same bucket or container with the same
    configuration and credentials; their prefixes may differ. Else the object is read and written
    here, in parts, with at most `chunk_size * (max_concurrency + 1)` bytes in memory, or, where
    `overwrite` is False, by way of a temporary file. The object cannot change meanwhile: a read
    that breaks off goes on under the same strong e_tag, or ends in an error.

    Args:
        store: where the object is.
        from_: its path there.
        target: the store to copy to.
        to: the path there.
        overwrite: replace an object that is there.
        progress: who is told how many bytes were read; see `put`. A copy on the server tells
            nothing before its end.
        chunk_size: the size of a part in bytes.
        max_concurrency: how many parts are under way at once.

    Attributes and user metadata are kept where the target keeps any (a `LocalStore` does not),
    the storage class only within the same kind of store. Tags are kept only by a copy on the
    server.

    Raises:
        NotFoundError: there is no object at `from_`.
        AlreadyExistsError: `overwrite` is False and there is one at `to`.
    """
    run(_copy(store, from_, target, to, overwrite, progress, chunk_size, max_concurrency))


async def copy_to_async(
    store: ObjectStoreMethods,
    from_: str,
    target: ObjectStoreMethods,
    to: str,
    *,
    overwrite: bool = True,
    progress: ProgressInput = None,
    chunk_size: int = CHUNK_SIZE,
    max_concurrency: int = MAX_CONCURRENCY,
) -> None:
    """Copy an object from one store to another; see `copy_to`."""
    await run_async(
        _copy(store, from_, target, to, overwrite, progress, chunk_size, max_concurrency)
    )


def _copy(
    store: ObjectStoreMethods,
    from_: str,
    target: ObjectStoreMethods,
    to: str,
    overwrite: bool,
    progress: ProgressInput,
    chunk_size: int,
    max_concurrency: int,
) -> Plan[None]:
    how = {
        "chunk_size": _arguments.positive(chunk_size, "chunk_size"),
        "max_concurrency": _arguments.positive(max_concurrency, "max_concurrency"),
    }
    known(store)
    known(target)
    if _same_place(store, target) and (
        yield from _copied_there(store, from_, target, to, overwrite, progress)
    ):
        return
    fetched = yield from store._verbs().get(from_, None)
    told = make_progress(progress, fetched.end - fetched.start, to)
    content = fetched.content if told is None else WatchedContent(fetched.content, told)
    try:
        yield from _stream(content, fetched, store, target, to, overwrite, how)
    except BaseException:
        content.abandon()
        raise
    finally:
        if told is not None:
            told.close()


def _same_place(store: ObjectStoreMethods, target: ObjectStoreMethods) -> bool:
    if store is target:
        return True
    place = store._place()
    try:
        return place is not None and bool(place == target._place())
    except Exception:  # credential providers are compared, which are the user's
        return False


def _copied_there(
    store: ObjectStoreMethods,
    from_: str,
    target: ObjectStoreMethods,
    to: str,
    overwrite: bool,
    progress: ProgressInput,
) -> Plan[bool]:
    """Let the server copy; whether it could."""
    verbs = store._verbs()
    source, there = verbs.full(from_, "from_"), target._verbs().full(to, "to")
    try:
        yield from verbs.backend.copy(source, there, overwrite)
    except NotSupportedError:
        return False  # such as S3's copy that must not overwrite
    except GenericError as error:
        if error.code not in _TOO_LARGE:
            raise
        return False
    if progress:
        size = (yield from target._verbs().head(to))["size"]
        told = make_progress(progress, size, to)
        if told is not None:
            told.add(size)
            told.close()
    return True


def _stream(
    content: Content,
    fetched: Fetched,
    store: ObjectStoreMethods,
    target: ObjectStoreMethods,
    to: str,
    overwrite: bool,
    how: dict[str, Any],
) -> Plan[None]:
    size = fetched.end - fetched.start
    how["attributes"] = _attributes(fetched, store, target)
    source = ContentSource(content, size)
    if overwrite:
        yield from target._verbs().put(to, source, asynchronous=True, **how)
    elif size <= how["chunk_size"]:
        yield from target._verbs().put(to, source, asynchronous=True, mode="create", **how)
    else:
        yield from _put_spooled(source, target, to, how)


def _attributes(
    fetched: Fetched, store: ObjectStoreMethods, target: ObjectStoreMethods
) -> dict[str, str] | None:
    if not target._keeps_attributes:
        return None
    kept = dict(fetched.attributes)
    if type(store) is not type(target):
        kept = {name: value for name, value in kept.items() if name.lower() != "storage-class"}
    return kept or None


def _put_spooled(
    source: ContentSource, target: ObjectStoreMethods, to: str, how: dict[str, Any]
) -> Plan[None]:
    """Write in one request, as a put that must not overwrite has to, from a file on disk."""
    import mmap
    import tempfile

    with tempfile.TemporaryFile() as file:
        while (payload := (yield from source.read(how["chunk_size"]))).length:
            yield Block(_writer(file, payload))
        yield Block(file.flush)
        # Not closed here: an error's traceback may still hold views of it.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    yield from target._verbs().put(to, mapped, asynchronous=True, mode="create", **how)


def _writer(file: Any, payload: Payload) -> Callable[[], object]:
    return lambda: file.writelines(payload.views)


class ContentSource(Source):
    """An object that is being read, as what is written to another store."""

    def __init__(self, content: Content, length: int) -> None:
        self._content = content
        self._left = memoryview(b"")
        self.length: int | None = length

    def read(self, size: int) -> Plan[Payload]:
        """Read `size` bytes, or fewer at the end."""
        views: list[memoryview] = []
        wanted = size
        while wanted:
            if not self._left.nbytes:
                chunk = yield from self._content.read()
                if not chunk:
                    break
                self._left = memoryview(chunk)
            head, self._left = self._left[:wanted], self._left[wanted:]
            views.append(head)
            wanted -= head.nbytes
        return Payload(views)
