"""Filesystems over each server, each with a fresh place to write to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from object_store_py.fsspec import FsspecStore
from tests.backends.azurite import Azurite
from tests.backends.gcs import GcsEmulator
from tests.backends.minio import Minio
from tests.harness.servers import Servers

PROTOCOLS = {
    "memory": "memory",
    "file": "local",
    "s3": "minio",
    "abfs": "azurite",
    "gs": "gcs",
}
"""The protocols, and the backends that they are of."""


@dataclass(frozen=True)
class Filesystem:
    """A filesystem, and an empty directory in it."""

    protocol: str
    fs: Any
    path: str
    options: dict[str, Any]


def open_filesystem(protocol: str, servers: Servers, directory: Path) -> Filesystem:
    """A filesystem on the server that belongs to a protocol."""
    if protocol == "file":
        return Filesystem(protocol, FsspecStore("file"), str(directory), {})
    folder = f"test-{secrets.token_hex(4)}"
    if protocol == "memory":
        return Filesystem(protocol, FsspecStore("memory"), f"/{folder}", {})
    bucket, options = _place(protocol, servers)
    return Filesystem(protocol, FsspecStore(protocol, **options), f"{bucket}/{folder}", options)


def _place(protocol: str, servers: Servers) -> tuple[str, dict[str, Any]]:
    if protocol == "s3":
        minio: Minio = servers.get("minio", Minio)
        return minio.create_bucket(), minio.store_options()
    if protocol == "abfs":
        azurite: Azurite = servers.get("azurite", Azurite)
        return azurite.create_container(), azurite.store_options()
    gcs: GcsEmulator = servers.get("gcs", GcsEmulator)
    return gcs.create_bucket(), gcs.store_options()


@pytest.fixture(scope="session", params=PROTOCOLS)
def shared(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Filesystem:
    """A filesystem of each protocol, for the whole session."""
    return open_filesystem(request.param, servers, tmp_path_factory.mktemp("fsspec"))


@pytest.fixture
def place(shared: Filesystem) -> Filesystem:
    """A filesystem of each protocol, and an empty directory for this test."""
    path = f"{shared.path}/{secrets.token_hex(4)}"
    shared.fs.makedirs(path, exist_ok=True)
    return Filesystem(shared.protocol, shared.fs, path, shared.options)


@pytest.fixture(scope="session")
def on_minio(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Filesystem:
    """The filesystem on MinIO, for what is the same on all of them."""
    return open_filesystem("s3", servers, tmp_path_factory.mktemp("unused"))
