"""Credentials of azure-identity: whatever it finds, or any object with a `get_token`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..credentials import AzureBearerToken

__all__ = ["DEFAULT_SCOPES", "AzureAsyncCredentialProvider", "AzureCredentialProvider"]

DEFAULT_SCOPES = ("https://storage.azure.com/.default",)
"""What tokens are asked for: access to storage."""


class _Provider:
    """What the two providers share: the credential, and how to ask it."""

    def __init__(self, credential: Any, scopes: Sequence[str], tenant_id: str | None) -> None:
        self.credential: Any = credential
        self.scopes = tuple(scopes)
        self.tenant_id = tenant_id

    def _ask(self) -> Any:
        more = {} if self.tenant_id is None else {"tenant_id": self.tenant_id}
        return self.credential.get_token(*self.scopes, **more)

    def _answer(self, token: Any) -> AzureBearerToken:
        expires_at = datetime.fromtimestamp(token.expires_on, UTC)
        return {"token": token.token, "expires_at": expires_at}


class AzureCredentialProvider(_Provider):
    """Asks a credential of azure-identity for tokens; for all methods.

    Args:
        credential: an `azure.core.credentials.TokenCredential`; a new
            `azure.identity.DefaultAzureCredential` if None, which needs the package
            `azure-identity`.
        scopes: what the tokens are for.
        tenant_id: the tenant to ask, if not the credential's own.
    """

    def __init__(
        self,
        credential: Any = None,
        *,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        tenant_id: str | None = None,
    ) -> None:
        found = _default("azure.identity") if credential is None else credential
        super().__init__(found, scopes, tenant_id)

    def __call__(self) -> AzureBearerToken:
        """Return a token; azure-identity keeps it until it is about to expire."""
        return self._answer(self._ask())


class AzureAsyncCredentialProvider(_Provider):
    """Asks an asynchronous credential of azure-identity for tokens; for the `_async` methods.

    Args:
        credential: an `azure.core.credentials_async.AsyncTokenCredential`; a new
            `azure.identity.aio.DefaultAzureCredential` if None, which needs the packages
            `azure-identity` and `aiohttp`.
        scopes: what the tokens are for.
        tenant_id: the tenant to ask, if not the credential's own.
    """

    def __init__(
        self,
        credential: Any = None,
        *,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        tenant_id: str | None = None,
    ) -> None:
        found = _default("azure.identity.aio") if credential is None else credential
        super().__init__(found, scopes, tenant_id)

    async def __call__(self) -> AzureBearerToken:
        """Return a token; azure-identity keeps it until it is about to expire."""
        return self._answer(await self._ask())


def _default(module: str) -> Any:
    from importlib import import_module

    try:
        identity: Any = import_module(module)  # an optional package, which may not be there
    except ImportError as error:
        raise ImportError(
            "azure-identity is not installed: pip install azure-identity, or give a credential"
        ) from error
    return identity.DefaultAzureCredential()
