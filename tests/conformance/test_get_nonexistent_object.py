"""Conformance: what is not there is a FileNotFoundError, and the error names the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.api import Api

MISSING = "this_file_should_not_exist"
READS: dict[str, Callable[[Api, Any], Any]] = {
    "head": lambda api, store: api.head(store, MISSING),
    "get": lambda api, store: api.get(store, MISSING),
    "get_range": lambda api, store: api.get_range(store, MISSING, start=0, end=1),
    "get_ranges": lambda api, store: api.get_ranges(store, MISSING, starts=[0], ends=[1]),
}


@pytest.mark.parametrize("read", READS)
def test_a_missing_object_is_named(api: Api, store: Any, read: str) -> None:
    with pytest.raises(FileNotFoundError, match=MISSING):
        READS[read](api, store)
