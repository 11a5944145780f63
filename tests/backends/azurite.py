"""Azurite as a test server: the blob service that checks shared keys and SAS signatures."""

from __future__ import annotations

import base64
import hmac
import secrets
import ssl
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree import ElementTree

import trustme

from tests.backends.azurite_build import build_azurite, node
from tests.backends.server import Launch, Server

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's account, which its documentation publishes."""


class Azurite(Server):
    """An Azurite process that keeps its blobs in memory."""

    name = "azurite"
    account = ACCOUNT
    key = KEY

    def __init__(self, *, tls: bool = False, any_version: bool = False) -> None:
        """With `tls`, it speaks HTTPS with a certificate of our own and takes bearer tokens.

        With `any_version`, it serves clients that are newer than it is.
        """
        self._options = ["--skipApiVersionCheck"] if any_version else []
        self._ca = trustme.CA() if tls else None
        self.scheme = "https" if tls else "http"

    @property
    def endpoint(self) -> str:
        return f"{self.address}/{ACCOUNT}"

    def build(self) -> None:
        build_azurite()

    def launch(self, home: Path) -> Launch:
        command = [node(), str(build_azurite()), "--disableTelemetry", "--inMemoryPersistence"]
        command += ["--silent", "--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        command += self._options
        return Launch([*command, *self._tls_options(home)], trust=self.trust())

    def _tls_options(self, home: Path) -> list[str]:
        if self._ca is None:
            return []
        certificate = self._ca.issue_cert("127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(home / "both.pem"))
        both = str(home / "both.pem")
        return ["--oauth", "basic", "--cert", both, "--key", both]

    def trust(self) -> ssl.SSLContext | None:
        """What a client of this server must trust, where it speaks HTTPS."""
        if self._ca is None:
            return None
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context

    def create_container(self, *, public: bool = False) -> str:
        """Makes a fresh container and returns its name; anybody may read a public one."""
        name = f"container-{secrets.token_hex(6)}"
        headers = {"x-ms-blob-public-access": "container"} if public else {}
        self.ask("PUT", name, "restype=container", headers)
        return name

    def tags(self, container: str, key: str) -> dict[str, str]:
        """The tags of a blob."""
        body = self.ask("GET", f"{container}/{quote(key)}", "comp=tags")
        found = ElementTree.fromstring(body).iter("Tag")
        return {tag.findtext("Key", ""): tag.findtext("Value", "") for tag in found}

    def ask(
        self, method: str, path: str, query: str, headers: dict[str, str] | None = None
    ) -> bytes:
        """A request of our own, signed with the account's key: the witness that tests compare with.

        (learn.microsoft.com: Authorize with Shared Key)
        """
        sent = {**(headers or {}), "x-ms-version": "2023-11-03"}
        sent["x-ms-date"] = format_datetime(datetime.now(UTC), usegmt=True)
        signed = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
        # Azurite's path has the account in it, so the signed one has it twice.
        resource = f"/{ACCOUNT}/{ACCOUNT}/{path}"
        resource += "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(query)))
        text = f"{method}{chr(10) * 12}{signed}{resource}"
        mac = hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")
        sent["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}"
        url = f"{self.endpoint}/{path}?{query}"
        request = urllib.request.Request(url, method=method, headers=sent)
        with urllib.request.urlopen(request, timeout=30, context=self.trust()) as response:
            content: bytes = response.read()
            return content

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that point an AzureStore at this server."""
        return {
            "account_name": ACCOUNT,
            "account_key": KEY,
            "endpoint": self.endpoint,
            "client_options": self.client_options(),
        }

    def client_options(self) -> dict[str, Any]:
        """What an HTTP client must know to reach this server, and token servers in the clear."""
        trusted = {} if self._ca is None else {"root_certificate": self._ca.cert_pem.bytes()}
        return {"allow_http": True, **trusted}

    def container_sas(self, container: str, permissions: str = "rwdlt") -> str:
        """A SAS token for one container (learn.microsoft.com: Create a service SAS)."""
        version, end = "2022-11-02", datetime.now(UTC) + timedelta(hours=1)
        expiry = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        resource = f"/blob/{ACCOUNT}/{container}"
        text = [permissions, "", expiry, resource, "", "", "", version, "c", *[""] * 7]
        mac = hmac.digest(base64.b64decode(KEY), "\n".join(text).encode(), "sha256")
        fields = {"sp": permissions, "se": expiry, "sv": version, "sr": "c"}
        return urlencode({**fields, "sig": base64.b64encode(mac).decode()})
