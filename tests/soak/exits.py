"""How scripts end: many runs in fresh processes, all with exit code 0 and nothing on stderr.

`python -m tests.soak.exits --runs 200 [--json FILE]`; each way to end comes in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.backends.minio import Minio
from tests.soak import exit_asyncio, exit_threads

SCRIPTS = {
    "asyncio": ("tests.soak.exit_asyncio", list(exit_asyncio.ENDS)),
    "threads": ("tests.soak.exit_threads", list(exit_threads.ENDS)),
}
LONGEST = 60.0
"""How many seconds a run may take."""


def run(script: str, end: str, bucket: str, options: dict[str, Any]) -> str:
    """Run a script once; empty if it ended as it must, else what was wrong."""
    module, _ = SCRIPTS[script]
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, end],
            input=json.dumps([bucket, options]),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {LONGEST:g} s"
    wanted = (0, "done\n", "")
    found = (done.returncode, done.stdout, done.stderr)
    return "" if found == wanted else f"exit code {found[0]}, {found[1]!r}, {found[2][-500:]!r}"


def runs(script: str, count: int, bucket: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run a script many times; the figures."""
    _, ends = SCRIPTS[script]
    tried: Counter[str] = Counter()
    bad: list[str] = []
    began = time.monotonic()
    for number in range(count):
        end = ends[number % len(ends)]
        tried[end] += 1
        wrong = run(script, end, bucket, options)
        if wrong:
            bad.append(f"{end}: {wrong}")
            print(f"{script}, {bad[-1]}", file=sys.stderr)
    took = round((time.monotonic() - began) / max(count, 1), 2)
    return {
        "runs": count,
        "clean": count - len(bad),
        "by end": dict(tried),
        "not clean": bad,
        "seconds a run": took,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    figures: dict[str, Any] = {
        "command": f"python -m tests.soak.exits --runs {options.runs}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    with Minio() as server:
        for script in SCRIPTS:
            bucket = server.create_bucket()
            figures[script] = runs(script, options.runs, bucket, server.store_options())
    figures["load average"] = round(os.getloadavg()[0], 1)
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if options.json is not None:
        options.json.write_text(f"{text}\n", encoding="utf-8")
    if any(figures[script]["not clean"] for script in SCRIPTS):
        sys.exit("not all runs ended clean")


if __name__ == "__main__":
    main()
