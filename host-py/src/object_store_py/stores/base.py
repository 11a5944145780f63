"""What all stores share: the verbs as methods, each beside its asynchronous twin."""

from __future__ import annotations

import builtins
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import _room
from .._backend import Backend
from .._driver import run, run_async
from .._effects import Plan
from .._metrics import Meter, StoreStats
from .._operations import Operations
from .._progress import ProgressInput, put_watched, watch_reading
from ..bytes import Bytes
from ..results import GetResult
from ..types import (
    Attributes,
    GetOptions,
    ObjectMeta,
    OlderGetOptions,
    PutInput,
    PutMode,
    PutResult,
)
from ._listing import ListingMethods

CHUNK_SIZE = 5 * 1024 * 1024
"""The default size of a part, in bytes: the smallest that S3 takes."""
MAX_CONCURRENCY = 12
"""The default number of parts that are under way at once."""
COALESCE = 1024 * 1024
"""The default gap between ranges that are read with one request, in bytes."""

_opened: weakref.WeakSet[ObjectStoreMethods] = weakref.WeakSet()


class ObjectStoreMethods(ListingMethods):
    """The methods of every store; `isinstance(x, ObjectStoreMethods)` tells our stores.

    Stores are configuration: connections and the sandbox are made on first use, once a process, and
    never pickled. All methods are safe to call from any thread and any event loop.
    """

    _operations: Operations | None
    _opening: threading.RLock

    def _start(self) -> None:
        self._operations = None
        self._opening = threading.RLock()

    def _make_backend(self) -> Backend:
        raise NotImplementedError

    def _make_prefix(self) -> str:
        return ""

    def _verbs(self) -> Operations:
        operations = self._operations
        if operations is None:
            with self._opening:
                if self._operations is None:
                    with _room.needed():  # modules are loaded, and files read
                        made = Operations(self._make_backend(), self._make_prefix())
                    if self._operations is None:  # a signal handler may have come in between
                        self._operations = made
                    _opened.add(self)
                operations = self._operations
        return operations

    def put(
        self,
        path: str,
        file: PutInput,
        *,
        attributes: Attributes | None = None,
        tags: dict[str, str] | None = None,
        mode: PutMode | None = None,
        use_multipart: bool | None = None,
        chunk_size: int = CHUNK_SIZE,
        max_concurrency: int = MAX_CONCURRENCY,
        progress: ProgressInput = None,
    ) -> PutResult:
        """Write an object.

        Args:
            path: where to.
            file: the bytes: a bytes-like object, a binary file, a `pathlib.Path`, or an iterator of
                bytes-like objects. Memory that you give must not change until the call returns.
            attributes: Content-Type and the like, and user metadata.
            tags: tags of the object, where the store has such.
            mode: `"overwrite"` (the default), `"create"`, or `{"e_tag": ...}` to replace only that
                state. Other modes than overwrite write in one request.
            use_multipart: write in parts; by default what is larger than `chunk_size` is.
            chunk_size: the size of a part in bytes; S3 wants at least 5 MiB.
            max_concurrency: how many parts are under way at once. That many chunks and one more are
                in memory.
            progress: who is told how many bytes are written: a function of the bytes that are done
                and those in all (None where nobody knows), or True for a bar of tqdm.

        Returns:
            The new object's `e_tag` and `version`.

        Raises:
            AlreadyExistsError: mode is `"create"` and an object is there.
            PreconditionError: mode is an update and the object is in another state.
            TypeError, ValueError: an argument cannot be used; nothing was sent.
        """
        return run(
            self._put(path, file, False, attributes, tags, mode, use_multipart, chunk_size,
                      max_concurrency, progress)
        )  # fmt: skip

    async def put_async(
        self,
        path: str,
        file: PutInput,
        *,
        attributes: Attributes | None = None,
        tags: dict[str, str] | None = None,
        mode: PutMode | None = None,
        use_multipart: bool | None = None,
        chunk_size: int = CHUNK_SIZE,
        max_concurrency: int = MAX_CONCURRENCY,
        progress: ProgressInput = None,
    ) -> PutResult:
        """Write an object; see `put`. Takes asynchronous files and iterators, too."""
        return await run_async(
            self._put(path, file, True, attributes, tags, mode, use_multipart, chunk_size,
                      max_concurrency, progress)
        )  # fmt: skip

    def _put(
        self,
        path: str,
        file: PutInput,
        asynchronous: bool,
        attributes: Attributes | None,
        tags: dict[str, str] | None,
        mode: PutMode | None,
        use_multipart: bool | None,
        chunk_size: int,
        max_concurrency: int,
        progress: ProgressInput,
    ) -> Plan[PutResult]:
        how: dict[str, Any] = {
            "attributes": attributes,
            "tags": tags,
            "mode": mode,
            "use_multipart": use_multipart,
            "chunk_size": chunk_size,
            "max_concurrency": max_concurrency,
        }
        if progress is None:
            return self._verbs().put(path, file, asynchronous=asynchronous, **how)
        return put_watched(self._verbs(), path, file, progress, asynchronous, **how)

    def get(
        self,
        path: str,
        *,
        options: GetOptions | OlderGetOptions | None = None,
        progress: ProgressInput = None,
    ) -> GetResult:
        """Read an object: its metadata at once, its bytes by the result's methods.

        Args:
            path: the object.
            options: conditions, and which part.
            progress: who is told how many bytes are read, while the result is read; see `put`.

        Raises:
            NotFoundError: there is no such object.
            PreconditionError, NotModifiedError: a condition in `options` does not hold.
        """
        return run(self._get(path, options, progress))

    async def get_async(
        self,
        path: str,
        *,
        options: GetOptions | OlderGetOptions | None = None,
        progress: ProgressInput = None,
    ) -> GetResult:
        """Read an object; see `get`."""
        return await run_async(self._get(path, options, progress))

    def _get(
        self, path: str, options: GetOptions | OlderGetOptions | None, progress: ProgressInput
    ) -> Plan[GetResult]:
        verbs = self._verbs()
        fetched = yield from verbs.get(path, options)
        if progress is not None:
            watch_reading(fetched, progress)
        return GetResult(fetched, verbs.meta(fetched))

    def get_into(
        self, path: str, buffer: Any, *, options: GetOptions | OlderGetOptions | None = None
    ) -> int:
        """Read an object into memory of yours, without a further copy.

        Args:
            path: the object.
            buffer: writable memory in one piece: a bytearray, a memoryview, a numpy array, an mmap.
                It may be larger than what is read; its further bytes stay as they are.
            options: conditions and a range, as for `get`.

        Returns:
            How many bytes were read, from the buffer's start on.

        Raises:
            ValueError: the buffer is too small; nothing was written to it.
            NotFoundError: there is no such object.
            PreconditionError, NotModifiedError: a condition in `options` does not hold.
            GenericError: the object changed, or its bytes broke off; the buffer has some of them.
        """
        return run(self._verbs().get_into(path, buffer, options))

    async def get_into_async(
        self, path: str, buffer: Any, *, options: GetOptions | OlderGetOptions | None = None
    ) -> int:
        """Read an object into memory of yours; see `get_into`."""
        return await run_async(self._verbs().get_into(path, buffer, options))

    def get_range(
        self,
        path: str,
        offset: int | None = None,
        length: int | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> Bytes:
        """Read the bytes from `start` to `end`, or `length` bytes from `start` (or `offset`) on.

        A range that reaches beyond the object's end is cut there.

        Raises:
            ValueError: the range is empty or negative, or says where it ends twice or never.
            GenericError: the range starts beyond the object's end.
        """
        return run(self._verbs().get_range(path, _one_start(start, offset), end, length))

    async def get_range_async(
        self,
        path: str,
        offset: int | None = None,
        length: int | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> Bytes:
        """Read a range; see `get_range`."""
        return await run_async(
            self._verbs().get_range(path, _one_start(start, offset), end, length)
        )

    def get_ranges(
        self,
        path: str,
        offsets: Sequence[int] | None = None,
        lengths: Sequence[int] | None = None,
        *,
        starts: Sequence[int] | None = None,
        ends: Sequence[int] | None = None,
        coalesce: int = COALESCE,
    ) -> builtins.list[Bytes]:
        """Read many ranges of an object, ten requests at once.

        Args:
            path: the object.
            offsets: where the ranges start; the older name of `starts`.
            lengths: how long they are.
            starts: where the ranges start.
            ends: where they end; give either `ends` or `lengths`, as many as `starts`.
            coalesce: ranges at most this many bytes apart are read with one request, of 8 MiB at
                most where they do not overlap.

        Returns:
            The bytes of each range, in the order given. What reaches beyond the object's end is
            cut there.

        Raises:
            ValueError: there are not as many ends as starts, or a range is empty or negative.
            GenericError: a range starts beyond the object's end.
        """
        first = _one_start(starts, offsets, "starts")
        return run(self._verbs().get_ranges(path, first, ends, lengths, coalesce, Bytes))

    async def get_ranges_async(
        self,
        path: str,
        offsets: Sequence[int] | None = None,
        lengths: Sequence[int] | None = None,
        *,
        starts: Sequence[int] | None = None,
        ends: Sequence[int] | None = None,
        coalesce: int = COALESCE,
    ) -> builtins.list[Bytes]:
        """Read many ranges; see `get_ranges`."""
        first = _one_start(starts, offsets, "starts")
        return await run_async(
            self._verbs().get_ranges(path, first, ends, lengths, coalesce, Bytes)
        )

    def head(self, path: str) -> ObjectMeta:
        """Read an object's metadata.

        Raises:
            NotFoundError: there is no such object.
        """
        return run(self._verbs().head(path))

    async def head_async(self, path: str) -> ObjectMeta:
        """Read an object's metadata; see `head`."""
        return await run_async(self._verbs().head(path))

    def delete(self, paths: str | Sequence[str]) -> None:
        """Delete one object or many; stops at the first error.

        An object that is not there is fine for S3 and memory, a `NotFoundError` for local files.
        """
        run(self._verbs().delete(paths))

    async def delete_async(self, paths: str | Sequence[str]) -> None:
        """Delete objects; see `delete`."""
        await run_async(self._verbs().delete(paths))

    def copy(self, from_: str, to: str, *, overwrite: bool = True) -> None:
        """Copy an object within the store, on the server, with its attributes.

        What is over 5 GiB on S3 is copied in parts, with its attributes and tags; nothing is there
        before all is. S3 with `overwrite=False` and the configuration
        `copy_if_not_exists="multipart"` copies the bytes alone of what is smaller: attributes and
        metadata of the copy are those of a new object.

        Raises:
            NotFoundError: there is no object at `from_`.
            AlreadyExistsError: `overwrite` is False and there is one at `to`.
            NotSupportedError: `overwrite` is False and the store cannot do that (S3 without the
                configuration `copy_if_not_exists`).
        """
        run(self._verbs().copy(from_, to, overwrite))

    async def copy_async(self, from_: str, to: str, *, overwrite: bool = True) -> None:
        """Copy an object; see `copy`."""
        await run_async(self._verbs().copy(from_, to, overwrite))

    def rename(self, from_: str, to: str, *, overwrite: bool = True) -> None:
        """Move an object within the store; object stores copy and delete. See `copy` for errors."""
        run(self._verbs().rename(from_, to, overwrite))

    async def rename_async(self, from_: str, to: str, *, overwrite: bool = True) -> None:
        """Move an object; see `rename`."""
        await run_async(self._verbs().rename(from_, to, overwrite))

    _keeps_attributes: ClassVar[bool] = True

    def _place(self) -> object:
        """What two stores have in common whose server can copy between them; None for nothing."""
        return None

    def stats(self) -> StoreStats:
        """What the store has sent and received: nothing, unless it is behind HTTP."""
        return Meter().stats()


def known(store: Any) -> ObjectStoreMethods:
    """What was given as a store, if it is one.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(store, ObjectStoreMethods):
        raise TypeError(f"store must be one of this library's stores, not {type(store).__name__}")
    return store


def _one_start(start: Any, offset: Any, name: str = "start") -> Any:
    if (start is None) == (offset is None):
        raise ValueError(f"give either {name} or its older name, offset{name[5:]}")
    return start if start is not None else offset


def _after_fork() -> None:
    """A forked child makes its own engine, locks and connections."""
    for store in list(_opened):
        store._start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
