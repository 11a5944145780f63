"""Fixtures: certificates, and stores that try once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from object_store_py.store import HTTPStore

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def once() -> Iterator[Callable[..., Any]]:
    """Makes a store of a URL and client options, which allows http and tries each request once."""

    def make(url: str, **options: Any) -> Any:
        given = {"allow_http": True} | options
        return HTTPStore(url, client_options=given, retry_config={"max_retries": 0})

    yield make


def pem(ca: trustme.CA) -> bytes:
    """The certificate of an authority."""
    return ca.cert_pem.bytes()
