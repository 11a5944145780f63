"""Benchmarks that compare: rounds that alternate between the libraries, medians, ratios, load."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

OURS, NATIVE = "object_store_py", "obstore"
FLOORS = {"raw sockets", "aiohttp"}
"""What a library is not: HTTP alone, the request signed beforehand."""
ROUNDS = 5


@dataclass
class Case:
    """One library's way of doing it."""

    name: str
    run: Callable[[int], object]
    """Does it as often as the number says."""
    prepare: Callable[[], object] | None = None
    """Called before each round, outside of what is measured."""
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])


@dataclass
class Table:
    """What was measured: for each library its wall time and CPU, or other figures, as medians."""

    title: str
    columns: Sequence[str]
    rows: dict[str, Sequence[float]]
    load: float
    ratios: bool = True

    def lines(self) -> Iterable[str]:
        """The table in Markdown: the figures, their ratio to obstore's and to the best peer's."""
        yield f"**{self.title}** (load {self.load:.1f} on {os.cpu_count()} cores)\n"
        heads = [*self.columns]
        for base in self._bases():
            heads += [f"{column.split(' ')[0]} / {base}" for column in self.columns]
        yield f"| | {' | '.join(heads)} |"
        yield f"|---|{'---:|' * len(heads)}"
        for name, figures in self.rows.items():
            cells = [_number(figure) for figure in figures]
            for references in self._bases().values():
                cells += [
                    f"{figure / reference:.2f}" if reference else "-"
                    for figure, reference in zip(figures, references)
                ]
            yield f"| {name} | {' | '.join(cells)} |"

    def _bases(self) -> dict[str, Sequence[float]]:
        """What ratios are taken to: obstore, and column by column the best pure-Python peer."""
        bases: dict[str, Sequence[float]] = {}
        if not self.ratios:
            return bases
        if NATIVE in self.rows:
            bases[NATIVE] = self.rows[NATIVE]
        peers = [row for name, row in self.rows.items() if name not in FLOORS | {OURS, NATIVE}]
        if peers:
            bases["best peer"] = [min(column) for column in zip(*peers)]
        return bases


TABLES: list[Table] = []
"""All tables of this process, for `--write`."""


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def show(title: str, columns: Sequence[str], rows: dict[str, Any], *, ratios: bool = True) -> None:
    """Print a table and keep it."""
    table = Table(title, columns, rows, os.getloadavg()[0], ratios)
    TABLES.append(table)
    print("\n" + "\n".join(table.lines()), flush=True)


def compare(title: str, cases: Iterable[Case], count: int, rounds: int = ROUNDS) -> None:
    """Run all cases in turn, `rounds` times; show the medians of wall time and CPU of one call.

    CPU is that of this process with all its threads, not the server's.
    """
    cases = list(cases)
    scale, unit = (1e6, "us") if count > 10 else (1e3, "ms")
    for number in range(rounds + 1):
        for case in cases[number % len(cases) :] + cases[: number % len(cases)]:
            if case.prepare is not None:
                case.prepare()
            wall, cpu = time.perf_counter(), time.process_time()
            case.run(count if number else max(count // 10, 1))
            if number:  # the first round warms connections, caches and buckets
                case.cpu.append((time.process_time() - cpu) / count * scale)
                case.wall.append((time.perf_counter() - wall) / count * scale)
    rows = {
        case.name: (statistics.median(case.wall), statistics.median(case.cpu)) for case in cases
    }
    show(title, (f"wall {unit}", f"CPU {unit}"), rows)


def sequential(call: Callable[[], object]) -> Callable[[int], None]:
    """One call after another."""

    def run(count: int) -> None:
        for _ in range(count):
            call()

    return run


def threads(call: Callable[[], object], workers: int) -> Callable[[int], None]:
    """Calls by `workers` threads."""

    def run(count: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(call) for _ in range(count)]:
                future.result()

    return run


def tasks(
    runner: asyncio.Runner, call: Callable[[], Awaitable[object]], workers: int
) -> Callable[[int], None]:
    """Calls by `workers` tasks, on a loop that stays, as in a server."""

    async def main(count: int) -> None:
        todo = repeat(None, count)

        async def worker() -> None:
            for _ in todo:
                await call()

        await asyncio.gather(*(worker() for _ in range(workers)))

    return lambda count: runner.run(main(count))


def method(peer: Any, name: str, *arguments: Any) -> Callable[[], Any] | None:
    """A call of a peer's method, or None where the peer cannot do it."""
    function = getattr(peer, name, None)
    return None if function is None else lambda: function(*arguments)
