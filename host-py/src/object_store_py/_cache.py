"""The compile cache: the component's machine code, in the user's cache directory.

Machine code is trusted by who loads it. So the directory is ours alone (0700), a file is only
loaded if nobody else could have written it and its content has the digest that its name says, and
files appear by rename. Whatever is wrong with the cache costs a compilation and one log line.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

logger = logging.getLogger("object_store_py.cache")


def directory() -> Path | None:
    """Where the cache is, or None where the user wants none.

    `OBJECT_STORE_PY_CACHE_DIR` names it; an empty value turns the cache off.
    """
    named = os.environ.get("OBJECT_STORE_PY_CACHE_DIR")
    if named is not None:
        return Path(named) if named else None
    try:
        return _user_cache() / "object_store_py"
    except RuntimeError:  # no home directory
        return None


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def load(key: str) -> Path | None:
    """The file that was stored under `key`, if it is there and can be trusted."""
    folder = directory()
    if folder is None or not folder.is_dir():
        return None
    try:
        _check_owner(folder.lstat(), folder)
        return next((path for path in folder.glob(f"{key}-*.cwasm") if _is_whole(path)), None)
    except OSError as error:
        logger.warning("the compile cache is not used: %s", error)
        return None


def _is_whole(path: Path) -> bool:
    _check_owner(path.lstat(), path)
    if sha256(path.read_bytes()).hexdigest()[:32] == path.stem.rpartition("-")[2]:
        return True
    logger.warning("the compile cache has a damaged file, which is compiled again: %s", path)
    return False


def _check_owner(status: os.stat_result, path: Path) -> None:
    if sys.platform == "win32":
        return
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others can write to {path}")
    if stat.S_ISLNK(status.st_mode):
        raise PermissionError(f"{path} is a symbolic link")


def store(key: str, code: bytes | bytearray) -> Path | None:
    """Store machine code under `key`; None where that cannot be."""
    folder = directory()
    if folder is None:
        return None
    target = folder / f"{key}-{sha256(code).hexdigest()[:32]}.cwasm"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(folder.lstat(), folder)
        descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(code)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        logger.warning("the compiled core is not cached: %s", error)
        return None
    _drop_damaged(folder, key, target)
    return target


def _drop_damaged(folder: Path, key: str, target: Path) -> None:
    for other in folder.glob(f"{key}-*.cwasm"):
        if other != target:
            other.unlink(missing_ok=True)
