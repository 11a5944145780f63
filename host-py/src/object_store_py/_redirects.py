"""Following redirects for stores whose requests carry no signature.

What is followed: redirects of GET, HEAD and PROPFIND, ten at most; within the origin as they are,
to another origin only over https. No header that may hold a secret goes to another origin: of those
that the brain and the user gave, only the range and the conditions do. A redirect that is not
followed is an error that says why. Stores that sign never follow: a signature is for one URL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from urllib.parse import quote, urljoin, urlsplit

from . import _redact
from ._http import HttpHost, Request, Response, TransportFailure, changed
from ._wire import split_url

logger = logging.getLogger("object_store_py.http")

MOST = 10
"""How many redirects of one request are followed: as many as the crate's client follows."""
_STATUSES = frozenset({301, 302, 303, 307, 308})
_METHODS = frozenset({"GET", "HEAD", "PROPFIND"})
_ELSEWHERE = frozenset({"GET", "HEAD"})
_SAFE_HEADERS = frozenset(
    "accept if-match if-modified-since if-none-match if-unmodified-since range".split()
)
"""What may go to another origin."""
_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What a Location may have unquoted; the rest is quoted as browsers do."""

Hops = Generator[tuple[HttpHost, Request], Response, Response]


class FollowingHost:
    """Sends requests by another host and follows the redirects of its answers."""

    def __init__(self, home: HttpHost, elsewhere: Callable[[str], HttpHost]) -> None:
        self._home = home
        self._elsewhere = elsewhere
        self._others: dict[str, HttpHost] = {}

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking."""
        hops = self._hops(request)
        host, request = next(hops)
        while True:
            response = host.exchange(request)
            try:
                host, request = hops.send(response)
            except StopIteration as stop:
                last: Response = stop.value
                return last

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting."""
        hops = self._hops(request)
        host, request = next(hops)
        while True:
            response = await host.exchange_async(request)
            try:
                host, request = hops.send(response)
            except StopIteration as stop:
                last: Response = stop.value
                return last

    def _hops(self, request: Request) -> Hops:
        home = split_url(request.url)[0]
        for _ in range(MOST + 1):
            here = split_url(request.url)[0]
            response = yield (self._home if here == home else self._other(here), request)
            location = _location(request, response)
            if location is None:
                return response
            request = redirected(request, location)
            logger.debug("redirected to %s", _redact.url(request.url))
        raise TransportFailure("unknown", f"the server redirects more than {MOST} times")

    def _other(self, origin: str) -> HttpHost:
        host = self._others.get(origin)
        if host is None:
            if len(self._others) >= MOST:  # a server that names ever new hosts
                self._others.clear()
            host = self._others[origin] = self._elsewhere(origin)
        return host


def _location(request: Request, response: Response) -> str | None:
    """Where a response leads to; None where it is an answer."""
    if response.status not in _STATUSES or request.method not in _METHODS:
        return None
    for line in response.headers.split("\n"):
        name, _, value = line.partition(":")
        if name.lower() == "location":
            return value.strip() or None
    return None


def redirected(request: Request, location: str) -> Request:
    """The request to send instead, without what is nobody else's business.

    Raises:
        TransportFailure: the redirect is not followed; says why.
    """
    try:
        url = quote(urljoin(request.url, location.encode("latin-1").decode("utf-8")), safe=_KEPT)
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TransportFailure("unknown", "the server redirects to what is no URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise TransportFailure("unknown", "the server redirects to what is no URL of http")
    here, there = split_url(request.url)[0], split_url(url)[0]
    if parts.username is not None or parts.password is not None:
        raise TransportFailure("unknown", f"the server redirects to {parts.hostname} with a user")
    url = url.partition("#")[0]
    if here == there:
        return changed(request, url=url, delay=0.0)
    if parts.scheme != "https" or request.method not in _ELSEWHERE:
        raise TransportFailure(
            "unknown",
            f"the server redirects to {there}, which is not followed: to another origin only GET"
            " and HEAD go, and only over https",
        )
    headers = [(name, value) for name, value in request.headers if name.lower() in _SAFE_HEADERS]
    return changed(request, url=url, headers=headers, delay=0.0)
