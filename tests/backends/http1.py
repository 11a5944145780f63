"""HTTP/1.1 on raw sockets, just enough for our test servers: exact bytes in, exact bytes out."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl

KEPT_BODY = 1024 * 1024
READ = 256 * 1024
BACKLOG = 1024  # more than connect at once: the kernel drops the rest, who try again after a second


class Gone(Exception):
    """The peer closed the connection, or we did."""


@dataclass
class RecordedRequest:
    """A request as it came over the wire."""

    head: bytes  # request line and headers, with the empty line
    body: bytes  # cut at KEPT_BODY
    body_length: int
    received_at: float  # time.monotonic() when the head was complete
    connection: int
    forwarded_at: float | None = None

    @property
    def request_line(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0]

    @property
    def method(self) -> str:
        return self.request_line.split(b" ")[0].decode("ascii")

    @property
    def target(self) -> bytes:
        """Path and query exactly as sent."""
        return self.request_line.split(b" ")[1]

    @property
    def query(self) -> dict[str, str]:
        _, _, query = self.target.decode("ascii").partition("?")
        return dict(parse_qsl(query, keep_blank_values=True))

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names lower-cased, values stripped, in the order sent."""
        return parse_headers(self.head)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name.lower())


def parse_headers(head: bytes) -> list[tuple[str, str]]:
    """The headers of a request or response head."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = [line.split(":", 1) for line in lines if ":" in line]
    return [(name.strip().lower(), value.strip()) for name, value in pairs]


class Wire:
    """A buffered socket that reads whole HTTP heads and bodies."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def read_head(self) -> bytes:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        return self._take(end + 4)

    def read_exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._fill()
        return self._take(length)

    def read_line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._fill()
        return self._take(end + 2)

    def read_to_end(self) -> bytes:
        with contextlib.suppress(Gone):
            while True:
                self._fill()
        return self._take(len(self._buffer))

    def read_body(self, headers: dict[str, str]) -> bytes:
        """A body with its framing, as raw bytes: by length or in chunks."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunked()
        return self.read_exactly(int(headers.get("content-length", "0")))

    def _read_chunked(self) -> bytes:
        raw = bytearray()
        while True:
            line = self.read_line()
            size = int(line.split(b";")[0], 16)
            raw += line + self.read_exactly(size + 2)
            if size == 0:
                return bytes(raw)

    def _fill(self) -> None:
        try:
            data = self.sock.recv(READ)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        self._buffer += data

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """Closes with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def read_request(wire: Wire, connection: int) -> RecordedRequest:
    """The next request of a connection; answers `Expect: 100-continue` on the way."""
    head = wire.read_head()
    at = time.monotonic()
    headers = dict(parse_headers(head))
    if headers.get("expect", "").lower() == "100-continue":
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = wire.read_body(headers)
    return RecordedRequest(head, body[:KEPT_BODY], len(body), at, connection)


class SocketServer:
    """Listens on a free loopback port; each connection is served in a thread of its own."""

    address = ("127.0.0.1", 0)

    def __init__(self, serve: Callable[[Wire, int], None]) -> None:
        self._serve = serve
        self._open: set[Wire] = set()
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._listener = socket.create_server(self.address, backlog=BACKLOG)
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)
        return self

    def stop(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self._listener.close()
        for wire in list(self._open):
            wire.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._spawn(self._connection, Wire(sock), self.connections)

    def _connection(self, wire: Wire, number: int) -> None:
        self._open.add(wire)
        try:
            with contextlib.suppress(Gone):
                self._serve(wire, number)
        finally:
            self._open.discard(wire)
            wire.close()
