"""The load: 8 threads and 100 tasks on one store, each checking its own keys against a model."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import anyio

from object_store_py.exceptions import BaseError, NotFoundError

THREADS, TASKS, KEYS = 8, 100, 8
VERBS = ("put", "put", "get", "get", "get", "head", "range", "list", "delete", "copy")


@dataclass
class Tally:
    """What happened, by all workers."""

    operations: Counter[str] = field(default_factory=Counter[str])
    errors: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])


@dataclass
class Worker:
    """One thread's or task's keys, and what must be in them."""

    name: str
    tally: Tally
    model: dict[str, bytes | None] = field(default_factory=dict[str, "bytes | None"])
    random: random.Random = field(default_factory=random.Random)

    def choose(self) -> tuple[str, str, bytes]:
        """A verb, a key and the bytes for it."""
        verb = self.random.choice(
            ["put", "put", "get", "get", "get", "head", "range", "list", "delete", "copy"]
        )
        key = f"{self.name}/k{self.random.randrange(KEYS)}"
        size = self.random.choice([10, 1_000, 30_000, 200_000])
        seed = self.random.randbytes(16)
        return verb, key, (seed * (size // 16 + 1))[:size]

    def expect(self, key: str, data: bytes | None, start: int = 0, end: int | None = None) -> None:
        """Compare what was read with the model."""
        wanted = self.model.get(key)
        wanted = None if wanted is None else wanted[start:end]
        if data != wanted:
            self.tally.wrong.append(
                f"{key}: {_show(data)} instead of {_show(wanted)} at {start}:{end}"
            )

    def failed(self, verb: str, key: str, error: BaseError) -> None:
        """An error that the caller saw; a key that was being changed is given up."""
        self.tally.errors[f"{verb}: {type(error).__name__}: {str(error)[:150]}"] += 1
        if verb in ("put", "delete", "copy"):
            self.model = {k: v for k, v in self.model.items() if k not in (key, f"{key}-copy")}
            self.name = f"{self.name.split('~')[0]}~{self.random.randrange(10**9)}"
            self.model.clear()


def _show(data: bytes | None) -> str:
    return (
        "nothing" if data is None else f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:8]}"
    )


def step(worker: Worker, store: Any) -> None:
    """One operation, synchronously."""
    verb, key, data = worker.choose()
    worker.tally.operations[verb] += 1
    try:
        if verb == "put":
            store.put(key, data)
            worker.model[key] = data
        elif verb == "delete":
            store.delete(key)
            worker.model[key] = None
        elif verb == "list":
            found = {item["path"]: item["size"] for item in store.list(worker.name).collect()}
            _compare_listing(worker, found)
        elif worker.model.get(key) is None:
            _absent(worker, key, lambda: store.get(key).bytes())
        elif verb == "get":
            worker.expect(key, bytes(store.get(key).bytes()))
        elif verb == "head":
            _compare_size(worker, key, store.head(key)["size"])
        elif verb == "range":
            worker.expect(key, bytes(store.get_range(key, start=2, end=9)), 2, 9)
        else:
            store.copy(key, f"{key}-copy")
            worker.model[f"{key}-copy"] = worker.model[key]
    except BaseError as error:
        worker.failed(verb, key, error)


async def step_async(worker: Worker, store: Any) -> None:
    """One operation, asynchronously."""
    verb, key, data = worker.choose()
    worker.tally.operations[verb] += 1
    try:
        if verb == "put":
            await store.put_async(key, data)
            worker.model[key] = data
        elif verb == "delete":
            await store.delete_async(key)
            worker.model[key] = None
        elif verb == "list":
            listed = await store.list(worker.name).collect_async()
            _compare_listing(worker, {item["path"]: item["size"] for item in listed})
        elif worker.model.get(key) is None:
            try:
                await (await store.get_async(key)).bytes_async()
                worker.tally.wrong.append(f"{key}: there, but was deleted or never written")
            except NotFoundError:
                pass
        elif verb == "get":
            worker.expect(key, bytes(await (await store.get_async(key)).bytes_async()))
        elif verb == "head":
            _compare_size(worker, key, (await store.head_async(key))["size"])
        elif verb == "range":
            worker.expect(key, bytes(await store.get_range_async(key, start=2, end=9)), 2, 9)
        else:
            await store.copy_async(key, f"{key}-copy")
            worker.model[f"{key}-copy"] = worker.model[key]
    except BaseError as error:
        worker.failed(verb, key, error)


def _absent(worker: Worker, key: str, read: Any) -> None:
    try:
        read()
    except NotFoundError:
        return
    worker.tally.wrong.append(f"{key}: there, but was deleted or never written")


def _compare_size(worker: Worker, key: str, size: int) -> None:
    if size != len(worker.model[key] or b""):
        worker.tally.wrong.append(f"{key}: {size} bytes by head")


def _compare_listing(worker: Worker, found: dict[str, int]) -> None:
    wanted = {key: len(data) for key, data in worker.model.items() if data is not None}
    if found != wanted:
        worker.tally.wrong.append(f"{worker.name}: listing {found} instead of {wanted}")


def run(store: Any, seconds: float, tally: Tally) -> list[Worker]:
    """Load a store for a time; returns the workers, whose models say what must be there."""
    until = time.monotonic() + seconds
    threads = [Worker(f"thread{number}", tally) for number in range(THREADS)]
    tasks = [Worker(f"task{number}", tally) for number in range(TASKS)]

    def work(worker: Worker) -> None:
        while time.monotonic() < until:
            step(worker, store)

    async def work_async(worker: Worker) -> None:
        while time.monotonic() < until:
            await step_async(worker, store)

    async def all_tasks() -> None:
        async with anyio.create_task_group() as group:
            for worker in tasks:
                group.start_soon(work_async, worker)

    running = [threading.Thread(target=work, args=(worker,)) for worker in threads]
    running.append(threading.Thread(target=anyio.run, args=(all_tasks,)))
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(seconds + 120)
        if thread.is_alive():
            tally.wrong.append("a thread hangs")
    return threads + tasks


def verify(store: Any, workers: list[Worker]) -> int:
    """Read every object that must be there; returns how many."""
    count = 0
    for worker in workers:
        for key, data in worker.model.items():
            if data is not None:
                worker.expect(key, bytes(store.get(key).bytes()))
                count += 1
    return count
