"""Credentials of boto3 and botocore sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..credentials import S3Credential

__all__ = ["Boto3CredentialProvider"]


class Boto3CredentialProvider:
    """Asks a session for its credentials, again whenever they are about to expire.

    Args:
        session: a `boto3.Session` or `botocore.session.Session`; a new one of boto3 if None.
        ttl: how long credentials without an expiry are kept before the session is asked again.

    Raises:
        ValueError: the session has no credentials.
    """

    def __init__(self, session: Any = None, *, ttl: timedelta = timedelta(minutes=30)) -> None:
        if session is None:
            import boto3

            session = boto3.Session()
        self._session = session
        self._ttl = ttl
        region = getattr(session, "region_name", None)
        if region is None and hasattr(session, "get_config_variable"):
            region = session.get_config_variable("region")
        self.config: dict[str, str] = {} if region is None else {"region": region}
        """The session's region, where it has one."""
        self._credentials()

    def _credentials(self) -> Any:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise ValueError("Received None from session.get_credentials: it has no credentials")
        return credentials

    def __call__(self) -> S3Credential:
        """Return the session's credentials of this moment."""
        credentials = self._credentials()
        frozen = credentials.get_frozen_credentials()
        expiry = getattr(credentials, "_expiry_time", None)
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": expiry or datetime.now(UTC) + self._ttl,
        }
