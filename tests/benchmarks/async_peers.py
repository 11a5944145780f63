"""The asynchronous libraries that are compared, each behind the same few coroutines."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from yarl import URL

from tests.benchmarks.floor import Signed
from tests.benchmarks.peers import MIB, WORKERS, Ours, Stores, s3_file_system


class AsyncStores:
    """object_store_py and obstore, which have one interface."""

    def __init__(self, same: Stores) -> None:
        self.library, self.store = same.library, same.store

    async def get(self, key: str) -> Any:
        return await (await self.library.get_async(self.store, key)).bytes_async()

    async def put(self, key: str, data: bytes) -> object:
        return await self.library.put_async(self.store, key, data, use_multipart=False)

    async def head(self, key: str) -> object:
        return await self.library.head_async(self.store, key)

    async def stream(self, key: str) -> int:
        total = 0
        async for chunk in (await self.library.get_async(self.store, key)).stream():
            total += len(chunk)
        return total


class Aiobotocore:
    """aiobotocore."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client, self.bucket = client, bucket

    async def get(self, key: str) -> Any:
        answer = await self.client.get_object(Bucket=self.bucket, Key=key)
        async with answer["Body"] as body:
            return await body.read()

    async def put(self, key: str, data: bytes) -> object:
        return await self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    async def head(self, key: str) -> object:
        return await self.client.head_object(Bucket=self.bucket, Key=key)

    async def stream(self, key: str) -> int:
        answer = await self.client.get_object(Bucket=self.bucket, Key=key)
        total = 0
        async with answer["Body"] as body:
            async for chunk in body.iter_chunks(MIB):
                total += len(chunk)
        return total


class AsyncS3fs:
    """s3fs."""

    def __init__(self, files: Any, bucket: str) -> None:
        self.files, self.bucket = files, bucket

    async def get(self, key: str) -> Any:
        return await self.files._cat_file(f"{self.bucket}/{key}")

    async def put(self, key: str, data: bytes) -> object:
        return await self.files._pipe_file(f"{self.bucket}/{key}", data)

    async def head(self, key: str) -> object:
        return await self.files._info(f"{self.bucket}/{key}", refresh=True)


class Aiohttp:
    """aiohttp alone, with requests that were signed beforehand: a floor."""

    def __init__(self, session: aiohttp.ClientSession, signed: Signed) -> None:
        self.session, self.signed = session, signed

    async def get(self, key: str) -> bytes:
        async with self.session.get(URL(self.signed.url("GET", key), encoded=True)) as answer:
            return await answer.read()

    async def put(self, key: str, data: bytes) -> None:
        url = URL(self.signed.url("PUT", key), encoded=True)
        async with self.session.put(url, data=data) as answer:
            assert answer.status == 200, await answer.text()

    async def head(self, key: str) -> None:
        async with self.session.head(URL(self.signed.url("HEAD", key), encoded=True)) as answer:
            assert answer.status == 200

    async def stream(self, key: str) -> int:
        total = 0
        async with self.session.get(URL(self.signed.url("GET", key), encoded=True)) as answer:
            async for chunk in answer.content.iter_any():
                total += len(chunk)
        return total


async def connect(server: dict[str, Any], stack: AsyncExitStack) -> dict[str, Any]:
    """All of them, on the running loop; the stack closes them."""
    client = get_session().create_client(
        "s3",
        endpoint_url=server["endpoint"],
        aws_access_key_id=server["access_key_id"],
        aws_secret_access_key=server["secret_access_key"],
        region_name=server["region"],
        config=AioConfig(max_pool_connections=WORKERS),
    )
    connector = aiohttp.TCPConnector(limit=WORKERS)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    files = s3_file_system(server, asynchronous=True)
    stack.push_async_callback((await files.set_session()).close)
    return {
        "object_store_py": AsyncStores(Ours(server)),
        "obstore": AsyncStores(Stores(server, "obstore")),
        "aiobotocore": Aiobotocore(await stack.enter_async_context(client), server["bucket"]),
        "s3fs": AsyncS3fs(files, server["bucket"]),
        "aiohttp": Aiohttp(session, Signed(server)),
    }
