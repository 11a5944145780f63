"""One test body, three ways of calling: sync, asyncio and trio behind one sync-looking facade."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from anyio.from_thread import BlockingPortal, start_blocking_portal

import object_store_py as obs
from tests.harness.threads import together

Way = Literal["sync", "asyncio", "trio"]
WAYS: tuple[Way, ...] = ("sync", "asyncio", "trio")


class Api:
    """The verbs of the library. Results are the library's own; only the calling is hidden."""

    def __init__(self, way: Way, portal: BlockingPortal | None) -> None:
        self.way = way
        self._portal = portal

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Calls the function of that name, or awaits its `_async` twin on this test's loop."""
        return self._run(obs, verb, *args, **kwargs)

    def method(self, store: Any, verb: str, *args: Any, **kwargs: Any) -> Any:
        """The same, but through the method of the store instead of the function."""
        return self._run(store, verb, *args, **kwargs)

    def _run(self, owner: Any, verb: str, *args: Any, **kwargs: Any) -> Any:
        if self._portal is None:
            return getattr(owner, verb)(*args, **kwargs)
        return self._portal.call(partial(getattr(owner, f"{verb}_async"), *args, **kwargs))

    def put(self, store: Any, path: str, data: Any, **options: Any) -> Any:
        return self.call("put", store, path, data, **options)

    def get(self, store: Any, path: str, **options: Any) -> Any:
        """A get whose keyword arguments are the GetOptions."""
        return self.call("get", store, path, **({"options": options} if options else {}))

    def get_range(self, store: Any, path: str, **where: int) -> Any:
        return self.call("get_range", store, path, **where)

    def get_ranges(self, store: Any, path: str, **where: Any) -> Any:
        return self.call("get_ranges", store, path, **where)

    def head(self, store: Any, path: str) -> Any:
        return self.call("head", store, path)

    def delete(self, store: Any, paths: str | Sequence[str]) -> None:
        self.call("delete", store, paths)

    def copy(self, store: Any, from_: str, to: str, **options: Any) -> None:
        self.call("copy", store, from_, to, **options)

    def rename(self, store: Any, from_: str, to: str, **options: Any) -> None:
        self.call("rename", store, from_, to, **options)

    def sign(self, store: Any, method: str, paths: Any, expires_in: Any) -> Any:
        return self.call("sign", store, method, paths, expires_in)

    def list_with_delimiter(self, store: Any, prefix: str | None = None) -> Any:
        return self.call("list_with_delimiter", store, prefix)

    def bytes(self, result: Any) -> builtins.bytes:
        """The whole body of a get result."""
        return bytes(self._run(result, "bytes"))

    def read(self, store: Any, path: str, **options: Any) -> builtins.bytes:
        """The body of the object: a get and its bytes."""
        return self.bytes(self.get(store, path, **options))

    def stream(
        self, result: Any, min_chunk_size: int = 10 * 1024 * 1024
    ) -> builtins.list[builtins.bytes]:
        """The chunks of a body, as the stream of this way yields them."""
        return self.consume(result.stream(min_chunk_size))

    def pages(self, store: Any, prefix: str | None = None, **options: Any) -> builtins.list[Any]:
        """The pages of a listing, iterated with `for` or `async for`."""
        return self.consume(obs.list(store, prefix, **options))

    def list(self, store: Any, prefix: str | None = None, **options: Any) -> builtins.list[Any]:
        """The objects of a listing, in the order in which they came."""
        return [meta for page in self.pages(store, prefix, **options) for meta in page]

    def paths(self, store: Any, prefix: str | None = None, **options: Any) -> builtins.list[str]:
        """The sorted keys of a listing."""
        return sorted(meta["path"] for meta in self.list(store, prefix, **options))

    def collect(self, listing: Any) -> Any:
        """What remains of a list stream, in one list."""
        return self._run(listing, "collect")

    def consume(self, stream: Any) -> builtins.list[Any]:
        """Every item of a stream that is iterable in both ways."""
        if self._portal is None:
            return list(stream)
        items: builtins.list[Any] = self._portal.call(_gather, stream)
        return items

    def source(self, chunks: Iterable[builtins.bytes]) -> Any:
        """The chunks as this way's users would produce them: a generator, or an async one."""
        return iter(chunks) if self.way == "sync" else _async_source(chunks)

    def wait(self, call: Callable[[], Any]) -> Any:
        """What a call made on this test's loop returns, awaited if that can be."""
        if self._portal is None:
            return call()
        return self._portal.call(_resolve, call)

    def together(self, *calls: Callable[[], Any]) -> builtins.list[Any]:
        """Runs callables at the same time: in threads, or as tasks of this test's one loop."""
        return together(calls)


async def _gather(stream: Any) -> builtins.list[Any]:
    return [item async for item in stream]


async def _resolve(call: Callable[[], Any]) -> Any:
    result = call()
    return await result if inspect.isawaitable(result) else result


async def _async_source(chunks: Iterable[bytes]) -> Any:
    for chunk in chunks:
        yield chunk


@contextmanager
def open_api(way: Way) -> Iterator[Api]:
    """An Api whose event loop lives until the end of the block."""
    if way == "sync":
        yield Api(way, None)
        return
    with start_blocking_portal(backend=way) as portal:
        yield Api(way, portal)
