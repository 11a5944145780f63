"""Files that downloads write: beside their place, then moved there; never outside a directory."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import sha256

from ._backend import RawMeta
from ._local_root import EscapeError, Root, check_names, replace, umask
from .exceptions import InvalidPathError, PermissionDeniedError

_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_EXTRA: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


_LONGEST = 255 - len(".." + 16 * "f" + ".part")
"""The longest name that leaves room for that of its parts, in bytes; file systems take 255."""


class Landing:
    """The place of one file below a directory."""

    def __init__(self, root: Root, path: str) -> None:
        for part in path.split("/"):
            if part in ("", ".", "..") or "\0" in part:
                raise InvalidPathError(f"{path!r} is no path of a file below the target", path=path)
        check_names(path)
        self._root = root
        self._path = path
        self._name = path.rpartition("/")[2]

    @contextmanager
    def _folder(self, create: bool = False) -> Generator[tuple[int | None, str], None, None]:
        """The file's directory, and what stands before the names in it."""
        try:
            with self._root.parent(self._path, create=create) as (folder, name):
                yield folder, name.removesuffix(self._name)
        except EscapeError as error:
            raise PermissionDeniedError(f"{self._path!r}: {error}", path=self._path) from error

    def make_folder(self) -> None:
        """Make a directory here, and those above it; one that is there stays."""
        try:
            with self._root.parent(f"{self._path}/.", create=True):
                return
        except EscapeError as error:
            raise PermissionDeniedError(f"{self._path!r}: {error}", path=self._path) from error

    def holds(self, size: int, modified: int) -> bool:
        """Whether the file has this size and second of modification (in microseconds)."""
        try:
            with self._folder() as (folder, before):
                found = os.stat(before + self._name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        same = found.st_size == size and found.st_mtime_ns // 10**9 == modified // 10**6
        return same and stat.S_ISREG(found.st_mode)

    def parts(self) -> list[str]:
        """The names of the parts of earlier downloads of this file."""
        shape = re.compile(re.escape(self._before_state()) + r"[0-9a-f]{16}\.part")
        try:
            with self._folder() as (folder, before):
                names = os.listdir(folder if folder is not None else before)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [name for name in names if shape.fullmatch(name)]

    def part_name(self, meta: RawMeta | None) -> str:
        """What the part of this state of the object is called; a new name for none."""
        known = meta is not None and f"{meta.e_tag} {meta.size} {meta.modified}"
        state = known or os.urandom(16).hex()
        return f"{self._before_state()}{sha256(state.encode()).hexdigest()[:16]}.part"

    def _before_state(self) -> str:
        """How the names of this file's parts begin; not too long where its own is."""
        name = self._name
        if len(os.fsencode(name)) > _LONGEST:
            digest = sha256(os.fsencode(name)).hexdigest()[:16]
            while len(os.fsencode(name)) > _LONGEST - 17:
                name = name[: len(name) * 9 // 10]
            name = f"{name}.{digest}"
        return f".{name}."

    def open(self, part: str) -> int:
        """Open a part, new or as it is. It is ours alone, and nobody else can read it (0600)."""
        with self._folder(create=True) as (folder, before):
            flags = os.O_RDWR | os.O_CREAT | _NOFOLLOW | _EXTRA
            descriptor = os.open(before + part, flags, 0o600, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PermissionDeniedError(f"{part!r} is no regular file", path=self._path)
            _lock(descriptor, self._path)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def remove(self, part: str) -> None:
        """Remove a part, if it is there."""
        with suppress(FileNotFoundError, NotADirectoryError), self._folder() as (folder, before):
            os.unlink(before + part, dir_fd=folder)

    def publish(self, part: str, descriptor: int, modified: int) -> None:
        """Move a part, closed by this, to the file's place; it gets the object's time."""
        times = (modified * 1000, modified * 1000)
        try:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o666 & ~umask())
            if os.utime in os.supports_fd:
                os.utime(descriptor, ns=times)
        finally:
            os.close(descriptor)
        with self._folder() as (folder, before):
            if os.utime not in os.supports_fd:
                os.utime(before + part, ns=times)
            replace(folder, before + part, folder, before + self._name)


def _lock(descriptor: int, path: str) -> None:
    """Refuse to write what another download, here or in another process, is writing."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise PermissionDeniedError(
                f"{path!r} is being downloaded to this place already", path=path
            ) from None
        # Some file systems have no locks.
