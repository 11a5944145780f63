"""The page of reliability: says what was run and what was not, and no place on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import reliability
from tests.soak import exit_asyncio

ROOT = Path(reliability.__file__).parent.parent
ROWS = [
    {"row": "F1", "title": "a | b", "passed": 3, "failed": 0, "skipped": {"n/a: tags": 2}},
    {"row": "S10", "title": "its root", "passed": 1, "failed": 1, "skipped": {}},
]


def test_what_was_not_run_is_said() -> None:
    page = reliability.page({})
    assert page.count("\nNot run.\n") == page.count("\n## ") == 5


def test_each_row_is_counted_in_its_family() -> None:
    page = reliability.page({"rows": {"date": "2026-01-02", "found": ROWS}})
    assert "| F | faults to survive | 1 / 1 | 3 | 0 | 2 |" in page
    assert "| S | security properties | 0 / 1 | 1 | 1 | 0 |" in page
    assert "| F1 | a \\| b | 3 / 3 | 2 |" in page
    assert "| S10 | its root | 1 / 2 | 0 |" in page
    assert "rows.json`, 2026-01-02." in page


def test_stores_and_what_they_cannot_do() -> None:
    skipped = {"n/a: tags": 6, "n/a: signing": 2}
    counts = {"memory": {"passed": 27, "failed": 1, "skipped": skipped}}
    page = reliability.page({"conformance": {"date": "2026-01-02", "found": counts}})
    assert "| memory | signing, tags | 27 / 28 | 8 |" in page


def test_the_command_takes_the_figures_that_are_there(tmp_path: Path) -> None:
    exits: Any = {"runs": 5, "clean": 4, "by end": dict.fromkeys(exit_asyncio.ENDS, 1)}
    figures = {"command": "a command", "date": "2026-01-02", "asyncio": exits, "threads": exits}
    (tmp_path / "exits.json").write_text(json.dumps(figures))
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    command = [sys.executable, "-m", "tests.reliability", "--target", str(tmp_path / "page.md")]
    for name in reliability.FIGURES:
        command += [f"--{name}", str(tmp_path / f"{name}.json")]
    subprocess.run(command, check=True, cwd=ROOT)
    page = (tmp_path / "page.md").read_text()
    assert "By `a command`, 2026-01-02." in page
    assert "| 4 / 5 |" in page
    assert page.count("\nNot run.\n") == 3
    assert str(tmp_path) not in page
    assert str(ROOT) not in page
