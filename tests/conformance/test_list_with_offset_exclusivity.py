"""Conformance: an offset is exclusive: the listing starts strictly after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api

KEYS = [f"test_offset/file_{letter}.txt" for letter in "abcde"]


@pytest.mark.parametrize("prefix", ["test_offset", None])
@pytest.mark.parametrize(("letter", "rest"), [("a", 4), ("b", 3), ("c", 2), ("e", 0)])
def test_the_offset_itself_is_not_listed(
    api: Api, store: Any, prefix: str | None, letter: str, rest: int
) -> None:
    for key in KEYS:
        api.put(store, key, b"test data")
    found = api.paths(store, prefix, offset=f"test_offset/file_{letter}.txt")
    assert found == KEYS[len(KEYS) - rest :]
