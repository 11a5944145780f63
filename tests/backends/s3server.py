"""A small S3 server from PyPI (ministack) for the quick start; it never checks a signature."""

from __future__ import annotations

import os
import sys
import tempfile
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from tests.backends.cache import BackendUnavailable
from tests.backends.process import ServerProcess, free_port


class S3Server:
    """One server process that keeps its objects in memory."""

    access_key_id = "test"
    secret_access_key = "test"
    region = "us-east-1"

    def __init__(self) -> None:
        self._process: ServerProcess | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        if find_spec("ministack") is None or find_spec("hypercorn") is None:
            raise BackendUnavailable("ministack", "pip install ministack hypercorn")
        self._directory = tempfile.TemporaryDirectory(prefix="ministack-")
        home = Path(self._directory.name)
        self.port = free_port()
        command = [sys.executable, "-m", "hypercorn", "ministack.app:app"]
        command += ["--bind", f"127.0.0.1:{self.port}"]
        environment = {**os.environ, "HOME": str(home), "SERVICES": "s3"}
        self._process = ServerProcess("ministack", command, home / "log", environment)
        self._process.wait_until_ready(self.endpoint)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def create_bucket(self, name: str) -> str:
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
        return name

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that point an S3Store at this server."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "region": self.region,
            "client_options": {"allow_http": True},
        }
