"""An OpenID provider that signs JWTs: what MinIO's AssumeRoleWithWebIdentity trusts."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response

CLIENT = "object-store-py-tests"
ROLE_ARN = "arn:minio:iam:::role/" + base64.urlsafe_b64encode(
    hashlib.sha1(CLIENT.encode(), usedforsecurity=False).digest()
).decode().rstrip("=")
"""The role that MinIO makes of a provider: named by the SHA-1 of its client id."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Oidc(RawServer):
    """Serves its discovery document and its public key, and issues tokens."""

    def __init__(self) -> None:
        super().__init__(self._document)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def environment(self) -> dict[str, str]:
        """The variables that make MinIO trust this provider."""
        return {
            "MINIO_IDENTITY_OPENID_CONFIG_URL": f"{self.endpoint}/.well-known/openid-configuration",
            "MINIO_IDENTITY_OPENID_CLIENT_ID": CLIENT,
            "MINIO_IDENTITY_OPENID_CLIENT_SECRET": "unused",
            "MINIO_IDENTITY_OPENID_ROLE_POLICY": "readwrite",
        }

    def token(self, subject: str = "pod", lifetime: float = 3600) -> str:
        """A signed JWT."""
        header: dict[str, Any] = {"alg": "RS256", "typ": "JWT", "kid": "1"}
        claims: dict[str, Any] = {
            "iss": self.endpoint,
            "aud": CLIENT,
            "sub": subject,
            "azp": CLIENT,
        }
        claims |= {"iat": int(time.time()), "exp": int(time.time() + lifetime)}
        parts = [_encode(json.dumps(part).encode()) for part in (header, claims)]
        text = ".".join(parts)
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_encode(signature)}"

    def _document(self, request: RecordedRequest) -> bytes:
        if b"openid-configuration" in request.target:
            return _json(
                {
                    "issuer": self.endpoint,
                    "jwks_uri": f"{self.endpoint}/keys",
                    "authorization_endpoint": f"{self.endpoint}/authorize",
                    "token_endpoint": f"{self.endpoint}/token",
                }
            )
        numbers = self._key.public_key().public_numbers()
        n, e = (
            _encode(x.to_bytes((x.bit_length() + 7) // 8, "big")) for x in (numbers.n, numbers.e)
        )
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": n, "e": e}
        return _json({"keys": [key]})


def _json(document: Any) -> bytes:
    headers = {"Content-Type": "application/json"}
    return response(200, json.dumps(document).encode(), headers)
