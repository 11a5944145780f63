"""What scripts written for obstore rely on, beyond its names, as obstore 0.12.1 does it."""

from __future__ import annotations

import random
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

import object_store_py as obs
from object_store_py.auth.planetary_computer import (
    PlanetaryComputerAsyncCredentialProvider,
    PlanetaryComputerCredentialProvider,
)
from object_store_py.exceptions import GenericError, InvalidPathError, NotFoundError
from object_store_py.store import (
    AzureStore,
    GCSStore,
    HTTPStore,
    LocalStore,
    MemoryStore,
    S3Store,
    from_url,
)
from tests.files.facade import open_reader
from tests.harness.api import Api
from tests.harness.stores import Backend, not_applicable

ROOT = Path(__file__).parents[2]
DATA = random.Random(14).randbytes(100_000)


@pytest.mark.parametrize("size", [0, 1])
def test_a_stream_without_a_smallest_chunk_gives_what_has_come(
    api: Api, store: Any, size: int
) -> None:
    obs.put(store, "k", DATA)
    chunks = api.stream(api.get(store, "k"), size)
    assert b"".join(chunks) == DATA
    assert all(chunks)


def test_orjson_takes_the_bytes_of_a_result(store: Any) -> None:
    obs.put(store, "k", b'{"a": [1, 2]}')
    assert orjson.loads(store.get("k").bytes()) == {"a": [1, 2]}


def of_object(backend: Backend, path: str) -> Any:
    """A store whose URL is that of one object."""
    store = backend.store
    if isinstance(store, HTTPStore):
        options: Any = {"client_options": store.client_options}
        return HTTPStore(f"{store.url}/{path}", **options)
    if isinstance(store, MemoryStore | LocalStore):
        not_applicable("prefix")
    arguments = store.__getnewargs_ex__()[1]
    return type(store)(**(arguments | {"prefix": f"{store.prefix}/{path}"}))


@pytest.mark.parametrize("empty", ["", "/"])
def test_the_empty_path_reads_the_object_that_the_url_names(
    api: Api, backend: Backend, empty: str
) -> None:
    obs.put(backend.store, "a/b.txt", DATA)
    store = of_object(backend, "a/b.txt")
    result = api.get(store, empty)
    assert result.meta["path"] == ""
    assert api.bytes(result) == DATA
    assert api.head(store, empty)["size"] == len(DATA)
    assert api.get_range(store, empty, start=5, end=9) == DATA[5:9]
    assert api.get_ranges(store, empty, starts=[0, 50_000], lengths=[3, 4]) == [
        DATA[:3],
        DATA[50_000:50_004],
    ]
    memory = bytearray(len(DATA))
    assert api.call("get_into", store, empty, memory) == len(DATA)
    assert api.call("exists", store, empty)
    with open_reader(api, store, empty, buffer_size=10_000) as file:
        assert (file.read(10), file.seek(-5, 2), file.read()) == (
            DATA[:10],
            len(DATA) - 5,
            DATA[-5:],
        )


def test_the_empty_path_of_what_is_not_there_is_not_found(api: Api, backend: Backend) -> None:
    store = of_object(backend, "a/missing")
    with pytest.raises(NotFoundError) as caught:
        api.get(store, "")
    assert caught.value.path in ("", None) or caught.value.path.endswith("a/missing")
    assert not api.call("exists", store, "")


def test_the_empty_path_is_neither_written_nor_deleted(api: Api, backend: Backend) -> None:
    """obstore takes it for the object that the URL names; a path that is empty by mistake, too."""
    store = of_object(backend, "a/b")
    for wrong in (
        lambda: api.put(store, "", DATA),
        lambda: api.delete(store, ""),
        lambda: api.copy(store, "", "c"),
        lambda: api.rename(store, "c", ""),
    ):
        with pytest.raises(InvalidPathError, match="an object has a name"):
            wrong()


def test_without_a_prefix_the_empty_path_names_nothing(api: Api) -> None:
    for store in (MemoryStore(), S3Store("bucket", skip_signature=True)):
        for wrong in (
            lambda store=store: api.get(store, ""),
            lambda store=store: api.put(store, "", b""),
            lambda store=store: api.delete(store, ["a", ""]),
        ):
            with pytest.raises(InvalidPathError, match="an object has a name"):
                wrong()


def test_a_prefix_may_follow_the_bucket(api: Api, backend: Backend) -> None:
    if not isinstance(backend.store, S3Store | AzureStore | GCSStore):
        not_applicable("buckets")
    arguments = backend.store.__getnewargs_ex__()[1]
    name = "container_name" if isinstance(backend.store, AzureStore) else "bucket"
    config = {**arguments["config"]}
    whole = f"{config.pop(name)}/{arguments['prefix']}/more/"
    store: Any = type(backend.store)(whole, **(arguments | {"config": config, "prefix": "p"}))
    api.put(store, "k", DATA)
    assert api.read(backend.store, "more/p/k") == DATA
    assert api.paths(store) == ["k"]
    assert store.prefix == f"{arguments['prefix']}/more/p"
    assert store.config[name] == backend.store.config[name]


@pytest.mark.parametrize(
    ("store", "name", "prefix"),
    [
        (S3Store("bkt/p/q"), "bkt", "p/q"),
        (S3Store("bkt/p", prefix="q/r"), "bkt", "p/q/r"),
        (S3Store("bkt/"), "bkt", None),
        (S3Store(config={"bucket": "bkt/p"}), "bkt", "p"),
        (S3Store(bucket="bkt", prefix="p"), "bkt", "p"),
        (GCSStore("bkt/p"), "bkt", "p"),
        (AzureStore("ccc/p", account_name="acc"), "ccc", "p"),
    ],
)
def test_what_follows_the_bucket_is_the_prefix(store: Any, name: str, prefix: str | None) -> None:
    key = "container_name" if isinstance(store, AzureStore) else "bucket"
    assert (store.config[key], store.prefix) == (name, prefix)


def test_a_bucket_of_the_environment_may_have_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BUCKET", "bkt/p")
    assert repr(S3Store(prefix="q")) == 'S3Store(bucket="bkt", prefix="p/q")'


@pytest.mark.parametrize("bucket", ["s3://b/p", "arn:aws:s3:r:1:accesspoint/n", "/b", "bkt/.."])
def test_what_is_no_bucket_with_a_prefix_is_refused(bucket: str) -> None:
    with pytest.raises((GenericError, InvalidPathError)):
        S3Store(bucket)


def test_the_version_of_the_crate_is_that_of_the_core() -> None:
    lock = tomllib.loads((ROOT / "core-wasm" / "Cargo.lock").read_text())
    crate = next(package for package in lock["package"] if package["name"] == "object_store")
    assert obs._object_store_version == crate["version"]
    assert obs._object_store_source == crate["source"]
    assert {"_object_store_version", "_object_store_source"} <= set(obs.__all__)


@pytest.mark.parametrize(
    "kind", [PlanetaryComputerCredentialProvider, PlanetaryComputerAsyncCredentialProvider]
)
def test_the_planetary_computers_place_is_in_the_configuration(kind: Any) -> None:
    url = "https://naipeuwest.blob.core.windows.net/naip/v002"
    place = {"account_name": "naipeuwest", "container_name": "naip"}
    store = AzureStore(credential_provider=kind(url))
    assert (store.config, store.prefix) == (place, "v002")
    assert store.__getnewargs_ex__()[1]["config"] == place
    other = AzureStore("ccc", credential_provider=kind(url), prefix="p")
    assert (other.config, other.prefix) == (place | {"container_name": "ccc"}, "p")
    with pytest.raises(ValueError, match="not both"):
        kind(url, container_name="naip")
    asset = {"href": "abfs://naip/v002", "xarray:storage_options": {"account_name": "naipeuwest"}}
    assert AzureStore(credential_provider=kind.from_asset(asset)).config == place


@pytest.mark.parametrize("url", ["", "/tmp", "folder", "./folder"])
def test_what_is_no_url_is_no_local_store(url: str) -> None:
    for make in (LocalStore.from_url, from_url):
        with pytest.raises(ValueError, match="relative URL without a base"):
            make(url)


def test_the_root_of_the_disk_has_two_urls() -> None:
    assert LocalStore.from_url("file://") == LocalStore.from_url("file:///") == LocalStore("/")


def test_the_empty_text_is_no_directory() -> None:
    with pytest.raises(NotFoundError, match="'' is no directory"):
        LocalStore("")


def test_signed_urls_name_the_object_of_the_store() -> None:
    store = S3Store("b", prefix="a/k", access_key_id="x", secret_access_key="y", region="r")
    url = obs.sign(store, "GET", "", timedelta(hours=1))
    assert url.startswith("https://s3.r.amazonaws.com/b/a/k?")
