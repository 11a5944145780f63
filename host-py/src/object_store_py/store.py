"""The stores, and the types of their configuration.

The remote stores are imported when they are asked for first, which keeps the package quick to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ._urls import from_url
from .config import AzureConfig, BackoffConfig, ClientConfig, GCSConfig, RetryConfig, S3Config
from .credentials import (
    AzureAccessKey,
    AzureBearerToken,
    AzureCredential,
    AzureCredentialProvider,
    AzureSASToken,
    GCSCredential,
    GCSCredentialProvider,
    S3Credential,
    S3CredentialProvider,
)
from .stores.base import ObjectStoreMethods
from .stores.local import LocalStore
from .stores.memory import MemoryStore

if TYPE_CHECKING:
    from .stores.azure import AzureStore
    from .stores.gcs import GCSStore
    from .stores.http import HTTPStore
    from .stores.s3 import S3Store

    SignCapableStore: TypeAlias = S3Store | AzureStore | GCSStore
    """The stores whose servers check signatures: what `sign` takes."""
    ObjectStore: TypeAlias = S3Store | AzureStore | GCSStore | HTTPStore | LocalStore | MemoryStore
    """Any of the stores."""

__all__ = [
    "AzureAccessKey",
    "AzureBearerToken",
    "AzureConfig",
    "AzureCredential",
    "AzureCredentialProvider",
    "AzureSASToken",
    "AzureStore",
    "BackoffConfig",
    "ClientConfig",
    "GCSConfig",
    "GCSCredential",
    "GCSCredentialProvider",
    "GCSStore",
    "HTTPStore",
    "LocalStore",
    "MemoryStore",
    "ObjectStore",
    "ObjectStoreMethods",
    "RetryConfig",
    "S3Config",
    "S3Credential",
    "S3CredentialProvider",
    "S3Store",
    "SignCapableStore",
    "from_url",
]

_REMOTE = {"AzureStore": "azure", "GCSStore": "gcs", "HTTPStore": "http", "S3Store": "s3"}


def __getattr__(name: str) -> Any:
    """Import a remote store when it is asked for."""
    value: Any
    if name in _REMOTE:
        value = getattr(import_module(f".stores.{_REMOTE[name]}", __package__), name)
    elif name == "SignCapableStore":
        value = __getattr__("S3Store") | __getattr__("AzureStore") | __getattr__("GCSStore")
    elif name == "ObjectStore":
        value = LocalStore | MemoryStore
        for remote in _REMOTE:
            value |= __getattr__(remote)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
