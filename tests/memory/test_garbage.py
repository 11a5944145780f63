"""Operations leave nothing that only the garbage collector frees: it would run all the time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.memory.garbage import TIMES
from tests.memory.test_leaks import scripted_server


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with scripted_server() as server:
        yield server.endpoint


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sync", "asyncio"])
def test_operations_leave_no_cycles(way: str, endpoint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.memory.garbage", way, endpoint],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    print(f"{way}: {done.stdout.strip()} objects after {4 * TIMES} operations")
    assert int(done.stdout) < TIMES  # not one for each round
