"""What the networks below httpx's transports share: a request's limits, TLS, and what came early.

httpx's timeouts are for each read, so a server that drips would never come to an end, nor would one
that floods. Its connections keep what came after an answer, and look for none while they send.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Generator
from functools import partial
from typing import TypeAlias, TypeVar

import httpcore

from ._http import TransportFailure
from ._wire import Budget

T = TypeVar("T")

Steps: TypeAlias = Generator[bytes | None, bytes | None, T]
"""What TLS wants next: these bytes sent, or, None, some received."""

OVERHEAD = 1 << 20
"""How many bytes an answer may bring that are no body: heads, frames, extensions of chunks."""
FACTOR = 16
"""How many more of them for each byte of its body: chunks may be small."""
PIECE = 64 << 10
"""How much is encrypted, or read of what was encrypted, at once, in bytes."""


class Line:
    """One connection's part in the request that it carries: time, bytes, and whose it is."""

    __slots__ = ("_left", "_process", "budget", "http2", "watches")

    def __init__(self, http2: bool = False) -> None:
        self._process = os.getpid()
        self._left = OVERHEAD
        self.http2 = http2
        self.budget = Budget(None, None)
        self.watches = False
        """Whether an answer that arrives ends what is being sent: the body of an HTTP/1.1 request.
        """

    def begin(self, budget: Budget) -> None:
        """Begin with a request."""
        self.budget, self._left, self.watches = budget, OVERHEAD, False

    def upload(self, begun: bool) -> None:
        """The request's body begins, or it was sent whole."""
        self.watches = begun and not self.http2

    def start(self, timeout: float | None) -> float | None:
        """Begin to wait; returns for how many seconds at most."""
        self.check()
        limit = self.budget.start()
        return limit if timeout is None else timeout if limit is None else min(limit, timeout)

    def check(self) -> None:
        """Refuse to touch the connection of another process: this one is a copy of it."""
        if os.getpid() != self._process:
            raise TransportFailure("interrupted", "the connection was opened before a fork")

    def received(self, data: bytes) -> bytes:
        """Count bytes as they came over the wire."""
        self._left -= len(data)
        if self._left < 0:
            raise TransportFailure("interrupted", "the answer brings too much that is no body")
        return data

    def delivered(self, count: int) -> None:
        """Count bytes of a body."""
        self._left += count * (FACTOR + 1)


class Arrivals:
    """What arrived before it was asked for: while a request was being sent."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ahead = bytearray()
        self._ended = False
        self._above: Arrivals | None = None

    def arrived(self, data: bytes) -> None:
        """Take what came meanwhile; empty at the end.

        Raises:
            httpcore.WriteError: this is the answer; who sends then stops, and reads it.
        """
        self._keep(data)
        if self._above is not None:
            self._above.arrived(self._take(len(self._ahead)))
        elif self._ended or is_final(self._ahead):
            raise httpcore.WriteError("the server has answered before it read everything")

    def _keep(self, data: bytes) -> None:
        self._ahead += data
        self._ended = self._ended or not data

    def _take(self, size: int) -> bytes:
        data = bytes(self._ahead[:size])
        del self._ahead[:size]
        return data


def is_final(data: bytes | bytearray) -> bool:
    """Whether an HTTP/1.1 answer has begun that is not an interim one (RFC 9110, section 15.2)."""
    start = 0
    while data[start + 9 : start + 10] == b"1":
        end = data.find(b"\r\n\r\n", start)
        if end < 0:
            return False
        start = end + 4
    return data[start : start + 5] == b"HTTP/" and len(data) >= start + 10


class Tls(Arrivals):
    """The client's side of TLS, over bytes that somebody else sends and receives."""

    def __init__(self, line: Line, context: ssl.SSLContext, hostname: str | None) -> None:
        super().__init__(line)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    def arrived(self, data: bytes) -> None:
        """Decrypt what came meanwhile."""
        self._feed(data)
        self._decrypt_all()
        plain = self._take(len(self._ahead))
        if plain or self._ended:
            super().arrived(plain)

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _decrypt(self, size: int) -> bytes | None:
        """Some of what was sent to us; empty at the end, None if nothing has arrived."""
        try:
            return self._object.read(size)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def _decrypt_all(self) -> None:
        while not self._ended and (plain := self._decrypt(PIECE)) is not None:
            self._keep(plain)

    def _is_pending(self) -> bool:
        """Whether anything is left of what was received, a part of a record at least."""
        self._decrypt_all()
        return bool(self._ahead) or self._ended or self._incoming.pending > 0

    def _hands(self) -> Steps[None]:
        yield from self._perform(self._object.do_handshake)
        self._line.http2 = self._object.selected_alpn_protocol() == "h2"

    def _reading(self, size: int) -> Steps[bytes]:
        try:
            return (yield from self._perform(partial(self._object.read, size)))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def _writing(self, data: bytes | memoryview) -> Steps[None]:
        view = memoryview(data)
        while view:
            piece = view[:PIECE]
            count = yield from self._perform(partial(self._object.write, piece))
            view = view[count:]

    def _perform(self, function: Callable[[], T]) -> Steps[T]:
        while True:
            try:
                result = function()
            except ssl.SSLWantReadError:
                yield from self._flush()
                self._feed((yield None) or b"")
            except ssl.SSLError:
                yield from self._flush()  # which tells the other side why
                raise
            else:
                yield from self._flush()
                return result

    def _flush(self) -> Steps[None]:
        if data := self._outgoing.read():
            yield data
