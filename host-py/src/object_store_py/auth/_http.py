"""How the providers that ask a service over HTTP send their requests.

By the library's own connections, which log no URL with a secret in it; or by a client of httpx that
the user gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._http import Request, Response
from ..options import ClientSettings
from ..stores.remote import check_endpoint

if TYPE_CHECKING:
    import httpx

    from .._transport import Host


def secure_origin(url: str, name: str) -> str:
    """The origin of a URL to which secrets are sent, or from which they come.

    Raises:
        GenericError: it is no URL of https, or has a user name or a fragment.
    """
    origin = check_endpoint(url.partition("?")[0], name)
    if not origin.startswith("https:"):
        raise ValueError(f"{name} must be a URL of https, not of {urlsplit(url).scheme}")
    return origin


class Asker:
    """What the providers share: who sends their requests, and where these may go."""

    def __init__(self, session: Any, async_session: Any, origins: set[str]) -> None:
        self._session: httpx.Client | None = session
        self._async_session: httpx.AsyncClient | None = async_session
        self._origins = frozenset(origins)
        self._own: Host | None = None

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking. Throws `TransportFailure`."""
        if self._session is None:
            return self._host().exchange(request)
        from .._httpx_engine import raise_failure

        try:
            return _response(self._session.request(**_arguments(request)))
        except Exception as error:
            raise_failure(error)

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting. Throws `TransportFailure`."""
        if self._async_session is None:
            return await self._host().exchange_async(request)
        from .._httpx_engine import raise_failure

        try:
            return _response(await self._async_session.request(**_arguments(request)))
        except Exception as error:
            raise_failure(error)

    def allow(self, origin: str) -> None:
        """Let requests go to one more origin: where a redirect leads."""
        self._host().allow(frozenset({origin}))

    def _host(self) -> Host:
        if self._own is None:
            from .._transport import Host

            self._own = Host(ClientSettings.parse({}), self._origins)
        return self._own

    def drop(self) -> None:
        """Close the connections that are ours; the next request opens new ones."""
        self._own = None

    def __getstate__(self) -> dict[str, Any]:
        if self._session is not None or self._async_session is not None:
            raise TypeError("a credential provider with a session of its own cannot be pickled")
        return {**self.__dict__, "_own": None}


def _arguments(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "follow_redirects": False,
    }


def _response(given: httpx.Response) -> Response:
    lines = [f"{name.lower()}:{value}" for name, value in given.headers.multi_items()]
    return Response(given.status_code, "\n".join(lines), given.text)
