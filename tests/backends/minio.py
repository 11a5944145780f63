"""MinIO as a test server: the S3 server that verifies every signature."""

from __future__ import annotations

import base64
import secrets
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme

from tests.backends.minio_build import build_minio
from tests.backends.process import data_parent, free_port
from tests.backends.server import Launch
from tests.backends.witness import S3Witness


class Minio(S3Witness):
    """A MinIO process with its own data directory, root credentials, and key for encryption.

    With `tls` it speaks HTTPS with a certificate of its own authority (`ca_pem`). `environment`
    adds MinIO's own variables.
    """

    name = "minio"

    def __init__(self, *, tls: bool = False, environment: Mapping[str, str] | None = None) -> None:
        self._extra = dict(environment or {})
        self._ca = trustme.CA() if tls else None
        self.scheme = "https" if tls else "http"
        self.access_key_id = f"root{secrets.token_hex(6)}"
        self.secret_access_key = secrets.token_hex(20)

    @property
    def ca_pem(self) -> str:
        """The authority that signed the server's certificate; empty without TLS."""
        return self._ca.cert_pem.bytes().decode() if self._ca else ""

    def place(self) -> str | None:
        return data_parent()

    def build(self) -> None:
        build_minio()

    def launch(self, home: Path) -> Launch:
        address, console = f"127.0.0.1:{self.port}", f"127.0.0.1:{free_port()}"
        command = [str(build_minio()), "server", "--quiet", "--address", address]
        command += ["--console-address", console, "--certs-dir", str(home / "certs")]
        command += [str(home / "data")]
        trust = self._write_certificate(home)
        return Launch(command, self._environment(), "/minio/health/ready", trust)

    def _write_certificate(self, home: Path) -> ssl.SSLContext | None:
        (home / "certs").mkdir()
        if self._ca is None:
            return None
        issued = self._ca.issue_cert("127.0.0.1", "localhost")
        issued.private_key_pem.write_to_path(home / "certs" / "private.key")
        for part in issued.cert_chain_pems:
            part.write_to_path(home / "certs" / "public.crt", append=True)
        self._ca.cert_pem.write_to_path(home / "ca.pem")
        return ssl.create_default_context(cadata=self.ca_pem)

    def _environment(self) -> dict[str, str]:
        return {
            "MINIO_ROOT_USER": self.access_key_id,
            "MINIO_ROOT_PASSWORD": self.secret_access_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            # With a key of its own the server can do SSE-S3 and SSE-KMS.
            "MINIO_KMS_SECRET_KEY": f"tests:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            **self._extra,
        }

    def trusted(self) -> str | None:
        return str(self.home / "ca.pem") if self._ca else None

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that point an S3Store at this server."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "region": self.region,
            "client_options": {"root_certificate": self.ca_pem}
            if self._ca
            else {"allow_http": True},
        }
