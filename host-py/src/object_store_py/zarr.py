"""Stores of this library as stores of zarr v3: `zarr.open(ObjectStoreAdapter(store))`.

Needs the package zarr, 3.1 or newer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import default_buffer_prototype
from zarr.core.config import config

from ._driver import run_async
from ._trees import delete_below
from .exceptions import AlreadyExistsError, NotFoundError, NotSupportedError
from .stores.base import ObjectStoreMethods, known
from .types import GetOptions, ObjectMeta

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer, BufferPrototype

__all__ = ["ObjectStoreAdapter"]

LIST_CHUNK = 1000
"""How many keys of a listing are handed on at once: a page of most servers."""


class ObjectStoreAdapter(Store):
    """A zarr store over one of this library's stores.

    Reads, byte ranges (several of one object with few requests), writes, listings and deletes go
    to the store. It pickles where its store does; two are equal where their stores are.
    """

    def __init__(self, store: ObjectStoreMethods, *, read_only: bool = False) -> None:
        """Make a zarr store.

        Args:
            store: where the data are; its prefix is the root of the zarr hierarchy.
            read_only: refuse writes and deletes.

        Raises:
            TypeError: `store` is none of this library's.
        """
        super().__init__(read_only=read_only)
        self.store = known(store)

    def with_read_only(self, read_only: bool = False) -> ObjectStoreAdapter:
        """Make another zarr store of the same data that refuses writes, or does not."""
        return type(self)(self.store, read_only=read_only)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ObjectStoreAdapter)
            and self.read_only == other.read_only
            and self.store == other.store
        )

    def __hash__(self) -> int:
        return hash((self.store, self.read_only))

    def __repr__(self) -> str:
        more = ", read_only=True" if self.read_only else ""
        return f"{type(self).__name__}({self.store!r}{more})"

    @property
    def supports_writes(self) -> bool:
        """Always."""
        return True

    @property
    def supports_deletes(self) -> bool:
        """Always."""
        return True

    @property
    def supports_listing(self) -> bool:
        """Always; a plain HTTP server refuses when it is asked."""
        return True

    # Reading.

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a value or a part of it; None where there is no such key."""
        options = _options(byte_range)
        with suppress(NotFoundError):
            try:
                data = await self._read(key, options)
            except NotSupportedError:
                if not isinstance(byte_range, SuffixByteRequest):
                    raise
                meta = await self.store.head_async(key)
                data = await self._read(key, _end(meta, byte_range.suffix))
            return prototype.buffer.from_bytes(data)
        return None

    async def _read(self, key: str, options: GetOptions) -> bytes:
        result = await self.store.get_async(key, options=options)
        return await result.bytes_async()

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Read parts of many values, in order; near ranges of one value with one request."""
        wanted = list(key_ranges)
        values: list[Buffer | None] = [None] * len(wanted)
        room = asyncio.Semaphore(config.get("async.concurrency"))
        of_key: dict[str, list[int]] = {}
        single: list[int] = []
        for index, (key, part) in enumerate(wanted):
            if isinstance(part, RangeByteRequest) and part.start < part.end:
                of_key.setdefault(key, []).append(index)
            else:
                single.append(index)

        async def one(index: int) -> None:
            async with room:
                values[index] = await self.get(wanted[index][0], prototype, wanted[index][1])

        async def many(key: str, indexes: Sequence[int]) -> None:
            parts = [part for i in indexes if isinstance(part := wanted[i][1], RangeByteRequest)]
            async with room:
                with suppress(NotFoundError):
                    found = await self.store.get_ranges_async(
                        key, starts=[p.start for p in parts], ends=[p.end for p in parts]
                    )
                    for index, data in zip(indexes, found):
                        values[index] = prototype.buffer.from_bytes(data)

        try:
            async with asyncio.TaskGroup() as tasks:
                for index in single:
                    tasks.create_task(one(index))
                for key, indexes in of_key.items():
                    tasks.create_task(many(key, indexes))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        return values

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Read a value or a part of it, blocking; see `get`."""
        make = (prototype or default_buffer_prototype()).buffer.from_bytes
        with suppress(NotFoundError):
            try:
                return make(self.store.get(key, options=_options(byte_range)).bytes())
            except NotSupportedError:
                if not isinstance(byte_range, SuffixByteRequest):
                    raise
                wanted = _end(self.store.head(key), byte_range.suffix)
                return make(self.store.get(key, options=wanted).bytes())
        return None

    async def exists(self, key: str) -> bool:
        """Whether there is a value; a folder is none, nor is its marker."""
        if key.endswith("/"):
            return False
        try:
            await self.store.head_async(key)
        except NotFoundError:
            return False
        return True

    async def getsize(self, key: str) -> int:
        """The size of a value in bytes.

        Raises:
            NotFoundError: there is none.
        """
        return (await self.store.head_async(key))["size"]

    async def getsize_prefix(self, prefix: str) -> int:
        """The size of all values below a prefix in bytes, out of the listing alone."""
        total = 0
        async for page in self.store.list_async(prefix, chunk_size=LIST_CHUNK, on_bad_key="skip"):
            total += sum(meta["size"] for meta in page)
        return total

    # Writing.

    async def set(self, key: str, value: Buffer) -> None:
        """Write a value."""
        self._check_writable()
        await self.store.put_async(key, _bytes_of(value))

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Write a value unless there is one, in one step where the store can do that."""
        self._check_writable()
        with suppress(AlreadyExistsError):
            try:
                await self.store.put_async(key, _bytes_of(value), mode="create")
            except (NotImplementedError, NotSupportedError):  # WebDAV cannot do it in one step
                if not await self.exists(key):
                    await self.set(key, value)

    async def delete(self, key: str) -> None:
        """Delete a value; one that is not there is fine."""
        self._check_writable()
        with suppress(NotFoundError):
            await self.store.delete_async(key)

    def set_sync(self, key: str, value: Buffer) -> None:
        """Write a value, blocking."""
        self._check_writable()
        self.store.put(key, _bytes_of(value))

    def delete_sync(self, key: str) -> None:
        """Delete a value, blocking; one that is not there is fine."""
        self._check_writable()
        with suppress(NotFoundError):
            self.store.delete(key)

    async def delete_dir(self, prefix: str) -> None:
        """Delete all values below a prefix, in batches where the server takes them."""
        self._check_writable()
        await run_async(delete_below(self.store._verbs(), prefix))

    # Listing.

    async def list(self) -> AsyncIterator[str]:
        """All keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """All keys below a prefix, whole."""
        async for page in self.store.list_async(prefix, chunk_size=LIST_CHUNK, on_bad_key="skip"):
            for meta in page:
                if not meta["path"].endswith("/"):
                    yield meta["path"]

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """The names directly below a prefix, of values and of prefixes, each once."""
        found = await self.store.list_with_delimiter_async(prefix, on_bad_key="skip")
        values = [meta["path"] for meta in found["objects"] if not meta["path"].endswith("/")]
        paths = [*found["common_prefixes"], *values]
        for name in dict.fromkeys(path.rpartition("/")[2] for path in paths):
            yield name


def _options(byte_range: ByteRequest | None) -> GetOptions:
    match byte_range:
        case None:
            return {}
        case RangeByteRequest(start, end):
            return {"range": (start, end)}
        case OffsetByteRequest(offset):
            return {"range": {"offset": offset}}
        case SuffixByteRequest(suffix):
            return {"range": {"suffix": suffix}}
        case _:  # pyright: ignore[reportUnnecessaryComparison] - zarr's own tests hand in a tuple
            raise TypeError(f"Unexpected byte_range, got {byte_range!r}")


def _end(meta: ObjectMeta, count: int) -> GetOptions:
    """The last bytes, for a server that cannot count from the end (Azure)."""
    wanted: GetOptions = {"range": {"offset": max(meta["size"] - count, 0)}}
    if meta["e_tag"] is not None:
        wanted["if_match"] = meta["e_tag"]
    return wanted


def _bytes_of(value: Buffer) -> memoryview:
    """The bytes of a value of zarr, not copied where they are in this machine's memory."""
    return memoryview(value.as_buffer_like())
