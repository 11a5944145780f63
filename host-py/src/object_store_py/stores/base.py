"""What all stores share: the verbs as methods, each beside its asynchronous twin."""

from __future__ import annotations

import builtins
import os
import threading
import weakref
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .._backend import Backend
from .._driver import run, run_async
from .._effects import Plan
from .._metrics import Meter, StoreStats
from .._operations import Operations
from ..bytes import Bytes
from ..exceptions import NotSupportedError
from ..results import GetResult
from ..types import (
    HTTP_METHOD,
    Attributes,
    GetOptions,
    ObjectMeta,
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
    _opening: threading.Lock

    def _start(self) -> None:
        self._operations = None
        self._opening = threading.Lock()

    def _make_backend(self) -> Backend:
        raise NotImplementedError

    def _make_prefix(self) -> str:
        return ""

    def _verbs(self) -> Operations:
        operations = self._operations
        if operations is None:
            with self._opening:
                if self._operations is None:
                    self._operations = Operations(self._make_backend(), self._make_prefix())
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

        Returns:
            The new object's `e_tag` and `version`.

        Raises:
            AlreadyExistsError: mode is `"create"` and an object is there.
            PreconditionError: mode is an update and the object is in another state.
            TypeError, ValueError: an argument cannot be used; nothing was sent.
        """
        return run(
            self._put(path, file, False, attributes, tags, mode, use_multipart, chunk_size,
                      max_concurrency)
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
    ) -> PutResult:
        """Write an object; see `put`. Takes asynchronous files and iterators, too."""
        return await run_async(
            self._put(path, file, True, attributes, tags, mode, use_multipart, chunk_size,
                      max_concurrency)
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
    ) -> Plan[PutResult]:
        return self._verbs().put(
            path,
            file,
            asynchronous=asynchronous,
            attributes=attributes,
            tags=tags,
            mode=mode,
            use_multipart=use_multipart,
            chunk_size=chunk_size,
            max_concurrency=max_concurrency,
        )

    def get(self, path: str, *, options: GetOptions | None = None) -> GetResult:
        """Read an object: its metadata at once, its bytes by the result's methods.

        Raises:
            NotFoundError: there is no such object.
            PreconditionError, NotModifiedError: a condition in `options` does not hold.
        """
        return run(self._get(path, options))

    async def get_async(self, path: str, *, options: GetOptions | None = None) -> GetResult:
        """Read an object; see `get`."""
        return await run_async(self._get(path, options))

    def _get(self, path: str, options: GetOptions | None) -> Plan[GetResult]:
        verbs = self._verbs()
        fetched = yield from verbs.get(path, options)
        return GetResult(fetched, verbs.meta(fetched))

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
            coalesce: ranges at most this many bytes apart are read with one request.

        Returns:
            The bytes of each range, in the order given.
        """
        first = _one_start(starts, offsets, "starts")
        return run(self._verbs().get_ranges(path, first, ends, lengths, coalesce))

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
        return await run_async(self._verbs().get_ranges(path, first, ends, lengths, coalesce))

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
        """Copy an object within the store, on the server.

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

    def stats(self) -> StoreStats:
        """What the store has sent and received: nothing, unless it is behind HTTP."""
        return Meter().stats()


class SignedUrl(str):
    """A URL that carries a signature: whoever has it can use it. Its repr hides the query."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(self.partition("?")[0] + "?...")


def sign(
    store: ObjectStoreMethods,
    method: HTTP_METHOD,
    paths: str | Sequence[str],
    expires_in: timedelta,
) -> Plan[Any]:
    """The plan behind `sign` and `sign_async`, which are functions only."""
    if not isinstance(store, ObjectStoreMethods):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
        raise TypeError(f"store must be one of this library's stores, not {type(store).__name__}")
    if not getattr(store, "_can_sign", False):
        raise NotSupportedError(
            f"{store!r} has no server that checks signatures, so it cannot sign URLs: use an"
            " S3Store, a GCSStore or an AzureStore"
        )
    urls = yield from store._verbs().sign(method, paths, expires_in)
    signed = [SignedUrl(url) for url in urls]
    return signed[0] if isinstance(paths, str) else signed


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
