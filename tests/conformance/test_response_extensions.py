"""Conformance: the facts that a response carries are on the results, with their types and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.harness.api import Api
from tests.harness.stores import Backend

META_KEYS = ["path", "last_modified", "size", "e_tag", "version"]


def test_put_says_e_tag_and_version(api: Api, backend: Backend) -> None:
    result = api.put(backend.store, "k", b"foo")
    assert list(result) == ["e_tag", "version"]
    backend.require("put_e_tag")
    assert result["e_tag"] == api.head(backend.store, "k")["e_tag"]


def test_an_e_tag_is_quoted(api: Api, store: Any) -> None:
    api.put(store, "k", b"foo")
    tag = api.head(store, "k")["e_tag"]
    assert tag.startswith('"') and tag.endswith('"')


def test_head_get_and_list_agree(api: Api, store: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    api.put(store, "dir/k", b"foo")
    head = api.head(store, "dir/k")
    assert list(head) == META_KEYS
    assert head["last_modified"].utcoffset() == timedelta(0)
    assert before <= head["last_modified"] <= datetime.now(UTC) + timedelta(seconds=2)
    got = api.get(store, "dir/k").meta
    [listed] = api.list(store)
    for key in ("path", "size", "e_tag"):
        assert head[key] == got[key] == listed[key]
    # A listing has the fraction of a second that HTTP headers lack.
    assert abs(listed["last_modified"] - head["last_modified"]) < timedelta(seconds=1)


def test_a_version_is_on_every_result(api: Api, backend: Backend) -> None:
    store = backend.versioned_store()
    version = api.put(store, "k", b"foo")["version"]
    assert version
    assert api.head(store, "k")["version"] == version
    assert api.get(store, "k").meta["version"] == version
