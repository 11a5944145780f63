"""AWS's shared configuration files (profiles, SSO, roles, processes), read through botocore."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import _aws_files
from .._aws_credentials import Fetch
from .._effects import Block, Plan
from .._tokens import NoCredential
from ..credentials import S3Credential

if TYPE_CHECKING:
    from .._http import HttpHost
    from .boto3 import Boto3CredentialProvider

INSTALL = "install botocore (pip install boto3) to use AWS profiles and SSO"


def has_files() -> bool:
    """Whether there are shared configuration files.

    They are `~/.aws/credentials` and `~/.aws/config`, or what `AWS_SHARED_CREDENTIALS_FILE` and
    `AWS_CONFIG_FILE` name.
    """
    return any(os.path.exists(path) for path in _aws_files.paths())


def fetch_of(profile: str | None, otherwise: Fetch | None) -> Fetch:
    """Credentials of a profile; those of `otherwise` where the files have none at all."""
    provider: Boto3CredentialProvider | None = None

    def answer() -> S3Credential | None:
        nonlocal provider
        if provider is None:
            provider = _provider(profile)
        return None if provider is None else _answer(provider, profile)

    def fetch(host: HttpHost) -> Plan[S3Credential]:
        try:
            given: S3Credential | None = yield Block(answer)
            why = "the shared AWS configuration has no credentials"
        except ImportError:
            given, why = None, INSTALL
        if given is not None:
            return given
        if profile is not None or otherwise is None:
            raise NoCredential(f"profile {profile or 'default'!r}: {why}")
        try:
            return (yield from otherwise(host))
        except NoCredential as error:
            raise NoCredential(f"{error} ({why})") from None

    return fetch


def _provider(profile: str | None) -> Boto3CredentialProvider | None:
    from botocore.exceptions import BotoCoreError

    from .boto3 import Boto3CredentialProvider, shared_session

    try:
        return Boto3CredentialProvider(shared_session(profile))
    except ValueError:
        return None
    except BotoCoreError as error:
        raise NoCredential(_sentence(profile, error)) from None


def _answer(provider: Boto3CredentialProvider, profile: str | None) -> S3Credential:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return provider()
    except (BotoCoreError, ClientError) as error:
        raise NoCredential(_sentence(profile, error)) from None


def _sentence(profile: str | None, error: Exception) -> str:
    login = "SSO" in type(error).__name__ or "SSO" in str(error)
    name = f" --profile {profile}" if profile else ""
    advice = f"; run `aws sso login{name}`" if login else ""
    return f"profile {profile or 'default'!r}: {error}{advice}"
