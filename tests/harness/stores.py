"""The stores under test: how each is made fresh, and what each can do."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from object_store_py.store import AzureStore, GCSStore, HTTPStore, LocalStore, MemoryStore, S3Store
from tests.backends.azurite import Azurite
from tests.backends.gcs import GcsEmulator
from tests.backends.http1 import SocketServer
from tests.backends.minio import Minio
from tests.backends.ministack import Ministack
from tests.backends.moddav import ModDav
from tests.backends.witness import S3Witness
from tests.harness.servers import Servers

EVERYWHERE = ("memory", "local", "minio", "azurite", "gcs", "moddav")
NAMES = (*EVERYWHERE, "local-paths", "minio-tls", "ministack")
"""The last three are for the conformance suite alone, to keep the others quick."""


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do; a check that needs what is False is listed as not applicable."""

    conditional_put: bool = True
    update_by_e_tag: bool = True
    copy_if_not_exists: bool = True
    attributes: bool = True
    tags: bool = False
    multipart_tags: bool = False
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
    markers: bool = True
    """Whether `run/` is a key of its own, beside `run`."""
    raw_keys: bool = True
    """Whether there are keys that no path can name, such as `a//b`."""


S3 = Capabilities(
    tags=True, multipart_tags=True, signing=True, versioning=True, multipart_e_tags=True
)
CAPABILITIES = {
    "memory": Capabilities(),
    "local": Capabilities(
        update_by_e_tag=False,
        attributes=False,
        missing_delete_is_error=True,
        markers=False,
        raw_keys=False,
    ),
    # Its files are opened by their whole paths, as on Windows.
    "local-paths": Capabilities(
        update_by_e_tag=False,
        attributes=False,
        missing_delete_is_error=True,
        markers=False,
        raw_keys=False,
    ),
    "minio": replace(S3, raw_keys=False),  # it refuses them, as it keeps objects as files
    "minio-tls": replace(S3, raw_keys=False),
    # It takes no notice of `x-amz-tagging` in CreateMultipartUpload. It checks the signatures of
    # signed URLs, but not those of headers: MinIO is the evidence for them.
    "ministack": replace(S3, multipart_tags=False),
    "azurite": Capabilities(
        tags=True,
        multipart_tags=True,
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
        markers=False,
        raw_keys=False,
    ),
}


@dataclass
class Backend:
    """A fresh, empty store of one backend, and what the check may expect of it."""

    name: str
    store: Any
    capabilities: Capabilities
    server: S3Witness | None = None
    bucket: str = ""
    prefix: str = ""
    versioned: Callable[[], Any] | None = None
    tags: Callable[[str], dict[str, str]] | None = None
    another: Callable[..., Any] | None = None
    port: int = 0
    behind: Callable[[str], Any] | None = None
    put_headers: dict[str, str] = field(default_factory=dict[str, str])
    """What the server wants to see in a PUT of a plain HTTP client."""
    trust: ssl.SSLContext | bool = True
    """The authority that a plain HTTP client must trust."""
    client_options: dict[str, Any] = field(default_factory=dict[str, Any])

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

    def careful_store(self) -> Any:
        """A store that can copy without overwriting; S3 needs the slower multipart way for it."""
        return self.another_store(copy_if_not_exists="multipart") if self.server else self.store

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

    def s3(self) -> S3Witness:
        """The S3 server behind this backend; ends the test when there is none."""
        if self.server is None:
            not_applicable("s3 server")
        return self.server

    def s3_store(self, bucket: str | None = None, **options: Any) -> S3Store:
        """Another S3Store on the same server."""
        given = self.s3().store_options()
        given["client_options"] = given["client_options"] | self.client_options
        return S3Store(bucket or self.bucket, **(given | options))


def not_applicable(capability: str) -> NoReturn:
    """Ends a check that does not apply; the table names the capability that is missing."""
    pytest.skip(f"n/a: {capability}")


def make_backend(name: str, directory: Path, servers: Servers) -> Backend:
    """A fresh backend; its server starts if it does not run yet."""
    return _MAKERS[name](directory, servers)


def _moddav(server: ModDav) -> Backend:
    store = HTTPStore(server.create_folder(), **server.store_options())
    return Backend("moddav", store, CAPABILITIES["moddav"])


def _s3(name: str, server: S3Witness, **options: Any) -> Backend:
    """A new prefix of the server's bucket; `options` of the client go to every store."""
    prefix = f"test-{secrets.token_hex(6)}"
    bucket = server.shared_bucket
    found = Backend(name, None, CAPABILITIES[name], server, bucket, prefix, client_options=options)
    found.store = found.s3_store(prefix=prefix)
    found.tags = partial(server.tags, bucket)
    found.another = found.s3_store
    found.port = server.port
    found.behind = lambda endpoint: found.another_store(endpoint=endpoint)
    found.versioned = lambda: found.s3_store(server.create_bucket(versioned=True))
    return found


def _minio_tls(server: Minio) -> Backend:
    found = _s3("minio-tls", server, http2_only=True)
    found.trust = ssl.create_default_context(cadata=server.ca_pem)
    found.behind = None  # the proxy speaks neither TLS nor HTTP/2
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


_MAKERS: dict[str, Callable[[Path, Servers], Backend]] = {
    "memory": lambda _, __: Backend("memory", MemoryStore(), CAPABILITIES["memory"]),
    "local": lambda place, _: Backend("local", LocalStore(place), CAPABILITIES["local"]),
    "local-paths": lambda place, _: Backend(
        "local-paths", LocalStore(place, follow_symlinks="anywhere"), CAPABILITIES["local"]
    ),
    "minio": lambda _, servers: _s3("minio", servers.get("minio", Minio)),
    "azurite": lambda _, servers: _azurite(servers.get("azurite", Azurite)),
    "gcs": lambda _, servers: _gcs(servers.get("gcs", GcsEmulator)),
    "moddav": lambda _, servers: _moddav(servers.get("moddav", ModDav)),
    "minio-tls": lambda _, servers: _minio_tls(
        servers.get("minio over TLS", partial(Minio, tls=True))
    ),
    "ministack": lambda _, servers: _s3("ministack", servers.get("ministack", Ministack)),
}


def open_scripted(server: SocketServer, **options: Any) -> S3Store:
    """A store whose server answers from a script; few and quick retries."""
    retry: Any = {"max_retries": 2, "backoff": {"init_backoff": timedelta(milliseconds=1)}}
    client = {"allow_http": True, **options.pop("client_options", {})}
    keys = {"access_key_id": "id", "secret_access_key": "secret", "region": "us-east-1"}
    given = {"retry_config": retry, **keys, **options}
    return S3Store("bucket", endpoint=server.endpoint, client_options=client, **given)


REMOTE: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "s3": (partial(S3Store, "bucket"), {"region": "us-east-1"}, "endpoint"),
    "azure": (partial(AzureStore, "bucket"), {"account_name": "account"}, "endpoint"),
    "gcs": (partial(GCSStore, "bucket"), {}, "base_url"),
    "http": (HTTPStore, {}, ""),
}
"""How each kind of remote store is made: by what, what it needs, what its server's address is."""


def open_scripted_as(kind: str, server: SocketServer, **options: Any) -> Any:
    """A store of one kind, unsigned, whose server answers from a script; few and quick retries."""
    make, given, place = REMOTE[kind]
    retry: Any = {"max_retries": 2, "backoff": {"init_backoff": timedelta(milliseconds=1)}}
    client = {"allow_http": True, **options.pop("client_options", {})}
    given = {"retry_config": retry, "client_options": client, **given, **options}
    if not place:
        given.pop("skip_signature", None)
        return make(server.endpoint, **given)
    return make(**{place: server.endpoint, "skip_signature": True, **given})
