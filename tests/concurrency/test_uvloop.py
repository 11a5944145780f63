"""On uvloop, whose transports call protocols in another order than asyncio's do."""

from __future__ import annotations

import asyncio

import pytest

from object_store_py.store import S3Store
from tests.backends.minio import Minio

SMALL, LARGE = b"x" * 1024, bytes(range(256)) * 300_000


async def use(store: S3Store) -> None:
    await store.put_async("small", SMALL)
    await store.put_async("large", LARGE)

    async def read_often() -> None:
        for _ in range(5):
            assert await (await store.get_async("small")).bytes_async() == SMALL

    await asyncio.gather(*(read_often() for _ in range(16)))
    assert await (await store.get_async("large")).bytes_async() == LARGE
    buffer = bytearray(len(LARGE))
    assert await store.get_into_async("large", buffer) == len(LARGE)
    assert buffer == LARGE
    await store.delete_async(["small", "large"])


def test_a_store_works_on_uvloop(minio: Minio) -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop has no build for this platform")
    uvloop.run(use(S3Store(minio.create_bucket(), **minio.store_options())))
