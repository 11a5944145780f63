"""Listings of 10,000 and 100,000 keys, as dicts and as Arrow, and deletes of 10,000, on MinIO.

Arguments choose: 10000, 100000, arrow, delete. Without any, everything is run.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.benchmarks.harness import Case, compare, sequential
from tests.benchmarks.peers import PEERS, Stores
from tests.benchmarks.servers import fill, minio

DELETED = 10_000


def main(which: set[str]) -> None:
    everything = not which
    for count, rounds in ((10_000, 7), (100_000, 5)):
        if everything or which & {str(count), "arrow"}:
            with minio() as server:
                fill(server, count, "keys")
                peers = {name: make(server) for name, make in PEERS.items()}
                if everything or str(count) in which:
                    title = f"list {count:,} keys, as dicts"
                    listings(title, peers, "list", count, rounds)
                if everything or "arrow" in which:
                    both = {name: peer for name, peer in peers.items() if isinstance(peer, Stores)}
                    listings(f"list {count:,} keys, as Arrow", both, "list_arrow", count, rounds)
    if everything or "delete" in which:
        with minio() as server:
            deletes(server)


def listings(title: str, peers: dict[str, Any], verb: str, count: int, rounds: int) -> None:
    def check(name: str) -> None:
        # MinIO keeps the tar that the keys came from.
        assert getattr(peers[name], verb)() in {count, count + 1}

    cases = [Case(name, sequential(partial(check, name))) for name in peers]
    compare(title, cases, 1, rounds)


def deletes(server: dict[str, Any]) -> None:
    cases: list[Case] = []
    for name, make in PEERS.items():
        peer = make(server)
        keys: list[str] = []

        def prepare(keys: list[str] = keys, folder: str = name) -> None:
            keys[:] = fill(server, DELETED, folder)

        def run(_count: int, peer: Any = peer, keys: list[str] = keys) -> None:
            peer.delete(keys)

        cases.append(Case(name, run, prepare))
    compare(f"delete {DELETED:,} keys", cases, 1)
