"""httpx's transports as engines: those that a user gives, and where ours do not go.

Ours speak HTTP/1.1 without a proxy, blocking and on asyncio. Proxies, HTTP/2 and trio are httpx's,
one connection for each transport: httpx's shared pool costs more than linearly in its connections.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

import httpx

from . import _redact
from ._http import EMPTY, Payload, TransportErrorKind, TransportFailure
from ._parsers import decoded
from ._quiet import quiet
from ._wire import Budget, Headers, Spill, Wire

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


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A payload as httpx sends it, in memory views."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload

    def __iter__(self) -> Iterator[bytes]:
        return self._payload.pieces()  # type: ignore[return-value] # h11 takes any buffer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncPieces(self._payload.pieces())  # type: ignore[arg-type] # as above


class _AsyncPieces(AsyncIterator[bytes]):
    """No generator: trio complains of one that is left when a server answers early."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


class _SignedUrl(httpx.URL):
    """A URL whose target leaves as it was signed: httpx would normalise it.

    The extension `target` would do that, too, but would also take the place of what a proxy is
    asked for.
    """

    target = b""

    @property
    def raw_path(self) -> bytes:
        """The request's target."""
        return self.target


def _request(wire: Wire, budget: Budget) -> httpx.Request:
    wire.head()  # refuses what must not leave
    limit = budget.start()
    timeouts = dict.fromkeys(("read", "write", "pool"), limit) | {"connect": wire.connect_timeout}
    request = httpx.Request(
        wire.method,
        wire.url,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in wire.headers],
        stream=_Pieces(wire.payload or EMPTY),
        extensions={"timeout": timeouts},
    )
    request.url = _SignedUrl(wire.url)
    request.url.target = wire.target.encode("ascii")
    return request


def _headers(response: httpx.Response) -> Headers:
    return decoded(response.headers.raw)


class HttpxConnection:
    """A blocking transport; `shared` is one of the user's, which is never closed."""

    def __init__(self, transport: httpx.BaseTransport, shared: bool) -> None:
        self._transport = transport
        self._shared = shared

    def exchange(self, wire: Wire, budget: Budget) -> HttpxAnswer:
        """Send a request and wait for the head of its response."""
        try:
            with quiet():
                response = self._transport.handle_request(_request(wire, budget))
            budget.stop()
        except BaseException as error:
            raise_failure(error)
        return HttpxAnswer(response, budget)

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        if not self._shared:
            self._transport.close()


class HttpxAnswer:
    """A response whose head has arrived."""

    def __init__(self, response: httpx.Response, budget: Budget) -> None:
        stream: Any = response.stream
        self._stream = stream
        self._chunks: Any = iter(stream)
        self._budget = budget
        self._spill = Spill()
        self.status = response.status_code
        self.headers = _headers(response)

    def whole(self) -> None:
        """None: only reading tells where the body ends."""

    def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        self._budget.start()
        try:
            # HTTP/2 has empty frames, which are not the end.
            chunk: bytes = next((chunk for chunk in self._chunks if chunk), b"")
        except BaseException as error:
            raise_failure(error)
        finally:
            self._budget.stop()
        return chunk

    def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, self.read())

    def close(self) -> bool:
        """Give the rest up. The transport itself knows what it can use again."""
        self._stream.close()
        return True


class HttpxAsyncConnection:
    """An asynchronous transport; `shared` is one of the user's, which is never closed."""

    def __init__(self, transport: httpx.AsyncBaseTransport, shared: bool) -> None:
        self._transport = transport
        self._shared = shared

    async def exchange(self, wire: Wire, budget: Budget) -> HttpxAsyncAnswer:
        """Send a request and wait for the head of its response."""
        try:
            with quiet():
                response = await self._transport.handle_async_request(_request(wire, budget))
            budget.stop()
        except BaseException as error:
            raise_failure(error)
        return HttpxAsyncAnswer(response, budget, self._shared)

    async def aclose(self) -> None:
        """Close the connection; the next request opens it again."""
        if not self._shared:
            await self._transport.aclose()


class HttpxAsyncAnswer:
    """A response whose head has arrived."""

    def __init__(self, response: httpx.Response, budget: Budget, shared: bool) -> None:
        stream: Any = response.stream
        self._stream = stream
        self._chunks: Any = aiter(stream)
        self._begun = False
        self._is_http11_of_ours = (
            not shared and response.extensions.get("http_version") != b"HTTP/2"
        )
        self._budget = budget
        self._spill = Spill()
        self.status = response.status_code
        self.headers = _headers(response)

    def whole(self) -> None:
        """None: only reading tells where the body ends."""

    async def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        self._begun = True
        self._budget.start()
        try:
            chunk: bytes | None = b""
            while chunk == b"":  # HTTP/2 has empty frames, which are not the end
                chunk = await anext(self._chunks, None)
        except BaseException as error:
            raise_failure(error)
        finally:
            self._budget.stop()
        return chunk or b""

    async def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, await self.read())

    def ended(self) -> bool:
        """False: the transport wants to be told."""
        return False

    async def close(self) -> bool:
        """Give the rest up. The transport itself knows what it can use again."""
        if self._begun and self._is_http11_of_ours:
            await self._stream.aclose()
            # Reading what is closed fails, after what was read ahead, and so ends the generators
            # within httpcore's: closing the outermost leaves them to the garbage collector.
            with contextlib.suppress(Exception):
                while await anext(self._chunks, None) is not None:
                    pass
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()
        await self._stream.aclose()
        return True


def raise_failure(error: BaseException) -> NoReturn:
    """Throw what httpx threw as a `TransportFailure`, and anything else as it is."""
    kind: TransportErrorKind | None
    kind = next((kind for known, kind in _FAILURES if isinstance(error, known)), None)
    if kind is None:
        if not isinstance(error, httpx.HTTPError | ssl.SSLError | OSError):
            raise error
        kind = "unknown"
    # Not `from error`: its text may have a signed URL in it, and a traceback would show that.
    raise TransportFailure(kind, _redact.url(_text(error))) from None


def _text(error: BaseException) -> str:
    """What an error says, or else what the error behind it says, as trio's do."""
    behind: BaseException | None = error
    while behind is not None:
        if text := str(behind):
            return text
        behind = behind.__cause__ or behind.__context__
    return type(error).__name__
