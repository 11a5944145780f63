"""Runs the soak and prints its figures: `python -m tests.soak --minutes 10`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import threading
import time
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]  # its types are another package

from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy
from tests.backends.minio import Minio
from tests.backends.rawserver import response
from tests.soak import load

RATE = 0.01
"""The part of requests that a fault befalls."""


def faults() -> list[Fault]:
    """Four kinds of faults, each for a quarter of the rate."""

    def now_and_then(_: Any) -> bool:
        return random.random() < RATE / 4

    forever = sys.maxsize
    return [
        Fault(times=forever, when=now_and_then, answer=response(503)),
        Fault(times=forever, when=now_and_then, lose_response=True, reset=True),
        Fault(times=forever, when=now_and_then, cut_body_at=5),
        Fault(times=forever, when=now_and_then, delay=0.5),
    ]


class Watch:
    """Samples the process every few seconds."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[tuple[float, int, int, int]] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        started = time.monotonic()
        while not self._stop.wait(5):
            process = self._process
            self.samples.append(
                (
                    time.monotonic() - started,
                    process.memory_info().rss,
                    process.num_fds(),
                    process.num_threads(),
                )
            )

    def slope(self) -> float:
        """How fast RSS grows after the first third, in KiB a minute (least squares)."""
        late = self.samples[len(self.samples) // 3 :]
        if len(late) < 3:
            return 0.0
        times, sizes = [s[0] / 60 for s in late], [s[1] / 1024 for s in late]
        middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
        above = sum((t - middle) * (s - mean) for t, s in zip(times, sizes))
        return above / sum((t - middle) ** 2 for t in times)

    def spread(self, column: int) -> str:
        """A column's value after a third, and at the end."""
        return f"{self.samples[len(self.samples) // 3][column]} -> {self.samples[-1][column]}"


def soak(minutes: float) -> dict[str, Any]:
    """Run it; the figures."""
    with Minio() as server, FaultProxy(server.port) as proxy:
        bucket = server.create_bucket()
        options = server.store_options() | {"endpoint": f"http://127.0.0.1:{proxy.port}"}
        store = S3Store(bucket, **options)
        proxy.add(*faults())
        forget = _forget_records(proxy)
        tally = load.Tally()
        with Watch() as watch:
            workers = load.run(store, minutes * 60, tally)
        proxy.clear()
        forget.set()
        checked = load.verify(store, workers)
        gc.collect()
        return {
            "minutes": minutes,
            "load average": round(os.getloadavg()[0], 1),
            "operations": sum(tally.operations.values()),
            "errors seen": dict(tally.errors),
            "wrong or lost": tally.wrong,
            "objects verified at the end": checked,
            "RSS slope, KiB a minute": round(watch.slope(), 1),
            "RSS, bytes": watch.spread(1),
            "descriptors": watch.spread(2),
            "threads": watch.spread(3),
        }


def _forget_records(proxy: FaultProxy) -> threading.Event:
    """The proxy's records would be the only thing that grows."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(1):
            proxy.requests.clear()

    threading.Thread(target=run, daemon=True).start()
    return stop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    figures = soak(parser.parse_args().minutes)
    print(json.dumps(figures, indent=2))
    if figures["wrong or lost"]:
        sys.exit("bytes were wrong or lost")


if __name__ == "__main__":
    main()
