"""nginx as a test server: plain GET, HEAD and Range of files, redirects, and no WebDAV."""

from __future__ import annotations

import os
from pathlib import Path

from tests.backends.debian import library_path, unpacked
from tests.backends.server import Launch, Server

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


class Nginx(Server):
    """An nginx process that serves its own directory, read-only."""

    name = "nginx"

    @property
    def data(self) -> Path:
        """The directory that is served; tests write their files there."""
        return self.home / "data"

    def build(self) -> None:
        unpacked("nginx", ("nginx",))

    def launch(self, home: Path) -> Launch:
        root = unpacked("nginx", ("nginx",))
        self.data.mkdir()
        configuration = home / "nginx.conf"
        text = CONFIGURATION.format(home=home, port=self.port, user=_user())
        configuration.write_text(text)
        command = [str(root / "usr/sbin/nginx"), "-c", str(configuration), "-p", str(home)]
        return Launch([*command, "-e", "stderr"], {"LD_LIBRARY_PATH": library_path(root)})


def _user() -> str:
    """Root's worker keeps root's rights: it serves one directory that the test wrote."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return "user root;" if root else ""
