"""A recording forward proxy: absolute-form for http, CONNECT tunnels for https (RFC 9112, 9110)."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading

import trustme

from tests.backends.http1 import (
    Gone,
    RecordedRequest,
    SocketServer,
    Wire,
    parse_headers,
    read_request,
)
from tests.backends.rawserver import response
from tests.backends.tlsserver import server_context


class ForwardProxy(SocketServer):
    """Forwards what it is asked to, and keeps the requests made to itself.

    With `user` and `password` it wants them; with a certificate it is reached over TLS. All names
    lead to this machine.
    """

    def __init__(
        self, user: str = "", password: str = "", certificate: trustme.LeafCert | None = None
    ) -> None:
        super().__init__(self._serve_client)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._wanted = f"Basic {token}" if user else None
        self._context = server_context(certificate) if certificate is not None else None
        self.requests: list[RecordedRequest] = []

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}" if self._context else super().endpoint

    def _connection(self, wire: Wire, number: int) -> None:
        if self._context is not None:
            try:
                wire = Wire(self._context.wrap_socket(wire.sock, server_side=True))
            except OSError:
                wire.close()
                return
        super()._connection(wire, number)

    def _serve_client(self, client: Wire, number: int) -> None:
        while True:
            request = read_request(client, number)
            self.requests.append(request)
            if self._wanted is not None and request.header("proxy-authorization") != self._wanted:
                client.send(response(407, headers={"Proxy-Authenticate": "Basic"}))
                continue
            if request.method == "CONNECT":
                self._tunnel(client, request)
                raise Gone
            self._forward(client, request)

    def _forward(self, client: Wire, request: RecordedRequest) -> None:
        """One request in absolute form, on a connection of its own."""
        scheme, _, rest = request.target.decode("ascii").partition("://")
        assert scheme == "http", "absolute-form is for http"
        authority, _, path = rest.partition("/")
        port = int(authority.rpartition(":")[2])
        line, _, headers = request.head.partition(b"\r\n")
        version = line.rpartition(b" ")[2]
        head = f"{request.method} /{path} ".encode() + version + b"\r\n" + headers
        with contextlib.closing(Wire(socket.create_connection(("127.0.0.1", port), 10))) as server:
            server.send(head + request.body)
            answer = server.read_head()
            status = int(answer.split(b" ", 2)[1])
            if request.method != "HEAD" and status not in (204, 304):
                answer += server.read_body(dict(parse_headers(answer)))
            client.send(answer)

    def _tunnel(self, client: Wire, request: RecordedRequest) -> None:
        port = int(request.target.decode("ascii").rpartition(":")[2])
        upstream = socket.create_connection(("127.0.0.1", port), 10)
        client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        join_sockets(client.sock, upstream)


def join_sockets(client: socket.socket, upstream: socket.socket) -> None:
    """Carry bytes in both directions until the client ends, and close the upstream."""
    back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
    back.start()
    _copy(client, upstream)
    back.join(5)
    upstream.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
