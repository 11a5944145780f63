"""Writes host-py/docs/reliability.md out of the figures that test runs have left as JSON.

`python -m tests.reliability`, after the commands that the page names. What was not run is said.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "host-py/docs/reliability.md"
FIGURES = {
    "rows": ROOT / "tests/figures/rows.json",
    "conformance": ROOT / "tests/figures/conformance.json",
    "soak": ROOT / "tests/soak/figures.json",
    "exits": ROOT / "tests/soak/exits.json",
    "fuzz": ROOT / "core-wasm/fuzz/figures.json",
}
FAMILIES = {
    "F": "faults to survive",
    "GCS": "Google's retry conformance",
    "I": "bad input to refuse before any request",
    "S": "security properties",
}
INTRODUCTION = """\
# Reliability

What must hold: **whatever a server answers, an operation ends in a result or in one of our
exceptions. Never a trap, a hang, wrong bytes, or a leaked secret.** Here is what was tested, how
often, and what came of it; a figure that is missing was not measured.

Written by `just reliability` out of what the commands below have left; not by hand."""
NOT_RUN = "Not run."

Lines = Iterator[str]


def page(figures: dict[str, Any]) -> str:
    """The page; a part whose figures are None was not run."""
    lines = [INTRODUCTION]
    for name, (title, write) in PARTS.items():
        found = figures.get(name)
        lines += ["", f"## {title}", ""]
        lines += [NOT_RUN] if found is None else write(found)
    return "\n".join(lines) + "\n"


def load(path: Path) -> Any:
    """The figures in a file, with the day on which they were made; None if there is no file."""
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if isinstance(found, dict) and "date" in found:
        return found
    # What pytest writes has no date of its own.
    return {"date": f"{written:%Y-%m-%d}", "found": found}


def _table(columns: str, rows: Iterable[Iterable[Any]]) -> Lines:
    """A table in Markdown; all columns but the first two hold numbers."""
    heads = columns.split(" | ")
    yield f"| {columns} |"
    yield f"|{'|'.join(['---', '---', *['---:'] * (len(heads) - 2)])}|"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(value: Any) -> str:
    text = f"{value:,}" if isinstance(value, int | float) else str(value)
    return text.replace("|", "\\|")


def _rows(given: dict[str, Any]) -> Lines:
    rows = given["found"]
    yield (
        "By `python -m pytest -c tests/pytest.ini tests --row all --rows-json"
        f" tests/figures/rows.json`, {given['date']}. A test may show several rows; each is run for"
        " every way of calling, and for every store that it is about. One does not apply to a store"
        " that cannot do what it is about."
    )
    yield ""
    yield from _table(
        "rows |  | rows shown | tests passed | failed | did not apply",
        (_family(name, title, rows) for name, title in FAMILIES.items()),
    )
    for name, title in FAMILIES.items():
        yield ""
        yield f"### {name}: {title}"
        yield ""
        yield from _table(
            "row | what | passed / total | did not apply",
            (
                (row["row"], row["title"], _ratio(row), sum(row["skipped"].values()))
                for row in _of(name, rows)
            ),
        )


def _of(family: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["row"].rstrip("0123456789") == family]


def _family(name: str, title: str, rows: list[dict[str, Any]]) -> Iterable[Any]:
    own = _of(name, rows)
    shown = sum(row["passed"] > 0 and not row["failed"] for row in own)
    skipped = sum(sum(row["skipped"].values()) for row in own)
    passed, failed = (sum(row[key] for row in own) for key in ("passed", "failed"))
    return name, title, f"{shown} / {len(own)}", passed, failed, skipped


def _ratio(counts: dict[str, Any]) -> str:
    return f"{counts['passed']:,} / {counts['passed'] + counts['failed']:,}"


def _conformance(given: dict[str, Any]) -> Lines:
    yield (
        "The checks of the crate's own suite, by sync calls, on asyncio and on trio. By"
        " `python -m pytest -c tests/pytest.ini tests/conformance --conformance-json"
        f" tests/figures/conformance.json`, {given['date']}."
    )
    yield ""
    yield from _table(
        "store | what it cannot do, and so is not asked | passed / total | did not apply",
        (
            (name, _reasons(counts), _ratio(counts), sum(counts["skipped"].values()))
            for name, counts in given["found"].items()
        ),
    )


def _reasons(counts: dict[str, Any]) -> str:
    return ", ".join(sorted(reason.removeprefix("n/a: ") for reason in counts["skipped"]))


def _soak(found: dict[str, Any]) -> Lines:
    faults, end = found["faults"], found["at the end"]
    yield (
        f"{found['threads']} threads and {found['tasks']} tasks on one store for"
        f" {found['minutes']:g} minutes, each checking its own keys; {found['fault rate']:.0%} of"
        f" the requests to MinIO went wrong. By `{found['command']}`, {found['date']}"
        f" ({found['machine']}; load average {found['load average']})."
    )
    yield ""
    yield from _table(
        "what | ",
        [
            ("operations", f"{found['operations']:,}, {found['operations a second']} a second"),
            ("requests", found["requests"]),
            *((f"faults: {kind}", count) for kind, count in faults.items()),
            ("wrong bytes", len(found["wrong bytes"])),
            ("objects lost, or there though deleted", len(_astray(found))),
            ("operations that hung", len(found["hangs"])),
            ("errors that callers saw", sum(found["errors seen"].values())),
            ("objects read and compared at the end", found["objects verified at the end"]),
            ("growth of memory after warm-up: resident (RSS)", _slope(found, "RSS slope")),
            ("the same: in use, without what is freed", _slope(found, "slope of memory in use")),
            *(
                (f"{what}: when warm, at most, at the end", _course(found, name))
                for name, what in COURSE.items()
            ),
            ("tasks, bodies and engine operations left", _left(end)),
            (
                "uploads left on the server, and such whose id was lost with an answer",
                f"{end['uploads left on the server']}, {found['uploads whose id was lost']}",
            ),
        ],
    )
    if found["errors seen"]:
        yield ""
        yield (
            "The errors that callers saw. A `put` with mode `create` is never repeated, because its"
            " first copy may have created the object: there an answer that is lost is an error."
        )
        yield ""
        yield from _table("error | times", found["errors seen"].items())


COURSE = {
    "rss": "resident memory (RSS) in bytes",
    "descriptors": "descriptors",
    "threads": "threads",
    "wasm_pages": "pages of 64 KiB of the engine's memory",
    "in_use": "bytes that malloc has given out",
    "blocks": "blocks of Python's small objects",
}


def _astray(found: dict[str, Any]) -> list[str]:
    return [*found["objects lost"], *found["objects risen"]]


def _slope(found: dict[str, Any], name: str) -> str:
    slope = found.get(f"{name}, KiB a minute")
    return "not measured" if slope is None else f"{slope:,} KiB/min"


def _course(found: dict[str, Any], gauge: str) -> str:
    return " / ".join(f"{value:,}" for value in found["course"].get(gauge, {}).values())


def _left(end: dict[str, Any]) -> int:
    names = ("tasks pending", "bodies open", "operations under way in the engine")
    left: int = sum(end[name] for name in names)
    return left


def _exits(found: dict[str, Any]) -> Lines:
    yield (
        "Scripts in fresh processes that use a store and end with something open, such as streams"
        " half read or daemon threads at work. A clean end has exit code 0 and nothing on stderr."
        f" By `{found['command']}`, {found['date']}."
    )
    yield ""
    yield from _table(
        "script | ends | clean / runs",
        (
            (name, ", ".join(found[name]["by end"]), _clean(found[name]))
            for name in ("asyncio", "threads")
        ),
    )


def _clean(figures: dict[str, Any]) -> str:
    return f"{figures['clean']} / {figures['runs']}"


def _fuzz(given: dict[str, Any]) -> Lines:
    found = given["found"]
    yield f"The engine, natively, under libFuzzer. By `{found['command']}`."
    yield ""
    yield from _table(
        "target | on | seconds | executions | edges | findings",
        (
            (name, *(one[key] for key in ("date", "seconds", "executions", "edges", "findings")))
            for name, one in found["targets"].items()
        ),
    )


PARTS: dict[str, tuple[str, Callable[[Any], Iterable[str]]]] = {
    "rows": ("Faults, bad input, security", _rows),
    "conformance": ("Conformance", _conformance),
    "soak": ("Under load, with faults", _soak),
    "exits": ("Ends of scripts", _exits),
    "fuzz": ("Fuzzing", _fuzz),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in FIGURES.items():
        place = default.relative_to(ROOT)
        parser.add_argument(f"--{name}", type=Path, default=default, help=f"default: {place}")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = vars(parser.parse_args())
    text = page({name: load(options[name]) for name in FIGURES})
    options["target"].write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
