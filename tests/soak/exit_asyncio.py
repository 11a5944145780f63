"""Uses a store from tasks and ends as its argument says; run by `exits`, a bucket on stdin."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import object_store_py as obs
from object_store_py.store import S3Store

BODY = bytes(range(256)) * 4096
kept: list[Any] = []
"""What is still there when the interpreter ends."""


async def use(store: Any, key: str) -> None:
    await store.put_async(f"{key}/whole", BODY)
    await store.put_async(f"{key}/parts", iter([BODY]), use_multipart=True)
    assert await (await store.get_async(f"{key}/whole")).bytes_async() == BODY
    assert await store.get_range_async(f"{key}/whole", start=1, end=4) == b"\x01\x02\x03"
    found = await store.list(key).collect_async()
    assert [item["path"] for item in found] == [f"{key}/parts", f"{key}/whole"]


async def work(store: Any) -> None:
    """What all ways have in common."""
    await asyncio.gather(*(use(store, f"asyncio/{number}") for number in range(8)))


async def again(store: Any, key: str) -> None:
    while True:
        await use(store, key)


async def unread(store: Any) -> None:
    result = await store.get_async("asyncio/0/whole")
    stream = aiter(result.stream(1024))
    assert await anext(stream)
    kept.extend([result, stream, await store.get_async("asyncio/1/whole")])


async def cancelled(store: Any) -> None:
    tasks = [asyncio.create_task(again(store, f"asyncio/c{number}")) for number in range(8)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def running(store: Any) -> None:
    kept.extend(asyncio.create_task(again(store, f"asyncio/r{number}")) for number in range(8))
    await asyncio.sleep(0.05)


async def file_open(store: Any) -> None:
    reader = await obs.open_reader_async(store, "asyncio/0/whole", buffer_size=1024)
    assert await reader.read(10) == BODY[:10]
    kept.append(reader)


async def nothing(store: Any) -> None:
    del store


async def in_a_global(store: Any) -> None:
    kept.append(store)


ENDS = {
    "nothing is left": nothing,
    "streams are unread": unread,
    "tasks were cancelled": cancelled,
    "tasks are running": running,
    "a file is open": file_open,
    "the store is in a global": in_a_global,
}


async def main(end: str, store: Any) -> None:
    await work(store)
    await ENDS[end](store)


if __name__ == "__main__":
    bucket, options = json.loads(sys.stdin.read())
    subject = S3Store(bucket, **options)
    asyncio.run(main(sys.argv[1], subject))
    if sys.argv[1] == "the store is in a global":
        asyncio.run(work(subject))  # in another event loop
    else:
        del subject
    print("done")
