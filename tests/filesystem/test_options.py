"""Storage options, protocols and URLs: what is understood, what is refused, in which words."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.core import url_to_fs
from fsspec.registry import _registry

from object_store_py.exceptions import BaseError, UnknownConfigurationKeyError
from object_store_py.fsspec import SUPPORTED_PROTOCOLS, FsspecStore, register
from tests.backends.azurite import Azurite
from tests.backends.gcs import GcsEmulator
from tests.backends.minio import Minio
from tests.filesystem.conftest import Filesystem
from tests.harness.servers import Servers


@pytest.fixture
def registered() -> Iterator[None]:
    """All protocols registered, for this test only."""
    before = dict(_registry)
    register()
    yield
    _registry.clear()
    _registry.update(before)


def config_of(fs: Any, bucket: str = "bucket") -> dict[str, str]:
    """The configuration that the store of a bucket gets."""
    store = fs._objects.locate(f"{bucket}/key")[0]
    found: dict[str, str] = store.config
    return found


@pytest.mark.parametrize(
    "protocol, given, expected",
    [
        ("s3", {"key": "k", "secret": "s", "token": "t"},
         {"access_key_id": "k", "secret_access_key": "s", "session_token": "t"}),
        ("s3", {"anon": True}, {"skip_signature": "true"}),
        ("s3", {"client_kwargs": {"region_name": "eu-west-1", "aws_access_key_id": "k"}},
         {"region": "eu-west-1", "access_key_id": "k"}),
        ("s3", {"AWS_REGION": "eu-west-1"}, {"region": "eu-west-1"}),
        ("gs", {"token": "anon", "project": "p"}, {"skip_signature": "true"}),
        ("az", {"account_name": "acc", "anon": True},
         {"account_name": "acc", "skip_signature": "true"}),
        ("abfs", {"connection_string": "AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.x"},
         {"account_name": "acc", "account_key": "a2V5", "endpoint": "https://acc.blob.core.x"}),
    ],
)  # fmt: skip
def test_the_words_of_s3fs_gcsfs_and_adlfs(
    protocol: str, given: dict[str, Any], expected: dict[str, str]
) -> None:
    config = config_of(FsspecStore(protocol, **given))
    assert config.items() >= expected.items()


@pytest.mark.parametrize(
    "protocol, given, words",
    [
        ("s3", {"secrret": "x"}, "'secrret' is no configuration key; did you mean 'secret'"),
        ("s3", {"client_kwargs": {"reg1on_name": "x"}}, "'reg1on_name' is no configuration key"),
        ("gs", {"tokn": "anon"}, "did you mean 'token'"),
        ("az", {"acount_name": "x"}, "did you mean 'account_name'"),
        ("file", {"region": "x"}, "'region' is no configuration key"),
        ("https", {"client_option": {}}, "did you mean 'client_options'"),
    ],
)
def test_an_unknown_option_names_the_nearest(
    protocol: str, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnknownConfigurationKeyError, match=words):
        FsspecStore(protocol, **given)


def test_options_that_cannot_be_used_are_refused_without_showing_secrets() -> None:
    refused: list[tuple[str, dict[str, Any]]] = [
        ("gs", {"token": "ya29.secret"}),
        ("az", {"credential": "secret"}),
        ("az", {"connection_string": "AccountKey=secret"}),
    ]
    for protocol, given in refused:
        with pytest.raises(ValueError) as caught:
            FsspecStore(protocol, **given)
        assert "secret" not in str(caught.value)


def test_usual_options_reach_real_servers(servers: Servers, tmp_path: Path) -> None:
    minio: Minio = servers.get("minio", Minio)
    azurite: Azurite = servers.get("azurite", Azurite)
    gcs: GcsEmulator = servers.get("gcs", GcsEmulator)
    account, key = azurite.store_options()["account_name"], azurite.store_options()["account_key"]
    keyfile = tmp_path / "key.json"
    keyfile.write_text(gcs.service_account_key())
    s3 = FsspecStore(
        "s3",
        key=minio.access_key_id,
        secret=minio.secret_access_key,
        client_kwargs={"endpoint_url": minio.endpoint, "region_name": "us-east-1"},
    )
    text = f"AccountName={account};AccountKey={key};BlobEndpoint={azurite.endpoint};"
    places = [
        (s3, minio.create_bucket()),
        (FsspecStore("abfs", connection_string=text), azurite.create_container()),
        (FsspecStore("gs", token=json.loads(keyfile.read_text()), endpoint_url=gcs.endpoint),
         gcs.create_bucket()),
        (FsspecStore("gcs", token=str(keyfile), endpoint_url=gcs.endpoint), gcs.create_bucket()),
    ]  # fmt: skip
    for fs, bucket in places:
        fs.pipe_file(f"{bucket}/key", b"there")
        assert fs.ls(bucket) == [f"{bucket}/key"]


@pytest.mark.parametrize("protocol", sorted(SUPPORTED_PROTOCOLS))
def test_every_protocol_can_be_made(protocol: str) -> None:
    azure = protocol in ("az", "abfs", "abfss", "adl", "azure")
    options: dict[str, Any] = {"account_name": "acc"} if azure else {}
    fs = FsspecStore(protocol, **options)
    assert fs.protocol == protocol
    name = fs._strip_protocol(f"{protocol}:///bucket/key".replace("///", "//"))
    assert fs.unstrip_protocol(name).startswith(f"{protocol}://")
    assert fs._objects.locate(name)[1].endswith("key")


def test_a_path_of_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="has the protocol 'gs'"):
        FsspecStore("s3").cat_file("gs://bucket/key")
    with pytest.raises(ValueError, match="is no protocol of FsspecStore"):
        FsspecStore("ftp")
    with pytest.raises(ValueError, match="needs a protocol"):
        FsspecStore()
    with pytest.raises(ValueError, match="is no protocol of FsspecStore"):
        register("ftp")
    with pytest.raises(BaseError, match="names no bucket"):
        FsspecStore("s3").ls("")


@pytest.mark.usefixtures("registered")
def test_the_account_of_an_azure_url() -> None:
    fs, path = url_to_fs("abfss://box@acc.dfs.core.windows.net/a/b", account_key="a2V5")
    assert (type(fs).__name__, path) == ("FsspecStore_abfss", "box/a/b")
    assert config_of(fs, "box")["account_name"] == "acc"
    with pytest.raises(ValueError, match="is of the account 'other'"):
        fs.info("abfss://box@other.dfs.core.windows.net/a")


@pytest.mark.usefixtures("registered")
def test_register_leaves_files_and_memory_to_fsspec() -> None:
    assert isinstance(fsspec.filesystem("s3"), FsspecStore)
    assert isinstance(fsspec.filesystem("gcs"), FsspecStore)
    assert not isinstance(fsspec.filesystem("file"), FsspecStore)
    assert fsspec.filesystem("s3", key="a") is fsspec.filesystem("s3", key="a")
    assert fsspec.filesystem("s3", key="a") is not fsspec.filesystem("s3", key="b")


def test_importing_registers_nothing() -> None:
    code = "import object_store_py.fsspec, fsspec; print(sorted(fsspec.registry))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "s3" not in done.stdout


def test_a_pickle_is_read_where_nothing_is_registered(on_minio: Filesystem) -> None:
    register("s3")
    fs: Any = fsspec.filesystem("s3", **on_minio.options)
    _registry.pop("s3")
    fs.pipe_file(f"{on_minio.path}/pickled", b"across")
    code = "import pickle, sys; fs, path = pickle.load(sys.stdin.buffer); print(fs.cat_file(path))"
    given = pickle.dumps((fs, f"{on_minio.path}/pickled"))
    done = subprocess.run(
        [sys.executable, "-c", code], input=given, capture_output=True, check=True
    )
    assert done.stdout == b"b'across'\n"
    again = FsspecStore.from_json(fs.to_json())
    assert again.cat_file(f"{on_minio.path}/pickled") == b"across"
