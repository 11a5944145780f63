"""Conformance: conditional reads, by time, by e_tag and by version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import NotModifiedError, PreconditionError
from tests.harness.api import Api
from tests.harness.stores import Backend

HOURS = timedelta(hours=10)


@pytest.fixture
def meta(api: Api, store: Any) -> Any:
    api.put(store, "test", b"foo")
    return api.head(store, "test")


def test_unmodified_since_its_own_time_or_later(api: Api, store: Any, meta: Any) -> None:
    api.get(store, "test", if_unmodified_since=meta["last_modified"])
    api.get(store, "test", if_unmodified_since=meta["last_modified"] + HOURS)


def test_modified_since_an_earlier_time(api: Api, store: Any, meta: Any) -> None:
    with pytest.raises(PreconditionError):
        api.get(store, "test", if_unmodified_since=meta["last_modified"] - HOURS)
    api.get(store, "test", if_modified_since=meta["last_modified"] - HOURS)


def test_not_modified_since_its_own_time(api: Api, store: Any, meta: Any) -> None:
    with pytest.raises(NotModifiedError):
        api.get(store, "test", if_modified_since=meta["last_modified"])


def test_a_time_without_a_zone_is_refused(api: Api, store: Any, meta: Any) -> None:
    with pytest.raises(TypeError):
        api.get(store, "test", if_modified_since=meta["last_modified"].replace(tzinfo=None))


def test_if_match(api: Api, store: Any, meta: Any) -> None:
    api.get(store, "test", if_match=meta["e_tag"])
    with pytest.raises(PreconditionError):
        api.get(store, "test", if_match="invalid")


def test_if_none_match(api: Api, store: Any, meta: Any) -> None:
    api.get(store, "test", if_none_match="invalid")
    with pytest.raises(NotModifiedError):
        api.get(store, "test", if_none_match=meta["e_tag"])


def test_a_new_body_has_a_new_e_tag(api: Api, store: Any, meta: Any, backend: Backend) -> None:
    # The local store makes e_tags of inode, time and size: another size is another tag.
    written = api.put(store, "test", b"other")["e_tag"]
    new = api.head(store, "test")["e_tag"]
    assert new != meta["e_tag"]
    assert written == (new if backend.capabilities.put_e_tag else None)
    api.get(store, "test", if_match=new)
    with pytest.raises(PreconditionError):
        api.get(store, "test", if_match=meta["e_tag"])


def test_head_only_has_the_facts_and_no_body_is_needed(api: Api, store: Any, meta: Any) -> None:
    result = api.get(store, "test", head=True)
    assert result.meta["size"] == 3
    assert result.meta["e_tag"] == meta["e_tag"]


def test_an_old_version_can_be_read(api: Api, backend: Backend) -> None:
    store = backend.versioned_store()
    old = api.put(store, "test", b"old")["version"]
    new = api.put(store, "test", b"new")["version"]
    assert old and new and old != new
    assert api.read(store, "test", version=old) == b"old"
    assert api.read(store, "test") == b"new"
    assert api.head(store, "test")["version"] == new
