"""Conformance: one level of a listing: the objects there, and the prefixes below."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api

KEYS = [
    "test_file",
    "mydb/wb/000/000/000.segment",
    "mydb/wb/000/000/001.segment",
    "mydb/wb/000/000/002.segment",
    "mydb/wb/001/001/000.segment",
    "mydb/wb/foo.json",
    "mydb/wbwbwb/111/222/333.segment",
    "mydb/data/whatevs",
]


@pytest.fixture
def filled(api: Api, store: Any) -> Any:
    for key in KEYS:
        api.put(store, key, b"arbitrary data")
    return store


def test_one_level_of_a_directory(api: Api, filled: Any) -> None:
    found = api.list_with_delimiter(filled, "mydb/wb")
    assert found["common_prefixes"] == ["mydb/wb/000", "mydb/wb/001"]
    [only] = found["objects"]
    assert (only["path"], only["size"]) == ("mydb/wb/foo.json", 14)


def test_the_top_level(api: Api, filled: Any) -> None:
    found = api.list_with_delimiter(filled)
    assert found["common_prefixes"] == ["mydb"]
    assert [meta["path"] for meta in found["objects"]] == ["test_file"]


@pytest.mark.parametrize("prefix", ["mydb/wb/000/000/001", "mydb/w", "not_there"])
def test_part_of_a_name_or_a_missing_one_is_empty(api: Api, filled: Any, prefix: str) -> None:
    assert api.list_with_delimiter(filled, prefix) == {"common_prefixes": [], "objects": []}


def test_nothing_remains_after_all_is_deleted(api: Api, filled: Any) -> None:
    for key in KEYS:
        api.delete(filled, key)
    # The local store may keep the empty directories, so only the objects count.
    assert api.list(filled) == []
