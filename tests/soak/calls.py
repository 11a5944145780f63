"""A store as threads and as tasks call it, behind one face: each verb of the load is written once.

What `Blocking` does never suspends, so that `drive` can run it without an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import anyio

import object_store_py as obs

T = TypeVar("T")


class Calls(Protocol):
    """How a worker calls its store."""

    async def call(self, verb: str, *args: Any, **options: Any) -> Any:
        """Call the store's method of that name."""
        ...

    async def body(self, result: Any) -> bytes:
        """The whole body of a get."""
        ...

    async def chunks(self, result: Any, size: int) -> list[bytes]:
        """The body of a get, streamed."""
        ...

    async def listed(self, prefix: str) -> list[Any]:
        """The objects below a prefix."""
        ...

    def source(self, blocks: Iterable[bytes]) -> Any:
        """Blocks as this way's generator yields them."""
        ...

    async def write(self, path: str, blocks: Iterable[bytes], buffer_size: int) -> None:
        """Write an object as a file."""
        ...

    async def read(self, path: str, places: Iterable[tuple[int, int]]) -> list[bytes]:
        """Read an object as a file: some bytes at each place."""
        ...

    async def briefly(self, seconds: float, work: Coroutine[Any, Any, object]) -> None:
        """Do it, but for no longer than that where it can be cancelled."""
        ...


class Blocking:
    """The calls of a thread."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def call(self, verb: str, *args: Any, **options: Any) -> Any:
        return getattr(self._store, verb)(*args, **options)

    async def body(self, result: Any) -> bytes:
        return bytes(result.bytes())

    async def chunks(self, result: Any, size: int) -> list[bytes]:
        return list(result.stream(size))

    async def listed(self, prefix: str) -> list[Any]:
        return list(self._store.list(prefix).collect())

    def source(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        return iter(blocks)

    async def write(self, path: str, blocks: Iterable[bytes], buffer_size: int) -> None:
        with obs.open_writer(self._store, path, buffer_size=buffer_size) as file:
            for block in blocks:
                file.write(block)

    async def read(self, path: str, places: Iterable[tuple[int, int]]) -> list[bytes]:
        found: list[bytes] = []
        with obs.open_reader(self._store, path) as file:
            for place, size in places:
                file.seek(place)
                found.append(bytes(file.read(size)))
        return found

    async def briefly(self, seconds: float, work: Coroutine[Any, Any, object]) -> None:
        del seconds
        await work


class Awaiting:
    """The calls of a task."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def call(self, verb: str, *args: Any, **options: Any) -> Any:
        return await getattr(self._store, f"{verb}_async")(*args, **options)

    async def body(self, result: Any) -> bytes:
        return bytes(await result.bytes_async())

    async def chunks(self, result: Any, size: int) -> list[bytes]:
        return [chunk async for chunk in result.stream(size)]

    async def listed(self, prefix: str) -> list[Any]:
        return list(await self._store.list(prefix).collect_async())

    def source(self, blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
        async def each() -> AsyncIterator[bytes]:
            for block in blocks:
                yield block

        return each()

    async def write(self, path: str, blocks: Iterable[bytes], buffer_size: int) -> None:
        async with obs.open_writer_async(self._store, path, buffer_size=buffer_size) as file:
            for block in blocks:
                await file.write(block)

    async def read(self, path: str, places: Iterable[tuple[int, int]]) -> list[bytes]:
        found: list[bytes] = []
        async with await obs.open_reader_async(self._store, path) as file:
            for place, size in places:
                await file.seek(place)
                found.append(bytes(await file.read(size)))
        return found

    async def briefly(self, seconds: float, work: Coroutine[Any, Any, object]) -> None:
        with anyio.move_on_after(seconds):
            await work


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of `Blocking` calls to its end."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    work.close()
    raise RuntimeError("a blocking call awaited something")
