"""256 MiB on MinIO: get streamed, kept, in ranges and into given memory; put whole, in parts.

Arguments choose the tables whose title has one of them. Without any, everything is run.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from tests.benchmarks.async_peers import connect
from tests.benchmarks.floor import RawSockets
from tests.benchmarks.harness import Case, compare, method, sequential, tasks
from tests.benchmarks.peers import PEERS
from tests.benchmarks.servers import minio

SIZE = 256 << 20
KEY = "large"


def main(which: set[str]) -> None:
    data, memory = bytes(SIZE), bytearray(SIZE)
    tables: dict[str, tuple[str, tuple[Any, ...], dict[str, str]]] = {
        "get, streamed and dropped": ("stream", (KEY,), {}),
        "get, kept": ("get", (KEY,), {}),
        "get, kept, four ranges or more at once": ("get_parallel", (KEY, SIZE), {}),
        # What others can do is to make new memory of it.
        "get into memory that is used again": (
            "get_into",
            (KEY, memory),
            {"obstore": "get", "boto3": "get"},
        ),
        "put, one request": ("put", ("w", data), {}),
        "put, 8 MiB parts, 12 at once": ("put_parts", ("w", data), {}),
    }
    with minio() as server:
        peers = {name: make(server) for name, make in PEERS.items()}
        peers["boto3"].put(KEY, data)
        floor = RawSockets(server)
        for title, (verb, arguments, instead) in tables.items():
            if not chosen(title, which):
                continue
            cases: list[Case] = []
            for name, peer in peers.items():
                other = instead.get(name)
                call = method(peer, other, KEY) if other else method(peer, verb, *arguments)
                if call is not None:
                    cases.append(Case(name, sequential(call)))
            if verb in {"stream", "get_into"} and (call := method(floor, verb, *arguments)):
                cases.append(Case("raw sockets", sequential(call)))
            compare(f"256 MiB: {title}", cases, 1)
        with asyncio.Runner() as runner:
            asynchronous(runner, server, which)


def asynchronous(runner: asyncio.Runner, server: dict[str, Any], which: set[str]) -> None:
    stack = AsyncExitStack()
    peers = runner.run(connect(server, stack))
    for title, verb in (("streamed and dropped", "stream"), ("kept", "get")):
        if chosen(f"get, {title}, asyncio", which):
            calls = {name: method(peer, verb, KEY) for name, peer in peers.items()}
            cases = [Case(name, tasks(runner, call, 1)) for name, call in calls.items() if call]
            compare(f"256 MiB: get, {title}, asyncio", cases, 1)
    runner.run(stack.aclose())


def chosen(title: str, which: set[str]) -> bool:
    return not which or any(word in title for word in which)
