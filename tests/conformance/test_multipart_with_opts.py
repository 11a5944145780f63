"""Conformance: a multipart put carries attributes like a single one."""

from __future__ import annotations

from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5 * 1024 * 1024


def test_attributes_of_a_two_part_object(api: Api, backend: Backend) -> None:
    backend.require("attributes")
    api.put(
        backend.store,
        "k",
        api.source([bytes(PART), b"tail"]),
        attributes={"test_key": "test_value", "Content-Type": "text/plain"},
        chunk_size=PART,
    )
    result = api.get(backend.store, "k")
    assert result.meta["size"] == PART + 4
    # Some providers add attributes of their own.
    assert result.attributes["test_key"] == "test_value"
    assert result.attributes["Content-Type"] == "text/plain"
