"""Credentials and who provides them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypedDict
from urllib.parse import quote

__all__ = [
    "AzureAccessKey",
    "AzureBearerToken",
    "AzureCredential",
    "AzureCredentialProvider",
    "AzureSASToken",
    "GCSCredential",
    "GCSCredentialProvider",
    "S3Credential",
    "S3CredentialProvider",
]

DEFAULT_REFRESH_THRESHOLD = timedelta(minutes=5)
"""How long before its expiry a credential is asked for again."""


class _S3Credential(TypedDict):
    access_key_id: str
    secret_access_key: str
    expires_at: datetime | None


class S3Credential(_S3Credential, total=False):
    """A credential for S3.

    `access_key_id`, `secret_access_key`, `expires_at` (aware, or None for never) and, for
    temporary ones, `token`.
    """

    token: str | None


S3CredentialProvider: TypeAlias = Callable[[], S3Credential | Awaitable[S3Credential]]
"""A function that returns a credential, or an awaitable of one for the asynchronous methods.

It may have the attributes `config` (configuration that belongs to the credential, such as the
region) and `refresh_threshold` (a timedelta). It is called again before the credential expires.
"""


def s3_answer(given: Any, threshold: timedelta) -> tuple[str, int, str]:
    """A provider's answer as the border takes it: JSON, milliseconds until the next ask, no error.

    Raises:
        TypeError: it is no dict, or a value has the wrong type.
        ValueError: a key is missing, or `expires_at` has no time zone.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"it returned {type(given).__name__}, not a dict")
    values: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType] - checked below
    missing = [k for k in ("access_key_id", "secret_access_key", "expires_at") if k not in values]
    if missing:
        raise ValueError(f"its answer has no {', '.join(missing)}")
    border = {
        name: _text(values[name], name)
        for name in ("access_key_id", "secret_access_key", "token")
        if values.get(name) is not None
    }
    return json.dumps(border), _lifetime(values["expires_at"], threshold), ""


class GCSCredential(TypedDict):
    """A credential for Google Cloud Storage."""

    token: str
    """An OAuth 2 access token."""
    expires_at: datetime | None
    """When it ends (aware), or None for never."""


GCSCredentialProvider: TypeAlias = Callable[[], GCSCredential | Awaitable[GCSCredential]]
"""A function that returns a credential, or an awaitable of one for the asynchronous methods.

It may have the attribute `refresh_threshold` (a timedelta). It is called again before the
credential expires.
"""


def gcs_answer(given: Any, threshold: timedelta) -> tuple[str, int, str]:
    """A provider's answer as the border takes it; errors as `s3_answer`."""
    if not isinstance(given, Mapping):
        raise TypeError(f"it returned {type(given).__name__}, not a dict")
    values: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType] - checked below
    missing = [name for name in ("token", "expires_at") if name not in values]
    if missing:
        raise ValueError(f"its answer has no {', '.join(missing)}")
    border = {"token": _text(values["token"], "token")}
    return json.dumps(border), _lifetime(values["expires_at"], threshold), ""


class AzureAccessKey(TypedDict):
    """The access key of a storage account."""

    access_key: str
    """In base64, as the portal shows it."""
    expires_at: datetime | None
    """When it ends (aware), or None for never."""


class AzureSASToken(TypedDict):
    """A shared access signature."""

    sas_token: str | list[tuple[str, str]]
    """Percent-encoded, as the portal shows it; or its names and values, not encoded."""
    expires_at: datetime | None
    """When it ends (aware), or None for never."""


class AzureBearerToken(TypedDict):
    """A token of Entra ID for `https://storage.azure.com`."""

    token: str
    """The token, without `Bearer` in front."""
    expires_at: datetime | None
    """When it ends (aware), or None for never."""


AzureCredential: TypeAlias = AzureAccessKey | AzureSASToken | AzureBearerToken
"""A credential for Azure Blob Storage."""

AzureCredentialProvider: TypeAlias = Callable[[], AzureCredential | Awaitable[AzureCredential]]
"""A function that returns a credential, or an awaitable of one for the asynchronous methods.

It may have the attributes `config` (configuration that belongs to the credential, such as
`account_name`), `prefix` (used where the store is given none) and `refresh_threshold` (a
timedelta). It is called again before the credential expires.
"""


def azure_answer(given: Any, threshold: timedelta) -> tuple[str, int, str]:
    """A provider's answer as the border takes it; errors as `s3_answer`."""
    if not isinstance(given, Mapping):
        raise TypeError(f"it returned {type(given).__name__}, not a dict")
    values: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType] - checked below
    kinds = [k for k in ("access_key", "sas_token", "token") if values.get(k) is not None]
    if len(kinds) != 1:
        raise ValueError("its answer must have one of access_key, sas_token and token")
    if "expires_at" not in values:
        raise ValueError("its answer has no expires_at")
    kind, value = kinds[0], values[kinds[0]]
    if kind == "sas_token" and not isinstance(value, str):
        value = _sas_text(value)
    border = {kind: _text(value, kind)}
    return json.dumps(border), _lifetime(values["expires_at"], threshold), ""


def _sas_text(pairs: Any) -> str:
    """A SAS token's names and values as one text; the brain decodes it once, as a whole."""
    try:
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    except (TypeError, ValueError):
        raise TypeError("sas_token must be a str or a list of pairs of str") from None


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def _lifetime(expires_at: Any, threshold: timedelta) -> int:
    """Milliseconds until the credential must be asked for again; 0 for never."""
    if expires_at is None:
        return 0
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise ValueError("expires_at must be an aware datetime, or None for never")
    left = expires_at - threshold - datetime.now(UTC)
    # At least 100 ms, so that a credential that is nearly over is not fetched for each request.
    return max(left // timedelta(milliseconds=1), 100)
