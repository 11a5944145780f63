"""Runs the soak and prints its figures: `python -m tests.soak --minutes 10 [--json FILE]`."""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.harness.gauges import held, open_bodies
from tests.soak.faulty import LOST_UPLOADS, RATE, faulty
from tests.soak.interrupts import Interrupts
from tests.soak.load import TASKS, THREADS, Load, verify
from tests.soak.watch import Watch
from tests.soak.worker import Tally, Worker

TIMEOUT, RETRY_TIMEOUT = 20.0, 40.0
MUST_BE_EMPTY = (
    "wrong bytes",
    "objects lost",
    "objects risen",
    "wrong after forks and signals",
    "hangs",
)
LIMIT = TIMEOUT + RETRY_TIMEOUT
"""How many seconds a request and its repetitions may take; no operation here should, either."""


def soak(minutes: float, tell: Callable[[dict[str, Any]], None]) -> None:
    """Run it, and tell the figures before the server's data are deleted, which can take long."""
    load, began = Load(), datetime.now(UTC)
    with Minio() as server, faulty(server.port) as faults:
        bucket = server.create_bucket()
        store = _store(server, bucket, faults.port)
        interrupts = Interrupts(store, LIMIT)
        with Watch([*load.workers, interrupts.worker], LIMIT) as watch:
            load.run(store, minutes * 60, LIMIT + 10, interrupts.run)
        load.threads.append(interrupts.worker)
        injected = faults.calm()
        verified = verify(store, load.workers)
        uploads = _uploads(server, bucket, load.workers)
        after = {
            "tasks pending": load.pending,
            "threads that did not end": load.unended,
            "bodies open": open_bodies(),
            "operations under way in the engine": _under_way(store),
            "uploads left on the server": uploads,
            "threads": held().threads,
        }
        figures = {
            "command": f"python -m tests.soak --minutes {minutes:g}",
            "date": f"{began:%Y-%m-%d}",
            "machine": f"Python {platform.python_version()}, {platform.machine()},"
            f" {os.cpu_count()} cores, servers on the same machine",
            "load average": round(os.getloadavg()[0], 1),
            "minutes": minutes,
            "threads": THREADS,
            "tasks": TASKS,
            "fault rate": RATE,
            **_work(load.tally(), minutes, injected),
            "forks in the main thread": dict(interrupts.forks.most_common()),
            "signals in the main thread": dict(interrupts.signals.most_common()),
            "wrong after forks and signals": interrupts.wrong,
            "hangs": sorted(watch.hangs.values()),
            "objects verified at the end": verified,
            "RSS slope, KiB a minute": round(watch.slope("rss"), 1),
            "slope of memory in use, KiB a minute": round(watch.slope("in_use"), 1),
            "course": {name: watch.course(name) for name in held()._fields},
            "at the end": after,
        }
        tell(figures)


def _store(server: Minio, bucket: str, port: int) -> S3Store:
    options = server.store_options() | {"endpoint": f"http://127.0.0.1:{port}"}
    options["client_options"] |= {"timeout": f"{TIMEOUT:g}s"}
    return S3Store(
        bucket, retry_config={"retry_timeout": timedelta(seconds=RETRY_TIMEOUT)}, **options
    )


def _work(tally: Tally, minutes: float, injected: dict[str, int]) -> dict[str, Any]:
    operations = sum(tally.operations.values())
    return {
        "operations": operations,
        "operations a second": round(operations / minutes / 60, 1),
        "operations by verb": dict(sorted(tally.operations.items())),
        "longest operation, s": {k: round(v, 2) for k, v in sorted(tally.longest.items())},
        "requests": injected.pop("requests", 0),
        LOST_UPLOADS: injected.pop(LOST_UPLOADS, 0),
        "faults": injected,
        "errors seen": dict(tally.errors.most_common()),
        "wrong bytes": tally.wrong,
        "objects lost": tally.lost,
        "objects risen": tally.risen,
    }


def _uploads(server: Minio, bucket: str, workers: list[Worker]) -> int:
    """How many multipart uploads were begun and neither completed nor aborted."""
    # MinIO lists those of one key, not those of a prefix.
    keys = {key for worker in workers for key in worker.uploads}
    found = (server.client.list_multipart_uploads(Bucket=bucket, Prefix=key) for key in keys)
    return sum(len(answer.get("Uploads", [])) for answer in found)


def _under_way(store: Any) -> int:
    return len(store._verbs()._backend._brain._instance.parking)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    told: dict[str, Any] = {}

    def tell(figures: dict[str, Any]) -> None:
        text = json.dumps(figures, indent=1, ensure_ascii=False)
        print(text, flush=True)
        if options.json is not None:
            options.json.write_text(f"{text}\n", encoding="utf-8")
        told.update(figures)

    # A handler that waits for what it interrupted would keep the main thread for ever.
    faulthandler.dump_traceback_later(options.minutes * 60 + 4 * LIMIT, exit=True)
    soak(options.minutes, tell)
    faulthandler.cancel_dump_traceback_later()
    if any(told[name] for name in MUST_BE_EMPTY):
        sys.exit("bytes were wrong, objects lost, or operations hung")


if __name__ == "__main__":
    main()
