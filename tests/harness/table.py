"""The conformance table at the end of a run: check x backend x way, with nothing left unsaid.

`--conformance-json` writes what the conformance suite came to with each backend: `passed`,
`failed`, and `skipped`, an object of reasons with how many tests each kept from running.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.harness.api import WAYS
from tests.harness.stores import NAMES

Cell = tuple[str, str, str]
CELL = "conformance cell"
SUITE = "conformance"
"""The folder with the checks that the crate's own suite has, too; others are in the table only."""


class ConformanceTable:
    """A pytest plugin that collects outcomes and prints them as a table."""

    def __init__(self, file: str | None = None) -> None:
        self._file = file
        self._suite: dict[str, Counter[str]] = defaultdict(Counter)
        self._outcomes: dict[Cell, set[str]] = defaultdict(set)
        self._totals: Counter[tuple[str, str]] = Counter()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        spec = getattr(item, "callspec", None)
        if spec is not None and {"backend", "api"} <= spec.params.keys():
            check = PurePosixPath(item.nodeid.split("::")[0]).stem.removeprefix("test_")
            # With the report it comes back from a worker of pytest-xdist, too.
            item.user_properties.append((CELL, [check, spec.params["backend"], spec.params["api"]]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        cell = dict(report.user_properties).get(CELL)
        if isinstance(cell, list) and (report.when == "call" or report.outcome != "passed"):
            check, backend, way = cell
            outcome = outcome_of(report)
            self._outcomes[check, backend, way].add(outcome)
            self._totals[backend, outcome.split(":")[0]] += 1
            if SUITE in PurePosixPath(report.nodeid.split("::")[0]).parts:
                self._suite[backend][outcome] += 1

    def by_backend(self) -> dict[str, dict[str, Any]]:
        """What the conformance suite came to with each backend."""
        found = {name: Counter(self._suite[name]) for name in NAMES if name in self._suite}
        return {
            name: {
                "passed": counts.pop("pass", 0),
                "failed": counts.pop("FAIL", 0),
                "skipped": dict(sorted(counts.items())),
            }
            for name, counts in found.items()
        }

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._file is not None:
            text = json.dumps(self.by_backend(), indent=1, ensure_ascii=False)
            place = Path(self._file)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"{text}\n", encoding="utf-8")
        if self._outcomes:
            terminalreporter.section("conformance: check x backend x way (sync/asyncio/trio)")
            for line in self.lines():
                terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """The table as text: a line a check, a column a backend, three ways in a cell."""
        checks = sorted({cell[0] for cell in self._outcomes})
        rows = [["check", *NAMES]]
        rows += [[check, *(self._ways(check, name) for name in NAMES)] for check in checks]
        for word in sorted({word for _, word in self._totals}):
            rows.append([f"tests: {word}", *(str(self._totals[name, word]) for name in NAMES)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return [*lines, *self._notes()]

    def _ways(self, check: str, backend: str) -> str:
        words = [_word(self._outcomes.get((check, backend, way), set())) for way in WAYS]
        return words[0] if len(set(words)) == 1 and words[0] != "pass" else "/".join(words)

    def _notes(self) -> list[str]:
        partly: dict[str, set[str]] = defaultdict(set)
        for (check, backend, _), outcomes in self._outcomes.items():
            missing = {word for word in outcomes if word.startswith("n/a: ")}
            if missing and outcomes - missing:
                partly[f"{check} on {backend}"] |= missing
        return [f"  * {where}: {', '.join(sorted(partly[where]))}" for where in sorted(partly)]


def outcome_of(report: pytest.TestReport) -> str:
    """`pass`, `FAIL`, or why it did not run."""
    if report.outcome != "skipped":
        return {"passed": "pass", "failed": "FAIL"}[report.outcome]
    if hasattr(report, "wasxfail"):
        return "xfail"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return reason.removeprefix("Skipped: ")


def _word(outcomes: set[str]) -> str:
    """One word for the tests of one cell; a star says that a part did not apply."""
    if not outcomes:
        return "-"
    missing = sorted(word for word in outcomes if word.startswith("n/a: "))
    rest = outcomes - set(missing)
    if "FAIL" in rest:
        return "FAIL"
    if not rest:
        return ", ".join(missing)
    return "/".join(sorted(rest)) + ("*" if missing else "")
