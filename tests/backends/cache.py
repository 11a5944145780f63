"""The cache of built test servers, outside the repository and keyed by tool and version."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not there on Windows, where two builds at once merely do the work twice
    fcntl = None  # type: ignore[assignment] # Windows has none


class BackendUnavailable(Exception):
    """A server that this machine cannot run: which one, and what is missing."""

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(f"{backend} ({reason})")
        self.backend = backend
        self.reason = reason


def cache_root() -> Path:
    """Where everything lives that the tests build and want to find again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "object-store-py-dev"


def tool_directory(tool: str, version: str) -> Path:
    return cache_root() / f"{tool}-{version}"


def cached(tool: str, version: str, build: Callable[[Path], None]) -> Path:
    """The directory of a tool; `build` fills a temporary one that is renamed when complete."""
    final = tool_directory(tool, version)
    if final.is_dir():
        return final
    with _locked(final.with_suffix(".lock")):
        if not final.is_dir():  # another process may have built it while we waited
            _build_into(final, build)
    return final


def _build_into(final: Path, build: Callable[[Path], None]) -> None:
    work = Path(tempfile.mkdtemp(prefix=f"{final.name}.", dir=final.parent))
    try:
        build(work)
        work.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
