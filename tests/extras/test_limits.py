"""How long keys and metadata may be (F32): what each provider takes, and nothing is sent beyond."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.exceptions import InvalidPathError
from object_store_py.store import (
    AzureStore,
    GCSStore,
    HTTPStore,
    LocalStore,
    MemoryStore,
    S3Store,
)
from tests.backends.azurite import Azurite
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.stores import Backend

pytestmark = pytest.mark.row("F32")
KANJI = "\u8a9e" * 400
"""1,200 bytes: too long for S3 and GCS, not for Azure."""
METADATA = {"minio": 2048, "gcs": 8192, "azurite": 8192, "memory": 100_000}


def refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a request to {request.url.host}")


SILENT: dict[str, Any] = {"transport": httpx.MockTransport(refuse)}
KEYS: dict[str, Any] = {"access_key_id": "x", "secret_access_key": "y", "region": "us-east-1"}


@pytest.fixture
def azure(servers: Servers) -> Iterator[Any]:
    server = servers.get("azurite", Azurite)
    yield AzureStore(server.create_container(), prefix="p", **server.store_options())


def test_a_key_of_azure_is_measured_in_characters(api: Api, azure: Any) -> None:
    api.put(azure, KANJI, b"data", attributes={"k": "v"})
    api.copy(azure, KANJI, f"{KANJI}2")
    api.put(azure, KANJI * 2, [b"in ", b"parts"], use_multipart=True, chunk_size=3)
    assert api.paths(azure) == [KANJI, f"{KANJI}2", KANJI * 2]
    assert api.read(azure, KANJI) == api.read(azure, f"{KANJI}2") == b"data"
    assert api.read(azure, KANJI * 2) == b"in parts"
    api.delete(azure, [KANJI, f"{KANJI}2", KANJI * 2])
    assert api.paths(azure) == []


@pytest.mark.parametrize(
    "store",
    [
        S3Store("b", **KEYS, **SILENT),
        S3Store("b", prefix="x" * 1000, **KEYS, **SILENT),
        GCSStore("b", skip_signature=True, **SILENT),
        HTTPStore("https://h", **SILENT),
        AzureStore("c", account_name="a", skip_signature=True, **SILENT),
    ],
    ids=["s3", "prefix", "gcs", "http", "azure"],
)
def test_a_longer_key_is_refused_before_any_request(api: Api, store: Any) -> None:
    key = "k" * 2501
    for verb in (api.head, api.read, api.delete, api.list):
        with pytest.raises(InvalidPathError, match="too long"):
            verb(store, key)
    with pytest.raises(InvalidPathError, match=r"path .* too long"):
        api.put(store, key, b"")
    for move in (api.copy, api.rename):
        with pytest.raises(InvalidPathError, match=r"to .* too long"):
            move(store, "short", key)
    kanji = KANJI if not isinstance(store, AzureStore | HTTPStore) else KANJI * 3
    with pytest.raises(InvalidPathError, match="too long"):
        api.head(store, kanji)


@pytest.mark.parametrize("make", [MemoryStore, None], ids=["memory", "local"])
def test_other_paths_are_as_long_as_they_can_be(api: Api, make: Any, tmp_path: Any) -> None:
    store = make() if make else LocalStore(tmp_path)
    path = "/".join(["d" * 200] * 10) + "/k"  # 2,011 bytes
    api.put(store, path, b"data")
    assert api.paths(store) == [path]
    assert api.read(store, path) == b"data"
    api.copy(store, path, f"{path}2")
    assert api.call("delete_prefix", store, "d" * 200) == 2
    with pytest.raises(InvalidPathError, match="too long"):
        api.put(store, "x" * 70_000, b"")


def test_metadata_are_as_many_as_the_store_takes(api: Api, backend: Backend) -> None:
    backend.require("attributes")
    limit = METADATA.get(backend.name, 2048)
    # MinIO counts the names of the headers, which are longer, too.
    size = limit // 2 - (1 if backend.name != "minio" else 20)
    half = {"a": "x" * size, "b": "y" * size}
    given = {**half, "Content-Type": "text/plain"}
    api.put(backend.store, "k", b"data", attributes=given)
    kept = api.get(backend.store, "k").attributes
    assert {name: kept[name] for name in half} == half
    if backend.name != "memory":
        with pytest.raises(ValueError, match=f"at most {limit}"):
            api.put(backend.store, "k", b"", attributes={**half, "c": "z" * 40})
        with pytest.raises(ValueError, match=f"at most {limit}"):
            obs.open_writer(backend.store, "k", attributes={**half, "c": "z" * 40})


def test_metadata_are_copied_where_they_fit(api: Api, azure: Any, servers: Servers) -> None:
    given = {"a": "x" * 3000}
    api.put(azure, "k", b"data", attributes=given)
    server = servers.get("azurite", Azurite)
    other = AzureStore(server.create_container(), **server.store_options())
    memory = MemoryStore()
    for target in (other, memory):
        api.call("copy_to", azure, "k", target, "k")
        assert api.get(target, "k").attributes["a"] == given["a"]
    with pytest.raises(ValueError, match="3001 bytes of metadata, at most 2048"):
        api.call("copy_to", memory, "k", S3Store("b", **KEYS, **SILENT), "k")
