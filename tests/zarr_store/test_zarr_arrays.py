"""zarr arrays on our stores: sharded round trips, edge cases of ranges, errors as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import zarr
from zarr.abc.store import RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from object_store_py.store import MemoryStore
from object_store_py.zarr import ObjectStoreAdapter
from tests.harness.stores import Backend

PROTOTYPE = default_buffer_prototype()


def test_a_sharded_array_comes_back(backend: Backend) -> None:
    store = ObjectStoreAdapter(backend.store)
    data = np.arange(64 * 64, dtype="int32").reshape(64, 64)
    root = zarr.create_group(store)
    array = root.create_array("a", shape=data.shape, chunks=(8, 8), shards=(32, 32), dtype="int32")
    array[:] = data
    again: Any = zarr.open_group(ObjectStoreAdapter(backend.store, read_only=True), mode="r")["a"]
    assert (again[:] == data).all()
    assert (again[9:11, 60:] == data[9:11, 60:]).all()
    assert list(root.array_keys()) == ["a"]
    again_writable: Any = zarr.open_group(store)["a"]
    again_writable[3, 3] = -1
    assert again[3, 3] == -1
    del root["a"]
    assert [meta["path"] for meta in backend.store.list().collect()] == ["zarr.json"]


def test_ends_of_values_and_ranges_of_many(backend: Backend) -> None:
    store = ObjectStoreAdapter(backend.store)
    backend.store.put("a", b"0123456789")
    end = sync(store.get("a", PROTOTYPE, SuffixByteRequest(100)))
    assert end is not None
    assert end.to_bytes() == b"0123456789"
    end = store.get_sync("a", byte_range=SuffixByteRequest(3))
    assert end is not None
    assert end.to_bytes() == b"789"
    wanted = [("a", RangeByteRequest(8, 10)), ("none", RangeByteRequest(0, 1)), ("a", None),
              ("a", RangeByteRequest(0, 3)), ("none", None)]  # fmt: skip
    found = sync(store.get_partial_values(PROTOTYPE, wanted))
    assert [part and part.to_bytes() for part in found] == [
        b"89",
        None,
        b"0123456789",
        b"012",
        None,
    ]


def test_an_error_is_not_wrapped_in_a_group() -> None:
    store = ObjectStoreAdapter(MemoryStore())
    with pytest.raises(ValueError, match="empty segment"):
        sync(store.get_partial_values(PROTOTYPE, [("a//b", None)]))


def test_another_library_s_store_is_refused() -> None:
    other: Any = {}
    with pytest.raises(TypeError, match="not dict"):
        ObjectStoreAdapter(other)
