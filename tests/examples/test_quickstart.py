"""The quick start runs to its end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "quickstart.py"


@pytest.mark.slow
def test_the_quickstart_runs() -> None:
    assert find_spec("ministack"), "pip install -r tests/requirements.txt"
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The same code ran on memory, on local files and on S3." in done.stdout
