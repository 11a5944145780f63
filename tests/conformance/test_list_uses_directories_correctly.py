"""Conformance: a prefix is whole path segments, and a file is no directory."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api

EMPTY: dict[str, list[Any]] = {"common_prefixes": [], "objects": []}


@pytest.fixture
def filled(api: Api, store: Any) -> Any:
    api.put(store, "foo/x.json", b"arbitrary data")
    api.put(store, "foo.bar/y.json", b"arbitrary data")
    return store


def test_a_prefix_does_not_match_a_longer_name(api: Api, filled: Any) -> None:
    assert api.paths(filled, "foo") == ["foo/x.json"]
    found = api.list_with_delimiter(filled, "foo")
    assert [meta["path"] for meta in found["objects"]] == ["foo/x.json"]
    assert found["common_prefixes"] == []


@pytest.mark.parametrize("prefix", ["foo/x.json", "foo/x"])
def test_a_file_or_part_of_its_name_lists_nothing(api: Api, filled: Any, prefix: str) -> None:
    assert api.list(filled, prefix) == []
    assert api.list_with_delimiter(filled, prefix) == EMPTY


def test_a_trailing_slash_changes_nothing(api: Api, filled: Any) -> None:
    assert api.paths(filled, "foo/") == api.paths(filled, "/foo") == ["foo/x.json"]
