"""Who may do what at our GCS emulator: a service account, its JWTs, V4 signatures and tokens."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

EMAIL = "tester@our-project.iam.gserviceaccount.com"
SIGNED_HOST = "storage.googleapis.com"  # what the crate signs, whatever the base URL is
SCOPES = frozenset(
    f"https://www.googleapis.com/auth/{name}"
    for name in ("cloud-platform", "devstorage.read_write", "devstorage.full_control")
)
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Refused(Exception):
    """The request may not be done: an HTTP status and the server's code for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@cache
def private_key() -> rsa.RSAPrivateKey:
    """The key of the one service account; made once a session, because that takes a moment."""
    return rsa.generate_private_key(65537, 2048)


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authority:
    """Gives tokens out and checks what requests bring."""

    def __init__(self) -> None:
        self.key_id = secrets.token_hex(20)
        self.client_id = f"{secrets.token_hex(6)}.apps.googleusercontent.com"
        self.client_secret = secrets.token_hex(12)
        self.refresh_token = secrets.token_hex(20)
        self.token_lifetime = 3600
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    def service_account(self, token_uri: str = "https://oauth2.googleapis.com/token") -> Any:
        """The key file of the service account, as a dict."""
        form = PrivateFormat.PKCS8
        pem = private_key().private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        return {
            "type": "service_account",
            "project_id": "our-project",
            "private_key_id": self.key_id,
            "private_key": pem,
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": token_uri,
        }

    def authorized_user(self, token_uri: str) -> Any:
        """The file that `gcloud auth application-default login` writes, as a dict."""
        return {
            "type": "authorized_user",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "token_uri": token_uri,
        }

    def issue(self, lifetime: float | None = None) -> str:
        """A new access token, good for `lifetime` seconds."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        with self._lock:
            seconds = self.token_lifetime if lifetime is None else lifetime
            self._tokens[token] = time.time() + seconds
        return token

    def revoke_all(self) -> None:
        with self._lock:
            self._tokens.clear()

    def grant(self, form: dict[str, str]) -> dict[str, Any]:
        """The token endpoint's answer to a form (RFC 6749 section 6, RFC 7523 section 2.1)."""
        known = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
        }
        if form.get("grant_type") == JWT_GRANT:
            self.check_jwt(form.get("assertion", ""))
        elif form != known:
            raise Refused(400, "invalid_grant", "Bad Request")
        return self.token_answer()

    def token_answer(self) -> dict[str, Any]:
        return {
            "access_token": self.issue(),
            "expires_in": self.token_lifetime,
            "token_type": "Bearer",
        }

    def check_bearer(self, token: str) -> None:
        """An access token that we gave out, or a JWT that the service account signed."""
        if token.count(".") == 2:
            return self.check_jwt(token)
        with self._lock:
            expires = self._tokens.get(token, 0.0)
        if expires <= time.time():
            raise Refused(401, "AuthenticationRequired", "The token is not known or has expired.")

    def check_jwt(self, token: str) -> None:
        """Checks a self-signed JWT (RFC 7515, google.aip.dev/auth/4111)."""
        try:
            head, claims, signature = token.split(".")
            verify(f"{head}.{claims}".encode(), unbase64(signature))
            header, given = json.loads(unbase64(head)), json.loads(unbase64(claims))
        except (ValueError, InvalidSignature):
            raise Refused(401, "AuthenticationRequired", "The JWT is not signed.") from None
        now = time.time()
        valid = (
            (header["alg"], header["kid"]) == ("RS256", self.key_id)
            and given["iss"] == EMAIL
            and given.get("sub", EMAIL) == EMAIL
            and given["iat"] <= now + 10
            and now < given["exp"] <= given["iat"] + 3600
            and not SCOPES.isdisjoint(given.get("scope", "").split())
        )
        if not valid:
            raise Refused(401, "AuthenticationRequired", "The JWT's claims are not good.")


def sign(data: bytes) -> bytes:
    """What Google's signBlob does for the service account."""
    return private_key().sign(data, padding.PKCS1v15(), SHA256())


def verify(data: bytes, signature: bytes) -> None:
    private_key().public_key().verify(signature, data, padding.PKCS1v15(), SHA256())


def strict(text: str) -> str:
    """Percent-encoding of everything but the unreserved characters of RFC 3986."""
    return quote(text, safe="~")


def check_signed_url(method: str, path: str, query: str) -> None:
    """Checks a V4 signed URL (cloud.google.com/storage/docs/authentication/canonical-requests)."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        began = datetime.strptime(given["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = int(given["X-Goog-Expires"])
        signature = bytes.fromhex(given.pop("X-Goog-Signature"))
        email, scope = given["X-Goog-Credential"].split("/", 1)
    except (KeyError, ValueError):
        raise Refused(400, "MalformedSecurityHeader", "The URL lacks a parameter.") from None
    day = f"{began:%Y%m%d}"
    if (given.get("X-Goog-Algorithm"), email, scope, given.get("X-Goog-SignedHeaders")) != (
        ("GOOG4-RSA-SHA256", EMAIL, f"{day}/auto/storage/goog4_request", "host")
    ):
        raise Refused(403, "SignatureDoesNotMatch", "The parameters are not ours.")
    # The path counts as the server understood it: a key whose URL means another key is refused.
    canonical = "\n".join(
        [
            method,
            "/".join(strict(unquote(part)) for part in path.split("/")),
            "&".join(sorted(f"{strict(name)}={strict(value)}" for name, value in given.items())),
            f"host:{SIGNED_HOST}\n\nhost\nUNSIGNED-PAYLOAD",
        ]
    )
    digest = sha256(canonical.encode()).hexdigest()
    string = "\n".join(["GOOG4-RSA-SHA256", given["X-Goog-Date"], scope, digest])
    try:
        verify(string.encode(), signature)
    except InvalidSignature:
        raise Refused(403, "SignatureDoesNotMatch", "Access denied.") from None
    if not 0 < lifetime <= 604_800:
        raise Refused(400, "InvalidArgument", "The URL lives too long.")
    if datetime.now(UTC) >= began + timedelta(seconds=lifetime):
        raise Refused(400, "ExpiredToken", "The provided token has expired.")
