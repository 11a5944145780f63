"""The quick start: one piece of code on memory, on local files and on S3, sync and async."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import object_store_py as obs
from object_store_py.store import LocalStore, MemoryStore, S3Store
from tests.backends.s3server import S3Server


def tour(store: Any) -> None:
    """The example of the README."""
    obs.put(store, "file.txt", b"hello world!")
    response = obs.get(store, "file.txt")
    print("  get        ", response.meta)
    assert response.bytes() == b"hello world!"

    byte_range = obs.get_range(store, "file.txt", offset=0, length=5)
    print("  get_range  ", bytes(byte_range))
    assert byte_range == b"hello"

    obs.copy(store, "file.txt", "other.txt")
    assert obs.get(store, "other.txt").bytes() == b"hello world!"
    print("  list       ", [meta["path"] for meta in obs.list(store).collect()])


async def tour_async(store: Any) -> None:
    """The same, awaited."""
    await obs.put_async(store, "file.txt", b"hello world!")
    response = await obs.get_async(store, "file.txt")
    assert await response.bytes_async() == b"hello world!"

    byte_range = await obs.get_range_async(store, "file.txt", offset=0, length=5)
    assert byte_range == b"hello"

    await obs.copy_async(store, "file.txt", "third.txt")
    resp = await obs.get_async(store, "third.txt")
    assert await resp.bytes_async() == b"hello world!"
    print("  list, async", [meta["path"] async for page in obs.list(store) for meta in page])


def show(store: Any) -> None:
    start = time.perf_counter()
    print(f"{store!r}")
    tour(store)
    asyncio.run(tour_async(store))
    print(f"  took {1000 * (time.perf_counter() - start):.0f} ms\n")


def main() -> None:
    print(f"object_store_py {obs.__version__}, Python {sys.version.split()[0]}\n")
    show(MemoryStore())
    with tempfile.TemporaryDirectory() as directory:
        show(LocalStore(directory))
    with S3Server() as server:
        print(f"an S3 server (ministack, from PyPI) runs at {server.endpoint}")
        bucket = server.create_bucket("quickstart")
        show(S3Store(bucket, **server.store_options()))
    print("The same code ran on memory, on local files and on S3.")


if __name__ == "__main__":
    main()
