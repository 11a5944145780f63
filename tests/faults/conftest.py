"""Fixtures of the fault tests: a store whose requests pass through a proxy in front of MinIO."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from object_store_py import _parsers
from object_store_py.store import S3Store
from tests.backends.faultproxy import FaultProxy, RecordedRequest
from tests.backends.minio import Minio


@pytest.fixture(params=["httptools", "plain"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our HTTP engines with the extra `fast`, and without."""
    assert _parsers.HAS_HTTPTOOLS, "pip install httptools"
    if request.param == "plain":
        monkeypatch.setattr(_parsers, "_httptools", None)


@pytest.fixture
def proxy(minio: Minio) -> Iterator[FaultProxy]:
    with FaultProxy(minio.port) as running:
        yield running


@pytest.fixture
def prefix() -> str:
    return f"faults-{secrets.token_hex(4)}"


@pytest.fixture
def direct(minio: Minio, shared_bucket: str, prefix: str) -> Any:
    """The same objects without a fault between."""
    return S3Store(shared_bucket, prefix=prefix, **minio.store_options())


@pytest.fixture
def store(minio: Minio, shared_bucket: str, prefix: str, proxy: FaultProxy) -> Any:
    """The store under test, behind the proxy."""
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    return S3Store(shared_bucket, prefix=prefix, **options)


@pytest.fixture
def uploads(minio: Minio, shared_bucket: str, prefix: str) -> Any:
    """Asks for uploads to the key `a` that were begun and not ended."""

    def ask() -> Any:
        found = minio.client.list_multipart_uploads(Bucket=shared_bucket, Prefix=f"{prefix}/a")
        return found.get("Uploads", [])

    return ask


def is_part(request: RecordedRequest) -> bool:
    """Whether a request writes a part."""
    return request.method == "PUT" and "partNumber" in request.query


def is_completion(request: RecordedRequest) -> bool:
    """Whether a request makes an object of its parts."""
    return request.method == "POST" and "uploadId" in request.query
