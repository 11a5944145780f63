"""A recording SOCKS 5 proxy without authentication (RFC 1928)."""

from __future__ import annotations

import socket

from tests.backends.forwardproxy import join_sockets
from tests.backends.http1 import Gone, SocketServer, Wire

_NAME = 3


class SocksProxy(SocketServer):
    """Connects to what it is asked for, whose host is always this machine."""

    def __init__(self) -> None:
        super().__init__(self._serve_client)
        self.targets: list[str] = []
        """What was asked for, each `host:port`; the host a name or an address."""

    @property
    def endpoint(self) -> str:
        return f"socks5://127.0.0.1:{self.port}"

    def _serve_client(self, client: Wire, number: int) -> None:
        del number
        _, methods = client.read_exactly(2)
        client.read_exactly(methods)
        client.send(b"\x05\x00")
        _, _, _, kind = client.read_exactly(4)
        if kind == _NAME:
            host = client.read_exactly(client.read_exactly(1)[0]).decode()
        else:
            host = socket.inet_ntoa(client.read_exactly(4))
        port = int.from_bytes(client.read_exactly(2), "big")
        self.targets.append(f"{host}:{port}")
        upstream = socket.create_connection(("127.0.0.1", port), 10)
        client.send(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        join_sockets(client.sock, upstream)
        raise Gone
