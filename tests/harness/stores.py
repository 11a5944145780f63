"""The stores under test: how each is made fresh, and what each can do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from object_store_py.store import GCSStore, LocalStore, MemoryStore, S3Store
from tests.backends.gcs import GcsEmulator
from tests.backends.minio import Minio
from tests.harness.servers import Servers

NAMES = ("memory", "local", "minio", "gcs")


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do; a check that needs what is False is listed as not applicable."""

    conditional_put: bool = True
    update_by_e_tag: bool = True
    copy_if_not_exists: bool = True
    attributes: bool = True
    tags: bool = False
    signing: bool = False
    versioning: bool = False
    suffix_ranges: bool = True
    multipart_e_tags: bool = False
    missing_delete_is_error: bool = False


CAPABILITIES = {
    "memory": Capabilities(),
    "local": Capabilities(update_by_e_tag=False, attributes=False, missing_delete_is_error=True),
    "minio": Capabilities(
        copy_if_not_exists=False, tags=True, signing=True, versioning=True, multipart_e_tags=True
    ),
    "gcs": Capabilities(signing=True, versioning=True, missing_delete_is_error=True),
}


@dataclass
class Backend:
    """A fresh, empty store of one backend, and what the check may expect of it."""

    name: str
    store: Any
    capabilities: Capabilities
    server: Minio | None = None
    bucket: str = ""
    prefix: str = ""
    versioned: Callable[[], Any] | None = None

    def versioned_store(self) -> Any:
        """Another store on the same server, in a new bucket that keeps all versions."""
        self.require("versioning")
        assert self.versioned is not None
        return self.versioned()

    def require(self, capability: str) -> None:
        """Ends the test as not applicable when the backend lacks the capability."""
        if not getattr(self.capabilities, capability):
            not_applicable(capability)

    def require_lack_of(self, capability: str) -> None:
        """Ends the test as not applicable when the backend has the capability."""
        if getattr(self.capabilities, capability):
            not_applicable(f"only without {capability}")

    def s3(self) -> Minio:
        """The S3 server behind this backend; ends the test when there is none."""
        if self.server is None:
            not_applicable("s3 server")
        return self.server

    def s3_store(self, bucket: str | None = None, **options: Any) -> S3Store:
        """Another S3Store on the same server."""
        return S3Store(bucket or self.bucket, **(self.s3().store_options() | options))


def not_applicable(capability: str) -> NoReturn:
    """Ends a check that does not apply; the table names the capability that is missing."""
    pytest.skip(f"n/a: {capability}")


def make_backend(
    name: str, directory: Path, servers: Servers, minio: Callable[[], tuple[Minio, str]]
) -> Backend:
    """A fresh backend; `minio` gives the running server and its bucket, and starts it if needed."""
    if name == "memory":
        return Backend(name, MemoryStore(), CAPABILITIES[name])
    if name == "local":
        return Backend(name, LocalStore(directory), CAPABILITIES[name])
    if name == "gcs":
        return _gcs(servers.get("gcs", GcsEmulator))
    server, bucket = minio()
    prefix = f"test-{secrets.token_hex(6)}"
    store = S3Store(bucket, prefix=prefix, **server.store_options())
    found = Backend(name, store, CAPABILITIES[name], server, bucket, prefix)
    found.versioned = lambda: found.s3_store(server.create_bucket(versioned=True))
    return found


def _gcs(server: GcsEmulator) -> Backend:
    def make(*, versioned: bool = False) -> GCSStore:
        bucket = server.create_bucket(versioned=versioned)
        return GCSStore(bucket, prefix="test", **server.store_options())

    versioned = partial(make, versioned=True)
    return Backend("gcs", make(), CAPABILITIES["gcs"], prefix="test", versioned=versioned)
