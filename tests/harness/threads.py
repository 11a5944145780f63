"""Runs callables at the same time, and fails instead of waiting for ever when one hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

PATIENCE = 90.0


def together(calls: Sequence[Callable[[], Any]], patience: float = PATIENCE) -> list[Any]:
    """The results in order; the first exception is raised; a call that hangs is a failure."""
    results: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            results[index] = calls[index]()
        except BaseException as error:
            errors.append(error)

    # Daemons: a thread that hangs must not keep the test run from ending.
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    hanging = _join(threads, time.monotonic() + patience)
    if errors:
        raise errors[0]
    assert not hanging, f"{hanging} of {len(calls)} calls hang after {patience:.0f} s"
    return results


def _join(threads: list[threading.Thread], deadline: float) -> int:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sum(thread.is_alive() for thread in threads)
