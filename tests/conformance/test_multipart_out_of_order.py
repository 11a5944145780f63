"""Conformance: whatever the concurrency, the parts of a put are in the order of its source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api

PART = 5 * 1024 * 1024
PARTS = [bytes([digit]) * PART for digit in b"123"] + [b"end"]


@pytest.mark.parametrize("concurrency", [1, 2, 12])
def test_parts_keep_their_order(api: Api, store: Any, concurrency: int) -> None:
    api.put(store, "k", api.source(PARTS), chunk_size=PART, max_concurrency=concurrency)
    assert api.read(store, "k") == b"".join(PARTS)


def test_a_bytes_body_is_cut_in_order(api: Api, store: Any) -> None:
    body = b"".join(PARTS)
    api.put(store, "k", body, chunk_size=PART, max_concurrency=4)
    assert api.read(store, "k") == body
