"""Conformance: parts that arrive in any order make the object in the order of the source.

Python has no call for a single part. What users see is a put whose parts travel at once: behind a
proxy that holds the first part back until the last has arrived, the object must still be right.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.backends.faultproxy import Fault, FaultProxy, RecordedRequest
from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5 * 1024 * 1024
PARTS = [b"\xaa" * PART, b"\xbb" * PART, b"tail"]


@pytest.fixture
def proxy(backend: Backend) -> Iterator[FaultProxy]:
    with FaultProxy(backend.proxied_port()) as running:
        yield running


@pytest.mark.slow
def test_a_late_part_keeps_its_place(api: Api, backend: Backend, proxy: FaultProxy) -> None:
    proxy.add(Fault(when=lambda request: _part(request) == 1, delay=0.7))
    store = backend.store_behind(proxy.endpoint)
    api.put(store, "k", api.source(PARTS), chunk_size=PART, max_concurrency=3)
    assert api.read(backend.store, "k") == b"".join(PARTS)
    assert _arrivals(proxy)[-1] == 1, "the first part was to reach the server last"


def _part(request: RecordedRequest) -> int | None:
    if "blockid" in request.query:  # Azure's blocks are not numbered
        return 1 + [part[:1] for part in PARTS].index(request.body[:1])
    number = request.query.get("partNumber")
    return int(number) if number else None


def _arrivals(proxy: FaultProxy) -> list[int]:
    """Part numbers in the order in which the proxy passed them on."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        passed = [request for request in proxy.requests if _part(request)]
        if all(request.forwarded_at for request in passed):
            break
        time.sleep(0.01)
    return [_part(request) or 0 for request in sorted(passed, key=lambda r: r.forwarded_at or 0)]
