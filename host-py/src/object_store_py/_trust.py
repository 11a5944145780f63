"""Which servers are trusted: TLS contexts of the system's certificates and of those given."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable

from . import _files
from ._environment import expand_user, variable
from .exceptions import GenericError

_LARGEST = 16 << 20
"""The most that a file of certificates may hold, in bytes; all that the web trusts take 0.2 MiB."""

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


BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file or folder of certificates for all programs, the first to count first.
They count before OpenSSL's own SSL_CERT_FILE and SSL_CERT_DIR, which are set for every program."""


def make_context(
    certificates: list[str], *, system: bool, verify: bool, bundle: tuple[str, str] | None = None
) -> ssl.SSLContext:
    """A context that trusts the certificates, and with `system` those of the system.

    The system's are those of `bundle` (a path, and who names it), else of the first of `BUNDLES`
    that is set, else of SSL_CERT_FILE and SSL_CERT_DIR, else those that OpenSSL knows. Where the
    system has none, those of certifi are taken.

    Raises:
        GenericError: a bundle that is named cannot be read.
    """
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context = _system_context(bundle) if system else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for text in certificates:
        context.load_verify_locations(cadata=text)
    return context


def _system_context(bundle: tuple[str, str] | None) -> ssl.SSLContext:
    named = bundle or next(((path, name) for name in BUNDLES if (path := variable(name))), None)
    if named is not None:
        return _context_of(*named)
    _check_named()
    context = ssl.create_default_context()
    if not _load_empty(context) and _has_none(context):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _context_of(path: str, name: str) -> ssl.SSLContext:
    path = expand_user(path)
    try:
        if os.path.isdir(path):
            return ssl.create_default_context(capath=path)
        _files.check(path, _LARGEST)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        is_read = isinstance(error, ssl.SSLError)
        why = "there are no certificates in it" if is_read else error.strerror
        raise GenericError(f"{name} names {path!r}, which cannot be used: {why}") from None


def _check_named() -> None:
    """Refuse a pipe or a device as the system's certificates: OpenSSL would wait for it."""
    named = os.environ.get(ssl.get_default_verify_paths().openssl_cafile_env)
    if not named or named == os.devnull or not os.path.exists(named):
        return
    try:
        _files.check(named, _LARGEST)
    except OSError as error:
        raise GenericError(f"SSL_CERT_FILE, {named!r}: {_files.reason(error)}") from None


def _load_empty(context: ssl.SSLContext) -> bool:
    """Load what OpenSSL leaves out because its variable is there, but says nothing."""
    paths, loaded = ssl.get_default_verify_paths(), False
    if _is_empty(paths.openssl_cafile_env) and os.path.isfile(paths.openssl_cafile):
        context.load_verify_locations(cafile=paths.openssl_cafile)
        loaded = True
    if _is_empty(paths.openssl_capath_env) and os.path.isdir(paths.openssl_capath):
        context.load_verify_locations(capath=paths.openssl_capath)
        loaded = True
    return loaded


def _is_empty(name: str) -> bool:
    return name in os.environ and variable(name) is None


def _has_none(context: ssl.SSLContext) -> bool:
    paths = ssl.get_default_verify_paths()  # None where the file or folder is not there
    return not paths.cafile and not paths.capath and not context.cert_store_stats()["x509"]
