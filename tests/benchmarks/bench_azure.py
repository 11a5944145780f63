"""1 KiB blobs on Azurite: get, put and head, beside obstore, adlfs and Azure's own library.

Azurite is slower than any client, so look at the CPU. There is no such benchmark for GCS: gcsfs
speaks the JSON API and our emulator of GCS the XML API alone.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from adlfs import AzureBlobFileSystem
from azure.storage.blob import BlobServiceClient
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient

from tests.backends.azurite import Azurite
from tests.benchmarks.harness import Case, compare, method, sequential, tasks, threads

KEY, DATA = "k", bytes(1024)
VERBS: dict[str, tuple[Any, ...]] = {"get": (KEY,), "put": ("w", DATA), "head": (KEY,)}


class Store:
    """object_store_py and obstore."""

    def __init__(self, module: str, server: Azurite, container: str) -> None:
        self._library: Any = importlib.import_module(module)
        make: Any = importlib.import_module(f"{module}.store").AzureStore
        self._store = make(container, **server.store_options())

    def get(self, key: str) -> Any:
        return self._library.get(self._store, key).bytes()

    def put(self, key: str, data: bytes) -> object:
        return self._library.put(self._store, key, data)

    def head(self, key: str) -> object:
        return self._library.head(self._store, key)

    async def get_async(self, key: str) -> Any:
        return await (await self._library.get_async(self._store, key)).bytes_async()


class Adlfs:
    """adlfs."""

    def __init__(self, server: Azurite, container: str) -> None:
        text = connection_string(server)
        self._container = container
        self._files = AzureBlobFileSystem(connection_string=text, use_listings_cache=False)

    def get(self, key: str) -> Any:
        return self._files.cat_file(f"{self._container}/{key}")

    def put(self, key: str, data: bytes) -> object:
        return self._files.pipe_file(f"{self._container}/{key}", data, overwrite=True)

    def head(self, key: str) -> object:
        return self._files.info(f"{self._container}/{key}", refresh=True)


class AzureBlob:
    """azure-storage-blob."""

    def __init__(self, server: Azurite, container: str) -> None:
        text = connection_string(server)
        service = BlobServiceClient.from_connection_string(text)
        self._client = service.get_container_client(container)
        self._async_client: Any = AsyncBlobServiceClient.from_connection_string(
            text
        ).get_container_client(container)

    def get(self, key: str) -> Any:
        return self._client.download_blob(key).readall()

    def put(self, key: str, data: bytes) -> object:
        return self._client.upload_blob(key, data, overwrite=True)

    def head(self, key: str) -> object:
        return self._client.get_blob_client(key).get_blob_properties()

    async def get_async(self, key: str) -> Any:
        return await (await self._async_client.download_blob(key)).readall()

    async def close(self) -> None:
        await self._async_client.close()


def connection_string(server: Azurite) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={server.account};AccountKey={server.key};"
        f"BlobEndpoint={server.endpoint};"
    )


def main(which: set[str]) -> None:
    with Azurite(any_version=True) as server, asyncio.Runner() as runner:
        container = server.create_container()
        azure_blob = AzureBlob(server, container)
        peers: dict[str, Any] = {
            "object_store_py": Store("object_store_py", server, container),
            "obstore": Store("obstore", server, container),
            "adlfs": Adlfs(server, container),
            "azure-storage-blob": azure_blob,
        }
        azure_blob.put(KEY, DATA)
        for verb, arguments in VERBS.items():
            if not which or verb in which:
                calls = {name: method(peer, verb, *arguments) for name, peer in peers.items()}
                known = {name: call for name, call in calls.items() if call}
                title = f"Azurite: {verb} 1 KiB"
                cases = [Case(name, sequential(call)) for name, call in known.items()]
                compare(f"{title}, one after another", cases, 60)
                cases = [Case(name, threads(call, 8)) for name, call in known.items()]
                compare(f"{title}, 8 threads at once", cases, 80)
        calls = {name: method(peer, "get_async", KEY) for name, peer in peers.items()}
        cases = [Case(name, tasks(runner, call, 16)) for name, call in calls.items() if call]
        compare("Azurite: get 1 KiB, 16 tasks at once", cases, 128)
        runner.run(azure_blob.close())
