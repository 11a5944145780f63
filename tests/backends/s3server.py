"""A small S3 server from PyPI (ministack): it checks signatures in URLs, but not in headers."""

from __future__ import annotations

import os
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.backends.cache import BackendUnavailable
from tests.backends.server import Launch, Server


class S3Server(Server):
    """One server process that keeps its objects in memory."""

    name = "ministack"
    access_key_id = "test"
    secret_access_key = "test"
    region = "us-east-1"

    def launch(self, home: Path) -> Launch:
        if find_spec("ministack") is None or find_spec("hypercorn") is None:
            raise BackendUnavailable("ministack", "pip install ministack hypercorn")
        command = [sys.executable, "-m", "hypercorn", "ministack.app:app"]
        command += ["--bind", f"127.0.0.1:{self.port}"]
        return Launch(command, {**os.environ, "HOME": str(home), "SERVICES": "s3"})

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
