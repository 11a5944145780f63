"""The compile cache: the component's machine code, in the user's cache directory.

Machine code is trusted by who loads it. So the directory is ours alone (0700), below directories
that others cannot write; a file is only loaded if nobody else could have written it and its content
has the digest that its name says; what is loaded are the bytes that were checked; and files appear
by rename. Whatever is wrong with the cache costs a compilation and one log line.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import sha256

logger = logging.getLogger("object_store_py.cache")

LIMIT = 64 << 20
"""The most that a file of the cache may hold, in bytes; ours have 7 MiB."""

_NOT_OURS = stat.S_IWGRP | stat.S_IWOTH
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_EXTRA: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)


def directory() -> str | None:
    """Where the cache is, or None where the user wants none.

    `OBJECT_STORE_PY_CACHE_DIR` names it; an empty value turns the cache off.

    Raises:
        FileNotFoundError: there is no home directory.
    """
    named = os.environ.get("OBJECT_STORE_PY_CACHE_DIR")
    if named is not None:
        return os.path.abspath(named) if named else None
    return os.path.join(_user_cache(), "object_store_py")


def _user_cache() -> str:
    if sys.platform == "win32":
        return _first(os.environ.get("LOCALAPPDATA"), "~/AppData/Local")
    if sys.platform == "darwin":
        return _first("~/Library/Caches")
    return _first(os.environ.get("XDG_CACHE_HOME"), "~/.cache")


def _first(*places: str | None) -> str:
    """The first that is an absolute path; the XDG specification says to ignore the others."""
    for place in places:
        whole = os.path.expanduser(place or "")
        if os.path.isabs(whole):
            return whole
    raise FileNotFoundError("there is no home directory")


class Cache:
    """The cache while the component is loaded once."""

    def __init__(self) -> None:
        self._usable = True
        """Whether there is a directory that can be trusted, or can be made."""
        self._told = False

    def load(self, key: str) -> bytes | None:
        """The code that was stored under `key`, if it is there and can be trusted."""
        try:
            folder = directory()
            if folder is None or not os.path.lexists(folder):
                return None
            with _opened(folder) as place:
                return self._find(place, key)
        except OSError as error:
            self._usable = False
            self.tell(error)
            return None

    def _find(self, place: _Place, key: str) -> bytes | None:
        for name in place.names(key):
            try:
                code = place.read(name)
                if _digest(code) == name.removesuffix(".cwasm").rpartition("-")[2]:
                    return code
                self.tell(f"{place.path(name)} is damaged")
            except OSError as error:
                self.tell(error)
        return None

    def store(self, key: str, code: bytes | bytearray) -> None:
        """Store code under `key`, where that can be."""
        if not self._usable:
            return
        try:
            folder = directory()
            if folder is None:
                return
            _make(folder)
            with _opened(folder) as place:
                name = f"{key}-{_digest(code)}.cwasm"
                place.write(name, code)
                for other in place.names(key):
                    if other != name:
                        place.remove(other)  # a damaged one, or one that others could write
        except OSError as error:
            self.tell(error)

    def tell(self, why: object) -> None:
        """Write the one line about what is wrong."""
        if not self._told:
            logger.warning("the core is compiled, the compile cache cannot be used: %s", why)
        self._told = True


def _digest(code: bytes | bytearray) -> str:
    return sha256(code).hexdigest()[:32]


def _make(folder: str) -> None:
    """Make a directory and those above it that are missing, for this user alone."""
    missing: list[str] = []
    while True:
        try:
            os.stat(folder)
            break
        except FileNotFoundError:
            missing.append(folder)
        folder = os.path.dirname(folder)
    for each in reversed(missing):
        with suppress(FileExistsError):
            os.mkdir(each, 0o700)


@contextmanager
def _opened(folder: str) -> Generator[_Place, None, None]:
    """Open a directory that only this user can write to, or change the way to."""
    if sys.platform == "win32":
        yield _Place(folder, None)
        return
    real = os.path.realpath(folder)
    _check_above(os.path.dirname(real))
    descriptor = os.open(real, os.O_RDONLY | _DIRECTORY | _NOFOLLOW | _EXTRA)
    try:
        _check_owner(os.fstat(descriptor), real)
        yield _Place(real, descriptor)
    finally:
        os.close(descriptor)


def _check_above(folder: str) -> None:
    """Refuse a directory whose entries others can exchange, and one below such a directory.

    Once all are checked nobody but this user and root can change what the path means.
    """
    while True:
        status = os.stat(folder, follow_symlinks=False)
        if status.st_uid not in (0, _user()):
            raise PermissionError(f"another user owns {folder}")
        if status.st_mode & _NOT_OURS and not status.st_mode & stat.S_ISVTX:
            raise PermissionError(f"others can write to {folder}")
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _check_owner(status: os.stat_result, path: str) -> None:
    if sys.platform == "win32":
        return
    if status.st_uid != _user() or status.st_mode & _NOT_OURS:
        raise PermissionError(f"others can write to {path}")


def _user() -> int:
    return -1 if sys.platform == "win32" else os.geteuid()


class _Place:
    """A directory, opened where that can be."""

    def __init__(self, folder: str, descriptor: int | None) -> None:
        self._folder = folder
        self._descriptor = descriptor

    def path(self, name: str) -> str:
        """A file's path."""
        return os.path.join(self._folder, name)

    def _name(self, name: str) -> str:
        """A file's name as a function with `dir_fd` takes it."""
        return self.path(name) if self._descriptor is None else name

    def names(self, key: str) -> list[str]:
        """The names of the files of a key."""
        every = os.listdir(self._folder if self._descriptor is None else self._descriptor)
        return [name for name in every if name.startswith(f"{key}-") and name.endswith(".cwasm")]

    def read(self, name: str) -> bytes:
        """The content of a file that only this user can have written."""
        flags = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _EXTRA
        descriptor = os.open(self._name(name), flags, dir_fd=self._descriptor)
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            _check_owner(status, self.path(name))
            if not stat.S_ISREG(status.st_mode) or status.st_size > LIMIT:
                raise PermissionError(f"{self.path(name)} is no file of the cache")
            return file.readall()

    def write(self, name: str, data: bytes | bytearray) -> None:
        """Write a file beside its place, and move it there."""
        staged = self._name(f"{secrets.token_hex(8)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _EXTRA
        descriptor = os.open(staged, flags, 0o600, dir_fd=self._descriptor)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            there = {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}
            os.replace(staged, self._name(name), **there)
        except BaseException:
            self.remove(staged)
            raise

    def remove(self, name: str) -> None:
        """Remove a file, if that can be."""
        with suppress(OSError):
            os.unlink(self._name(name), dir_fd=self._descriptor)
