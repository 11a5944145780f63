"""The stores under test: how each is made fresh, and what each can do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from object_store_py.store import AzureStore, GCSStore, HTTPStore, LocalStore, MemoryStore, S3Store
from tests.backends.azurite import Azurite
from tests.backends.gcs import GcsEmulator
from tests.backends.minio import Minio
from tests.backends.moddav import ModDav
from tests.harness.servers import Servers

NAMES = ("memory", "local", "minio", "azurite", "gcs", "moddav")


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
    racing_uploads: bool = True
    """Whether two uploads to one key do not see each other's parts."""
    multipart: bool = True
    put_e_tag: bool = True
    refuses_attributes: bool = True


CAPABILITIES = {
    "memory": Capabilities(),
    "local": Capabilities(update_by_e_tag=False, attributes=False, missing_delete_is_error=True),
    "minio": Capabilities(
        copy_if_not_exists=False, tags=True, signing=True, versioning=True, multipart_e_tags=True
    ),
    "azurite": Capabilities(
        tags=True,
        signing=True,
        suffix_ranges=False,
        missing_delete_is_error=True,
        racing_uploads=False,
    ),
    "gcs": Capabilities(signing=True, versioning=True, missing_delete_is_error=True),
    "moddav": Capabilities(
        conditional_put=False,
        update_by_e_tag=False,
        attributes=False,
        missing_delete_is_error=True,
        multipart=False,
        put_e_tag=False,
        refuses_attributes=False,
    ),
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
    tags: Callable[[str], dict[str, str]] | None = None
    another: Callable[..., Any] | None = None
    port: int = 0
    behind: Callable[[str], Any] | None = None
    put_headers: dict[str, str] = field(default_factory=dict[str, str])
    """What the server wants to see in a PUT of a plain HTTP client."""

    def versioned_store(self) -> Any:
        """Another store on the same server, in a new bucket that keeps all versions."""
        self.require("versioning")
        assert self.versioned is not None
        return self.versioned()

    def tags_of(self, path: str) -> dict[str, str]:
        """The tags of an object, as another client reads them."""
        assert self.tags is not None
        return self.tags(f"{self.prefix}/{path}")

    def another_store(self, **options: Any) -> Any:
        """Another store of the same objects, with more configuration."""
        assert self.another is not None
        return self.another(prefix=self.prefix, **options)

    def proxied_port(self) -> int:
        """The server's port, for a proxy before it; ends the test where none can stand there."""
        if self.behind is None:
            not_applicable("a proxy before the server")
        return self.port

    def store_behind(self, endpoint: str) -> Any:
        """Another store of the same objects, whose requests go to a proxy."""
        assert self.behind is not None
        return self.behind(endpoint)

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
    if name == "azurite":
        return _azurite(servers.get("azurite", Azurite))
    if name == "gcs":
        return _gcs(servers.get("gcs", GcsEmulator))
    if name == "moddav":
        dav: ModDav = servers.get("moddav", ModDav)
        store = HTTPStore(dav.create_folder(), **dav.store_options())
        return Backend(name, store, CAPABILITIES[name])
    server, bucket = minio()
    prefix = f"test-{secrets.token_hex(6)}"
    s3_store = S3Store(bucket, prefix=prefix, **server.store_options())
    found = Backend(name, s3_store, CAPABILITIES[name], server, bucket, prefix)
    found.tags = partial(server.tags, bucket)
    found.another = found.s3_store
    found.port = server.port
    found.behind = lambda endpoint: found.another_store(endpoint=endpoint)
    found.versioned = lambda: found.s3_store(server.create_bucket(versioned=True))
    return found


def _azurite(server: Azurite) -> Backend:
    container = server.create_container()
    another = partial(AzureStore, container, **server.store_options())
    return Backend(
        "azurite",
        another(prefix="test"),
        CAPABILITIES["azurite"],
        prefix="test",
        tags=partial(server.tags, container),
        another=another,
        put_headers={"x-ms-blob-type": "BlockBlob"},
        port=server.port,
        behind=lambda endpoint: another(prefix="test", endpoint=f"{endpoint}/{server.account}"),
    )


def _gcs(server: GcsEmulator) -> Backend:
    def make(bucket: str, **options: Any) -> GCSStore:
        return GCSStore(bucket, prefix="test", **(server.store_options() | options))

    bucket = server.create_bucket()
    return Backend(
        "gcs",
        make(bucket),
        CAPABILITIES["gcs"],
        prefix="test",
        versioned=lambda: make(server.create_bucket(versioned=True)),
        port=server.port,
        behind=lambda endpoint: make(bucket, base_url=endpoint),
    )
