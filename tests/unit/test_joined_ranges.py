"""`get_ranges`: which ranges become one request, seen from the requests that leave."""

from __future__ import annotations

import re

import httpx
import pytest

from object_store_py.store import S3Store

MIB = 1 << 20
DATA = bytes(range(256)) * (20 * MIB // 256)
asked: list[tuple[int, int]] = []


def answer(request: httpx.Request) -> httpx.Response:
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["range"])
    assert wanted is not None
    start, end = int(wanted[1]), min(int(wanted[2]) + 1, len(DATA))
    asked.append((start, end))
    headers = {"content-range": f"bytes {start}-{end - 1}/{len(DATA)}", "etag": '"x"'}
    return httpx.Response(206, headers=headers, content=DATA[start:end])


@pytest.mark.parametrize(
    ("ranges", "gap", "requests"),
    [
        pytest.param([(0, 10), (20, 30)], 9, [(0, 10), (20, 30)], id="too far apart"),
        pytest.param([(20, 30), (0, 10)], 10, [(0, 30)], id="near"),
        pytest.param([(0, 10), (10, 20)], 0, [(0, 20)], id="touching"),
        pytest.param(
            [(0, 5 * MIB), (5 * MIB, 10 * MIB)],
            MIB,
            [(0, 5 * MIB), (5 * MIB, 10 * MIB)],
            id="touching, together over 8 MiB",
        ),
        pytest.param(
            [(0, 5 * MIB), (4 * MIB, 12 * MIB), (2, 4), (12 * MIB, 12 * MIB + 1)],
            0,
            [(0, 12 * MIB), (12 * MIB, 12 * MIB + 1)],
            id="overlapping, whatever their length",
        ),
        pytest.param([(0, 9 * MIB), (1, 3), (1, 3)], 0, [(0, 9 * MIB)], id="one in another"),
    ],
)
def test_ranges_are_joined_where_that_saves_a_request(
    ranges: list[tuple[int, int]], gap: int, requests: list[tuple[int, int]]
) -> None:
    asked.clear()
    transport = httpx.MockTransport(answer)
    store = S3Store("b", access_key_id="x", secret_access_key="y", transport=transport)
    starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
    found = store.get_ranges("k", starts=starts, ends=ends, coalesce=gap)
    assert found == [DATA[start:end] for start, end in ranges]
    assert sorted(asked) == requests
