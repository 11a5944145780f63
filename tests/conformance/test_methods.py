"""Conformance: the methods of a store do what the functions do."""

from __future__ import annotations

from typing import Any

from tests.harness.api import Api


def test_every_verb_is_a_method_too(api: Api, store: Any) -> None:
    api.method(store, "put", "a", b"foo bar")
    api.method(store, "copy", "a", "b")
    api.method(store, "rename", "b", "c")
    assert api.bytes(api.method(store, "get", "c")) == b"foo bar"
    assert api.method(store, "get_range", "c", start=4, end=7) == b"bar"
    pieces = api.method(store, "get_ranges", "c", starts=[0, 4], lengths=[3, 3])
    assert [bytes(piece) for piece in pieces] == [b"foo", b"bar"]
    assert api.method(store, "head", "c") == api.head(store, "c")
    below = api.method(store, "list_with_delimiter")
    assert sorted(meta["path"] for meta in below["objects"]) == ["a", "c"]
    api.method(store, "delete", ["a", "c"])
    assert [page for page in api.consume(store.list()) if page] == []
