"""First steps on a machine with only Python 3.11+ and git: sets up .venv, then runs something.

    python3 tests/bootstrap.py quickstart         the quick start
    python3 tests/bootstrap.py test fast [ARGS]   the quick part of the tests
    python3 tests/bootstrap.py test [ARGS]        all tests; ARGS go to pytest
    python3 tests/bootstrap.py setup              what contributors need: tests, linters, just

Standard library only. Running it again uses the same .venv.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
STARTED = time.monotonic()

NO_PIP = """\
This Python can make no virtual environment: it has neither ensurepip nor pip.
Install them (on Debian and Ubuntu: apt-get install python3-venv) and run this again."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def main(arguments: list[str]) -> int:
    commands = {"quickstart": quickstart, "test": test, "setup": setup}
    if not arguments or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {found}.")
    return commands[arguments[0]](arguments[1:])


def quickstart(arguments: list[str]) -> int:
    install("-e", "host-py", "-r", "tests/requirements-quickstart.txt")
    say("running tests/quickstart.py\n")
    code = run([PYTHON, "tests/quickstart.py", *arguments])
    say("done" if code == 0 else f"the quick start failed with exit code {code}")
    return code


def test(arguments: list[str]) -> int:
    # Started first: compiling MinIO takes minutes, installing packages does not.
    building = subprocess.Popen([sys.executable, "-m", "tests.backends.minio_build"], cwd=ROOT)
    fetching = subprocess.Popen([sys.executable, "-m", "tests.backends.azurite_build"], cwd=ROOT)
    install("-e", "host-py[test]", "-r", "tests/requirements.txt")
    if building.poll() is None:
        say("waiting for MinIO, which is built from source once (2-5 minutes)")
    for work in (building, fetching):
        work.wait()  # its failure is reported by the tests, with the backends left out
    say("running the tests")
    return run([PYTHON, "-m", "tests", *arguments])


def setup(arguments: list[str]) -> int:
    install("-e", "host-py[dev]", "-r", "tests/requirements.txt", *arguments)
    say(f"ready: activate {VENV.name}, then type `just` for what can be done")
    return 0


def install(*requirements: str) -> None:
    """Installs into .venv, which is made when it is not there."""
    pip = make_environment()
    say(f"installing {' '.join(part for part in requirements if not part.startswith('-'))}")
    command = [*pip, "install", "--quiet", "--disable-pip-version-check", *requirements]
    if run(command) != 0:
        sys.exit("pip failed; its message is above. Nothing outside .venv was changed.")


def make_environment() -> list[str | Path]:
    """Makes .venv where it is missing; returns the command that is its pip."""
    own_pip = importlib.util.find_spec("ensurepip") is not None
    if not own_pip and importlib.util.find_spec("pip") is None:
        sys.exit(NO_PIP)
    if not PYTHON.exists():
        say(f"making {VENV.name} with Python {sys.version.split()[0]}")
        venv.create(VENV, with_pip=own_pip, clear=True)
    if run([PYTHON, "-c", "import pip"], quiet=True) == 0:
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def run(command: list[str | Path], *, quiet: bool = False) -> int:
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=ROOT, check=False, stderr=sink, stdout=sink).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
