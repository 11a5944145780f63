"""The blocking HTTP/1.1 engine: a socket that feeds a well-kept parser (httptools, else h11)."""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from ._connecting import connect
from ._http import SMALL_BODY, Response, TransportFailure
from ._parsers import make_parser
from ._sockets import Channel, is_readable
from ._wire import READ_SIZE, REFUSAL, Answer, Budget, Headers, Origin, Spill, Wire

T = TypeVar("T")

HEAD_SIZE = 64 << 10
"""How much is read at once while the head has not arrived, in bytes."""
INTO_SIZE = 1 << 20
"""How much is read at once into memory that is there, in bytes; what came is kept if more fails."""


class HttpConnection:
    """A connection to one origin, opened when it is needed, used by one request at a time."""

    def __init__(self, origin: Origin, context: Callable[[], ssl.SSLContext]) -> None:
        self._origin = origin
        self._context = context
        self._channel: Channel | None = None
        self._answer: HttpAnswer | None = None

    def exchange(self, wire: Wire, budget: Budget) -> HttpAnswer:
        """Send a request and wait for the head of its response."""
        if not self.begin(wire, budget):
            self._send(self._connect(budget, wire.connect_timeout), wire, budget)
        return self._receive(wait=True)

    def begin(self, wire: Wire, budget: Budget) -> bool:
        """Send a request if the connection is open; whether it was sent."""
        channel = self._channel
        if channel is None:
            return False
        if not channel.is_idle():
            self.close()  # the server has closed it, or sent what nobody asked for
            return False
        self._send(channel, wire, budget)
        return True

    def receive(self, wire: Wire, budget: Budget) -> HttpAnswer:
        """Receive the head of a response of which something has arrived."""
        del wire, budget  # those that it was begun with
        return self._receive(wait=False)

    def _send(self, channel: Channel, wire: Wire, budget: Budget) -> None:
        answer = self._answer = HttpAnswer(self, channel, wire.method, budget)
        answer.send(wire)

    def _receive(self, wait: bool) -> HttpAnswer:
        answer, self._answer = self._answer, None
        assert answer is not None
        try:
            answer.receive_head(wait)
        except TransportFailure:
            self.close()
            raise
        return answer

    def _connect(self, budget: Budget, limit: float | None) -> Channel:
        try:
            self._channel = Channel(self._open(budget.start_within(limit)))
        except OSError as error:
            raise TransportFailure("connect", str(error) or "timed out") from error
        finally:
            budget.stop()
        return self._channel

    def _open(self, timeout: float | None) -> socket.socket:
        origin = self._origin
        due = None if timeout is None else time.monotonic() + timeout
        connection = connect(origin.host, origin.port, timeout)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme != "https":
                return connection
            if due is not None:
                connection.settimeout(max(due - time.monotonic(), 0.001))
            return self._context().wrap_socket(connection, server_hostname=origin.host)
        except BaseException:
            connection.close()
            raise

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


class HttpAnswer:
    """A request that is sent, and its response as far as it has arrived."""

    status = 0
    headers: Headers

    def __init__(
        self, owner: HttpConnection, channel: Channel, method: str, budget: Budget
    ) -> None:
        self._owner = owner
        self._channel = channel
        self._budget = budget
        self._parser = make_parser(method)
        self._spill = Spill()
        self._sent = False
        """Whether all of the request was: what was not, the server would take the next one for."""
        self._broken: OSError | None = None
        """What went wrong with sending; the server may have answered before it."""
        self._raw = 0
        """How many bytes of the body follow those that the parser has seen."""

    def send(self, wire: Wire) -> None:
        """Send the request, unless the server refuses it meanwhile."""
        head, payload = memoryview(wire.head()), wire.payload  # whose repr shows no bytes
        try:
            if payload is None:
                self._sent = self._send(head)
            elif payload.length <= SMALL_BODY:
                self._sent = self._send(memoryview(b"".join((head, *payload.views))))
            else:
                self._sent = self._send(head) and all(map(self._send, payload.pieces()))
        except TimeoutError as error:
            text = "the server did not take the request in time"
            raise TransportFailure("timeout", text) from error
        except OSError as error:
            self._broken = error

    def _send(self, data: memoryview) -> bool:
        """Send a piece; False if the server has refused the request."""
        view = data[self._channel.send_now(data) :]
        while view:
            if self._parser.status is not None:  # it has answered, and goes on to read
                self._channel.send(view, self._budget)
                break
            count = self._channel.offer(view, self._budget)
            view = view[count:]
            if not count and self._refused():
                return False
        return True

    def _refused(self) -> bool:
        """Take what has arrived; whether it is an answer for which no more need be sent."""
        data = self._channel.receive_now(HEAD_SIZE)
        if data == b"":
            raise ConnectionError("the server closed the connection")
        if data is not None:
            self._parser.feed(data)
        return self._parser.status is not None and self._parser.status >= REFUSAL

    def receive_head(self, wait: bool) -> None:
        """Receive the head of the response."""
        parser = self._parser
        try:
            if wait and parser.status is None:
                _failing(self._channel.await_answer, self._budget)
            while parser.status is None:
                self._feed(self._call(self._channel.receive, HEAD_SIZE))
            if self._broken is not None and parser.status < REFUSAL:
                raise self._broken  # a success, of what was not sent
        except (TransportFailure, OSError):
            if self._broken is not None:
                raise TransportFailure("request", str(self._broken)) from self._broken
            raise
        self.status = parser.status
        self.headers = parser.headers
        self._raw = parser.missing()
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

    def _is_over(self) -> bool:
        """Whether all was sent and read, and the connection can be used again."""
        return self._sent and self._parser.complete and self._parser.keep_alive

    def whole(self) -> bytes | None:
        """The body, if all of it came with the head and the connection can be used again."""
        return self._parser.take() if self._is_over() else None

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
        reusable = self._is_over()
        if not reusable:
            self._owner.close()
        return reusable


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
