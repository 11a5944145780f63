"""Benchmarks that compare: rounds that alternate between the cases, medians, ratios, load."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Case:
    """One library's way of doing it; `run(n)` does it n times."""

    name: str
    run: Callable[[int], object]
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])


def compare(
    title: str, cases: list[Case], count: int, rounds: int = 7, base: str = "obstore"
) -> None:
    """Run all cases in turn, `rounds` times, and print medians in microseconds a call."""
    for case in cases:
        case.run(max(count // 10, 1))
    for _ in range(rounds):
        for case in cases:
            wall, cpu = time.perf_counter(), time.process_time()
            case.run(count)
            case.cpu.append((time.process_time() - cpu) / count * 1e6)
            case.wall.append((time.perf_counter() - wall) / count * 1e6)
    report(title, cases, base)


def report(title: str, cases: list[Case], base: str) -> None:
    walls = {case.name: statistics.median(case.wall) for case in cases}
    reference = walls.get(base)
    print(f"\n{title} (load {os.getloadavg()[0]:.1f})")
    print(f"  {'':28} {'wall us':>9} {'CPU us':>9}  wall / {base}")
    for case in cases:
        cpu, wall = statistics.median(case.cpu), walls[case.name]
        ratio = f"{wall / reference:.2f}" if reference else "-"
        print(f"  {case.name:28} {wall:9.0f} {cpu:9.0f}  {ratio}")
