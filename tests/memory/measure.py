"""Moves a gibibyte through S3 in a small process; prints what it moved and how the RSS rose."""

from __future__ import annotations

import hashlib
import json
import re
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio

import object_store_py as obs
from object_store_py import _engine
from object_store_py.store import S3Store

MIB = 1024 * 1024
COMPONENT_LIMIT = 16 * MIB
BLOCK = bytes(range(256)) * (MIB // 256)


def peak_rss() -> int:
    """The highest resident size so far, in bytes."""
    # ru_maxrss will not do on Linux: a process inherits it from the one that started it.
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def current_rss() -> int:
    """The resident size now; where the system does not tell, the peak so far."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak_rss()
    return int(statm.read_text().split()[1]) * resource.getpagesize()


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


async def small_async(store: Any) -> None:
    await obs.put_async(store, "small", blocks_async(1), use_multipart=True)
    await (await obs.get_async(store, "small")).bytes_async()


async def upload_async(store: Any, count: int) -> None:
    await obs.put_async(store, "big", blocks_async(count), chunk_size=8 * MIB, max_concurrency=4)


async def download_async(store: Any, count: int) -> None:
    digest, size = hashlib.sha256(), 0
    async for chunk in (await obs.get_async(store, "big")).stream(min_chunk_size=MIB):
        digest.update(chunk)
        size += len(chunk)
    check(digest, size, count)


async def stream_async(store: Any, count: int) -> None:
    await obs.put_async(store, "big", blocks_async(count))


def write(store: Any, count: int) -> None:
    with obs.open_writer(store, "big", buffer_size=5 * MIB, max_concurrency=8) as file:
        for block in blocks(count):
            file.write(block)


async def write_async(store: Any, count: int) -> None:
    writer = obs.open_writer_async(store, "big", buffer_size=5 * MIB, max_concurrency=8)
    async with writer as file:
        async for block in blocks_async(count):
            await file.write(block)


def read(store: Any, count: int) -> None:
    digest, size = hashlib.sha256(), 0
    with obs.open_reader(store, "big") as file:
        while chunk := file.read(MIB // 3):
            digest.update(chunk)
            size += len(chunk)
    check(digest, size, count)


async def read_async(store: Any, count: int) -> None:
    digest, size = hashlib.sha256(), 0
    async with await obs.open_reader_async(store, "big") as file:
        while chunk := await file.read(MIB // 3):
            digest.update(chunk)
            size += len(chunk)
    check(digest, size, count)


def check(digest: Any, size: int, count: int) -> None:
    expected = hashlib.sha256()
    for block in blocks(count):
        expected.update(block)
    assert size == count * MIB, size
    assert digest.digest() == expected.digest(), "the bytes differ"


SYNC = {"upload": upload, "download": download, "write": write, "read": read}
ASYNC = {
    "upload": upload_async,
    "download": download_async,
    "stream": stream_async,
    "write": write_async,
    "read": read_async,
}


def main(what: str, way: str, count: int, bucket: str, options: dict[str, Any]) -> None:
    # No object byte enters the component: it gets by on less memory than two parts take.
    assert isinstance(_engine.MEMORY_LIMIT, int)
    _engine.MEMORY_LIMIT = COMPONENT_LIMIT
    options["client_options"] |= {"timeout": "10m"}
    store = S3Store(bucket, **options)
    # Load everything that a first use loads; it is not what is measured.
    obs.put(store, "small", blocks(1), use_multipart=True)
    obs.get(store, "small").bytes()
    if way != "sync":
        anyio.run(small_async, store, backend=way)
    before = current_rss()
    if way == "sync":
        SYNC[what](store, count)
    else:
        anyio.run(ASYNC[what], store, count, backend=way)
    print(json.dumps({"moved": count * MIB, "rss_rise": peak_rss() - before}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], json.loads(sys.stdin.read()))
