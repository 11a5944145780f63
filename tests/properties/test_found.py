"""What the properties have found, each as one plain example."""

from __future__ import annotations

from typing import Any

import pytest

from object_store_py import exceptions as errors
from tests.harness.api import Api


@pytest.mark.parametrize("coalesce", [0, 100])
def test_a_range_that_starts_beyond_the_end_is_an_error_whatever_is_read_with_it(
    api: Api, store: Any, coalesce: int
) -> None:
    api.put(store, "a", b"0123")
    with pytest.raises(errors.GenericError, match="starts at 4"):
        api.get_ranges(store, "a", starts=[0, 4], ends=[4, 6], coalesce=coalesce)


def test_a_key_that_is_named_twice_is_deleted_once(api: Api, store: Any) -> None:
    api.put(store, "a", b"")
    api.delete(store, ["a", "a"])
    assert api.paths(store) == []
