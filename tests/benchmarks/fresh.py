"""Measures in fresh processes, which alternate between the libraries: see `child.py`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from tests.benchmarks.harness import ROUNDS

Figures = dict[str, list[dict[str, float]]]


def measure(
    action: str,
    names: Iterable[str],
    server: dict[str, Any],
    rounds: int = ROUNDS,
    cold: Iterable[str] = (),
) -> Figures:
    """What the child processes printed, by library; those in `cold` have no compile cache."""
    figures: Figures = {name: [] for name in names}
    for _ in range(rounds):
        for name, found in figures.items():
            with tempfile.TemporaryDirectory() as empty:
                environment = dict(os.environ)
                if name in cold:
                    environment["OBJECT_STORE_PY_CACHE_DIR"] = empty
                found.append(_child(name.removesuffix(", cold"), action, server, environment))
    return figures


def _child(
    name: str, action: str, server: dict[str, Any], environment: dict[str, str]
) -> dict[str, float]:
    plain = {key: value for key, value in server.items() if isinstance(value, str)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.child", name, action],
        input=json.dumps(plain),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    printed: dict[str, float] = json.loads(done.stdout)
    return printed


def medians(figures: Figures, *keys: str, scale: float) -> dict[str, list[float]]:
    """The medians of some figures of each library, times `scale`."""
    return {
        name: [statistics.median(one[key] for one in found) * scale for key in keys]
        for name, found in figures.items()
    }
