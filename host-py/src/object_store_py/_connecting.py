"""Connecting to the first address of a host that answers (RFC 8305), blocking.

A host may have many addresses, and some of them nobody answers at: the next one is tried as soon as
the last has failed, or a moment later beside it. Both families take turns.
"""

from __future__ import annotations

import math
import os
import selectors
import socket
import time
from collections import deque
from itertools import chain, zip_longest
from typing import Any, TypeAlias

AHEAD = 0.25
"""Seconds after which the next address is tried beside those that have not answered."""

Address: TypeAlias = tuple[int, int, int, str, Any]
"""What `socket.getaddrinfo` finds."""


def connect(host: str, port: int, timeout: float | None) -> socket.socket:
    """Connect within so many seconds, blocking; looking the host up is not counted.

    Raises:
        OSError: no address answered; says what the last failure was.
    """
    addresses = in_turns(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    if len(addresses) > 1:
        return _Race(addresses, timeout).run()
    family, kind, protocol, _, address = addresses[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(timeout)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def in_turns(found: list[Any]) -> list[Address]:
    """Addresses in their order, but the two families in turns."""
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    pairs = chain.from_iterable(zip_longest(first, other))
    return [address for address in pairs if address is not None]


class _Race:
    """Connections to some addresses, begun one after another, of which the first one wins."""

    def __init__(self, addresses: list[Address], timeout: float | None) -> None:
        self._addresses = deque(addresses)
        self._timeout = timeout
        self._due = math.inf if timeout is None else time.monotonic() + timeout
        self._failure: OSError = TimeoutError("timed out")
        self._racing = getattr(selectors, "PollSelector", selectors.SelectSelector)()

    def run(self) -> socket.socket:
        try:
            while self._addresses or self._racing.get_map():
                if self._addresses:
                    self._begin(self._addresses.popleft())
                for key, _ in self._racing.select(self._patience()):
                    connection: Any = key.fileobj
                    if self._has_won(connection):
                        return self._take(connection)
                if time.monotonic() >= self._due:
                    raise TimeoutError("timed out")
            raise self._failure
        finally:
            for left in list(self._racing.get_map().values()):
                other: Any = left.fileobj
                other.close()
            self._racing.close()

    def _patience(self) -> float | None:
        if not self._racing.get_map():
            return 0.0
        left = self._due - time.monotonic()
        left = min(left, AHEAD) if self._addresses else left
        return None if left == math.inf else max(left, 0.0)

    def _begin(self, found: Address) -> None:
        family, kind, protocol, _, address = found
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this machine does not have
            self._failure = error
            return
        self._racing.register(connection, selectors.EVENT_WRITE)
        connection.setblocking(False)
        try:
            connection.connect(address)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(connection, error)

    def _has_won(self, connection: socket.socket) -> bool:
        code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._lose(connection, OSError(code, os.strerror(code)))
        return not code

    def _lose(self, connection: socket.socket, failure: OSError) -> None:
        self._failure = failure
        self._racing.unregister(connection)
        connection.close()

    def _take(self, connection: socket.socket) -> socket.socket:
        self._racing.unregister(connection)
        connection.settimeout(self._timeout)
        return connection
