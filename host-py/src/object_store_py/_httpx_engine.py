"""httpx's transports as engines: those that a user gives, and where ours do not go.

Ours speak HTTP/1.1 without a proxy, blocking and on asyncio. Proxies, HTTP/2 and trio are httpx's,
one connection for each transport: httpx's shared pool costs more than linearly in its connections.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NoReturn

import httpx

from . import _redact
from ._http import EMPTY, SMALL_BODY, Payload, TransportErrorKind, TransportFailure
from ._httpx_line import Line
from ._parsers import announced, decoded
from ._quiet import quiet
from ._wire import REFUSAL, Budget, Headers, Spill, Wire
from .exceptions import BaseError

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

    def __init__(self, payload: Payload, line: Line | None) -> None:
        self._payload = payload
        self._line = line

    def __iter__(self) -> Iterator[Any]:  # of memory views: h11 takes any buffer
        if self._line is None or self._payload.length <= SMALL_BODY:
            yield from self._payload.pieces()
            return
        self._line.upload(True)
        yield from self._payload.pieces()
        self._line.upload(False)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncPieces(iter(self))


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


class _Request(httpx.Request):
    """A request whose repr has no query: who reports errors records the locals of frames."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {_redact.url(str(self.url))!r})>"


def _request(wire: Wire, budget: Budget, line: Line | None) -> httpx.Request:
    wire.head()  # refuses what must not leave
    limit = budget.start()
    if line is not None:  # it counts for itself how long what takes
        budget.stop()
        line.begin(budget)
    timeouts = dict.fromkeys(("read", "write", "pool"), limit) | {"connect": wire.connect_timeout}
    request = _Request(
        wire.method,
        wire.url,
        # White space around a value is none of it, and h11's error about it would show the value.
        headers=[
            (name.encode("latin-1"), value.strip(" \t").encode("latin-1"))
            for name, value in wire.headers
        ],
        stream=_Pieces(wire.payload or EMPTY, line),
        extensions={"timeout": timeouts},
    )
    request.url = _SignedUrl(wire.url)
    request.url.target = wire.target.encode("ascii")
    return request


def _check_sent(line: Line | None, response: httpx.Response) -> None:
    """Refuse a success that came before the request was sent whole."""
    if line is not None and line.watches and response.status_code < REFUSAL:
        text = f"the server answered {response.status_code} before it had read everything"
        raise TransportFailure("request", text)


def _headers(response: httpx.Response, ours: bool) -> Headers:
    headers = decoded(response.headers.raw)
    if response.extensions.get("http_version") == b"HTTP/2":
        headers.append(("transfer-encoding", "chunked"))  # its frames say where the body ends
    elif ours:
        announced(headers)  # which of h11's answers are not to be believed
    return headers


class HttpxConnection:
    """A blocking transport; without a line it is one of the user's, which is never closed."""

    def __init__(self, transport: httpx.BaseTransport, line: Line | None = None) -> None:
        self._transport = transport
        self._line = line

    @classmethod
    def open(cls, arguments: Mapping[str, Any]) -> HttpxConnection:
        """A transport of our own, with one connection."""
        from ._httpx_network import Network

        line = Line(http2=not arguments["http1"])
        transport = httpx.HTTPTransport(**arguments)
        _put_below(transport, Network(line))
        return cls(transport, line)

    def exchange(self, wire: Wire, budget: Budget) -> HttpxAnswer:
        """Send a request and wait for the head of its response."""
        try:
            with quiet():
                response = self._transport.handle_request(_request(wire, budget, self._line))
            if self._line is None:
                budget.stop()
        except BaseException as error:
            raise_failure(error, ours=self._line is not None)
        _check_sent(self._line, response)
        return HttpxAnswer(self, response, budget)

    @property
    def line(self) -> Line | None:
        """The network's part; None for a transport of the user's."""
        return self._line

    def is_clean(self) -> bool:
        """Whether nothing is left that came after the last answer."""
        return is_clean(self._transport)

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        if self._line is not None:
            self._transport.close()


class HttpxAnswer:
    """A response whose head has arrived."""

    def __init__(self, owner: HttpxConnection, response: httpx.Response, budget: Budget) -> None:
        stream: Any = response.stream
        self._owner = owner
        self._stream = stream
        self._chunks: Any = iter(stream)
        self._ended = False
        self._budget = budget
        self._spill = Spill()
        self.status = response.status_code
        self.headers = _headers(response, ours=owner.line is not None)

    def whole(self) -> None:
        """None: only reading tells where the body ends."""

    def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        line = self._owner.line
        if line is None:
            self._budget.start()
        try:
            # HTTP/2 has empty frames, which are not the end.
            chunk: bytes = next((chunk for chunk in self._chunks if chunk), b"")
        except BaseException as error:
            raise_failure(error, ours=line is not None)
        finally:
            if line is None:
                self._budget.stop()
        if line is not None:
            line.delivered(len(chunk))
        self._ended = not chunk
        return chunk

    def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, self.read())

    def close(self) -> bool:
        """Give the rest up; whether the connection can be used again.

        A transport of the user's knows itself what it can use again.
        """
        self._stream.close()
        if self._owner.line is None or (self._ended and self._owner.is_clean()):
            return True
        self._owner.close()
        return False


class HttpxAsyncConnection:
    """An asynchronous transport; without a line it is one of the user's, which is never closed."""

    def __init__(self, transport: httpx.AsyncBaseTransport, line: Line | None = None) -> None:
        self._transport = transport
        self._line = line

    @classmethod
    def open(cls, arguments: Mapping[str, Any]) -> HttpxAsyncConnection:
        """A transport of our own, with one connection."""
        from ._httpx_network_async import AsyncNetwork

        line = Line(http2=not arguments["http1"])
        transport = httpx.AsyncHTTPTransport(**arguments)
        _put_below(transport, AsyncNetwork(line))
        return cls(transport, line)

    async def exchange(self, wire: Wire, budget: Budget) -> HttpxAsyncAnswer:
        """Send a request and wait for the head of its response."""
        try:
            with quiet():
                request = _request(wire, budget, self._line)
                response = await self._transport.handle_async_request(request)
            if self._line is None:
                budget.stop()
        except BaseException as error:
            raise_failure(error, ours=self._line is not None)
        _check_sent(self._line, response)
        return HttpxAsyncAnswer(self, response, budget)

    @property
    def line(self) -> Line | None:
        """The network's part; None for a transport of the user's."""
        return self._line

    def is_clean(self) -> bool:
        """Whether nothing is left that came after the last answer."""
        return is_clean(self._transport)

    async def aclose(self) -> None:
        """Close the connection; the next request opens it again."""
        if self._line is not None:
            await self._transport.aclose()


class HttpxAsyncAnswer:
    """A response whose head has arrived."""

    def __init__(
        self, owner: HttpxAsyncConnection, response: httpx.Response, budget: Budget
    ) -> None:
        stream: Any = response.stream
        self._owner = owner
        self._stream = stream
        self._chunks: Any = aiter(stream)
        self._begun = self._ended = False
        self._is_http11_of_ours = owner.line is not None and not owner.line.http2
        self._budget = budget
        self._spill = Spill()
        self.status = response.status_code
        self.headers = _headers(response, ours=owner.line is not None)

    def whole(self) -> None:
        """None: only reading tells where the body ends."""

    async def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        self._begun = True
        line = self._owner.line
        if line is None:
            self._budget.start()
        try:
            chunk: bytes | None = b""
            while chunk == b"":  # HTTP/2 has empty frames, which are not the end
                chunk = await anext(self._chunks, None)
        except BaseException as error:
            raise_failure(error, ours=line is not None)
        finally:
            if line is None:
                self._budget.stop()
        if line is not None:
            line.delivered(len(chunk or b""))
        self._ended = not chunk
        return chunk or b""

    async def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end."""
        return self._spill.fill(view) if self._spill else self._spill.fill(view, await self.read())

    def ended(self) -> bool:
        """False: the transport wants to be told."""
        return False

    async def close(self) -> bool:
        """Give the rest up; whether the connection can be used again.

        A transport of the user's knows itself what it can use again.
        """
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
        if self._owner.line is None or (self._ended and self._owner.is_clean()):
            return True
        await self._owner.aclose()
        return False


def _put_below(transport: Any, network: Any) -> None:
    """Give a transport of httpx's a network of ours, as its pool has it: it takes none itself."""
    assert hasattr(transport._pool, "_network_backend")
    transport._pool._network_backend = network


def is_clean(transport: Any) -> bool:
    """Whether an answer left nothing behind in a transport with one connection.

    What came after it waits in h11's buffer, and would be taken for the next answer. HTTP/2 knows
    whose each frame is. Where that cannot be seen, the answer is no.
    """
    for connection in transport._pool.connections:
        inner: Any = connection
        while inner is not None and not hasattr(inner, "_network_stream"):
            inner = getattr(inner, "_connection", None)
        http11 = getattr(inner, "_h11_state", None)
        if http11 is None and not hasattr(inner, "_h2_state"):
            return False
        if http11 is not None and http11.trailing_data != (b"", False):
            return False
    return True


def raise_failure(error: BaseException, ours: bool = False) -> NoReturn:
    """Throw what httpx threw as a `TransportFailure`, and anything else as it is.

    A transport of `ours` has nothing else to throw: what h11 and h2 do not expect, they show by any
    exception.
    """
    kind: TransportErrorKind | None
    kind = next((kind for known, kind in _FAILURES if isinstance(error, known)), None)
    if kind is None:
        unexpected = ours and isinstance(error, Exception)
        if isinstance(error, TransportFailure | BaseError) or not (
            unexpected or isinstance(error, httpx.HTTPError | ssl.SSLError | OSError)
        ):
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
