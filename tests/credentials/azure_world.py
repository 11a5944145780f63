"""The world of Azure's credential tests: Azurite over TLS, token services, and ways to tokens."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.exceptions import PermissionDeniedError, UnauthenticatedError
from object_store_py.store import AzureStore
from tests.backends.azure_tokens import (
    ASSERTION,
    CLIENT,
    IDENTITY_HEADER,
    SECRET,
    TENANT,
    AzureTokens,
)
from tests.backends.azurite import Azurite

EARLY = 300
"""Seconds before its expiry in which a token is asked for again."""
REFUSED = (UnauthenticatedError, PermissionDeniedError)
"""What a token that nobody issued comes to: Azure answers 401, Azurite 403."""
QUICK = {"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}}


@dataclass
class AzureWorld:
    """The servers, a directory, and how to make stores."""

    azurite: Azurite
    tokens: AzureTokens
    container: str
    directory: Path
    monkeypatch: pytest.MonkeyPatch

    def store(self, **more: Any) -> AzureStore:
        """A store without any credential of its own."""
        options = self.azurite.store_options()
        del options["account_key"]
        return AzureStore(self.container, **{**options, **more})

    @property
    def token_file(self) -> Path:
        return self.directory / "token"

    def write_az(self, body: str) -> None:
        """Puts a program named az on PATH that notes each call."""
        place = self.directory / "bin"
        place.mkdir(exist_ok=True)
        program = place / "az"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.directory}/calls\n{body}\n')
        program.chmod(0o755)
        self.monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")

    def az_calls(self) -> list[str]:
        calls = self.directory / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


def client_secret(world: AzureWorld) -> dict[str, Any]:
    app = {"client_id": CLIENT, "client_secret": SECRET, "tenant_id": TENANT}
    return {**app, "authority_host": world.tokens.address}


def workload_identity(world: AzureWorld) -> dict[str, Any]:
    world.token_file.write_text(f"{ASSERTION}\n")
    app = {"client_id": CLIENT, "tenant_id": TENANT, "authority_host": f"{world.tokens.address}/"}
    return {**app, "federated_token_file": str(world.token_file)}


def app_service(world: AzureWorld) -> dict[str, Any]:
    world.monkeypatch.setenv("IDENTITY_ENDPOINT", f"{world.tokens.address}/msi/token")
    world.monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
    return {}


WAYS: dict[str, Callable[[AzureWorld], dict[str, Any]]] = {
    way.__name__: way for way in (client_secret, workload_identity, app_service)
}


class Reroute(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers for the instance's own address; passes everything else on.

    The storage refuses the tokens for which `revoked` is true.
    """

    def __init__(
        self, world: AzureWorld, revoked: Callable[[str], bool] = lambda token: False
    ) -> None:
        self._tokens = world.tokens
        self._revoked = revoked
        self._options: dict[str, Any] = {"verify": world.azurite.trust()}

    def _own(self, request: httpx.Request) -> httpx.Response | None:
        if self._revoked(request.headers.get("authorization", "").removeprefix("Bearer ")):
            return httpx.Response(401, headers={"x-ms-error-code": "InvalidAuthenticationInfo"})
        if request.url.host != "169.254.169.254":
            return None
        target = request.url.raw_path.decode()
        headers = dict(request.headers)
        status, body = self._tokens.answer(request.method, target, headers, b"")
        return httpx.Response(status, json=body)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if (own := self._own(request)) is not None:
            return own
        with httpx.HTTPTransport(**self._options) as transport:
            answer = transport.handle_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (own := self._own(request)) is not None:
            return own
        async with httpx.AsyncHTTPTransport(**self._options) as transport:
            answer = await transport.handle_async_request(request)
            body = await answer.aread()
            return httpx.Response(answer.status_code, headers=answer.headers, content=body)
