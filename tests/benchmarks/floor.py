"""The floor: HTTP/1.1 by hand over sockets, with requests that were signed beforehand."""

from __future__ import annotations

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.peers import Boto3

OPERATIONS = {"GET": "get_object", "PUT": "put_object", "HEAD": "head_object"}
READ = 256 * 1024


class Signed:
    """URLs that carry their signature; each is made once."""

    def __init__(self, server: dict[str, Any]) -> None:
        self._boto3 = Boto3(server)
        self._known: dict[tuple[str, str], str] = {}

    def url(self, method: str, key: str) -> str:
        known = self._known.get((method, key))
        if known is None:
            named = {"Bucket": self._boto3.bucket, "Key": key}
            known = self._boto3.client.generate_presigned_url(OPERATIONS[method], named)
            self._known[method, key] = known
        return known


class RawSockets:
    """One connection for each thread, kept; no parsing but for the length and the status."""

    def __init__(self, server: dict[str, Any]) -> None:
        self._signed = Signed(server)
        self._heads: dict[tuple[str, str], bytes] = {}
        self._local = threading.local()
        self._address = urlsplit(server["endpoint"])

    def _request(
        self, method: str, key: str, data: bytes = b""
    ) -> tuple[socket.socket, int, bytes]:
        """Send a request; the socket, the length of the body, and what was read of it already."""
        head = self._heads.get((method, key))
        if head is None:
            url = urlsplit(self._signed.url(method, key))
            head = f"{method} {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n".encode()
            self._heads[method, key] = head
        connection = getattr(self._local, "socket", None)
        if connection is None:
            address = self._address.hostname or "", self._address.port or 80
            connection = self._local.socket = socket.create_connection(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(data))
        connection.sendall(data)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(READ)
        lines, _, rest = received.partition(b"\r\n\r\n")
        assert lines.startswith(b"HTTP/1.1 200"), lines
        length = int(lines.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        return connection, 0 if method == "HEAD" else length, rest

    def get(self, key: str) -> bytes:
        connection, length, body = self._request("GET", key)
        while len(body) < length:
            body += connection.recv(READ)
        return body

    def put(self, key: str, data: bytes) -> None:
        self._request("PUT", key, data)

    def head(self, key: str) -> None:
        self._request("HEAD", key)

    def stream(self, key: str) -> int:
        connection, length, rest = self._request("GET", key)
        done, memory = len(rest), bytearray(READ)
        while done < length:
            done += connection.recv_into(memory)
        return done

    def get_into(self, key: str, buffer: bytearray) -> int:
        connection, length, rest = self._request("GET", key)
        view, done = memoryview(buffer), len(rest)
        view[:done] = rest
        while done < length:
            done += connection.recv_into(view[done : done + READ])
        return done
