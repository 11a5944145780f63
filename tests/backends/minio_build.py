"""Builds MinIO from source, once, into the cache; needs Go and the standard library alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.backends.cache import BackendUnavailable, cached, tool_directory

VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"


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
            check=False,
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


if __name__ == "__main__":
    try:
        print(build_minio())
    except BackendUnavailable as missing:
        sys.exit(str(missing))
