"""Runs a benchmark by name: tests/benchmarks/bench_NAME.py, with the arguments that follow."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "benchmarks"


def main(arguments: list[str]) -> None:
    name, *rest = arguments or [""]
    script = FOLDER / f"bench_{name}.py"
    if not name or not script.is_file():
        known = [path.stem.removeprefix("bench_") for path in sorted(FOLDER.glob("bench_*.py"))]
        sys.exit(f"benchmarks: {', '.join(known) or 'none yet'}")
    sys.argv = [str(script), *rest]
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument])
