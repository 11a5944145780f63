"""The scripted server behind TLS, with the certificate that a test wants it to show."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

import trustme

from tests.backends.http1 import RecordedRequest, SocketServer, Wire
from tests.backends.rawserver import Answer, RawServer


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class _Secure(SocketServer):
    """Speaks TLS on each connection, with who accepts its certificate."""

    _context: ssl.SSLContext

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    def _connection(self, wire: Wire, number: int) -> None:
        try:
            secure = Wire(self._context.wrap_socket(wire.sock, server_side=True))
        except OSError:  # the client did not like the certificate
            wire.close()
            return
        super()._connection(secure, number)


class TlsSocketServer(_Secure):
    """Serves each connection by a function, as `SocketServer` does."""

    def __init__(self, serve: Callable[[Wire, int], None], certificate: trustme.LeafCert) -> None:
        super().__init__(serve)
        self._context = server_context(certificate)


class TlsServer(_Secure, RawServer):
    """Answers like `RawServer`."""

    def __init__(
        self,
        script: Sequence[Answer] | Callable[[RecordedRequest], Answer],
        certificate: trustme.LeafCert,
    ) -> None:
        RawServer.__init__(self, script)
        self._context = server_context(certificate)
