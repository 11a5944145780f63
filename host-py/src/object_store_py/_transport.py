"""The HTTP side of a store: which request may leave, by which connection, and what came back.

Idle connections wait on last-in-first-out lists, one list for each origin, and for each event loop
of the asynchronous ones. The engines behind them are our own for HTTP/1.1, blocking and on asyncio,
and httpx's transports for the rest (`_httpx_engine`).
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from . import _redact
from ._http import INSTANCE_METADATA, Begun, Request, Response, TransportFailure
from ._http11 import HttpConnection, Sent
from ._idle import FreeLists
from ._policy import RequestPolicy, decide
from ._streams import AsyncBody, Collector, Received, SyncBody, read_async, read_sync
from ._wire import (
    Answer,
    AsyncAnswer,
    AsyncConnection,
    Budget,
    Connection,
    Headers,
    Origin,
    Wire,
    parse_origin,
    split_url,
)
from .options import ClientSettings

if TYPE_CHECKING:
    import httpx

    from ._loops import Idle, Loops

logger = logging.getLogger("object_store_py.http")

METADATA_CONNECT_TIMEOUT, METADATA_TIMEOUT = 1.0, 5.0
"""Seconds that asking for the machine's own credentials may take: nobody answers off the cloud, but
who answers may have to ask a service of its own first."""

BRIEF = 16 << 10
"""How long a request's body may be to be sent without a wait, in bytes: sockets have such room."""

_SKIPPED = frozenset(
    "date server connection vary accept-ranges strict-transport-security x-xss-protection"
    " x-content-type-options x-ratelimit-limit x-ratelimit-remaining x-amz-id-2 keep-alive"
    " transfer-encoding content-security-policy x-amz-request-id content-length".split()
)
"""Response headers that the brain never needs, or gets otherwise."""
_REQUEST_ID = ("x-amz-request-id", "x-ms-request-id", "x-guploader-uploadid")


class Host:
    """Carries out the requests of one store."""

    def __init__(
        self,
        settings: ClientSettings,
        origins: frozenset[str],
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        policy: RequestPolicy | None = None,
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._origins = origins
        self._last = "://"
        self._own = transport
        self._own_async = async_transport
        self._parsed: dict[tuple[str, bool], Origin] = {}
        # What connections hold must not hold this: idle ones are closed when it is gone.
        self._ssl_context = _Trust(settings)
        self._limits = settings.pool_idle_timeout, settings.pool_max_idle_per_host
        self._idle: FreeLists[Connection] = FreeLists(*self._limits, [])
        self._loops: Loops | None = None
        weakref.finalize(self, _close_all, self._idle)

    def allow(self, origins: frozenset[str]) -> None:
        """Add origins: the store's configuration was completed by what a server said."""
        self._origins |= origins

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking."""
        if request.delay:
            time.sleep(request.delay)
        wire = self._prepare(request)
        budget = Budget(self._settings.timeout, wire.timeout)
        idle = self._take(wire.origin)
        connection = idle or self._connect(wire.origin)
        once = idle is None or self._own is not None
        return self._receive(request, wire, budget, connection, connection.exchange, once)

    def begin(self, request: Request) -> Begun | None:
        """Send a request, if it need not wait, and there is a connection that is open."""
        large = request.payload is not None and request.payload.length > BRIEF
        if request.delay or large or self._policy is not None:  # a policy is to be asked once
            return None
        origin = self._parsed.get((self._split(request.url)[0], False))
        connection = None if origin is None else self._take(origin)
        if origin is None or connection is None:
            return None
        if isinstance(connection, HttpConnection):
            try:
                wire = self._prepare(request)
                budget = Budget(self._settings.timeout, wire.timeout)
                if connection.begin(wire, budget):
                    receive = partial(self._receive, request, wire, budget, connection)
                    return Sent(connection, budget, receive)
            except BaseException:
                connection.close()
                raise
        self.give(origin, connection)  # closed, maybe: who takes it opens it
        return None

    def _receive(
        self,
        request: Request,
        wire: Wire,
        budget: Budget,
        connection: Connection,
        receive: Callable[[Wire, Budget], Answer],
        once: bool = False,
    ) -> Response:
        """Receive a response; `once` if its request may not be sent again."""
        try:
            try:
                answer = receive(wire, budget)
            except TransportFailure as failure:
                if once or not wire.may_repeat(failure):
                    raise
                connection.close()  # the server closed it while it was idle: once more, anew
                answer = connection.exchange(wire, budget)
            _tell(request, answer.status)
            collector = Collector(request, answer.status, answer.headers)
            data = None if collector.stream else answer.whole()
            if data is None:
                body = SyncBody(self, wire.origin, connection, answer, collector.expected)
                read = read_sync(body, collector)
            else:
                read = collector.all(data)
                self.give(wire.origin, connection)
        except BaseException:
            connection.close()
            raise
        return self._received(answer, collector.length, read)

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting."""
        if request.delay:
            import anyio

            await anyio.sleep(request.delay)
        wire = self._prepare(request)
        lists = await self._idle_async()
        await lists.enter()
        try:
            read, answer, length = await self._exchange_async(request, wire, lists)
        finally:
            lists.leave()
        return self._received(answer, length, read)

    async def _exchange_async(
        self, request: Request, wire: Wire, lists: Idle
    ) -> tuple[Received, AsyncAnswer, int | None]:
        budget = Budget(self._settings.timeout, wire.timeout)
        idle = lists.take(wire.origin)
        connection = idle or self._connect_async(wire.origin)
        try:
            try:
                answer = await connection.exchange(wire, budget)
            except TransportFailure as failure:
                if idle is None or self._own_async is not None or not wire.may_repeat(failure):
                    raise
                await _close_async(connection)
                answer = await connection.exchange(wire, budget)
            _tell(request, answer.status)
            collector = Collector(request, answer.status, answer.headers)
            data = None if collector.stream else answer.whole()
            if data is None:
                body = AsyncBody(lists, wire.origin, connection, answer, collector.expected)
                read = await read_async(body, collector)
            else:
                read = collector.all(data)
                lists.give(wire.origin, connection)
        except BaseException:
            await _close_async(connection)
            raise
        return read, answer, collector.length

    def _prepare(self, request: Request) -> Wire:
        """Check the origin and build what leaves, byte for byte as the brain signed it."""
        text = there = self._split(request.url)[0]  # no local has a query while others can see it
        self._check(text, request)
        metadata = request.metadata or text in INSTANCE_METADATA
        authority = text.partition("://")[2]
        if self._policy is not None:
            path = split_url(request.url.partition("?")[0])[1]
            there = decide(self._policy, request.method, text, path)
            if there != text:
                self._check_clear(there, request)
        url, target = request.url, self._split(request.url)[1]
        if there != text:
            text, url = there, there + target
        origin = self._parsed.get((text, metadata))
        if origin is None:
            origin = self._parsed[text, metadata] = parse_origin(text, metadata)
        settings = self._settings
        return Wire(
            origin,
            request.method,
            target,
            self._headers(request, authority),
            request.payload,
            url,
            METADATA_CONNECT_TIMEOUT if metadata else settings.connect_timeout,
            METADATA_TIMEOUT if metadata else settings.read_timeout,
        )

    def _split(self, url: str) -> tuple[str, str]:
        """Split a URL into origin and target; most have the origin of the one before."""
        text, target = self._last, url.removeprefix(self._last)
        if len(target) == len(url) or target[:1] != "/":
            text, target = split_url(url)
            self._last = text
        return text, target

    def _headers(self, request: Request, authority: str) -> Headers:
        headers = [("Host", authority), *request.headers]
        names = {name.lower() for name, _ in request.headers}
        if "user-agent" not in names:
            headers.append(("User-Agent", self._settings.user_agent))
        length = request.payload.length if request.payload is not None else 0
        if "content-length" not in names and (length or request.method in ("PUT", "POST")):
            headers.append(("Content-Length", str(length)))
        return headers

    def _check(self, origin: str, request: Request) -> None:
        if origin not in self._origins:
            logger.warning("refused a request to %s: not an origin of this store", origin)
            raise TransportFailure(
                "unknown", f"the store's configuration does not name the origin {origin}"
            )
        self._check_clear(origin, request)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s", request.method, _redact.url(request.url))

    def _check_clear(self, origin: str, request: Request) -> None:
        clear = request.metadata or origin in INSTANCE_METADATA or self._settings.allow_http
        if origin.startswith("http:") and not clear:
            raise TransportFailure(
                "unknown",
                f"{origin} is not encrypted: use https, or allow it with"
                " client_options={'allow_http': True}",
            )

    def _received(
        self, answer: Answer | AsyncAnswer, length: int | None, read: Received
    ) -> Response:
        lines: list[str] = [] if length is None else [f"content-length:{length}"]
        request_id: str | None = None
        for name, value in answer.headers:
            if name in _REQUEST_ID:
                request_id = value
            if name not in _SKIPPED:
                lines.append(f"{name}:{value}")
        return Response(
            status=answer.status,
            headers="\n".join(lines),
            text=read if isinstance(read, str) else "",
            body=None if isinstance(read, str) else read,
            request_id=request_id,
        )

    # Connections.

    def _take(self, origin: Origin) -> Connection | None:
        found = self._idle.take(origin)
        if self._idle.surplus:
            _close_surplus(self._idle)
        return found

    def _connect(self, origin: Origin) -> Connection:
        if self._own is None and not self._settings.needs_httpx:
            return HttpConnection(origin, self._ssl_context)
        from ._httpx_engine import HttpxConnection

        if self._own is not None:
            return HttpxConnection(self._own)
        arguments = self._settings.transport_arguments(
            self._ssl_context(), origin.text, origin.direct
        )
        return HttpxConnection.open(arguments)

    def give(self, origin: Origin, connection: Connection) -> None:
        """Put a connection whose response was read to its end on the free list."""
        self._idle.give(origin, connection)
        if self._idle.surplus:
            _close_surplus(self._idle)

    def _connect_async(self, origin: Origin) -> AsyncConnection:
        if self._own_async is None and not self._settings.needs_httpx and _on_asyncio():
            from ._http11_async import AsyncioConnection

            return AsyncioConnection(origin, self._ssl_context)
        from ._httpx_engine import HttpxAsyncConnection

        if self._own_async is not None:
            return HttpxAsyncConnection(self._own_async)
        arguments = self._settings.transport_arguments(
            self._ssl_context(), origin.text, origin.direct
        )
        return HttpxAsyncConnection.open(arguments)

    async def _idle_async(self) -> Idle:
        """The idle connections of this event loop."""
        if self._loops is None:
            from ._loops import Loops

            self._loops = Loops(*self._limits)
        return await self._loops.here()


def _tell(request: Request, status: int) -> None:
    """Log an answer before its body is read: a handler that looks at frames sees no token there."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s %s: %d", request.method, _redact.url(request.url), status)


class _Trust:
    """The TLS context of a store, made when it is needed: it reads the system's certificates."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._made: ssl.SSLContext | None = None

    def __call__(self) -> ssl.SSLContext:
        if self._made is None:
            self._made = self._settings.ssl_context()
        return self._made


def _on_asyncio() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _close_surplus(idle: FreeLists[Connection]) -> None:
    with contextlib.suppress(IndexError):  # another thread took the last one
        while idle.surplus:
            idle.surplus.pop().close()


def _close_all(idle: FreeLists[Connection]) -> None:
    idle.drain()
    _close_surplus(idle)


async def _close_async(connection: AsyncConnection) -> None:
    from ._loops import close

    await close(connection)
