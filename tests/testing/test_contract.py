"""`check_store` passes for real stores, and finds what a broken one does wrong."""

from __future__ import annotations

from typing import Any

from object_store_py import testing
from object_store_py.bytes import Bytes
from object_store_py.store import MemoryStore
from object_store_py.testing import check_store
from tests.harness.api import Api
from tests.harness.stores import Backend


def test_every_backend_keeps_the_contract(backend: Backend) -> None:
    assert check_store(backend.store) == []


def test_it_leaves_nothing_behind(api: Api) -> None:
    store = MemoryStore()
    store.put("mine", b"x")
    assert api.method(testing, "check_store", store) == []
    assert [item["path"] for item in store.list().collect()] == ["mine"]


class Truncating(MemoryStore):
    """A store that loses the last byte of ranges."""

    def get_range(self, *args: Any, **kwargs: Any) -> Bytes:
        """Read a range but for its last byte."""
        return super().get_range(*args, **kwargs)[:-1]


def test_a_broken_store_is_found_out() -> None:
    failures = check_store(Truncating())
    assert [failure.check for failure in failures] == ["ranges"]
    assert "a range is what lies between" in failures[0].reason
