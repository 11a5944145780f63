"""The network below httpx's asynchronous transports, on asyncio and trio; see `_httpx_line`."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import httpcore

from ._connecting import AHEAD, Address, in_turns
from ._httpx_line import PIECE, Arrivals, Line, Steps, Tls
from ._sockets import is_readable
from ._wire import READ_SIZE

T = TypeVar("T")


class AsyncNetwork(httpcore.AsyncNetworkBackend):
    """Opens the connections of one transport."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncStream:
        """Connect to a server, or a proxy."""
        del local_address, socket_options
        limit = self._line.start(timeout)
        try:
            with anyio.fail_after(limit):
                connection = await _connect(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        finally:
            self._line.budget.stop()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return AsyncStream(connection, self._line)


async def _connect(host: str, port: int) -> socket.socket:
    """Connect to the address that answers first, of those that a name has."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    race = _Race()
    try:
        async with anyio.create_task_group() as group:
            for address in in_turns(found):
                failed = anyio.Event()
                group.start_soon(race.run, address, failed, group.cancel_scope)
                with anyio.move_on_after(AHEAD):
                    await failed.wait()
    except BaseException:
        if race.won is not None:
            race.won.close()
        raise
    if race.won is None:
        raise race.errors[0] if race.errors else OSError("the name has no address")
    return race.won


class _Race:
    """Attempts to connect, of which the first to succeed ends the others."""

    def __init__(self) -> None:
        self.won: socket.socket | None = None
        self.errors: list[OSError] = []

    async def run(self, address: Address, failed: anyio.Event, scope: anyio.CancelScope) -> None:
        family, kind, protocol, _, where = address
        connection: socket.socket | None = None
        try:
            connection = socket.socket(family, kind, protocol)
            connection.setblocking(False)
            await _open(connection, where)
            if self.won is None:
                self.won, connection = connection, None
            scope.cancel()
        except OSError as error:
            self.errors.append(error)
            failed.set()
        finally:
            if connection is not None:
                connection.close()


async def _open(connection: socket.socket, address: Any) -> None:
    try:
        connection.connect(address)
    except BlockingIOError:
        await anyio.wait_writable(connection)
        if code := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code)) from None


class _Securable(Arrivals, httpcore.AsyncNetworkStream):
    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> SecureAsyncStream:
        """Speak TLS over this stream, which may speak it already."""
        secure = SecureAsyncStream(self, self._line, ssl_context, server_hostname)
        try:
            await secure.shake_hands(timeout)
        except BaseException:
            await self.aclose()
            raise
        self._above = secure
        return secure


class AsyncStream(_Securable):
    """A connected socket."""

    def __init__(self, connection: socket.socket, line: Line) -> None:
        super().__init__(line)
        self._socket = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive some bytes; empty at the end."""
        if self._ahead or self._ended:
            return self._take(max_bytes)
        await anyio.lowlevel.checkpoint()
        while True:
            self._line.check()
            try:
                return self._receive(max_bytes)
            except BlockingIOError:
                with self._within(timeout, httpcore.ReadTimeout):
                    await anyio.wait_readable(self._socket)

    async def write(self, buffer: bytes | memoryview, timeout: float | None = None) -> None:
        """Send all of it, unless an answer comes first."""
        view = memoryview(buffer)
        await anyio.lowlevel.checkpoint()
        while view:
            self._line.check()
            if self._line.watches and is_readable(self._socket):
                self.arrived(self._receive(READ_SIZE))
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                with self._within(timeout, httpcore.WriteTimeout):
                    await (_either if self._line.watches else anyio.wait_writable)(self._socket)
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def _receive(self, size: int) -> bytes:
        try:
            return self._line.received(self._socket.recv(size))
        except BlockingIOError:
            raise
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    @contextmanager
    def _within(self, timeout: float | None, late: type[Exception]) -> Generator[None]:
        try:
            with anyio.fail_after(self._line.start(timeout)):
                yield
        except TimeoutError:
            raise late("timed out") from None
        finally:
            self._line.budget.stop()

    async def aclose(self) -> None:
        """Close the socket."""
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks: whether there is something to read."""
        if info == "is_readable":
            return bool(self._ahead) or self._socket.fileno() < 0 or is_readable(self._socket)
        return self._socket if info == "socket" else None


async def _either(connection: socket.socket) -> None:
    """Wait until a socket can be read or written."""

    async def wait(function: Callable[[socket.socket], Awaitable[None]]) -> None:
        await function(connection)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(wait, anyio.wait_readable)
        group.start_soon(wait, anyio.wait_writable)


class SecureAsyncStream(Tls, _Securable):
    """TLS over a stream."""

    def __init__(
        self, below: _Securable, line: Line, context: ssl.SSLContext, hostname: str | None
    ) -> None:
        super().__init__(line, context, hostname)
        self._below = below

    async def shake_hands(self, timeout: float | None) -> None:
        """Agree on how to speak, within so many seconds in all."""
        due = None if timeout is None else anyio.current_time() + timeout
        try:
            await self._run(self._hands(), lambda: due and max(due - anyio.current_time(), 0.0))
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (ssl.SSLError, httpcore.NetworkError) as error:
            raise httpcore.ConnectError(str(error)) from error

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive some bytes; empty at the end."""
        if self._ahead or self._ended:
            return self._take(max_bytes)
        try:
            return await self._run(self._reading(max_bytes), lambda: timeout)
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes | memoryview, timeout: float | None = None) -> None:
        """Send all of it, unless an answer comes first."""
        try:
            await self._run(self._writing(buffer), lambda: timeout)
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    async def _run(self, steps: Steps[T], timeout: Callable[[], float | None]) -> T:
        answer: bytes | None = None
        try:
            while True:
                data, answer = steps.send(answer), None
                if data is None:
                    answer = await self._below.read(PIECE, timeout())
                else:
                    await self._below.write(data, timeout())
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def aclose(self) -> None:
        """Close the socket."""
        await self._below.aclose()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks: which protocol was agreed on, whether there is something to read."""
        if info == "ssl_object":
            return self._object
        if info == "is_readable":
            return self._below.get_extra_info(info) or self._is_pending()
        return self._below.get_extra_info(info)
