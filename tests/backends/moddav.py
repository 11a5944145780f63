"""Apache's mod_dav as a test server: the WebDAV that an HTTPStore lists, writes and copies with."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

from tests.backends.debian import library_path, unpacked
from tests.backends.process import ServerProcess, free_port

PACKAGES = ("apache2-bin", "libapr1", "libaprutil1", "libdb5.3")
# `FileETag Digest` makes e_tags of contents: those of time and size are weak for a second.
CONFIGURATION = """\
ServerRoot "{home}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{home}/pid"
ErrorLog "{home}/error.log"
LoadModule mpm_event_module "{modules}/mod_mpm_event.so"
LoadModule authz_core_module "{modules}/mod_authz_core.so"
LoadModule dav_module "{modules}/mod_dav.so"
LoadModule dav_fs_module "{modules}/mod_dav_fs.so"
{user}
DavLockDB "{home}/locks"
DavDepthInfinity On
FileETag Digest
DocumentRoot "{home}/data"
AllowEncodedSlashes NoDecode
LimitRequestBody 0
<Directory "{home}/data">
  Dav On
  Require all granted
</Directory>
"""


class ModDav:
    """An Apache process that serves its own directory over WebDAV."""

    def __init__(self) -> None:
        self._process: ServerProcess | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """The directory that is served."""
        assert self._directory is not None
        return Path(self._directory.name) / "data"

    def start(self) -> Self:
        root = unpacked("apache", PACKAGES)
        self._directory = tempfile.TemporaryDirectory(prefix="moddav-")
        home = Path(self._directory.name)
        self.port = free_port()
        (home / "data").mkdir()
        configuration = home / "httpd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                home=home,
                port=self.port,
                modules=root / "usr/lib/apache2/modules",
                user=_user(home),
            )
        )
        command = [str(root / "usr/sbin/apache2"), "-D", "FOREGROUND", "-f", str(configuration)]
        # The workers load the database of locks late, when they may not read the cache any more.
        without = shutil.ignore_patterns("apache2")
        shutil.copytree(root / "usr/lib", home / "usr/lib", ignore=without)
        environment = {"PATH": os.environ.get("PATH", ""), "LD_LIBRARY_PATH": library_path(home)}
        self._process = ServerProcess("apache", command, home / "log", environment)
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

    def create_folder(self) -> str:
        """Makes an empty folder and returns its URL."""
        name = f"folder-{secrets.token_hex(6)}"
        folder = self.data / name
        folder.mkdir()
        folder.chmod(0o777)
        return f"{self.endpoint}/{name}"

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that let an HTTPStore talk to this server."""
        return {"client_options": {"allow_http": True}}


def _user(home: Path) -> str:
    """Root's workers give their rights up, and then need a folder that is open to all."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    home.chmod(0o777)
    return 'User "#65534"\nGroup "#65534"'
