"""Sockets that never block: who uses them waits where that is needed, within a request's budget.

A socket with a timeout polls before each call, and to set its timeout is a call of its own. At
every one of them a thread lets go of the GIL, and must get it back from the others.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from ._wire import Budget

T = TypeVar("T")

WATCH = 256 << 10
"""How much is sent before the next look at what has arrived, in bytes."""

Wait = Callable[[float | None], int]
"""Waits for so many seconds; what the socket is ready for then, 0 when the time is over."""
READ, WRITE = 1, 4
"""What to wait for: `POLLIN` and `POLLOUT` have these values wherever there is poll."""


def waiter(connection: Any, events: int = READ) -> Wait:
    """What waits until a socket has something to read, or room; its end and errors are both."""
    if not hasattr(select, "poll"):  # Windows
        return _selecting(connection, events)
    poll = select.poll()
    poll.register(connection, events)

    def wait(seconds: float | None) -> int:
        found = poll.poll(None if seconds is None else seconds * 1000)
        return found[0][1] if found else 0

    return wait


def _selecting(connection: Any, events: int) -> Wait:
    readers = [connection] if events & READ else []
    writers = [connection] if events & WRITE else []

    def wait(seconds: float | None) -> int:
        readable, writable, broken = select.select(readers, writers, writers, seconds)
        return (READ if readable else 0) | (WRITE if writable or broken else 0)

    return wait


def is_readable(connection: Any) -> bool:
    """Whether something has arrived; on an idle connection that means its end."""
    return bool(waiter(connection)(0))


class Channel:
    """A connected socket, encrypted or not, that blocks for as long as a budget has time."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._readable = waiter(connection)
        self._writable: Wait | None = None
        self._either: Wait | None = None
        self._plain = not isinstance(connection, ssl.SSLSocket)

    def fileno(self) -> int:
        """The socket's."""
        return self._socket.fileno()

    def is_idle(self) -> bool:
        """Whether it is open, and nothing has arrived that nobody has read."""
        if self._plain:
            return not self._readable(0)
        # Only TLS itself knows: what the server sent may be decrypted already, or be of TLS alone.
        try:
            self._socket.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            pass
        return False

    def send_now(self, data: bytes | memoryview) -> int:
        """Send as much as there is room for."""
        try:
            return self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def offer(self, view: memoryview, budget: Budget) -> int:
        """Wait for room, and send some; 0 if something has arrived instead."""
        if self._either is None:
            self._either = waiter(self._socket, READ | WRITE)
        sent = 0
        while not sent:
            if self._wait(self._either, budget) & ~WRITE:
                return 0
            try:
                while sent < min(WATCH, len(view)):  # a record of TLS has 16 KiB
                    sent += self._socket.send(view[sent:])
            except ssl.SSLWantReadError:
                self._wait(self._readable, budget)
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
        return sent

    def send(self, data: bytes | memoryview, budget: Budget) -> None:
        """Send all of it, whatever arrives meanwhile."""
        view = memoryview(data)
        while view:
            view = view[self._now(self._socket.send, view, budget) :]

    def receive_now(self, size: int) -> bytes | None:
        """Receive some bytes, empty at the end; None if there are none yet."""
        try:
            return self._socket.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def receive(self, size: int, budget: Budget) -> bytes:
        """Receive some bytes; empty at the end."""
        return self._now(self._socket.recv, size, budget)

    def receive_into(self, view: Any, budget: Budget) -> int:
        """Receive some bytes into memory; 0 at the end."""
        return self._now(self._socket.recv_into, view, budget)

    def await_answer(self, budget: Budget) -> None:
        """Wait for what has hardly arrived yet, so that to receive it will not be in vain."""
        if self._plain:  # what arrives encrypted may have been read from the socket before
            self._wait(self._readable, budget)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _now(self, function: Callable[[Any], T], argument: Any, budget: Budget) -> T:
        """Call what the socket may not be ready for, until it is."""
        while True:
            try:
                return function(argument)
            except ssl.SSLWantReadError:
                writing = False
            except ssl.SSLWantWriteError:
                writing = True
            except BlockingIOError:
                writing = function == self._socket.send
            if not writing:
                self._wait(self._readable, budget)
                continue
            if self._writable is None:
                self._writable = waiter(self._socket, WRITE)
            self._wait(self._writable, budget)

    def _wait(self, wait: Wait, budget: Budget) -> int:
        ready = wait(budget.start())
        budget.stop()
        if not ready:
            raise TimeoutError("timed out")
        return ready
