"""Programs from Debian's packages, unpacked into the cache: nothing is installed."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.backends.cache import BackendUnavailable, cached


def unpacked(name: str, packages: tuple[str, ...]) -> Path:
    """The root of a tree with the packages' files; downloads them with apt when it is missing."""
    missing = [tool for tool in ("apt-get", "dpkg") if shutil.which(tool) is None]
    if missing:
        raise BackendUnavailable(name, f"{missing[0]} is missing: only Debian's family has it")

    def build(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=f"{name}-") as scratch:
            _run(name, ["apt-get", "download", *packages], scratch)
            for package in sorted(Path(scratch).glob("*.deb")):
                _run(name, ["dpkg", "-x", str(package), str(target)], scratch)

    release = platform.freedesktop_os_release()
    return cached(name, release.get("VERSION_CODENAME", release["ID"]), build)


def library_path(root: Path) -> str:
    """The LD_LIBRARY_PATH with which the tree's programs find the tree's libraries."""
    found = [*root.glob("usr/lib/*-linux-gnu"), *root.glob("usr/lib/*-linux-gnu/apr-util-1")]
    return ":".join(map(str, found))


def _run(name: str, command: list[str], directory: str) -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise BackendUnavailable(name, f"{' '.join(command[:2])} failed: {last}")
