"""Installs Azurite from npm, once, into the cache; needs Node.js and npm."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.backends.cache import BackendUnavailable, cached, tool_directory

VERSION = "3.37.0"


def node() -> str:
    """The Node.js that runs Azurite."""
    found = shutil.which("node")
    if found is None:
        raise BackendUnavailable(
            "azurite", "Node.js is not installed: install nodejs and npm, then run again"
        )
    return found


def build_azurite() -> Path:
    """The script that starts Azurite's blob service; installs it when the cache has none (30 s)."""
    node()
    if shutil.which("npm") is None and not tool_directory("azurite", VERSION).is_dir():
        raise BackendUnavailable("azurite", "npm is not installed: install it, then run again")
    home = cached("azurite", VERSION, _npm_install)
    return home / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def _npm_install(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="azurite-npm-") as scratch:
        command = ["npm", "install", "--prefix", str(target), "--cache", scratch]
        command += ["--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            [*command, f"azurite@{VERSION}"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        # The last line names a log that is gone by now; the one before it says why.
        lines = [line for line in done.stderr.splitlines() if line and "complete log" not in line]
        raise BackendUnavailable("azurite", f"npm install failed: {(lines or ['no output'])[-1]}")


if __name__ == "__main__":
    try:
        print(build_azurite())
    except BackendUnavailable as missing:
        sys.exit(str(missing))
