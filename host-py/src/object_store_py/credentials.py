"""Credentials and who provides them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypedDict

__all__ = ["S3Credential", "S3CredentialProvider"]

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
    values: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType]
    missing = [k for k in ("access_key_id", "secret_access_key", "expires_at") if k not in values]
    if missing:
        raise ValueError(f"its answer has no {', '.join(missing)}")
    border = {
        name: _text(values[name], name)
        for name in ("access_key_id", "secret_access_key", "token")
        if values.get(name) is not None
    }
    return json.dumps(border), _lifetime(values["expires_at"], threshold), ""


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
