"""Conformance: copying or renaming what is not there fails and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api
from tests.harness.stores import Backend


@pytest.mark.parametrize("verb", ["copy", "rename"])
def test_a_missing_source_is_not_found(api: Api, store: Any, verb: str) -> None:
    api.put(store, "test2", b"hello")
    with pytest.raises(FileNotFoundError):
        api.call(verb, store, "test1", "test2")
    assert api.read(store, "test2") == b"hello"


@pytest.mark.parametrize("verb", ["copy", "rename"])
def test_neither_with_overwrite_false(api: Api, backend: Backend, verb: str) -> None:
    backend.require("copy_if_not_exists")
    store = backend.careful_store()
    with pytest.raises(FileNotFoundError):
        api.call(verb, store, "test1", "test3", overwrite=False)
    assert api.list(store) == []
