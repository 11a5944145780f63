"""Apache's mod_dav as a test server: the WebDAV that an HTTPStore lists, writes and copies with."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from tests.backends.debian import library_path, unpacked
from tests.backends.server import Launch, Server

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


class ModDav(Server):
    """An Apache process that serves its own directory over WebDAV."""

    name = "apache"

    @property
    def data(self) -> Path:
        """The directory that is served."""
        return self.home / "data"

    def build(self) -> None:
        unpacked("apache", PACKAGES)

    def launch(self, home: Path) -> Launch:
        root = unpacked("apache", PACKAGES)
        self.data.mkdir()
        configuration = home / "httpd.conf"
        modules = root / "usr/lib/apache2/modules"
        text = CONFIGURATION.format(home=home, port=self.port, modules=modules, user=_user(home))
        configuration.write_text(text)
        # The workers load the database of locks late, when they may not read the cache any more.
        without = shutil.ignore_patterns("apache2")
        shutil.copytree(root / "usr/lib", home / "usr/lib", ignore=without)
        command = [str(root / "usr/sbin/apache2"), "-D", "FOREGROUND", "-f", str(configuration)]
        return Launch(command, {"LD_LIBRARY_PATH": library_path(home)})

    def create_folder(self) -> str:
        """Makes an empty folder and returns its URL."""
        name = f"folder-{secrets.token_hex(6)}"
        folder = self.data / name
        folder.mkdir()
        folder.chmod(0o777)
        return f"{self.endpoint}/{name}"


def _user(home: Path) -> str:
    """Root's workers give their rights up, and then need a folder that is open to all."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    home.chmod(0o777)
    return 'User "#65534"\nGroup "#65534"'
