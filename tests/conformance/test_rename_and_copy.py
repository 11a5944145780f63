"""Conformance: copy doubles an object, rename moves it, both overwrite by default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api


@pytest.fixture
def pair(api: Api, store: Any) -> Any:
    api.put(store, "test1", b"cats")
    api.put(store, "test2", b"dogs")
    return store


def test_a_copy_is_equal_and_the_source_stays(api: Api, pair: Any) -> None:
    api.copy(pair, "test1", "test2")
    assert api.read(pair, "test1") == api.read(pair, "test2") == b"cats"


def test_a_rename_takes_the_source_away(api: Api, pair: Any) -> None:
    api.rename(pair, "test1", "test2")
    assert api.read(pair, "test2") == b"cats"
    with pytest.raises(FileNotFoundError):
        api.get(pair, "test1")


def test_a_copy_goes_to_a_new_directory(api: Api, pair: Any) -> None:
    api.copy(pair, "test1", "deep/below/test3")
    assert api.read(pair, "deep/below/test3") == b"cats"


def test_renaming_to_the_same_name_keeps_the_object(api: Api, pair: Any) -> None:
    api.rename(pair, "test1", "test1")
    assert api.read(pair, "test1") == b"cats"


def test_a_key_with_odd_letters_can_be_copied(api: Api, store: Any) -> None:
    key = "a b/%41+#?~ü.txt"
    api.put(store, key, b"odd")
    api.copy(store, key, f"copy/{key}")
    assert api.read(store, f"copy/{key}") == b"odd"
