"""Markers of folders, odd keys and objects beside others, as zarr's stores see them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import zarr
from zarr.core.sync import sync

from object_store_py import RawKey
from object_store_py.store import MemoryStore
from object_store_py.zarr import ObjectStoreAdapter
from tests.harness.stores import Backend

pytestmark = pytest.mark.row("F31")


async def _all(names: AsyncIterator[str]) -> list[str]:
    return sorted([name async for name in names])


def test_markers_are_directories(backend: Backend) -> None:
    backend.require("markers")
    objects, store = backend.store, ObjectStoreAdapter(backend.store)
    for key in ("g/", "g/empty/", "g/zarr.json", "lone/"):
        objects.put(key, b"" if key.endswith("/") else b"{}")
    assert sync(_all(store.list())) == ["g/zarr.json"]
    assert sync(_all(store.list_prefix("g"))) == ["g/zarr.json"]
    assert sync(_all(store.list_dir("g"))) == ["empty", "zarr.json"]
    assert sync(_all(store.list_dir(""))) == ["g", "lone"]
    assert [sync(store.exists(key)) for key in ("g/", "g", "lone/", "g/zarr.json")] == [
        False,
        False,
        False,
        True,
    ]
    assert sync(store.is_empty("lone"))
    sync(store.delete_dir("g"))
    assert [meta["path"] for meta in objects.list().collect()] == ["lone/"]
    sync(store.clear())
    assert objects.list().collect() == []


def test_a_group_below_markers_is_read_and_deleted(backend: Backend) -> None:
    backend.require("markers")
    objects = backend.store
    objects.put("h/", b"")
    objects.put("h/g/", b"")
    root = zarr.create_group(ObjectStoreAdapter(objects), path="h")
    root.create_group("g")
    again = zarr.open_group(ObjectStoreAdapter(objects), path="h", mode="r")
    assert list(again.group_keys()) == ["g"]
    del root["g"]
    assert [meta["path"] for meta in objects.list().collect()] == ["h/", "h/zarr.json", "zarr.json"]


def test_delete_dir_clears_odd_keys_and_leaves_the_object_beside() -> None:
    objects = MemoryStore()
    for key in ("d", "d2/x"):
        objects.put(key, b"")
    for key in ("d/", "d//b", "d/../e", "d/a"):
        objects.put(RawKey(key), b"")
    store = ObjectStoreAdapter(objects)
    assert sync(_all(store.list_dir(""))) == ["d", "d2"]
    assert sync(_all(store.list())) == ["d", "d/a", "d2/x"]
    sync(store.delete_dir("d"))
    assert [meta["path"] for meta in objects.list().collect()] == ["d", "d2/x"]
