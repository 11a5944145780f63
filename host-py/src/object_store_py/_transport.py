"""HTTP over httpx's transports: one connection each, on free lists; origins checked; raw bodies.

httpx's shared pool costs more than linearly in its connections, so each connection gets a transport
of its own, and idle ones wait on a last-in-first-out list. The transports are used directly,
because httpx's clients add headers, follow redirects and log whole URLs.
"""

from __future__ import annotations

import logging
import ssl
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import TYPE_CHECKING

import httpx

from . import _redact
from ._http import INSTANCE_METADATA, Payload, Request, Response, TransportFailure
from ._streams import (
    AsyncBody,
    Budget,
    Collector,
    Received,
    SyncBody,
    raise_failure,
    read_async,
    read_sync,
)
from .options import ClientSettings

if TYPE_CHECKING:
    from anyio.lowlevel import RunVar

logger = logging.getLogger("object_store_py.http")

METADATA_TIMEOUT = 1.0
"""Seconds that each step of asking for the machine's own credentials may take."""

_SKIPPED = frozenset(
    b"date server connection vary accept-ranges strict-transport-security x-xss-protection"
    b" x-content-type-options x-ratelimit-limit x-ratelimit-remaining x-amz-id-2 keep-alive"
    b" transfer-encoding content-security-policy x-amz-request-id".split()
)
"""Response headers that the brain never needs."""
_REQUEST_ID = (b"x-amz-request-id", b"x-ms-request-id", b"x-guploader-uploadid")
_PORTS = {"http": ":80", "https": ":443"}


def split_url(url: str) -> tuple[str, str]:
    """Split a URL into its origin (default port dropped, lower case) and the request's target."""
    scheme, _, rest = url.partition("://")
    cut = next((i for i, char in enumerate(rest) if char in "/?"), len(rest))
    authority, target = rest[:cut], rest[cut:]
    scheme, authority = (
        scheme.lower(),
        authority.lower().removesuffix(_PORTS.get(scheme.lower(), "")),
    )
    return f"{scheme}://{authority}", target if target.startswith("/") else f"/{target}"


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A payload as httpx sends it, in memory views."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload

    def __iter__(self) -> Iterator[bytes]:
        return self._payload.pieces()  # type: ignore[return-value] # h11 takes any buffer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._payload.pieces():
            yield piece  # type: ignore[misc] # h11 takes any buffer


class Host:
    """The HTTP side of one store."""

    def __init__(
        self,
        settings: ClientSettings,
        origins: frozenset[str],
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._origins = origins
        self._own = transport
        self._own_async = async_transport
        self._urls: dict[str, httpx.URL] = {}
        self._ssl: ssl.SSLContext | None = None
        self._idle: dict[str, list[httpx.BaseTransport]] = {}
        self._run_var: RunVar[_Idle] | None = None
        weakref.finalize(self, _close_all, self._idle)

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking."""
        if request.delay:
            time.sleep(request.delay)
        origin, wire = self._prepare(request, self._own is not None)
        transport = self._own or self._take(origin)
        budget = Budget(self._settings.timeout)
        try:
            response = transport.handle_request(wire)
            collector = Collector(request, response)
            body = SyncBody(self, origin, transport, response, budget, collector.expected)
            return self._received(request, response, read_sync(body, collector))
        except BaseException as error:
            if transport is not self._own:
                transport.close()
            raise_failure(error)

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting."""
        if request.delay:
            import anyio

            await anyio.sleep(request.delay)
        origin, wire = self._prepare(request, self._own_async is not None)
        idle = None if self._own_async else await self._idle_async()
        transport = self._own_async or self._take_async(origin, idle)
        budget = Budget(self._settings.timeout)
        try:
            response = await transport.handle_async_request(wire)
            collector = Collector(request, response)
            body = AsyncBody(idle, origin, transport, response, budget, collector.expected)
            return self._received(request, response, await read_async(body, collector))
        except BaseException as error:
            if idle is not None:
                await idle.discard(transport)
            raise_failure(error)

    def _prepare(self, request: Request, whole_url: bool) -> tuple[str, httpx.Request]:
        """Check the origin and build what leaves, byte for byte as the brain signed it."""
        origin, target = split_url(request.url)
        self._check(origin, request)
        url = self._urls.get(origin)
        if url is None:
            url = self._urls[origin] = httpx.URL(origin)
        headers = [("Host", origin.partition("://")[2]), *request.headers]
        names = {name.lower() for name, _ in request.headers}
        if "user-agent" not in names:
            headers.append(("User-Agent", self._settings.user_agent))
        length = request.payload.length if request.payload is not None else 0
        if "content-length" not in names and (length or request.method in ("PUT", "POST")):
            headers.append(("Content-Length", str(length)))
        wire = httpx.Request(
            request.method,
            httpx.URL(request.url) if whole_url else url,
            headers=headers,
            stream=_Pieces(request.payload) if length else httpx.ByteStream(b""),  # type: ignore[arg-type]
            extensions={"timeout": self._timeouts(origin), "target": target.encode("ascii")},
        )
        return origin, wire

    def _timeouts(self, origin: str) -> dict[str, float | None]:
        if origin in INSTANCE_METADATA:
            return dict.fromkeys(("connect", "read", "write", "pool"), METADATA_TIMEOUT)
        return self._settings.timeouts

    def _check(self, origin: str, request: Request) -> None:
        if origin not in self._origins:
            logger.warning("refused a request to %s: not an origin of this store", origin)
            raise TransportFailure(
                "unknown", f"the store's configuration does not name the origin {origin}"
            )
        http = origin.startswith("http:") and origin not in INSTANCE_METADATA
        if http and not self._settings.allow_http:
            raise TransportFailure(
                "unknown",
                f"{origin} is not encrypted: use https, or allow it with"
                " client_options={'allow_http': True}",
            )
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s", request.method, _redact.url(request.url))

    def _received(self, request: Request, response: httpx.Response, read: Received) -> Response:
        raw = response.headers.raw
        lines = [name + b":" + value for name, value in raw if name.lower() not in _SKIPPED]
        request_id = next((v for n, v in raw if n.lower() in _REQUEST_ID), None)
        if logger.isEnabledFor(logging.DEBUG):
            url = _redact.url(request.url)
            logger.debug("%s %s: %d", request.method, url, response.status_code)
        return Response(
            status=response.status_code,
            headers=b"\n".join(lines).decode("latin-1"),
            text=read if isinstance(read, str) else "",
            body=None if isinstance(read, str) else read,
            request_id=request_id.decode("latin-1") if request_id is not None else None,
        )

    # Connections: a transport each.

    def _take(self, origin: str) -> httpx.BaseTransport:
        try:
            return self._idle[origin].pop()
        except (KeyError, IndexError):
            return httpx.HTTPTransport(**self._settings.transport_arguments(self._ssl_context()))

    def give(self, origin: str, transport: httpx.BaseTransport) -> None:
        """Put a transport whose response was read to its end back on the free list."""
        if transport is not self._own:
            self._idle.setdefault(origin, []).append(transport)

    def _take_async(self, origin: str, idle: _Idle | None) -> httpx.AsyncBaseTransport:
        found = idle.take(origin) if idle is not None else None
        if found is not None:
            return found
        return httpx.AsyncHTTPTransport(**self._settings.transport_arguments(self._ssl_context()))

    async def _idle_async(self) -> _Idle:
        """The free list of this event loop."""
        if self._run_var is None:
            from anyio.lowlevel import RunVar

            self._run_var = RunVar("object_store_py idle connections")
        try:
            idle = self._run_var.get()
        except LookupError:
            idle = _Idle()
            await idle.open()
            self._run_var.set(idle)
        await idle.sweep()
        return idle

    def _ssl_context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = self._settings.ssl_context()
        return self._ssl


def _close_all(idle: dict[str, list[httpx.BaseTransport]]) -> None:
    for transports in idle.values():
        for transport in transports:
            transport.close()
    idle.clear()


class _Idle:
    """The idle connections of one event loop, closed when the loop ends."""

    def __init__(self) -> None:
        self._free: dict[str, list[httpx.AsyncBaseTransport]] = {}
        self._dropped: list[httpx.AsyncBaseTransport] = []
        self._closer: AsyncGenerator[None, None] | None = None

    async def open(self) -> None:
        # Event loops close the asynchronous generators that are still open when they end: the one
        # hook that asyncio and trio share.
        self._closer = _at_loop_end(self._free, self._dropped)
        await anext(self._closer)

    def take(self, origin: str) -> httpx.AsyncBaseTransport | None:
        try:
            return self._free[origin].pop()
        except (KeyError, IndexError):
            return None

    def give(self, origin: str, transport: httpx.AsyncBaseTransport) -> None:
        self._free.setdefault(origin, []).append(transport)

    def drop(self, transport: httpx.AsyncBaseTransport) -> None:
        self._dropped.append(transport)

    async def discard(self, transport: httpx.AsyncBaseTransport) -> None:
        import anyio

        with anyio.CancelScope(shield=True):
            await transport.aclose()

    async def sweep(self) -> None:
        """Close what was dropped where nobody could await."""
        while self._dropped:
            await self.discard(self._dropped.pop())


async def _at_loop_end(
    free: dict[str, list[httpx.AsyncBaseTransport]], dropped: list[httpx.AsyncBaseTransport]
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        for transports in (*free.values(), dropped):
            while transports:
                await transports.pop().aclose()
