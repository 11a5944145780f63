"""The asyncio HTTP/1.1 engine: a protocol that feeds a well-kept parser (httptools, else h11)."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable
from typing import Any

from ._http import SMALL_BODY, TransportFailure
from ._parsers import Parser, make_parser
from ._sockets import is_readable
from ._wire import Budget, Headers, Origin, Spill, Wire

HIGH_WATER = 4 << 20
"""Reading pauses when this many bytes of a body are waiting to be taken."""


class AsyncioConnection(asyncio.Protocol):
    """A connection to one origin, opened when it is needed, used by one request at a time."""

    def __init__(self, origin: Origin, context: Callable[[], ssl.SSLContext]) -> None:
        self._origin = origin
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: Parser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._failure: TransportFailure | None = None
        self._writable = True
        self._reading = True

    async def exchange(self, wire: Wire, budget: Budget) -> AsyncioAnswer:
        """Send a request and wait for the head of its response."""
        transport = self._transport
        if transport is not None and wire.changes_once() and _has_ended(transport):
            await self.aclose()
            transport = None
        if transport is None or transport.is_closing():
            transport = await self._connect(wire.connect_timeout)
        parser = self._parser = make_parser(wire.method)
        head, payload = wire.head(), wire.payload
        if payload is not None and payload.length <= SMALL_BODY:
            transport.write(head + payload.join())
        else:
            transport.write(head)
            if payload is not None:
                await self._send(transport, parser, payload.pieces(), budget)
        while parser.status is None:
            await self.wait(budget)
        return AsyncioAnswer(self, parser, budget)

    async def _send(
        self, transport: asyncio.Transport, parser: Parser, pieces: Any, budget: Budget
    ) -> None:
        for piece in pieces:
            if parser.status is not None:
                return  # the server has answered before it read everything
            transport.write(piece)
            while not self._writable and parser.status is None:
                await self.wait(budget)

    async def _connect(self, timeout: float | None) -> asyncio.Transport:
        origin = self._origin
        context = self._context() if origin.scheme == "https" else None
        self._failure, self._writable, self._reading = None, True, True
        try:
            async with asyncio.timeout(timeout):
                transport, _ = await self._loop.create_connection(
                    lambda: self, origin.host, origin.port, ssl=context
                )
        except (OSError, ssl.SSLError, TimeoutError) as error:
            raise TransportFailure("connect", str(error) or "timed out") from error
        self._transport = transport
        return transport

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
        if self._reading and parser.buffered > HIGH_WATER and self._transport is not None:
            self._transport.pause_reading()
            self._reading = False
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the parser, for which the end may be that of the body, and who waits."""
        self._transport = None
        self._stop_timer()
        parser = self._parser
        if parser is not None and not parser.complete and exc is None:
            parser.feed_end()
        reason = str(exc) if exc is not None else "the server closed the connection"
        if parser is not None and parser.complete:
            self._wake()
        else:
            self._fail(TransportFailure("interrupted", reason))

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
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

    @property
    def is_open(self) -> bool:
        """Whether the connection is still there."""
        return self._transport is not None and not self._transport.is_closing()

    def abort(self) -> None:
        """Close the connection at once; the next request opens it again."""
        transport, self._transport = self._transport, None
        self._stop_timer()
        if transport is not None:
            transport.abort()

    async def aclose(self) -> None:
        """Close the connection, and let the event loop see it."""
        if self._transport is not None:
            self.abort()
            await asyncio.sleep(0)


def _has_ended(transport: asyncio.Transport) -> bool:
    """Whether an idle connection has ended, though the event loop had no time to see it yet."""
    found = transport.get_extra_info("socket")
    return found is not None and is_readable(found)


class AsyncioAnswer:
    """A response whose head has arrived."""

    def __init__(self, owner: AsyncioConnection, parser: Parser, budget: Budget) -> None:
        assert parser.status is not None
        self._owner = owner
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
            self._owner.resume_reading()
            await self._owner.wait(self._budget)
        return parser.take()

    async def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, await self.read())

    def ended(self) -> bool:
        """Whether all was read, and the connection can be used again."""
        parser = self._parser
        if not (parser.complete and parser.keep_alive and self._owner.is_open):
            return False
        self._owner.resume_reading()
        return True

    async def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        if self.ended():
            return True
        await self._owner.aclose()
        return False
