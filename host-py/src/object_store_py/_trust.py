"""Which servers are trusted: TLS contexts of the system's certificates and of those given."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from .exceptions import GenericError

_BEGIN = "-----BEGIN CERTIFICATE-----"


def parse_certificates(given: object, name: str) -> str:
    """Check a PEM bundle.

    Raises:
        TypeError: it is neither str nor bytes.
        ValueError: there is no certificate in it.
        GenericError: a certificate in it is damaged.
    """
    if not isinstance(given, str | bytes):
        raise TypeError(f"{name} must be PEM text, str or bytes, not {type(given).__name__}")
    text = given if isinstance(given, str) else given.decode("ascii", "replace")
    if _BEGIN not in text:
        raise ValueError(f"No certificates found in {name}: it must be PEM text")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise GenericError(f"{name} has a certificate that cannot be read: {error}") from None
    return text


class _OnlyHttp2(ssl.SSLContext):
    """A context that offers HTTP/2 alone: httpx offers HTTP/1.1, too, which a server may prefer."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Offer HTTP/2, whatever is asked for."""
        del alpn_protocols
        super().set_alpn_protocols(["h2"])


def only_http2(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make a context offer HTTP/2 alone."""
    context.__class__ = _OnlyHttp2
    return context


def make_context(certificates: list[str], *, system: bool, verify: bool) -> ssl.SSLContext:
    """A context that trusts the certificates, and with `system` those of the system.

    OpenSSL's variables SSL_CERT_FILE and SSL_CERT_DIR say where the system's are, where they are
    set. Where the system has none, those of certifi are taken.
    """
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if system:
        context = ssl.create_default_context()
        if _has_none(context):
            import certifi

            context.load_verify_locations(certifi.where())
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for text in certificates:
        context.load_verify_locations(cadata=text)
    return context


def _has_none(context: ssl.SSLContext) -> bool:
    paths = ssl.get_default_verify_paths()  # None where the file or folder is not there
    return not paths.cafile and not paths.capath and not context.cert_store_stats()["x509"]
