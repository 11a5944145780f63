"""Rows of reliability.md: `--row S4,S5` runs their tests, and the summary counts them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest


def rows_of(item: Any) -> set[str]:
    """The rows that a test shows."""
    return {name for mark in item.iter_markers("row") for name in mark.args}


class Rows:
    """Selects tests by row; counts what passed, and says it at the end if `--row` was given."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = None if wanted is None else set(wanted.split(","))
        self._rows: dict[str, set[str]] = {}
        self._passed: Counter[str] = Counter()
        self._other: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[Any]) -> None:
        """Leave out what shows none of the rows asked for (`all`: any row)."""
        if self._wanted is None:
            return
        self._rows = {item.nodeid: rows_of(item) for item in items}
        keep = [i for i in items if self._rows[i.nodeid] & self._wanted or self._is_any(i)]
        kept = set(keep)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = keep

    def _is_any(self, item: Any) -> bool:
        return "all" in (self._wanted or ()) and bool(self._rows[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's outcome for its rows."""
        if report.when == "call" or report.outcome != "passed":
            counter = self._passed if report.outcome == "passed" else self._other
            counter.update(self._rows.get(report.nodeid, ()))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many tests of each row passed."""
        if self._wanted is None:
            return
        for name in sorted(
            {*self._passed, *self._other}, key=lambda name: (name[0], len(name), name)
        ):
            others = f", {self._other[name]} did not" if self._other[name] else ""
            terminalreporter.write_line(f"row {name}: {self._passed[name]} tests passed{others}")
