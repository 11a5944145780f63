"""Stores that were dropped leave nothing behind; a thousand of them fit in a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response
from tests.harness.api import WAYS
from tests.memory.holding import BODY, HEADERS, LISTING

KINDS = ("memory", "local", "S3, scripted", "S3, connected")
MOST_GROWTH = 4_000_000
"""By how much 100 stores, one after another, may make the process grow, in bytes."""
MOST_EACH = {
    "memory": 20_000,
    "local": 20_000,
    "S3, scripted": 1_500_000,
    "S3, connected": 1_500_000,
}
"""What a store that is kept may take, in bytes."""
PAGES_EACH = 40
"""How many pages of 64 KiB a store's engine may have."""


def scripted_server() -> RawServer:
    """A server with one object, for as many connections as come."""

    def answer(request: RecordedRequest) -> bytes:
        if "list-type" in request.query:
            return response(200, LISTING.encode())
        return response(200, BODY if request.method == "GET" else b"", HEADERS)

    return RawServer(answer)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with scripted_server() as server:
        yield server.endpoint


def measure(what: str, kind: str, endpoint: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.memory.holding", what, kind, endpoint],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def exact(gauges: dict[str, int]) -> dict[str, int]:
    """What must be again what it was."""
    return {name: gauges[name] for name in ("descriptors", "threads", "wasm_pages")}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_stores_that_come_and_go_leave_nothing(kind: str, endpoint: str) -> None:
    found = measure("cycles", kind, endpoint)
    growth = found["after"]["rss"] - found["before"]["rss"]
    print(f"{kind}: {growth / 1e6:.2f} MB in 100 stores; {found['after']}")
    assert growth < MOST_GROWTH
    assert exact(found["after"]) == exact(found["before"])
    assert (found["bodies"], found["loops"]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("loop", WAYS[1:])
@pytest.mark.parametrize("kind", KINDS)
def test_stores_that_come_and_go_in_one_event_loop(kind: str, loop: str, endpoint: str) -> None:
    found = measure(loop, kind, endpoint)
    growth = found["after"]["rss"] - found["before"]["rss"]
    print(f"{kind} on {loop}: {growth / 1e6:.2f} MB in 100 stores; {found['after']}")
    assert growth < MOST_GROWTH
    assert exact(found["after"]) == exact(found["before"])
    assert found["bodies"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_stores_are_kept_and_dropped(kind: str, endpoint: str) -> None:
    found = measure("alive", kind, endpoint)
    before, during = found["before"], found["during"]
    each = (during["rss"] - before["rss"]) / found["stores"]
    print(f"{kind}: {each / 1e3:.1f} kB a store; {during}")
    assert each < MOST_EACH[kind]
    assert during["wasm_pages"] <= PAGES_EACH * (found["stores"] + 1)
    assert exact(found["after"]) == exact(before)
