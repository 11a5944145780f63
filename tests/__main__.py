"""Runs the tests: `python -m tests` runs all, `python -m tests fast` the quick part.

What follows goes to pytest. They run in as many processes as there are cores, each with servers of
its own; `-n 0` is one process, which `--pdb` and `-s` need.
"""

from __future__ import annotations

import subprocess
import sys

PARALLEL = ["-n", "logical", "--dist", "worksteal"]
ALL = ["-m", "not soak"]
FAST = ["-m", "not soak and not big and not slow", "--ways", "sync"]
FAST += ["--backends", "memory,local,minio"]


def command(arguments: list[str]) -> list[str]:
    """The command line of pytest; later options win over earlier ones."""
    fast = arguments[:1] == ["fast"]
    chosen, rest = (FAST, arguments[1:]) if fast else (ALL, arguments)
    pytest = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "tests"]
    return [*pytest, *PARALLEL, *chosen, *rest]


if __name__ == "__main__":
    sys.exit(subprocess.run(command(sys.argv[1:]), check=False).returncode)
