"""zarr's own store tests on our adapter, over memory, local files and S3.

They are written for pytest-asyncio, which this suite keeps off; anyio's plugin runs them as well.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from zarr.core.buffer import Buffer, cpu, default_buffer_prototype
from zarr.testing.store import StoreTests

from object_store_py.store import LocalStore, MemoryStore, S3Store
from object_store_py.zarr import ObjectStoreAdapter
from tests.backends.minio import Minio


# The fixture is also what makes anyio run the asynchronous fixtures of tests that are not.
@pytest.mark.anyio
@pytest.mark.usefixtures("anyio_backend")
class Suite(StoreTests[ObjectStoreAdapter, cpu.Buffer]):
    """zarr's tests; the bytes behind the adapter are read and written by the store itself."""

    store_cls = ObjectStoreAdapter
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def set(self, store: ObjectStoreAdapter, key: str, value: Buffer) -> None:
        await store.store.put_async(key, value.to_bytes())

    async def get(self, store: ObjectStoreAdapter, key: str) -> Buffer:
        result = await store.store.get_async(key)
        return self.buffer_cls.from_bytes(await result.bytes_async())

    def test_store_repr(self, store: ObjectStoreAdapter) -> None:
        assert repr(store) == f"ObjectStoreAdapter({store.store!r})"

    def test_store_supports_writes(self, store: ObjectStoreAdapter) -> None:
        assert store.supports_writes

    def test_store_supports_listing(self, store: ObjectStoreAdapter) -> None:
        assert store.supports_listing


class TestMemory(Suite):
    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        return {"store": MemoryStore(), "read_only": False}

    async def test_serializable_store(self, store: ObjectStoreAdapter) -> None:
        """Not zarr's: what is in this process's memory cannot be another's."""
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(store)


class TestLocal(Suite):
    @pytest.fixture
    def store_kwargs(self, tmp_path: Path) -> dict[str, Any]:
        return {"store": LocalStore(tmp_path), "read_only": False}


class TestMinio(Suite):
    @pytest.fixture
    def store_kwargs(self, minio: Minio, shared_bucket: str, tmp_path: Path) -> dict[str, Any]:
        prefix = f"zarr/{tmp_path.parent.name}-{tmp_path.name}"
        store = S3Store(shared_bucket, prefix=prefix, **minio.store_options())
        return {"store": store, "read_only": False}

    async def test_get_of_a_missing_key(self, store: ObjectStoreAdapter) -> None:
        assert await store.get("none", default_buffer_prototype()) is None
