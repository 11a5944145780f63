"""1 KiB objects on MinIO: get, put and head, one after another, in threads, in tasks.

Arguments choose: verbs (get put head) and ways (sequential threads8 threads32 tasks16 tasks64
tasks256). Without any, everything is run.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from tests.benchmarks.async_peers import connect
from tests.benchmarks.floor import RawSockets
from tests.benchmarks.harness import Case, compare, method, sequential, tasks, threads
from tests.benchmarks.peers import PEERS
from tests.benchmarks.servers import minio

KEY, DATA = "k", bytes(1024)
VERBS: dict[str, tuple[Any, ...]] = {"get": (KEY,), "put": ("w", DATA), "head": (KEY,)}
COUNTS = {"sequential": 100, "threads8": 160, "threads32": 320}
COUNTS |= {"tasks16": 192, "tasks64": 256, "tasks256": 512}


def main(which: set[str]) -> None:
    verbs = which & VERBS.keys() or VERBS.keys()
    ways = which & COUNTS.keys() or COUNTS.keys()
    with minio() as server, asyncio.Runner() as runner:
        sync = {name: make(server) for name, make in PEERS.items()}
        sync["raw sockets"] = RawSockets(server)
        sync["boto3"].put(KEY, DATA)
        stack = AsyncExitStack()
        asynchronous = runner.run(connect(server, stack))
        for way in COUNTS:
            for verb in VERBS:
                if way in ways and verb in verbs:
                    measure(way, verb, runner, asynchronous if "tasks" in way else sync)
        runner.run(stack.aclose())


def measure(way: str, verb: str, runner: asyncio.Runner, peers: dict[str, Any]) -> None:
    kind = way.rstrip("0123456789")
    workers = int(way.removeprefix(kind) or 1)
    cases: list[Case] = []
    for name, peer in peers.items():
        call = method(peer, verb, *VERBS[verb])
        if call is None:
            continue
        if kind == "tasks":
            cases.append(Case(name, tasks(runner, call, workers)))
        else:
            run = sequential(call) if kind == "sequential" else threads(call, workers)
            cases.append(Case(name, run))
    plural = f", {workers} {kind} at once" if workers > 1 else ", one after another"
    compare(f"{verb} 1 KiB{plural}", cases, COUNTS[way])
