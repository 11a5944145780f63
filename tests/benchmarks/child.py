"""One measurement in a fresh process: `child.py LIBRARY ACTION`, the server as JSON on stdin.

It prints wall and CPU seconds, and how much memory grew at most, in bytes (Linux; elsewhere 0).
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
STORES = 50


def memory(field: str) -> int:
    """VmRSS (now) or VmHWM (at most), in bytes."""
    if not STATUS.exists():
        return 0
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let VmHWM begin anew (proc_pid_clear_refs(5))."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


MODULES = {"minio-py": "minio"}


def import_only(name: str, server: dict[str, Any]) -> Callable[[], object]:
    del server
    return lambda: importlib.import_module(MODULES.get(name, name))


def first_operation(name: str, server: dict[str, Any]) -> Callable[[], object]:
    """Import, make a client, read 1 KiB."""

    def run() -> None:
        from tests.benchmarks.peers import PEERS  # noqa: PLC0415 - it counts

        assert len(PEERS[name](server).get("k")) == 1024

    return run


def on_warm_client(name: str, server: dict[str, Any], verb: str) -> Callable[[], object]:
    """A call on a client that did one operation before."""
    from tests.benchmarks.peers import PEERS  # noqa: PLC0415 - see above

    peer = PEERS[name](server)
    peer.get("k")
    arguments = {"put_parts": ("w", DATA), "list": ()}.get(verb, ("large",))
    return lambda: getattr(peer, verb)(*arguments)


def many_stores(name: str, server: dict[str, Any]) -> Callable[[], object]:
    """Further stores, each used once, after one was."""
    from tests.benchmarks.peers import PEERS  # noqa: PLC0415 - see above

    PEERS[name](server).get("k")
    kept: list[Any] = []

    def run() -> None:
        for _ in range(STORES):
            peer = PEERS[name](server)
            peer.get("k")
            kept.append(peer)

    return run


DATA = bytes(range(256)) * (1 << 20) if "put_parts" in sys.argv else b""
"""What is put is there before memory is measured."""


def main() -> None:
    name, action = sys.argv[1:]
    server = json.load(sys.stdin)
    makers = {"import": import_only, "first": first_operation, "stores": many_stores}
    make = makers.get(action) or partial(on_warm_client, verb=action)
    run = make(name, server)
    forget_peak()
    before = memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
                "peak": memory("VmHWM") - before,
                "kept": memory("VmRSS") - before,
            }
        )
    )
    del result


if __name__ == "__main__":
    main()
