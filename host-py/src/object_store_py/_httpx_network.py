"""The blocking network below httpx's transports; see `_httpx_line` for why it is our own."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import httpcore

from ._connecting import connect
from ._httpx_line import PIECE, Arrivals, Line, Steps, Tls
from ._sockets import is_readable
from ._wire import READ_SIZE

T = TypeVar("T")


class Network(httpcore.NetworkBackend):
    """Opens the connections of one transport."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        """Connect to a server, or a proxy."""
        del local_address, socket_options
        limit = self._line.start(timeout)
        try:
            connection = connect(host, port, limit)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        finally:
            self._line.budget.stop()
        return Stream(connection, self._line)


class _Securable(Arrivals, httpcore.NetworkStream):
    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> SecureStream:
        """Speak TLS over this stream, which may speak it already."""
        secure = SecureStream(self, self._line, ssl_context, server_hostname)
        try:
            secure.shake_hands(timeout)
        except BaseException:
            self.close()
            raise
        self._above = secure
        return secure


class Stream(_Securable):
    """A connected socket."""

    def __init__(self, connection: socket.socket, line: Line) -> None:
        super().__init__(line)
        connection.setblocking(False)
        self._socket = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive some bytes; empty at the end."""
        if self._ahead or self._ended:
            return self._take(max_bytes)
        while True:
            self._line.check()
            try:
                return self._receive(max_bytes)
            except BlockingIOError:
                self._wait(True, False, timeout, httpcore.ReadTimeout)

    def write(self, buffer: bytes | memoryview, timeout: float | None = None) -> None:
        """Send all of it, unless an answer comes first."""
        view = memoryview(buffer)
        while view:
            self._line.check()
            if self._line.watches and is_readable(self._socket):
                self.arrived(self._receive(READ_SIZE))
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._wait(self._line.watches, True, timeout, httpcore.WriteTimeout)
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def _receive(self, size: int) -> bytes:
        try:
            return self._line.received(self._socket.recv(size))
        except BlockingIOError:
            raise
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def _wait(
        self, reading: bool, writing: bool, timeout: float | None, late: type[Exception]
    ) -> None:
        limit = self._line.start(timeout)
        ready = _wait(self._socket, reading, writing, limit)
        self._line.budget.stop()
        if not ready:
            raise late("timed out")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks: whether there is something to read."""
        if info == "is_readable":
            return bool(self._ahead) or self._socket.fileno() < 0 or is_readable(self._socket)
        return self._socket if info == "socket" else None


class SecureStream(Tls, _Securable):
    """TLS over a stream."""

    def __init__(
        self, below: _Securable, line: Line, context: ssl.SSLContext, hostname: str | None
    ) -> None:
        super().__init__(line, context, hostname)
        self._below = below

    def shake_hands(self, timeout: float | None) -> None:
        """Agree on how to speak, within so many seconds in all."""
        due = None if timeout is None else time.monotonic() + timeout
        try:
            self._run(self._hands(), lambda: due and max(due - time.monotonic(), 0.0))
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (ssl.SSLError, httpcore.NetworkError) as error:
            raise httpcore.ConnectError(str(error)) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive some bytes; empty at the end."""
        if self._ahead or self._ended:
            return self._take(max_bytes)
        try:
            return self._run(self._reading(max_bytes), lambda: timeout)
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes | memoryview, timeout: float | None = None) -> None:
        """Send all of it, unless an answer comes first."""
        try:
            self._run(self._writing(buffer), lambda: timeout)
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    def _run(self, steps: Steps[T], timeout: Callable[[], float | None]) -> T:
        answer: bytes | None = None
        try:
            while True:
                data, answer = steps.send(answer), None
                if data is None:
                    answer = self._below.read(PIECE, timeout())
                else:
                    self._below.write(data, timeout())
        except StopIteration as stop:
            result: T = stop.value
            return result

    def close(self) -> None:
        """Close the socket."""
        self._below.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks: which protocol was agreed on, whether there is something to read."""
        if info == "ssl_object":
            return self._object
        if info == "is_readable":
            return self._below.get_extra_info(info) or self._is_pending()
        return self._below.get_extra_info(info)


def _wait(connection: socket.socket, reading: bool, writing: bool, seconds: float | None) -> bool:
    """Wait until a socket can be read or written, as asked; False when the time is over."""
    if not hasattr(select, "poll"):  # Windows
        readers, writers = [connection] * reading, [connection] * writing
        return any(select.select(readers, writers, [], seconds))
    poll = select.poll()
    poll.register(connection, select.POLLIN * reading | select.POLLOUT * writing)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
