"""get_ranges of 1,000 ranges of 100 bytes on MinIO: apart, so that each is a request, and near."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from tests.benchmarks.harness import Case, compare, method, sequential, tasks
from tests.benchmarks.peers import PEERS
from tests.benchmarks.servers import minio

COUNT, LENGTH = 1000, 100
KEY = "ranges"


def main(which: set[str]) -> None:
    """Arguments choose: sync, async, joined. Without any, everything is run."""
    with minio() as server, asyncio.Runner() as runner:
        peers = {name: make(server) for name, make in PEERS.items()}
        peers["boto3"].put(KEY, bytes(range(256)) * (COUNT * 4096 // 256))
        starts = [number * 4096 for number in range(COUNT)]
        each = (KEY, starts, LENGTH)
        title = f"get_ranges of {COUNT:,} ranges of {LENGTH} bytes"
        both = {name: peers[name] for name in ("object_store_py", "obstore")}
        if not which or "sync" in which:
            calls = {name: method(peer, "ranges", *each) for name, peer in peers.items()}
            cases = [Case(name, sequential(call)) for name, call in calls.items() if call]
            compare(f"{title}, each a request", cases, 1)
        if not which or "async" in which:
            cases = [
                Case(name, tasks(runner, partial(ranges_async, peer, *each), 1))
                for name, peer in both.items()
            ]
            compare(f"{title}, each a request, asyncio", cases, 1)
        if not which or "joined" in which:
            cases = [
                Case(name, sequential(partial(peer.ranges, *each, coalesce=1 << 20)))
                for name, peer in both.items()
            ]
            compare(f"{title}, joined over gaps of 1 MiB", cases, 1)


async def ranges_async(peer: Any, key: str, starts: list[int], length: int) -> None:
    lengths = [length] * len(starts)
    parts = await peer.library.get_ranges_async(
        peer.store, key, starts=starts, lengths=lengths, coalesce=0
    )
    assert len(parts) == len(starts)
