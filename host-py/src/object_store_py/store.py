"""The stores, and the types of their configuration."""

from __future__ import annotations

from typing import TypeAlias

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
    "LocalStore",
    "MemoryStore",
    "ObjectStore",
    "ObjectStoreMethods",
    "RetryConfig",
    "S3Config",
    "S3Credential",
    "S3CredentialProvider",
    "S3Store",
]

ObjectStore: TypeAlias = S3Store | AzureStore | GCSStore | LocalStore | MemoryStore
"""Any of the stores."""
