"""Credentials of google-auth: whatever it finds, federated and impersonated ones included."""

from __future__ import annotations

import inspect
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import _files
from ..credentials import GCSCredential

__all__ = ["GoogleAsyncCredentialProvider", "GoogleCredentialProvider"]

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
REFRESH_THRESHOLD = timedelta(minutes=3, seconds=45)
"""google-auth's own: before, it does not take a token for expired."""


def _default() -> Any:
    from importlib import import_module

    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named and os.path.exists(named):
        _files.check(named)  # google-auth would wait for a pipe
    auth: Any = import_module("google.auth")  # which is typed only in part
    return auth.default(scopes=SCOPES)[0]


class _Provider:
    """What the two providers share: the credentials, the request, and when to refresh."""

    def __init__(
        self,
        credentials: Any = None,
        *,
        request: Any = None,
        refresh_threshold: timedelta = REFRESH_THRESHOLD,
    ) -> None:
        found: Any = _default() if credentials is None else credentials
        if getattr(found, "requires_scopes", False):
            found = found.with_scopes(SCOPES)
        self.credentials: Any = found
        self.request = request
        self.refresh_threshold = refresh_threshold

    def _request(self) -> Any:
        if self.request is None:
            from google.auth.transport.requests import Request

            self.request = Request()
        return self.request

    def _expiry(self) -> datetime | None:
        # google-auth's times are UTC without saying so
        expiry: datetime | None = self.credentials.expiry
        return expiry.replace(tzinfo=UTC) if expiry is not None and not expiry.tzinfo else expiry

    def _is_fresh(self) -> bool:
        expiry = self._expiry()
        if not self.credentials.token:
            return False
        return expiry is None or expiry - datetime.now(UTC) > self.refresh_threshold

    def _answer(self) -> GCSCredential:
        return {"token": self.credentials.token, "expires_at": self._expiry()}


class GoogleCredentialProvider(_Provider):
    """Asks google-auth's credentials for tokens; for all methods.

    Args:
        credentials: `google.auth.credentials.Credentials`; those of `google.auth.default()` if
            None. They get the scope `cloud-platform` if they need one and have none.
        request: what google-auth sends its requests with (a `google.auth.transport.Request`); one
            of the package `requests` if None.
        refresh_threshold: how long before its expiry a token is refreshed.
    """

    def __init__(
        self,
        credentials: Any = None,
        *,
        request: Any = None,
        refresh_threshold: timedelta = REFRESH_THRESHOLD,
    ) -> None:
        super().__init__(credentials, request=request, refresh_threshold=refresh_threshold)
        self._lock = threading.RLock()

    def __call__(self) -> GCSCredential:
        """Return a token, refreshed if it is about to expire."""
        with self._lock:
            if not self._is_fresh():
                self.credentials.refresh(self._request())
            return self._answer()

    def __getstate__(self) -> dict[str, Any]:
        # locks and sessions stay behind
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "request")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, request=None, _lock=threading.RLock())


class GoogleAsyncCredentialProvider(_Provider):
    """Asks google-auth's credentials for tokens, for the asynchronous methods.

    Credentials whose `refresh` is a coroutine function are awaited; that of all others runs in a
    worker thread, so that the event loop goes on.

    Args:
        credentials: as for `GoogleCredentialProvider`, or an asynchronous kind.
        request: the same, asynchronous for asynchronous credentials, which have no default.
        refresh_threshold: how long before its expiry a token is refreshed.
    """

    async def __call__(self) -> GCSCredential:
        """Return a token, refreshed if it is about to expire."""
        if not self._is_fresh():
            if inspect.iscoroutinefunction(self.credentials.refresh):
                await self.credentials.refresh(self._request())
            else:
                import anyio.to_thread

                await anyio.to_thread.run_sync(self._refresh)
        return self._answer()

    def _refresh(self) -> None:
        self.credentials.refresh(self._request())
