"""nginx as a test server: plain GET, HEAD and Range of files, redirects, and no WebDAV."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Self

from tests.backends.debian import library_path, unpacked
from tests.backends.process import ServerProcess, free_port

CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {home}/pid;
error_log stderr;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {home}/data;
    absolute_redirect off;
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 permanent; }}
    location /loop/ {{ return 302 $uri; }}
  }}
}}
"""


class Nginx:
    """An nginx process that serves its own directory, read-only."""

    def __init__(self) -> None:
        self._process: ServerProcess | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """The directory that is served; tests write their files there."""
        assert self._directory is not None
        return Path(self._directory.name) / "data"

    def start(self) -> Self:
        root = unpacked("nginx", ("nginx",))
        self._directory = tempfile.TemporaryDirectory(prefix="nginx-")
        home = Path(self._directory.name)
        self.port = free_port()
        (home / "data").mkdir()
        configuration = home / "nginx.conf"
        text = CONFIGURATION.format(home=home, port=self.port, user=_user())
        configuration.write_text(text)
        command = [str(root / "usr/sbin/nginx"), "-c", str(configuration), "-p", str(home)]
        command += ["-e", "stderr"]
        environment = {"PATH": os.environ.get("PATH", ""), "LD_LIBRARY_PATH": library_path(root)}
        self._process = ServerProcess("nginx", command, home / "log", environment)
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

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that let an HTTPStore talk to this server."""
        return {"client_options": {"allow_http": True}}


def _user() -> str:
    """Root's worker keeps root's rights: it serves one directory that the test wrote."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return "user root;" if root else ""
