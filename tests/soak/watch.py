"""Watches a load: what the process holds, and operations that take longer than they may."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Sequence

from tests.harness.gauges import Held, held
from tests.soak.worker import Worker

EVERY = 2.0
"""Seconds between two samples."""


class Watch:
    """Samples this process from a thread, until the block ends."""

    def __init__(self, workers: Sequence[Worker], limit: float) -> None:
        self._workers = workers
        self._limit = limit
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.samples: list[tuple[float, Held]] = []
        self.hangs: dict[tuple[str, float], str] = {}
        """The operations that took too long, by who began them when."""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(EVERY):
            self.samples.append((time.monotonic() - began, held()))
            self._look_for_hangs()

    def _look_for_hangs(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            verb, since = worker.running or ("", now)
            if now - since > self._limit and (worker.name, since) not in self.hangs:
                if not self.hangs:
                    faulthandler.dump_traceback(all_threads=True)
                self.hangs[worker.name, since] = verb

    def warm(self) -> list[tuple[float, Held]]:
        """The samples after the first third, in which connections and buffers come to be."""
        return self.samples[len(self.samples) // 3 :]

    def slope(self, gauge: str) -> float:
        """How fast a gauge of bytes grows when warm, in KiB a minute (least squares)."""
        warm = self.warm()
        if len(warm) < 3:
            return 0.0
        times = [when / 60 for when, _ in warm]
        sizes = [float(getattr(sample, gauge)) / 1024 for _, sample in warm]
        middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
        above = sum((when - middle) * (size - mean) for when, size in zip(times, sizes))
        return above / sum((when - middle) ** 2 for when in times)

    def course(self, gauge: str) -> dict[str, int]:
        """A gauge's value when warm, at the end, and its most."""
        values = [getattr(sample, gauge) for _, sample in self.warm()]
        if not values:
            return {}
        return {"warm": values[0], "most": max(values), "end": values[-1]}
