"""Fixtures: nginx with an object, and certificates."""

from __future__ import annotations

from typing import Any

import pytest
import trustme

from object_store_py.store import HTTPStore
from tests.backends.nginx import Nginx
from tests.harness.servers import Servers

DATA = bytes(range(256)) * 1024


@pytest.fixture
def nginx(servers: Servers) -> Nginx:
    """The running nginx; it serves `folder/object` with DATA."""
    server: Nginx = servers.get("nginx", Nginx)
    folder = server.data / "folder"
    folder.mkdir(exist_ok=True)
    (folder / "object").write_bytes(DATA)
    return server


@pytest.fixture
def plain(nginx: Nginx) -> Any:
    return HTTPStore(f"{nginx.endpoint}/folder", **nginx.store_options())


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(ca: trustme.CA) -> dict[str, Any]:
    """Client options that trust the authority of these tests; http is allowed, too."""
    return {"root_certificate": ca.cert_pem.bytes(), "allow_http": True}
