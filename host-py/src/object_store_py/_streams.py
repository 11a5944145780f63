"""Bodies of httpx responses: read in chunks or as text, within limits; and what failures mean."""

from __future__ import annotations

import ssl
import time
from typing import Any, NoReturn, Protocol

import httpx

from . import _redact
from ._http import SMALL_BODY, BufferedBody, Request, TransportErrorKind, TransportFailure

TEXT_LIMIT = 64 << 20
"""The largest response that is read as text (a page of a listing), in bytes."""
ERROR_TEXT_LIMIT = 64 << 10
"""How much of an error's text is read, in bytes."""

_FAILURES: list[tuple[type[Exception], TransportErrorKind]] = [
    (httpx.ConnectTimeout, "connect"),
    (httpx.PoolTimeout, "connect"),
    (httpx.ConnectError, "connect"),
    (httpx.ProxyError, "connect"),
    (httpx.TimeoutException, "timeout"),
    (httpx.WriteError, "request"),
    (httpx.NetworkError, "interrupted"),
    (httpx.RemoteProtocolError, "interrupted"),
    (httpx.DecodingError, "decode"),
]


class Home(Protocol):
    """Where a blocking connection goes when its response was read."""

    def give(self, origin: str, transport: httpx.BaseTransport) -> None:
        """Take a connection that is free."""
        ...


class AsyncHome(Protocol):
    """Where an asynchronous connection goes when its response was read, or given up."""

    def give(self, origin: str, transport: httpx.AsyncBaseTransport) -> None:
        """Take a connection that is free."""
        ...

    def drop(self, transport: httpx.AsyncBaseTransport) -> None:
        """Take a connection that must be closed."""
        ...


class Budget:
    """The time that a request may take in all; only time spent waiting counts."""

    __slots__ = ("_left", "_since")

    def __init__(self, seconds: float | None) -> None:
        self._left = seconds
        self._since = time.monotonic()

    def start(self) -> None:
        self._since = time.monotonic()

    def stop(self) -> None:
        if self._left is not None:
            self._left -= time.monotonic() - self._since
            if self._left <= 0:
                raise TransportFailure("timeout", "the request took longer than `timeout` in all")


class SyncBody:
    """A response body on a blocking connection."""

    def __init__(
        self,
        home: Home,
        origin: str,
        transport: httpx.BaseTransport,
        response: httpx.Response,
        budget: Budget,
        expected: int | None,
    ) -> None:
        self._left = expected
        self._home = home
        self._origin = origin
        self._transport: httpx.BaseTransport | None = transport
        stream: Any = response.stream
        self._stream = stream
        self._chunks: Any = iter(stream)
        self._budget = budget
        budget.stop()

    def read(self) -> bytes:
        """Read the next chunk; empty at the end."""
        if self._transport is None:
            return b""
        self._budget.start()
        try:
            chunk = next(self._chunks, b"")
            self._budget.stop()
            if self._left is not None:
                self._left -= len(chunk)
                if self._left == 0 and chunk:
                    next(self._chunks, b"")
        except BaseException as error:
            self.close()
            raise_failure(error)
        if not chunk or self._left == 0:
            self._finish()
        return chunk

    def _finish(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            self._stream.close()
            self._home.give(self._origin, transport)

    # httpcore closes a connection whose body was not read to its end and reopens it when needed,
    # so the transport can go back on the free list in either case.
    close = _finish

    async def read_async(self) -> bytes:
        """Read from an asynchronous caller: in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.read)

    async def close_async(self) -> None:
        """Give the body up."""
        self.close()

    def abandon(self) -> None:
        """Give the body up from a destructor."""
        self.close()


class AsyncBody:
    """A response body on an asynchronous connection of one event loop."""

    def __init__(
        self,
        home: AsyncHome | None,
        origin: str,
        transport: httpx.AsyncBaseTransport,
        response: httpx.Response,
        budget: Budget,
        expected: int | None,
    ) -> None:
        self._left = expected
        self._home = home
        self._origin = origin
        self._transport: httpx.AsyncBaseTransport | None = transport
        stream: Any = response.stream
        self._stream = stream
        self._chunks: Any = aiter(stream)
        self._budget = budget
        budget.stop()

    async def read_async(self) -> bytes:
        """Read the next chunk; empty at the end."""
        if self._transport is None:
            return b""
        self._budget.start()
        try:
            chunk = await anext(self._chunks, b"")
            self._budget.stop()
            if self._left is not None:
                self._left -= len(chunk)
                if self._left == 0 and chunk:
                    await anext(self._chunks, b"")
        except BaseException as error:
            await self.close_async()
            raise_failure(error)
        if not chunk or self._left == 0:
            await self.close_async()
        return chunk

    async def close_async(self) -> None:
        """Give the body up and put its transport back."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        import anyio

        with anyio.CancelScope(shield=True):
            close = getattr(self._chunks, "aclose", None)
            if close is not None:
                await close()
            await self._stream.aclose()
        if self._home is not None:
            self._home.give(self._origin, transport)

    def read(self) -> bytes:
        """Refuse: the connection belongs to an event loop."""
        raise TransportFailure("interrupted", "an asynchronous body cannot be read by a sync call")

    def close(self) -> None:
        """Leave the connection to its event loop."""
        self.abandon()

    def abandon(self) -> None:
        """Leave the connection to its event loop, which closes it later."""
        transport, self._transport = self._transport, None
        if transport is not None and self._home is not None:
            self._home.drop(transport)


Received = str | BufferedBody | SyncBody | AsyncBody


class Collector:
    """Reads a body as the request wants it: kept, in memory if small, or as text within limits."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        success = 200 <= response.status_code < 300
        self.keep = request.keep_body and success
        length = response.headers.get("content-length", "")
        self.expected = int(length) if length.isascii() and length.isdigit() else None
        if request.method == "HEAD" or response.status_code in (204, 304):
            self.expected = 0
        self.stream = self.keep and (self.expected is None or self.expected > SMALL_BODY)
        self.success = success
        self.limit = TEXT_LIMIT if success else ERROR_TEXT_LIMIT
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> bool:
        """Take a chunk; False when no more is wanted."""
        self.chunks.append(chunk)
        self.size += len(chunk)
        return bool(chunk) and self.size <= self.limit

    def finish(self, failure: TransportFailure | None = None) -> str | BufferedBody:
        """What was read. A kept body that broke off is read on where it broke, by its reader."""
        data = b"".join(self.chunks)
        if self.keep:
            return BufferedBody(data, failure)
        if failure is not None:
            raise failure
        if self.success and self.size > self.limit:
            raise TransportFailure(
                "decode", f"the response has more than {self.limit} bytes of text"
            )
        if self.success and self.expected is not None and self.size != self.expected:
            raise TransportFailure("interrupted", "the response's text was cut")
        try:
            return data[: self.limit].decode("utf-8", "strict" if self.success else "replace")
        except UnicodeDecodeError as error:
            raise TransportFailure("decode", "the response's text is no valid UTF-8") from error


def read_sync(body: SyncBody, collector: Collector) -> Received:
    if collector.stream:
        return body
    try:
        while collector.add(body.read()):
            pass
    except TransportFailure as failure:
        return collector.finish(failure)
    body.close()
    return collector.finish()


async def read_async(body: AsyncBody, collector: Collector) -> Received:
    if collector.stream:
        return body
    try:
        while collector.add(await body.read_async()):
            pass
    except TransportFailure as failure:
        return collector.finish(failure)
    await body.close_async()
    return collector.finish()


def raise_failure(error: BaseException) -> NoReturn:
    """Throw what httpx threw as a `TransportFailure`, and anything else as it is."""
    kind: TransportErrorKind | None
    kind = next((kind for known, kind in _FAILURES if isinstance(error, known)), None)
    if kind is None:
        if not isinstance(error, httpx.HTTPError | ssl.SSLError | OSError):
            raise error
        kind = "unknown"
    text = _redact.url(str(error)) or type(error).__name__
    raise TransportFailure(kind, text) from error
