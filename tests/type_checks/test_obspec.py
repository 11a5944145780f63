"""obspec's protocols and exceptions: mypy and pyright take every store for every protocol."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import obspec
import obspec.exceptions
import pytest

from object_store_py import exceptions
from tests.type_checks import obspec_cases

ROOT = Path(__file__).parents[2]
CASES = Path(obspec_cases.__file__).read_text()
WRONG = """
class Half:
    def head(self, path: int) -> str: return ""
def wrong(half: Half) -> obspec.Head: return half
"""


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "No module named" not in done.stderr  # which exits with 1, too
    return done.stdout


def mypy(directory: Path) -> list[str]:
    found = run("mypy", "--config-file", "tests/mypy.ini", str(directory / "cases.py"))
    return [line for line in found.splitlines() if ": error:" in line]


def pyright(directory: Path) -> list[str]:
    settings = {
        "extraPaths": [str(ROOT / "host-py/src")],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (directory / "pyrightconfig.json").write_text(json.dumps(settings))
    options = ("--outputjson", "--pythonpath", sys.executable, "-p", str(directory))
    found = json.loads(run("pyright", *options))
    assert found["summary"]["filesAnalyzed"] == 1
    return [item["message"] for item in found["generalDiagnostics"] if item["severity"] == "error"]


def test_the_cases_name_every_protocol() -> None:
    protocols = {
        name for name in dir(obspec) if getattr(getattr(obspec, name), "_is_protocol", False)
    }
    asked = {base.__name__ for case in (obspec_cases.Sync, obspec_cases.Async)
             for base in case.__mro__ if base.__module__.startswith("obspec.")}  # fmt: skip
    assert protocols == asked | {"GetResult", "GetResultAsync"}
    assert len(protocols) == 22


@pytest.mark.slow
@pytest.mark.parametrize("check", [mypy, pyright])
def test_a_type_checker_takes_every_store_for_every_protocol(check: object, tmp_path: Path) -> None:
    assert callable(check)
    (tmp_path / "cases.py").write_text(CASES)
    assert check(tmp_path) == []
    (tmp_path / "cases.py").write_text(CASES + WRONG)
    assert len(check(tmp_path)) == 1  # it did look


def test_our_exceptions_are_obspec_s_by_name() -> None:
    for name, theirs in inspect.getmembers(obspec.exceptions, inspect.isclass):
        if name == "BaseError" or not issubclass(theirs, obspec.exceptions.BaseError):
            continue
        mapped = obspec.exceptions.map_exception(getattr(exceptions, name)("what happened"))
        assert type(mapped) is theirs
        assert "what happened" in str(mapped)
