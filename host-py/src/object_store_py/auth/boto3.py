"""Credentials of boto3 and botocore sessions, of roles assumed with them, and of profiles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import _aws_files
from .._environment import variable
from ..credentials import S3Credential

__all__ = ["Boto3CredentialProvider", "StsCredentialProvider"]

_NOT_FROM_FILES = ("env", "container-role", "iam-role", "ec2-credentials-file", "boto-config")
"""Sources of botocore that are no shared configuration: the store asks those itself."""


def _region(session: Any) -> str | None:
    region = getattr(session, "region_name", None)
    if region is None and hasattr(session, "get_config_variable"):
        region = session.get_config_variable("region")
    return region if isinstance(region, str) and region else None


def _config(session: Any) -> dict[str, str]:
    profile = getattr(getattr(session, "_session", session), "profile", None)
    found = {"region": _region(session), "profile": profile}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _session(session: Any) -> Any:
    if session is not None:
        if not hasattr(session, "get_credentials"):
            raise TypeError(f"session must be boto3's or botocore's, not {type(session).__name__}")
        return session
    import boto3

    return boto3.Session()


class Boto3CredentialProvider:
    """Asks a session for its credentials, again whenever they are about to expire.

    Args:
        session: a `boto3.Session` or `botocore.session.Session`; a new one of boto3 if None.
        ttl: how long credentials without an expiry are kept before the session is asked again.

    Raises:
        ValueError: the session has no credentials.
    """

    def __init__(self, session: Any = None, *, ttl: timedelta = timedelta(minutes=30)) -> None:
        self._session = _session(session)
        self._ttl = ttl
        self.config: dict[str, str] = _config(self._session)
        """The session's region and its profile, where it has them."""
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


class StsCredentialProvider:
    """Assumes a role with a session's credentials, again whenever the role's are about to expire.

    Args:
        session: a `boto3.Session` or `botocore.session.Session`; a new one of boto3 if None.
        **assume_role: what STS's AssumeRole takes: `RoleArn`, `RoleSessionName` (by default
            "object_store_py"), `DurationSeconds`, `ExternalId`, `Policy`, `PolicyArns`, `Tags`,
            `TransitiveTagKeys`, `SerialNumber`, `TokenCode`, `SourceIdentity`,
            `ProvidedContexts`.
    """

    def __init__(self, session: Any = None, **assume_role: Any) -> None:
        self._session = _session(session)
        self._arguments = {"RoleSessionName": "object_store_py", **assume_role}
        self.config: dict[str, str] = _config(self._session)
        """The session's region and its profile, where it has them."""

    def __call__(self) -> S3Credential:
        """Assume the role and return its credentials; boto3's exceptions where that fails."""
        make: Callable[[str], Any] | None = getattr(self._session, "client", None)
        client = (make or self._session.create_client)("sts")
        try:
            given = client.assume_role(**self._arguments)["Credentials"]
        finally:
            client.close()
        return {
            "access_key_id": given["AccessKeyId"],
            "secret_access_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expires_at": given["Expiration"],
        }


def shared_session(profile: str | None) -> Any:
    """A botocore session that knows the shared configuration files alone.

    Raises:
        ImportError: botocore is not installed.
    """
    import botocore.session

    # botocore takes variables without a value for names: of no file, of no profile.
    named = profile or variable("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
    session: Any = botocore.session.Session({"profile": (None, [], None, None)}, profile=named)
    for name, path in zip(("config_file", "credentials_file"), _aws_files.paths(), strict=True):
        session.set_config_variable(name, path)
    resolver = session.get_component("credential_provider")
    for name in _NOT_FROM_FILES:
        resolver.remove(name)
    return session
