"""Makes, uses and drops stores in a fresh process, and prints what the process then holds."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import httpx

from object_store_py.store import LocalStore, MemoryStore, S3Store
from tests.harness.gauges import Held, held, open_bodies

WARM_UP, CYCLES, MANY = 20, 100, 1_000
BODY = bytes(range(256)) * 16
LISTING = (
    "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated><Contents><Key>k</Key>"
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag>"
    f"<Size>{len(BODY)}</Size></Contents></ListBucketResult>"
)
HEADERS = {"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}


def answer(request: httpx.Request) -> httpx.Response:
    """What a server with one object answers."""
    if "list-type" in request.url.params:
        return httpx.Response(200, text=LISTING)
    if request.method == "GET":
        return httpx.Response(200, headers=HEADERS, content=BODY)
    return httpx.Response(200, headers=HEADERS)


def scripted() -> S3Store:
    """An S3 store whose requests leave for nowhere."""
    transport = httpx.MockTransport(answer)
    return S3Store("b", skip_signature=True, transport=transport, async_transport=transport)


def connected(endpoint: str) -> S3Store:
    """An S3 store with connections of its own."""
    plain: Any = {"allow_http": True}
    return S3Store("b", skip_signature=True, endpoint=endpoint, client_options=plain)


def use(store: Any) -> None:
    """Something of each kind; at the end a body is left unread."""
    store.put("k", BODY)
    assert store.get("k").bytes() == BODY
    assert [item["path"] for item in store.list().collect()] == ["k"]
    store.get("k")
    anyio.run(use_async, store)


async def use_async(store: Any) -> None:
    await store.put_async("k", BODY)
    assert await (await store.get_async("k")).bytes_async() == BODY
    await store.get_async("k")


def now() -> Held:
    """What is held when all garbage is gone."""
    gc.collect()
    return held()


def cycles(make: Callable[[], Any]) -> dict[str, Any]:
    """Make, use and drop one store after another."""
    for _ in range(WARM_UP):
        use(make())
    before = now()
    for _ in range(CYCLES):
        use(make())
    after = now()
    loops = [item for item in gc.get_objects() if isinstance(item, asyncio.AbstractEventLoop)]
    return {
        "before": before._asdict(),
        "after": after._asdict(),
        "bodies": open_bodies(),
        "loops": len(loops),
    }


def cycles_in_a_loop(make: Callable[[], Any], loop: str) -> dict[str, Any]:
    """The same in one event loop, as a server does it that runs for months."""

    async def main() -> dict[str, Any]:
        for _ in range(WARM_UP):
            await use_async(make())
        before = now()
        for _ in range(CYCLES):
            await use_async(make())
        return {"before": before._asdict(), "after": now()._asdict(), "bodies": open_bodies()}

    return anyio.run(main, backend=loop)


def alive(make: Callable[[], Any]) -> dict[str, Any]:
    """Keep many stores, each used; then drop them."""
    use(make())
    before = now()
    stores = [make() for _ in range(MANY)]
    for store in stores:
        store.put("k", BODY)
    during = now()
    del stores, store
    use(make())
    return {
        "before": before._asdict(),
        "during": during._asdict(),
        "after": now()._asdict(),
        "stores": MANY,
    }


def main(what: str, kind: str, endpoint: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        makers: dict[str, Callable[[], Any]] = {
            "memory": MemoryStore,
            "local": lambda: LocalStore(place),
            "S3, scripted": scripted,
            "S3, connected": lambda: connected(endpoint),
        }
        actions: dict[str, Callable[[Callable[[], Any]], dict[str, Any]]] = {
            "cycles": cycles,
            "alive": alive,
            "asyncio": partial(cycles_in_a_loop, loop="asyncio"),
            "trio": partial(cycles_in_a_loop, loop="trio"),
        }
        print(json.dumps(actions[what](makers[kind])))


if __name__ == "__main__":
    main(*sys.argv[1:])
