"""Uses a store in a fresh process, and prints how many objects only the garbage collector frees."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

from tests.memory.holding import BODY, connected

TIMES = 100


def use(store: Any) -> None:
    """Each kind of answer: empty, small, with a listing."""
    for _ in range(TIMES):
        store.put("k", BODY)
        store.get("k").bytes()
        store.head("k")
        store.list().collect()


async def use_async(store: Any) -> None:
    for _ in range(TIMES):
        await store.put_async("k", BODY)
        await (await store.get_async("k")).bytes_async()
        await store.head_async("k")
        await store.list().collect_async()


async def asynchronous(store: Any) -> int:
    await use_async(store)
    gc.collect()
    gc.disable()
    await use_async(store)
    return gc.collect()


def blocking(store: Any) -> int:
    use(store)
    gc.collect()
    gc.disable()
    use(store)
    return gc.collect()


if __name__ == "__main__":
    store = connected(sys.argv[2])
    print(asyncio.run(asynchronous(store)) if sys.argv[1] == "asyncio" else blocking(store))
