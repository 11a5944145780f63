"""How the rows of reliability.md are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.harness.row_places import TESTS, places, readme
from tests.harness.row_titles import TITLES
from tests.harness.rows import ROWS, Rows


def report(
    name: str,
    rows: list[str],
    when: Literal["setup", "call", "teardown"],
    outcome: Literal["passed", "failed", "skipped"],
    why: Any = None,
) -> pytest.TestReport:
    noted = [(ROWS, rows)] if rows else []
    return pytest.TestReport(name, ("f", 1, name), {}, outcome, why, when, user_properties=noted)


class Terminal:
    """What a run says at its end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write_line(self, line: str) -> None:
        self.lines.append(line)


def test_each_test_counts_once_by_its_worst_outcome(tmp_path: Path) -> None:
    rows = Rows("F1,F2,S1", str(tmp_path / "rows.json"))
    for each in (
        report("passes", ["F1", "S1"], "setup", "passed"),
        report("passes", ["F1", "S1"], "call", "passed"),
        report("passes", ["F1", "S1"], "teardown", "passed"),
        report("fails late", ["F1"], "call", "passed"),
        report("fails late", ["F1"], "teardown", "failed"),
        report("fails early", ["F1"], "setup", "failed"),
        report("left out", ["F1"], "setup", "skipped", ("f", 1, "Skipped: n/a: no signing")),
        report("of no row", [], "call", "failed"),
    ):
        rows.pytest_runtest_logreport(each)
    terminal = Terminal()
    rows.pytest_terminal_summary(terminal)
    assert terminal.lines == [
        "row F1: 1 tests passed, 2 FAILED, 1 did not apply",
        "row F2: 0 tests passed",
        "row S1: 1 tests passed",
    ]
    written = json.loads((tmp_path / "rows.json").read_text())
    assert len(written) == len(TITLES)
    title = written[0].pop("title")
    assert isinstance(title, str)
    skipped = {"n/a: no signing": 1}
    assert written[0] == {"row": "F1", "passed": 1, "failed": 2, "skipped": skipped}


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="no row X1"):
        Rows("X1", None)


def test_every_row_has_tests_and_the_table_names_them() -> None:
    assert [row for row, files in places().items() if not files] == []
    assert (TESTS / "README.md").read_text(encoding="utf-8") == readme()
