"""One store under 32 threads, 1,000 tasks and two loops: every result matches its key (F20)."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.store import MemoryStore
from tests.harness.stores import Backend
from tests.harness.threads import PATIENCE, together

THREADS, ROUNDS, TASKS = 32, 20, 1000


def body_of(key: str) -> bytes:
    return key.encode() * 100


def round_trip(store: Any, key: str) -> None:
    """Every verb on a key that nobody else uses."""
    obs.put(store, key, body_of(key))
    assert obs.get(store, key).bytes() == body_of(key)
    assert obs.head(store, key)["size"] == len(body_of(key))
    assert obs.get_range(store, key, start=2, length=5) == body_of(key)[2:7]
    obs.delete(store, key)


async def round_trip_async(store: Any, key: str) -> None:
    await obs.put_async(store, key, body_of(key))
    result = await obs.get_async(store, key)
    assert await result.bytes_async() == body_of(key)
    await obs.delete_async(store, key)


@pytest.mark.slow
@pytest.mark.row("F20")
def test_32_threads_on_one_store(backend: Backend) -> None:
    def work(thread: int) -> None:
        for turn in range(ROUNDS):
            round_trip(backend.store, f"thread-{thread}/key-{turn}")

    together([partial(work, thread) for thread in range(THREADS)])
    assert obs.list(backend.store).collect() == []


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.row("F20")
def test_1000_tasks_on_one_store(backend: Backend, loop: str) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = anyio.current_time() + PATIENCE
            for task in range(TASKS):
                group.start_soon(round_trip_async, backend.store, f"task-{task}")
        assert not group.cancel_scope.cancelled_caught, "some tasks hang"

    anyio.run(main, backend=loop)
    assert obs.list(backend.store).collect() == []


def test_threads_share_the_first_use(backend: Backend) -> None:
    # The engine opens lazily: the first operations race for it.
    together([partial(round_trip, backend.store, f"first-{n}") for n in range(THREADS)])


def test_two_loops_one_after_the_other_and_sync_between(backend: Backend) -> None:
    for loop in ("asyncio", "trio", "asyncio"):
        anyio.run(round_trip_async, backend.store, f"on-{loop}", backend=loop)
        round_trip(backend.store, "sync-between")


@pytest.mark.slow
def test_two_loops_at_the_same_time(backend: Backend) -> None:
    async def many(name: str) -> None:
        for turn in range(ROUNDS):
            await round_trip_async(backend.store, f"{name}/{turn}")

    def loop(name: str) -> None:
        anyio.run(many, name, backend=name.partition("-")[0])

    names = ["asyncio-1", "asyncio-2", "trio-1", "trio-2"]
    together([partial(loop, name) for name in names])
    assert obs.list(backend.store).collect() == []


@pytest.mark.slow
@pytest.mark.row("F20")
def test_many_readers_of_one_object(backend: Backend) -> None:
    body = bytes(range(256)) * 4096
    obs.put(backend.store, "shared", body)

    def read(thread: int) -> None:
        for start in range(thread * 1000, len(body), THREADS * 1000):
            piece = obs.get_range(backend.store, "shared", start=start, length=1000)
            assert bytes(piece) == body[start : start + 1000]

    together([partial(read, thread) for thread in range(THREADS)])


@pytest.mark.row("F16")
def test_tasks_that_are_cancelled_before_they_begin_leave_no_coroutine_behind() -> None:
    """As at the end of `asyncio.run`, which cancels the parts of an upload together with it."""

    async def source() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield bytes(1024)
        for task in asyncio.all_tasks():  # that of the second part has not begun
            task.cancel()
        yield bytes(1024)

    async def main() -> None:
        await MemoryStore().put_async("k", source(), use_multipart=True, chunk_size=1024)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main())
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
