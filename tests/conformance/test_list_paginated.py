"""Conformance: listings come in pages, complete and without a double, whatever the page size."""

from __future__ import annotations

from typing import Any

import pytest

import object_store_py as obs
from tests.harness.api import Api
from tests.harness.stores import Backend

KEYS = [
    "fob/banana",
    "fongle/banana",
    "foo/bar",
    "foo/bax",
    "foo/baz/banana",
    "foo/baz/bar",
]


@pytest.fixture
def filled(api: Api, store: Any) -> Any:
    for key in KEYS:
        api.put(store, key, b"\1")
    return store


@pytest.mark.parametrize(("size", "pages"), [(1, [1] * 6), (4, [4, 2]), (5, [5, 1]), (50, [6])])
def test_pages_have_the_size_asked_for(api: Api, filled: Any, size: int, pages: list[int]) -> None:
    found = api.pages(filled, chunk_size=size)
    assert [len(page) for page in found] == pages
    assert sorted(meta["path"] for page in found for meta in page) == KEYS


def test_pages_of_a_prefix(api: Api, filled: Any) -> None:
    found = api.pages(filled, "foo", chunk_size=3)
    assert [len(page) for page in found] == [3, 1]


def test_an_empty_listing_has_no_page_with_anything_in_it(api: Api, store: Any) -> None:
    assert [page for page in api.pages(store) if page] == []


def test_collect_gives_everything_and_then_nothing(api: Api, filled: Any) -> None:
    listing = obs.list(filled, chunk_size=2)
    assert sorted(meta["path"] for meta in api.collect(listing)) == KEYS
    assert api.collect(listing) == []


@pytest.mark.slow
def test_a_listing_spans_the_pages_of_the_server(api: Api, backend: Backend) -> None:
    # S3 answers at most 1,000 keys at a time: 1,005 need a second request.
    prefix, keys = backend.s3().many
    store = backend.s3_store(prefix=prefix)
    assert api.paths(store) == keys
    assert len(api.paths(store, offset="0990")) == 14


@pytest.mark.slow
def test_a_deletion_spans_the_requests_of_the_server(api: Api, backend: Backend) -> None:
    # S3 deletes at most 1,000 keys at a time, and minds none that is not there.
    _, keys = backend.s3().many
    for key in (keys[0], keys[-1]):
        api.put(backend.store, key, b"")
    api.delete(backend.store, keys)
    assert api.paths(backend.store) == []
