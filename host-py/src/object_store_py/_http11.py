"""The blocking HTTP/1.1 engine: a socket, and the parser of httptools if installed, or http.client.

h11, which the asyncio engine falls back on, is slower than http.client and cannot be told to read.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from ._http import SMALL_BODY, Response, TransportFailure
from ._parsers import HAS_HTTPTOOLS, make_parser
from ._sockets import Channel, is_readable
from ._wire import READ_SIZE, Answer, Budget, Headers, Origin, Spill, Wire

T = TypeVar("T")

HEAD_SIZE = 64 << 10
"""How much is read at once while the head has not arrived, in bytes."""
INTO_SIZE = 1 << 20
"""How much is read at once into memory that is there, in bytes; what came is kept if more fails."""
BUFFER = 16 << 10
"""The size of the buffer that heads are parsed from, in bytes."""


class HttpConnection:
    """A connection to one origin, opened when it is needed, used by one request at a time."""

    def __init__(self, origin: Origin, context: Callable[[], ssl.SSLContext]) -> None:
        self._origin = origin
        self._context = context
        self._channel: Channel | None = None
        self._broken: OSError | None = None

    def exchange(self, wire: Wire, budget: Budget) -> HttpAnswer | ParsedAnswer:
        """Send a request and wait for the head of its response."""
        if not self.begin(wire, budget):
            self._broken = _send(self._connect(wire.connect_timeout), wire, budget)
        return self._receive(wire, budget, Channel.await_answer)

    def begin(self, wire: Wire, budget: Budget) -> bool:
        """Send a request if the connection is open; whether it was sent."""
        channel = self._channel
        if channel is not None and channel.is_readable():
            self.close()  # the server has closed it, or sent what nobody asked for
            return False
        if channel is None:
            return False
        self._broken = _send(channel, wire, budget)
        return True

    def receive(self, wire: Wire, budget: Budget) -> HttpAnswer | ParsedAnswer:
        """Receive the head of a response of which something has arrived."""
        return self._receive(wire, budget)

    def _receive(
        self, wire: Wire, budget: Budget, wait: Callable[[Channel, Budget], None] | None = None
    ) -> HttpAnswer | ParsedAnswer:
        channel, broken = self._channel, self._broken
        assert channel is not None
        try:
            if wait is not None:
                _failing(wait, channel, budget)
            if HAS_HTTPTOOLS:
                return ParsedAnswer(self, channel, wire.method, budget)
            return HttpAnswer(self, channel, wire.method, budget)
        except TransportFailure:
            self.close()
            if broken is not None:
                raise TransportFailure("request", str(broken)) from broken
            raise

    def _connect(self, timeout: float | None) -> Channel:
        origin = self._origin
        try:
            connection = socket.create_connection((origin.host, origin.port), timeout)
        except OSError as error:
            raise TransportFailure("connect", str(error) or "timed out") from error
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme == "https":
                connection = self._context().wrap_socket(connection, server_hostname=origin.host)
            self._channel = Channel(connection)
        except OSError as error:
            connection.close()
            raise TransportFailure("connect", str(error)) from error
        except BaseException:
            connection.close()
            raise
        return self._channel

    def fileno(self) -> int:
        """The socket's; -1 when it is closed."""
        return -1 if self._channel is None else self._channel.fileno()

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


class Sent:
    """A request on its way, whose answer nobody has waited for yet.

    Args:
        connection: where it was sent, and its answer arrives.
        budget: the time that the request may take.
        receive: what to do with a function that receives the head of the answer.
    """

    __slots__ = ("_connection", "_due", "_receive")

    def __init__(
        self,
        connection: HttpConnection,
        budget: Budget,
        receive: Callable[[Callable[[Wire, Budget], Answer]], Response],
    ) -> None:
        self._connection = connection
        self._receive = receive
        # The wait is not taken off the budget: other answers may keep the thread busy meanwhile.
        seconds = budget.start()
        self._due = math.inf if seconds is None else time.monotonic() + seconds

    def fileno(self) -> int:
        """The socket at which the answer arrives."""
        return self._connection.fileno()

    def due(self) -> float:
        """Until when to wait for it, by `time.monotonic()`."""
        return self._due

    def finish(self) -> Response:
        """Receive the answer, if it has come in time."""
        late = time.monotonic() >= self._due and not is_readable(self._connection)
        return self._receive(_late if late else self._connection.receive)

    def abandon(self) -> None:
        """Close the connection, whose answer nobody wants."""
        self._connection.close()


def _late(wire: Wire, budget: Budget) -> NoReturn:
    del wire, budget
    raise _failure(TimeoutError())


class ParsedAnswer:
    """A response whose head has arrived, parsed by httptools."""

    def __init__(
        self, owner: HttpConnection, channel: Channel, method: str, budget: Budget
    ) -> None:
        self._owner = owner
        self._channel = channel
        self._budget = budget
        parser = self._parser = make_parser(method)
        self._spill = Spill()
        while parser.status is None:
            self._feed(self._call(channel.receive, HEAD_SIZE))
        self.status = parser.status
        self.headers: Headers = parser.headers
        self._raw = parser.missing()
        """How many bytes of the body follow those that the parser has seen."""
        if self._raw:
            parser.release()

    def _call(self, function: Callable[..., T], argument: Any) -> T:
        return _failing(function, argument, self._budget)

    def _feed(self, data: bytes) -> None:
        parser = self._parser
        if data:
            parser.feed(data)
            return
        parser.feed_end()
        if not parser.complete:
            raise _closed()

    def _received(self, count: int) -> None:
        """Count bytes that the parser does not see."""
        if not count:
            raise _closed()
        self._raw -= count
        self._parser.complete = not self._raw

    def whole(self) -> bytes | None:
        """The body, if all of it came with the head and the connection can be used again."""
        parser = self._parser
        return parser.take() if parser.complete and parser.keep_alive else None

    def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        parser = self._parser
        if self._raw and not parser.chunks:
            data: bytes = self._call(self._channel.receive, min(READ_SIZE, self._raw))
            self._received(len(data))
            return data
        while not parser.chunks and not parser.complete:
            self._feed(self._call(self._channel.receive, READ_SIZE))
        return parser.take()

    def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory, which it is received into; 0 at its end."""
        if self._spill:
            return self._spill.fill(view)
        if not self._raw or self._parser.chunks:
            return self._spill.fill(view, self.read())
        piece = view[: min(INTO_SIZE, self._raw)]
        count: int = self._call(self._channel.receive_into, piece)
        self._received(count)
        return count

    def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        reusable = self._parser.complete and self._parser.keep_alive
        if not reusable:
            self._owner.close()
        return reusable


class HttpAnswer:
    """A response whose head has arrived, parsed by http.client."""

    def __init__(
        self, owner: HttpConnection, channel: Channel, method: str, budget: Budget
    ) -> None:
        self._owner = owner
        self._source = _Source(channel, budget)
        source: Any = self._source
        self._response = http.client.HTTPResponse(source, method=method)
        _guard(self._response.begin)
        self.status = self._response.status
        found = self._response.headers.items()
        self.headers: Headers = [(name.lower(), value) for name, value in found]

    def whole(self) -> None:
        """None: only reading tells where the body ends."""

    def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        data: bytes = _guard(lambda: self._response.read(READ_SIZE))
        return data

    def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory, which it is received into; 0 at its end."""
        count: int = _guard(lambda: self._response.readinto(view[:INTO_SIZE]))
        return count

    def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        response = self._response
        complete = response.isclosed() and not response.will_close and not response.length
        response.close()
        reusable = complete and not self._source.surplus
        if not reusable:
            self._owner.close()
        return reusable


class _Source(io.RawIOBase):
    """A socket as http.client reads it: each wait is bounded by the request's budget."""

    def __init__(self, channel: Channel, budget: Budget) -> None:
        super().__init__()
        self._channel = channel
        self._budget = budget
        self._received = 0
        self.surplus = False
        """Whether something came after the response's end."""

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client calls on a socket."""
        del mode
        return _Reader(self, BUFFER)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what is there, or wait for it as long as the budget allows."""
        count = self._channel.receive_into(buffer, self._budget)
        self._received += count
        return count

    def tell(self) -> int:
        """How many bytes have been received."""
        return self._received


class _Reader(io.BufferedReader):
    """A buffer over a `_Source` that notices, when it is closed, what nobody has read."""

    def close(self) -> None:
        """Close the buffer, not the socket."""
        source = self.raw
        if not self.closed and isinstance(source, _Source):
            source.surplus = source.tell() != self.tell()
        super().close()


def _guard(function: Callable[[], Any]) -> Any:
    """Call a function of http.client's; what it throws means what it says at the border."""
    try:
        return function()
    except http.client.IncompleteRead as error:
        raise TransportFailure("interrupted", "the server sent too few bytes") from error
    except (http.client.HTTPException, ValueError) as error:
        if isinstance(error, OSError):  # as errors of TLS are
            raise _failure(error) from error
        text = str(error) or type(error).__name__
        raise TransportFailure("interrupted", f"the answer is no valid HTTP: {text}") from error
    except OSError as error:
        raise _failure(error) from error


def _failing(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function of a socket's; what it throws means what it says at the border."""
    try:
        return function(*arguments)
    except OSError as error:
        raise _failure(error) from error


def _failure(error: OSError) -> TransportFailure:
    if isinstance(error, TimeoutError):
        return TransportFailure("timeout", "the server did not answer in time")
    return TransportFailure("interrupted", str(error))


def _closed() -> TransportFailure:
    return TransportFailure("interrupted", "the server closed the connection")


def _send(channel: Channel, wire: Wire, budget: Budget) -> OSError | None:
    """Send a request; an error is returned, because the server may have answered before it."""
    head, payload = wire.head(), wire.payload
    small = payload is not None and payload.length <= SMALL_BODY
    try:
        channel.send(head + payload.join() if small and payload is not None else head, budget)
        if payload is not None and not small:
            for piece in payload.pieces():
                channel.send(piece, budget)
    except TimeoutError as error:
        raise TransportFailure("timeout", "the server did not take the request in time") from error
    except OSError as error:
        return error
    return None
