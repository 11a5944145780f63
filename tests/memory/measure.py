"""Moves a gibibyte through S3 in a small process; prints what it moved and how the RSS rose."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio

import object_store_py as obs
from object_store_py.store import S3Store

MIB = 1024 * 1024
BLOCK = bytes(range(256)) * (MIB // 256)


def peak_rss() -> int:
    """The highest resident size so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def blocks(count: int) -> Iterator[bytes]:
    for index in range(count):
        yield index.to_bytes(8, "big") + BLOCK[8:]


async def blocks_async(count: int) -> AsyncIterator[bytes]:
    for block in blocks(count):
        yield block


def upload(store: Any, count: int) -> None:
    obs.put(store, "big", blocks(count), chunk_size=8 * MIB, max_concurrency=4)


def download(store: Any, count: int) -> None:
    digest, size = hashlib.sha256(), 0
    for chunk in obs.get(store, "big").stream(min_chunk_size=MIB):
        digest.update(chunk)
        size += len(chunk)
    check(digest, size, count)


async def upload_async(store: Any, count: int) -> None:
    await obs.put_async(store, "big", blocks_async(count), chunk_size=8 * MIB, max_concurrency=4)


async def download_async(store: Any, count: int) -> None:
    digest, size = hashlib.sha256(), 0
    async for chunk in (await obs.get_async(store, "big")).stream(min_chunk_size=MIB):
        digest.update(chunk)
        size += len(chunk)
    check(digest, size, count)


def check(digest: Any, size: int, count: int) -> None:
    expected = hashlib.sha256()
    for block in blocks(count):
        expected.update(block)
    assert size == count * MIB, size
    assert digest.digest() == expected.digest(), "the bytes differ"


def main(what: str, way: str, count: int, bucket: str, options: dict[str, Any]) -> None:
    options["client_options"] |= {"timeout": "10m"}
    store = S3Store(bucket, **options)
    # Load everything that a first use loads; it is not what is measured.
    obs.put(store, "small", blocks(1), use_multipart=True)
    obs.get(store, "small").bytes()
    before = peak_rss()
    if way == "sync":
        {"upload": upload, "download": download}[what](store, count)
    else:
        work = {"upload": upload_async, "download": download_async}[what]
        anyio.run(work, store, count, backend=way)
    print(json.dumps({"moved": count * MIB, "rss_rise": peak_rss() - before}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], json.loads(sys.stdin.read()))
