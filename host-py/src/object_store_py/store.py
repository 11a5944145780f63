"""The stores, and the types of their configuration."""

from __future__ import annotations

from typing import TypeAlias

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
from .stores.azure import AzureStore
from .stores.base import ObjectStoreMethods
from .stores.gcs import GCSStore
from .stores.http import HTTPStore
from .stores.local import LocalStore
from .stores.memory import MemoryStore
from .stores.s3 import S3Store

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
    "from_url",
]

ObjectStore: TypeAlias = S3Store | AzureStore | GCSStore | HTTPStore | LocalStore | MemoryStore
"""Any of the stores."""
