"""The stores, and the types of their configuration."""

from __future__ import annotations

from typing import TypeAlias

from .config import BackoffConfig, ClientConfig, RetryConfig, S3Config
from .credentials import S3Credential, S3CredentialProvider
from .stores.base import ObjectStoreMethods
from .stores.local import LocalStore
from .stores.memory import MemoryStore
from .stores.s3 import S3Store

__all__ = [
    "BackoffConfig",
    "ClientConfig",
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

ObjectStore: TypeAlias = S3Store | LocalStore | MemoryStore
"""Any of the stores."""
