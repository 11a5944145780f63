"""Rows of reliability.md: `--row S4,S5` runs their tests and counts them; `--rows-json` writes it.

The JSON is a list of rows in the order of the design: `row`, `title`, `passed`, `failed` (errors of
fixtures too), and `skipped`, an object of reasons with how many tests each kept from running.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.harness.row_titles import TITLES
from tests.harness.table import outcome_of

ROWS = "rows of reliability.md"
_RANK = ("pass", "skip", "FAIL")


class Rows:
    """Selects tests by row; counts what passed, and says it at the end if it was asked for."""

    def __init__(self, wanted: str | None, file: str | None) -> None:
        self._wanted = set() if wanted is None else set(wanted.split(","))
        self._file = file
        self._outcomes: dict[str, tuple[list[str], str]] = {}
        if unknown := self._wanted - {"all", *TITLES}:
            raise pytest.UsageError(f"--row: reliability.md has no row {', '.join(unknown)}")
        if "all" in self._wanted:
            self._wanted = set(TITLES)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note a test's rows, where they come back from a worker of pytest-xdist, too."""
        rows = {name for mark in item.iter_markers("row") for name in mark.args}
        if unknown := rows - TITLES.keys():
            raise pytest.UsageError(f"{item.nodeid}: reliability.md has no row {unknown}")
        if rows:
            item.user_properties.append((ROWS, sorted(rows)))

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what shows none of the rows asked for (`all`: any row)."""
        if not self._wanted:
            return
        kept = {item for item in items if self._wanted & set(rows_of(item))}
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a test's worst outcome."""
        rows = rows_of(report)
        if rows and (report.when == "call" or report.outcome != "passed"):
            known = self._outcomes.get(report.nodeid, (rows, "pass"))[1]
            self._outcomes[report.nodeid] = rows, max(known, outcome_of(report), key=_rank)

    def counts(self) -> list[dict[str, Any]]:
        """Every row and what its tests came to; one without tests is there, too."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for rows, outcome in self._outcomes.values():
            for row in rows:
                found[row][outcome] += 1
        return [
            {
                "row": row,
                "title": title,
                "passed": found[row].pop("pass", 0),
                "failed": found[row].pop("FAIL", 0),
                "skipped": dict(sorted(found[row].items())),
            }
            for row, title in TITLES.items()
        ]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many tests of each row passed."""
        counts = self.counts()
        if self._file is not None:
            text = json.dumps(counts, indent=1, ensure_ascii=False)
            place = Path(self._file)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"{text}\n", encoding="utf-8")
        for row in counts:
            if row["row"] in self._wanted:
                terminalreporter.write_line(_line(row))


def rows_of(noted: pytest.Item | pytest.TestReport) -> list[str]:
    """The rows that a test shows."""
    rows: Any = dict(noted.user_properties).get(ROWS, [])
    return list(rows)


def _rank(outcome: str) -> int:
    return _RANK.index(outcome) if outcome in _RANK else 1


def _line(row: dict[str, Any]) -> str:
    skipped = sum(row["skipped"].values())
    others = [f"{row['failed']} FAILED"] if row["failed"] else []
    others += [f"{skipped} did not apply"] if skipped else []
    return ", ".join([f"row {row['row']}: {row['passed']} tests passed", *others])
