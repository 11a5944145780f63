"""How much memory grows, in fresh processes: 256 MiB read and written, 100,000 keys listed; and
what a store costs, in memory and in the CPU of its first use.

What is shown beside "at most" is the growth of resident memory from a warm client on; Linux only.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.benchmarks.child import STORES
from tests.benchmarks.fresh import measure, medians
from tests.benchmarks.harness import show
from tests.benchmarks.peers import PEERS
from tests.benchmarks.servers import fill, minio

MIB = 1 / (1 << 20)
ACTIONS = {
    "stream": "256 MiB, get, streamed and dropped",
    "get": "256 MiB, get, kept",
    "put_parts": "256 MiB, put, 8 MiB parts, 12 at once",
    "list": "list 100,000 keys, streamed",
}


def main(which: set[str]) -> None:
    if not sys.platform.startswith("linux"):
        sys.exit("this benchmark reads /proc, which only Linux has")
    with minio() as server:
        put = server["client"].put_object
        put(Bucket=server["bucket"], Key="k", Body=bytes(1024))
        put(Bucket=server["bucket"], Key="large", Body=bytes(256 << 20))
        for action, title in ACTIONS.items():
            if not which or action in which:
                if action == "list":
                    fill(server, 100_000, "keys")
                figures = measure(action, PEERS, server)
                show(f"memory: {title}", ["at most MiB"], medians(figures, "peak", scale=MIB))
        if not which or "stores" in which:
            stores(server)


def stores(server: dict[str, Any]) -> None:
    figures = measure("stores", PEERS, server)
    memory = medians(figures, "kept", scale=MIB / STORES)
    cost = medians(figures, "wall", "cpu", scale=1e3 / STORES)
    rows = {name: [*memory[name], *cost[name]] for name in figures}
    show("a further store or client, used once", ("memory MiB", "wall ms", "CPU ms"), rows)
