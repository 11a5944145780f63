"""MinIO: the S3 server that verifies signatures, built from source once and cached."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.backends.cache import BackendUnavailable, cached, tool_directory
from tests.backends.process import ServerProcess, free_port

VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
REGION = "us-east-1"


def build_minio() -> Path:
    """The path of the MinIO binary; builds it with Go when the cache has none (2-5 minutes)."""
    if shutil.which("go") is None and not tool_directory("minio", VERSION).is_dir():
        raise BackendUnavailable(
            "minio", "Go is not installed: install it from your system's packages, then run again"
        )
    return cached("minio", VERSION, _go_install) / "minio"


def _go_install(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="minio-go-") as scratch:
        done = subprocess.run(
            ["go", "install", "-ldflags", "-s -w", f"github.com/minio/minio@{VERSION}"],
            env=_go_environment(target, Path(scratch)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise BackendUnavailable("minio", f"go install failed: {last}")


def _go_environment(target: Path, scratch: Path) -> dict[str, str]:
    # -modcacherw: Go makes its module cache read-only, and then nobody can remove it.
    return {
        **os.environ,
        "GOBIN": str(target),
        "GOMODCACHE": str(scratch / "mod"),
        "GOCACHE": str(scratch / "build"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
    }


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

    def start(self) -> Minio:
        binary = build_minio()
        self._directory = tempfile.TemporaryDirectory(prefix="minio-data-")
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

    def __enter__(self) -> Minio:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def boto3(self) -> Any:
        """A boto3 S3 client: the independent witness that tests compare with."""
        if self._client is None:
            self._client = self.boto3_session().client("s3", endpoint_url=self.endpoint)
        return self._client

    def boto3_session(self) -> Any:
        import boto3

        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        )

    def create_bucket(self, name: str | None = None, *, versioned: bool = False) -> str:
        """Makes a bucket and returns its name; without a name, a fresh one."""
        bucket = name or f"bucket-{secrets.token_hex(6)}"
        self.boto3.create_bucket(Bucket=bucket)
        if versioned:
            enabled = {"Status": "Enabled"}
            self.boto3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
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


if __name__ == "__main__":
    print(build_minio())
