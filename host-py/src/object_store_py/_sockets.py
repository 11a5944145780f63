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


def waiter(connection: Any, writing: bool = False) -> Callable[[float | None], bool]:
    """What waits until a socket has something to read, or room; False when the time is over."""
    if not hasattr(select, "poll"):  # Windows
        readers, writers = ([], [connection]) if writing else ([connection], [])
        return lambda seconds: any(select.select(readers, writers, [], seconds))
    poll = select.poll()
    poll.register(connection, select.POLLOUT if writing else select.POLLIN)
    return lambda seconds: bool(poll.poll(None if seconds is None else seconds * 1000))


def is_readable(connection: Any) -> bool:
    """Whether something has arrived; on an idle connection that means its end."""
    return waiter(connection)(0)


class Channel:
    """A connected socket, encrypted or not, that blocks for as long as a budget has time."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._readable = waiter(connection)
        self._writable: Callable[[float | None], bool] | None = None
        self._plain = not isinstance(connection, ssl.SSLSocket)

    def fileno(self) -> int:
        """The socket's."""
        return self._socket.fileno()

    def is_readable(self) -> bool:
        """Whether something has arrived; on an idle connection that means its end."""
        return self._readable(0)

    def send(self, data: bytes | memoryview, budget: Budget) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            view = view[self._now(self._socket.send, view, budget) :]

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
                self._writable = waiter(self._socket, writing=True)
            self._wait(self._writable, budget)

    def _wait(self, wait: Callable[[float | None], bool], budget: Budget) -> None:
        ready = wait(budget.start())
        budget.stop()
        if not ready:
            raise TimeoutError("timed out")
