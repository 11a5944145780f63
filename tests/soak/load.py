"""The load: 8 threads and 100 tasks on one store, each checking its own keys against a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio

from object_store_py.exceptions import BaseError
from tests.harness.gauges import pending_tasks
from tests.soak.calls import Awaiting, Blocking, Calls, drive
from tests.soak.verbs import VERBS
from tests.soak.worker import Tally, Worker

THREADS, TASKS = 8, 100
LARGE = 6
"""One worker of so many has objects of several parts, to keep the server's disk small."""
NAMES = list(VERBS)
WEIGHTS = [verb.weight for verb in VERBS.values()]


def _workers(kind: str, count: int) -> list[Worker]:
    return [Worker(f"{kind}{number}", large=number % LARGE == 0) for number in range(count)]


@dataclass
class Load:
    """All workers of a run."""

    threads: list[Worker] = field(default_factory=lambda: _workers("thread", THREADS))
    tasks: list[Worker] = field(default_factory=lambda: _workers("task", TASKS))
    unended: list[str] = field(default_factory=list[str])
    """The threads that did not end."""
    pending: int = 0
    """How many tasks were left when all workers had ended."""

    @property
    def workers(self) -> list[Worker]:
        return self.threads + self.tasks

    def run(
        self, store: Any, seconds: float, grace: float, meanwhile: Callable[[float], None]
    ) -> None:
        """Work for a time, and `grace` seconds more for what is under way.

        `meanwhile` is what this thread does until the time that it is given.
        """
        until = time.monotonic() + seconds

        def work(worker: Worker) -> None:
            calls = Blocking(store)
            while time.monotonic() < until:
                drive(step(worker, calls))

        async def work_async(worker: Worker) -> None:
            calls = Awaiting(store)
            while time.monotonic() < until:
                await step(worker, calls)

        async def all_tasks() -> None:
            async with anyio.create_task_group() as group:
                for worker in self.tasks:
                    group.start_soon(work_async, worker)
            self.pending = pending_tasks()

        running = [
            threading.Thread(target=work, args=(worker,), name=worker.name, daemon=True)
            for worker in self.threads
        ]
        tasks = threading.Thread(target=anyio.run, args=(all_tasks,), name="tasks", daemon=True)
        running.append(tasks)
        for thread in running:
            thread.start()
        meanwhile(until)
        for thread in running:
            thread.join(max(0.0, until + grace - time.monotonic()))
        self.unended = [thread.name for thread in running if thread.is_alive()]

    def tally(self) -> Tally:
        """What happened to all."""
        total = Tally()
        for worker in self.workers:
            total.add(worker.tally)
        return total


async def step(worker: Worker, calls: Calls) -> None:
    """One operation."""
    (name,) = worker.random.choices(NAMES, WEIGHTS)
    verb = VERBS[name]
    worker.begin(name)
    try:
        await verb.run(worker, calls)
    except BaseError as error:
        worker.failed(name, error, verb.changes)
    finally:
        worker.end()


def verify(store: Any, workers: list[Worker]) -> int:
    """Read every object that must be there, and list what is; how many there are."""
    count = 0
    for worker in workers:
        found = {item["path"]: item["size"] for item in store.list(worker.name).collect()}
        worker.compare(found, worker.there())
        for key in found.keys() & worker.there().keys():
            worker.expect(key, bytes(store.get(key).bytes()))
            count += 1
    return count
