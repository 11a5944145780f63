"""Stores across processes: fork while in use, spawn, pickle (F18)."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.stores import Backend, not_applicable

SCRIPT = Path(__file__).parent / "fork_child.py"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.row("F18")
def test_fork_while_in_use(backend: Backend) -> None:
    pickled = None if backend.name == "memory" else pickle.dumps(backend.store).hex()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT],
        input=json.dumps(pickled),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "both worked\n"


@pytest.mark.row("F18")
def test_a_pickled_store_reaches_the_same_objects(backend: Backend) -> None:
    if backend.name == "memory":
        with pytest.raises(TypeError, match="MemoryStore"):
            pickle.dumps(backend.store)
        return
    backend.store.put("k", b"before")
    other = pickle.loads(pickle.dumps(backend.store))
    assert other == backend.store
    assert other.get("k").bytes() == b"before"


@pytest.mark.slow
@pytest.mark.row("F18")
def test_a_spawned_process_can_use_the_store(backend: Backend) -> None:
    if backend.name == "memory":
        not_applicable("pickling")
    backend.store.put("k", b"from the parent")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(read_and_answer, (backend.store,)) == b"from the parent"
    assert backend.store.get("answer").bytes() == b"from the child"


def read_and_answer(store: Any) -> bytes:
    """What the spawned process does."""
    body = bytes(store.get("k").bytes())
    store.put("answer", b"from the child")
    return body


LOCKED = """
import os, signal
from object_store_py import _engine
from object_store_py.store import MemoryStore

store = MemoryStore()
store.put("k", b"x")
store._backend._lock.acquire()
_engine._creating.acquire()
child = os.fork()
if child == 0:
    signal.alarm(20)
    import threading
    done = threading.Thread(target=lambda: (store.put("l", b"y"), _engine.Instance()))
    done.start()
    done.join()
    os._exit(0 if [item["path"] for item in store.list().collect()] == ["k", "l"] else 1)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.row("F18")
def test_a_child_does_not_wait_for_locks_that_a_thread_held_at_the_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOCKED],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
