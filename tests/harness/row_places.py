"""Which files show which row of reliability.md, read out of their marks without running them."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from tests.harness.row_titles import TITLES

TESTS = Path(__file__).parents[1]
BEGIN, END = "<!-- rows: written by python -m tests.harness.row_places -->", "<!-- end of rows -->"


@cache
def places() -> dict[str, list[str]]:
    """The files of each row, relative to `tests`."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for row in _rows(path.read_text(encoding="utf-8")):
            found[row].add(path.relative_to(TESTS).as_posix())
    return {row: sorted(found[row]) for row in TITLES}


def _rows(source: str) -> set[str]:
    rows: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row":
            rows |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
            if not all(isinstance(a, ast.Constant) for a in node.args):  # rows out of a table
                rows |= {word.split()[0] for word in _texts(source) if word.split()[:1]} & {*TITLES}
    return rows


def _texts(source: str) -> list[str]:
    nodes = ast.walk(ast.parse(source))
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def table() -> str:
    """The table as Markdown."""
    rows = [
        f"| {row} {TITLES[row]} | {', '.join(f'`{file}`' for file in files)} |"
        for row, files in places().items()
    ]
    return "\n".join(["| row | where |", "|---|---|", *rows])


def readme() -> str:
    """`tests/README.md` with the table as it is now."""
    text = (TESTS / "README.md").read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    (TESTS / "README.md").write_text(readme(), encoding="utf-8")
