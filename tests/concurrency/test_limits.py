"""1,000 tasks and 64 threads at once: connections stay within bounds, and no task starves."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from typing import Any

import anyio
import pytest

from object_store_py._loops import AT_ONCE, Idle
from object_store_py.store import HTTPStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response
from tests.harness.threads import PATIENCE, together

TASKS, THREADS, TURNS = 1000, 64, 3
DATE = "Tue, 24 Nov 2026 12:00:00 GMT"


def echo(request: RecordedRequest) -> bytes:
    """An object whose content is its own key."""
    return response(200, request.target, {"Last-Modified": DATE, "ETag": '"1"'})


def open_store(server: RawServer) -> HTTPStore:
    return HTTPStore.from_url(server.endpoint, client_options={"allow_http": True})


def connections(server: RawServer) -> int:
    return len({request.connection for request in server.requests})


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_1000_tasks_share_few_connections_in_turn(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[int] = []  # the tasks in the order in which their requests had their turn
    enter = Idle.enter

    async def entered(line: Idle) -> None:
        await enter(line)
        served.append(anyio.get_current_task().id)

    # Not seen from the answers: what a busy server does first is not ours to promise.
    monkeypatch.setattr(Idle, "enter", entered)

    async def work(store: Any, task: int) -> None:
        for turn in range(TURNS):
            result = await store.get_async(f"{task}/{turn}")
            assert await result.bytes_async() == f"/{task}/{turn}".encode()

    async def main() -> None:
        with RawServer(echo) as server:
            store = open_store(server)
            async with anyio.create_task_group() as group:
                group.cancel_scope.deadline = anyio.current_time() + PATIENCE
                for task in range(TASKS):
                    group.start_soon(work, store, task)
            assert not group.cancel_scope.cancelled_caught, f"some starve: {len(served)} requests"
            assert connections(server) <= AT_ONCE

    anyio.run(main, backend=loop)
    turns: Counter[int] = Counter()
    for task in served:
        turns[task] += 1
        if len(turns) == TASKS:
            break
    # Till the last one had its first turn, nobody had a third.
    assert max(turns.values()) <= 2
    assert set(Counter(served).values()) == {TURNS}


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_bodies_that_are_not_read_keep_nobody_waiting(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A limit on connections would wait for ever here; ours is on requests that await an answer.
    monkeypatch.setattr("object_store_py._loops.AT_ONCE", 4)

    async def main() -> None:
        with RawServer(lambda _: response(200, bytes(1 << 20), {"Last-Modified": DATE})) as server:
            store = open_store(server)
            kept: list[Any] = []
            with anyio.fail_after(PATIENCE):
                for number in range(10):
                    kept.append(await store.get_async(f"{number}"))
                assert len(await kept[-1].bytes_async()) == 1 << 20

    anyio.run(main, backend=loop)


@pytest.mark.slow
def test_64_threads_use_a_connection_each_at_most() -> None:
    start = threading.Barrier(THREADS)

    def work(store: Any, thread: int) -> None:
        start.wait(PATIENCE)
        for turn in range(40):
            assert store.get(f"{thread}/{turn}").bytes() == f"/{thread}/{turn}".encode()

    with RawServer(echo) as server:
        store = open_store(server)
        together([partial(work, store, thread) for thread in range(THREADS)])
        assert connections(server) <= THREADS
