"""Forks while a store is in use, by threads too; exits 0 when parent and child both work."""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import warnings
from typing import Any

import anyio

import object_store_py as obs
from object_store_py.store import MemoryStore


def use(store: Any, name: str) -> None:
    """Some operations, sync and async."""
    for turn in range(5):
        key = f"{name}/{turn}"
        obs.put(store, key, key.encode())
        assert obs.get(store, key).bytes() == key.encode()
    anyio.run(use_async, store, name)


async def use_async(store: Any, name: str) -> None:
    await obs.put_async(store, f"{name}/async", b"x")
    assert (await obs.head_async(store, f"{name}/async"))["size"] == 1


def fork_and_use(store: Any, name: str) -> None:
    """A child that uses the store; raises when it fails or hangs."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            use(store, name)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"child {name} ended with status {status}"


def main(pickled: str | None) -> None:
    # Python 3.12 warns of a fork beside threads: that is what is tested here.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    store = MemoryStore() if pickled is None else pickle.loads(bytes.fromhex(pickled))
    use(store, "before")
    stop = threading.Event()

    def keep_busy(index: int) -> None:
        while not stop.is_set():
            use(store, f"busy-{index}")

    threads = [threading.Thread(target=keep_busy, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(5):
        fork_and_use(store, f"child-{turn}")
        use(store, f"parent-{turn}")
    stop.set()
    for thread in threads:
        thread.join()
    print("both worked")


if __name__ == "__main__":
    main(json.loads(sys.stdin.read()))
