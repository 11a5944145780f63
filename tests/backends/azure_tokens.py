"""The token services of Azure, played by us: Entra ID, and the identity endpoint of a machine.

The tokens are JWTs that Azurite's `--oauth basic` accepts. Who asks in another way than the
documentation says is refused (learn.microsoft.com: "OAuth 2.0 client credentials flow", "How to use
managed identities for App Service").
"""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TENANT, CLIENT, SECRET = "my-tenant", "my-client", "CANARY-client-secret"
ASSERTION, IDENTITY_HEADER = "CANARY.assertion.1", "CANARY-identity-header"


@dataclass
class Asked:
    """One request of a token: where, with which fields and headers, and the token it got."""

    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    token: str | None = None


def make_token(number: int, lifetime: float = 3600) -> str:
    """A JWT that nobody signed."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/my-tenant/",
        "oid": "my-object",
        "tid": "my-tenant",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + int(lifetime),
        "jti": f"CANARY-{number}",
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in [*parts, b"x"])


class AzureTokens:
    """Both services on one port; what they were asked is in `asked`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.lifetime = 3600.0
        """Seconds that tokens are said to live."""
        self.failures: list[int] = []
        """Statuses that the next requests are answered with."""
        self.refuses = False
        self.assertion = ASSERTION
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply(b"")

            def do_POST(self) -> None:
                self._reply(self.rfile.read(int(self.headers["content-length"])))

            def _reply(self, body: bytes) -> None:
                status, answer = tokens.answer(self.command, self.path, dict(self.headers), body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(target)
        fields = {k: v[0] for k, v in parse_qs(body.decode() or parts.query).items()}
        lowered = {name.lower(): value for name, value in headers.items()}
        asked = Asked(parts.path, fields, lowered)
        with self._lock:
            self.asked.append(asked)
            if self.failures:
                return self.failures.pop(0), {"error": "temporarily_unavailable"}
            if self.refuses or not self._may_have(method, asked):
                return 401, _refusal(fields)
            asked.token = make_token(len(self.asked))
        return 200, self._granted(method, asked.token)

    def _granted(self, method: str, token: str) -> dict[str, Any]:
        if method == "POST":
            kind = {"token_type": "Bearer", "expires_in": int(self.lifetime)}
            return {**kind, "access_token": token}
        # The identity endpoint says it as a text, in seconds since 1970.
        return {"access_token": token, "expires_on": str(int(time.time() + self.lifetime))}

    def _may_have(self, method: str, asked: Asked) -> bool:
        if method == "GET":
            right = asked.fields.get("resource") == "https://storage.azure.com"
            right &= asked.fields.get("api-version") == "2019-08-01"
            right &= asked.headers.get("metadata") == "true"
            secret = asked.headers.get("x-identity-header")
            instance = asked.path == "/metadata/identity/oauth2/token"
            return right and (instance or secret == IDENTITY_HEADER)
        right = asked.path == f"/{TENANT}/oauth2/v2.0/token"
        right &= asked.fields.get("client_id") == CLIENT
        right &= asked.fields.get("scope") == "https://storage.azure.com/.default"
        right &= asked.fields.get("grant_type") == "client_credentials"
        given = (asked.fields.get("client_secret"), asked.fields.get("client_assertion"))
        return right and given in ((SECRET, None), (None, self.assertion))


def _refusal(fields: dict[str, str]) -> dict[str, str]:
    """A refusal that repeats what it was given, as a bad service might."""
    given = fields.get("client_assertion") or fields.get("client_secret", "nothing")
    said = f"AADSTS7000215: Invalid client secret provided: {given}.\r\nTrace ID: 1"
    return {"error": "invalid_client", "error_description": said}
