"""MinIO as a test server: the S3 server that verifies every signature."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, Self

import boto3

from tests.backends.minio_build import build_minio
from tests.backends.process import ServerProcess, data_parent, free_port

REGION = "us-east-1"


class Minio:
    """A MinIO process with its own data directory and its own root credentials."""

    region = REGION

    def __init__(self) -> None:
        self.access_key_id = f"root{secrets.token_hex(6)}"
        self.secret_access_key = secrets.token_hex(20)
        self._process: ServerProcess | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._client: Any = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        binary = build_minio()
        self._directory = tempfile.TemporaryDirectory(prefix="minio-data-", dir=data_parent())
        home = Path(self._directory.name)
        self.port = free_port()
        address, console = f"127.0.0.1:{self.port}", f"127.0.0.1:{free_port()}"
        command = [str(binary), "server", "--quiet", "--address", address]
        command += ["--console-address", console, str(home / "data")]
        self._process = ServerProcess("minio", command, home / "log", self._environment(home))
        self._process.wait_until_ready(f"{self.endpoint}/minio/health/ready")
        return self

    def _environment(self, home: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "MINIO_ROOT_USER": self.access_key_id,
            "MINIO_ROOT_PASSWORD": self.secret_access_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._client is not None:
            self._client.close()
        if self._directory is not None:
            self._directory.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def client(self) -> Any:
        """A boto3 S3 client: the independent witness that tests compare with."""
        if self._client is None:
            self._client = self.boto3_session().client("s3", endpoint_url=self.endpoint)
        return self._client

    def boto3_session(self) -> Any:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        )

    def create_bucket(self, name: str | None = None, *, versioned: bool = False) -> str:
        """Makes a bucket and returns its name; without a name, a fresh one."""
        bucket = name or f"bucket-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=bucket)
        if versioned:
            enabled = {"Status": "Enabled"}
            self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
        return bucket

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that point an S3Store at this server."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "region": REGION,
            "client_options": {"allow_http": True},
        }
