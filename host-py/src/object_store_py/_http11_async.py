"""The asyncio HTTP/1.1 engine: a protocol that feeds a well-kept parser (httptools, else h11)."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable
from typing import Any

from . import _forks
from ._connecting_async import connect
from ._http import SMALL_BODY, Payload, TransportFailure
from ._parsers import Parser, make_parser
from ._sockets import Wait
from ._sockets import waiter as make_waiter
from ._wire import REFUSAL, Budget, Headers, Origin, Spill, Wire

HIGH_WATER = 4 << 20
"""Reading pauses when this many bytes of a body are waiting to be taken."""


class AsyncioConnection:
    """A connection to one origin, opened when it is needed, used by one request at a time."""

    def __init__(self, origin: Origin, context: Callable[[], ssl.SSLContext]) -> None:
        self._origin = origin
        self._context = context
        self._link: Link | None = None

    async def exchange(self, wire: Wire, budget: Budget) -> AsyncioAnswer:
        """Send a request and wait for the head of its response."""
        link = self._link
        if link is None or not link.is_idle():
            await self.aclose()  # the server has closed it, or sent what nobody asked for
            link = self._link = await self._connect(budget, wire.connect_timeout)
        return AsyncioAnswer(self, link, await link.exchange(wire, budget), budget)

    async def _connect(self, budget: Budget, limit: float | None) -> Link:
        origin = self._origin
        context = self._context() if origin.scheme == "https" else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(budget.start_within(limit)):
                connection = await connect(origin.host, origin.port)
                name = None if context is None else origin.host
                _, link = await loop.create_connection(
                    Link, sock=connection, ssl=context, server_hostname=name
                )
        except (OSError, ssl.SSLError, TimeoutError) as error:
            raise TransportFailure("connect", str(error) or "timed out") from error
        finally:
            budget.stop()
        return link

    async def aclose(self) -> None:
        """Close the connection, and let the event loop see it; the next request opens it again."""
        link, self._link = self._link, None
        if link is not None:
            link.abort()
            await asyncio.sleep(0)


class Link(asyncio.Protocol):
    """One connection's life, from its being made to its end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._beneath: Any = None
        """What the transport of TLS sends by, as far as asyncio shows it."""
        self._has_arrived: Wait | None = None
        self._parser: Parser | None = None
        self._sent = True
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._failure: TransportFailure | None = None
        self._writable = True
        self._reading = True
        self._generation = _forks.generation

    async def exchange(self, wire: Wire, budget: Budget) -> Parser:
        """Send a request and wait for the head of its response."""
        transport = self._transport
        if transport is None:
            raise self._failure or TransportFailure("interrupted", "the connection has ended")
        parser = self._parser = make_parser(wire.method)
        payload = wire.payload
        self._sent = False
        if payload is not None and payload.length > SMALL_BODY:
            transport.write(wire.head())
            self._sent = await self._send(transport, parser, payload, budget)
        else:
            transport.write(wire.head() + (b"" if payload is None else payload.join()))
            self._sent = True
        while parser.status is None:
            await self.wait(budget)
        return parser

    async def _send(
        self, transport: asyncio.Transport, parser: Parser, payload: Payload, budget: Budget
    ) -> bool:
        """Send a body; False if the server has refused it before that was done."""
        for piece in payload.pieces():
            await asyncio.sleep(0)  # the event loop sees what has arrived
            if self._failure is not None:
                raise self._failure
            if _refuses(parser):
                return False
            transport.write(piece)
            while not self._writable:
                await self.wait(budget)
                if _refuses(parser):
                    return False
        return True

    async def wait(self, budget: Budget) -> None:
        """Wait until something has arrived, or can be sent."""
        if self._failure is not None:
            raise self._failure
        limit = budget.start()
        self._due = math.inf if limit is None else self._loop.time() + limit
        if self._timer is None or self._timer.when() > self._due:
            self._set_timer()
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            budget.stop()
            self._waiter = None

    def _set_timer(self) -> None:
        """Look at the time when the wait is due.

        One timer serves many requests: each finds when it fires that a later wait is due later.
        """
        self._stop_timer()
        if self._due < math.inf:
            self._timer = self._loop.call_at(self._due, self._expire)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _expire(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._due:
            self._set_timer()
        else:
            self._fail(TransportFailure("timeout", "the server did not answer in time"))

    def _fail(self, failure: TransportFailure) -> None:
        self._failure = self._failure or failure
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # What asyncio calls.

    def connection_made(self, transport: Any) -> None:
        """Begin; writing pauses as soon as something must wait to be sent."""
        self._transport = transport
        transport.set_write_buffer_limits(high=1, low=0)
        self._beneath = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
        found = transport.get_extra_info("socket")
        self._has_arrived = None if found is None else make_waiter(found)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; bytes that nobody asked for end the connection."""
        parser = self._parser
        if parser is None or parser.complete:
            self.abort()
            return
        try:
            parser.feed(data)
        except TransportFailure as failure:
            self._fail(failure)
            self.abort()
            return
        if self._reading and not parser.complete and parser.buffered > HIGH_WATER:
            self._pause_reading()
        self._wake()

    def _pause_reading(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
            self._reading = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the parser, for which the end may be that of the body, and who waits."""
        self._transport = None
        self._stop_timer()
        parser = self._parser
        if parser is not None and not parser.complete and exc is None:
            parser.feed_end()
        reason = str(exc) if exc is not None else "the server closed the connection"
        if parser is not None and parser.complete and (self._sent or _refuses(parser)):
            self._wake()
        else:
            self._fail(TransportFailure("interrupted", reason))

    def pause_writing(self) -> None:
        """Something waits to be sent."""
        self._writable = False

    def resume_writing(self) -> None:
        """There is room again."""
        self._writable = True
        self._wake()

    # What answers and the free list call.

    def resume_reading(self) -> None:
        """Read on, if reading was paused."""
        if not self._reading and self._transport is not None:
            self._transport.resume_reading()
            self._reading = True

    def is_over(self) -> bool:
        """Whether the request was sent whole, and nothing is left to be read or sent."""
        transport = self._transport
        return (
            transport is not None
            and self._sent
            and self._reading
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
            and not (self._beneath is not None and self._beneath.get_write_buffer_size())
        )

    def is_idle(self) -> bool:
        """Whether it is open, and nothing has arrived, seen by the event loop or not."""
        here = self._transport is not None and not self._transport.is_closing()
        return here and not (self._has_arrived is not None and self._has_arrived(0))

    def abort(self) -> None:
        """Close the connection at once, unless it is another process's."""
        transport, self._transport = self._transport, None
        if self._generation != _forks.generation:
            return  # what its event loop waits with is shared with the parent
        self._stop_timer()
        if transport is not None:
            transport.abort()


def _refuses(parser: Parser) -> bool:
    """Whether there is an answer for which no more need be sent."""
    return parser.status is not None and parser.status >= REFUSAL


class AsyncioAnswer:
    """A response whose head has arrived."""

    def __init__(
        self, owner: AsyncioConnection, link: Link, parser: Parser, budget: Budget
    ) -> None:
        assert parser.status is not None
        self._owner = owner
        self._link = link
        self._parser = parser
        self._budget = budget
        self._spill = Spill()
        self.status = parser.status
        self.headers: Headers = parser.headers

    def whole(self) -> bytes | None:
        """The body, if all of it came with the head and the connection can be used again."""
        return self._parser.take() if self.ended() else None

    async def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        parser = self._parser
        while not parser.chunks and not parser.complete:
            self._link.resume_reading()
            await self._link.wait(self._budget)
        return parser.take()

    async def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, await self.read())

    def ended(self) -> bool:
        """Whether all was sent and read, and the connection can be used again."""
        return self._parser.complete and self._parser.keep_alive and self._link.is_over()

    async def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        if self.ended():
            return True
        await self._owner.aclose()
        return False
