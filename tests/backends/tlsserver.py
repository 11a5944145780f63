"""The scripted server behind TLS, with the certificate that a test wants it to show."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

import trustme

from tests.backends.http1 import RecordedRequest, Wire
from tests.backends.rawserver import Answer, RawServer


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class TlsServer(RawServer):
    """Answers like `RawServer`, to who accepts its certificate."""

    def __init__(
        self,
        script: Sequence[Answer] | Callable[[RecordedRequest], Answer],
        certificate: trustme.LeafCert,
    ) -> None:
        super().__init__(script)
        self._context = server_context(certificate)

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
