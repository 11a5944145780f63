"""Runs benchmarks by name: tests/benchmarks/bench_NAME.py, with the arguments that follow.

`all` runs every one, each in a process of its own. `--write` puts the tables into
host-py/docs/benchmarks.md.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.harness import TABLES, Table

FOLDER = Path(__file__).parent / "benchmarks"
TARGET = Path(__file__).parent.parent / "host-py/docs/benchmarks.md"
BUSY = 0.3
"""The most load for each core with which figures are worth writing down."""


def known() -> list[str]:
    return [path.stem.removeprefix("bench_") for path in sorted(FOLDER.glob("bench_*.py"))]


def run(name: str, arguments: list[str]) -> list[Table]:
    try:
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        module.main(set(arguments))
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing}: pip install -r tests/benchmarks/requirements.txt")
    return TABLES


def run_apart(name: str) -> list[Table]:
    """Run one in a process of its own, so that none finds what another left behind."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(run, name, []).result()


def write(tables: dict[str, list[Table]], load: float) -> None:
    """The page of figures."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `just bench all --write`; medians of alternating rounds. CPU is that of the"
        " client's process. Compare figures within one table only.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()},"
        f" {os.cpu_count()} cores, servers on the same machine; load before: {load:.1f}.",
    ]
    for name, found in tables.items():
        lines += ["", f"## {name}"]
        for table in found:
            lines += ["", *table.lines()]
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"\nwrote {TARGET}")


def main(arguments: list[str]) -> None:
    wants_page = "--write" in arguments
    name, *rest = [word for word in arguments if word != "--write"] or [""]
    if name != "all" and name not in known():
        sys.exit(f"benchmarks: {', '.join(known())}, all")
    load = os.getloadavg()[0]
    if wants_page and load > BUSY * (os.cpu_count() or 1):
        sys.exit(f"the load is {load:.1f}: figures of a busy machine are not written down")
    if name == "all":
        tables = {each: run_apart(each) for each in known()}
    else:
        tables = {name: run(name, rest)}
    if wants_page:
        write(tables, load)


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument])
