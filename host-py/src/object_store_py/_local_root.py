"""Opening files below a root directory, and never outside it.

Each component of a path is opened relative to the directory before it, without following symbolic
links; a link is read and walked by the same rules. So there is no moment between a check and an
open in which somebody could put a link. Where the system cannot do that (Windows), the real path is
checked instead, just before.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from functools import cache

from .exceptions import InvalidPathError

_WINDOWS = os.name == "nt"
_BAD_ON_WINDOWS = re.compile(
    r"""[\\:*?"<>|\x00-\x1f]  # a separator, a stream, what no name may have
    | [. ](?:/|$)  # is dropped
    | (?:^|/)(?:con|prn|aux|nul|(?:com|lpt)[0-9\xb9\xb2\xb3])(?:[. ][^/]*)?(?:/|$)  # a device""",
    re.IGNORECASE | re.VERBOSE,
)
_HAS_DIR_FD = {os.open, os.mkdir} <= os.supports_dir_fd and os.scandir in os.supports_fd
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
_EXTRA: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
MAX_LINKS = 40
"""How many symbolic links a path may lead through, as on Linux."""

Place = tuple[int | None, str]
"""A directory's descriptor (None: the name is a whole path) and a name in it."""


class EscapeError(OSError):
    """A symbolic link leads out of the root."""


class Root:
    """A directory that all paths are below."""

    def __init__(self, path: str, follow_anywhere: bool) -> None:
        self.path = _real_path(path)
        self._anywhere = follow_anywhere
        self._by_path = follow_anywhere or not _HAS_DIR_FD

    @contextmanager
    def parent(self, path: str, create: bool = False) -> Generator[Place, None, None]:
        """The directory of a path, opened, and the path's last component."""
        check_names(path)
        folder, _, name = path.rpartition("/")
        if self._by_path:
            yield None, os.path.join(self._checked(folder, create), name)
            return
        descriptors = [self._open_root()]
        try:
            self._walk(descriptors, folder.split("/"), create)
            yield descriptors[-1], name
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    @contextmanager
    def folder(self, path: str) -> Generator[int | str, None, None]:
        """A directory, opened where that can be: its descriptor, or else its path on disk."""
        if self._by_path:
            directory = self._checked(path)
            if not os.path.isdir(directory):
                raise NotADirectoryError
            yield directory
            return
        with self.parent(f"{path}/." if path else ".") as (descriptor, _):
            assert descriptor is not None
            yield descriptor

    def open_file(self, path: str) -> int:
        """Open a regular file for reading; links are followed as far as they stay inside."""
        for _ in range(MAX_LINKS):
            with self.parent(path) as (folder, name):
                if folder is None and not self.contains(name):
                    raise EscapeError("a symbolic link leads out of the store's directory")
                link = self._link(folder, name)
                if link is None:
                    return _open_regular(folder, name)
            path = self._resolve_link(path, link)
        raise EscapeError(f"more than {MAX_LINKS} symbolic links")

    def _link(self, folder: int | None, name: str) -> str | None:
        if folder is None:
            return None
        try:
            return os.readlink(name, dir_fd=folder)
        except OSError:
            return None  # it is no link, or not there: opening it will tell

    def _resolve_link(self, path: str, link: str) -> str:
        """Where a link's target is, as a path below the root."""
        folder = os.path.dirname(path)
        target = os.path.normpath(os.path.join(self.path, folder, link))
        relative = os.path.relpath(target, self.path)
        if relative == ".." or relative.startswith("../"):
            raise EscapeError("a symbolic link leads out of the store's directory")
        return relative

    def _open_root(self) -> int:
        return os.open(self.path, os.O_RDONLY | _DIRECTORY | _EXTRA)

    def _walk(self, descriptors: list[int], parts: Iterable[str], create: bool) -> None:
        pending, links = deque(part for part in parts if part), 0
        while pending:
            part = pending.popleft()
            if part == ".":
                continue
            if part == "..":
                if len(descriptors) == 1:
                    raise EscapeError("a symbolic link leads out of the store's directory")
                os.close(descriptors.pop())
                continue
            link = self._enter(descriptors, part, create)
            if link is not None:
                links += 1
                if links > MAX_LINKS:
                    raise EscapeError(f"more than {MAX_LINKS} symbolic links")
                if os.path.isabs(link):
                    link = self._inside(link)
                    while len(descriptors) > 1:
                        os.close(descriptors.pop())
                pending.extendleft(reversed([p for p in link.split("/") if p]))

    def _enter(self, descriptors: list[int], part: str, create: bool) -> str | None:
        """Open a component; return a link's target instead where it is one."""
        flags = os.O_RDONLY | _DIRECTORY | _NOFOLLOW | _EXTRA
        try:
            descriptors.append(os.open(part, flags, dir_fd=descriptors[-1]))
        except FileNotFoundError:
            if not create:
                raise
            with suppress(FileExistsError):  # somebody else may be faster
                os.mkdir(part, dir_fd=descriptors[-1])
            descriptors.append(os.open(part, flags, dir_fd=descriptors[-1]))
        except OSError:
            link = self._link(descriptors[-1], part)
            if link is None:
                raise
            return link
        return None

    def _inside(self, target: str) -> str:
        relative = os.path.relpath(target, self.path)
        if relative == ".." or relative.startswith("../"):
            raise EscapeError("a symbolic link leads out of the store's directory")
        return relative

    def _checked(self, folder: str, create: bool = False) -> str:
        """The path on disk of a directory; made, if it is to be."""
        directory = os.path.join(self.path, folder) if folder else self.path
        if not self.contains(directory):
            raise EscapeError("a symbolic link leads out of the store's directory")
        if create:
            os.makedirs(directory, exist_ok=True)
        return directory

    def contains(self, path: str) -> bool:
        """Whether a path on disk, links resolved, is in the root."""
        if self._anywhere:
            return True
        real = _real_path(path)
        return real == self.path or real.startswith(self.path.rstrip(os.sep) + os.sep)


def _real_path(path: str) -> str:
    """A path without links. Windows may spell one in two ways while others write near it."""
    real = os.path.realpath(path)
    return real.replace("\\\\?\\UNC\\", "\\\\").replace("\\\\?\\", "") if _WINDOWS else real


def check_names(path: str) -> None:
    """Refuse a path that Windows would take for another one, or for a device."""
    if _WINDOWS and _BAD_ON_WINDOWS.search(path):
        text = f"{path!r} is no path of a file: Windows takes it for another name, or for none"
        raise InvalidPathError(text, path=path)


def _open_regular(folder: int | None, name: str) -> int:
    nofollow = _NOFOLLOW if folder is not None else 0
    try:
        if _WINDOWS:
            descriptor = _open_shared(name)
        else:
            descriptor = os.open(name, os.O_RDONLY | nofollow | _NONBLOCK | _EXTRA, dir_fd=folder)
    except PermissionError:
        if _WINDOWS and os.path.isdir(name):
            raise FileNotFoundError("it is a directory") from None
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise FileNotFoundError("it is a directory")
    raise PermissionError("it is no regular file")


def _open_shared(name: str) -> int:
    """Open a file for reading so that others can delete it meanwhile, as they can elsewhere."""
    if sys.platform != "win32":
        raise NotImplementedError
    import _winapi
    import msvcrt

    share = 1 | 2 | 4  # reading, writing, deleting
    handle = _winapi.CreateFile(name, _winapi.GENERIC_READ, share, 0, _winapi.OPEN_EXISTING, 0, 0)
    return msvcrt.open_osfhandle(handle, os.O_RDONLY | _EXTRA)


def replace(old_folder: int | None, old: str, folder: int | None, name: str) -> None:
    """Move a file to a name, whether it is taken or not."""
    # Windows refuses for as long as somebody else has a file of that name open, or moves one there.
    pauses = [0.01 * 2**attempt for attempt in range(7)] if _WINDOWS else []
    for pause in pauses:
        try:
            os.replace(old, name, src_dir_fd=old_folder, dst_dir_fd=folder)
        except PermissionError:
            if os.path.isdir(name):
                raise
            time.sleep(pause)
        else:
            return
    os.replace(old, name, src_dir_fd=old_folder, dst_dir_fd=folder)


def entry_status(entry: os.DirEntry[str]) -> os.stat_result:
    """A file's status. On Windows an entry does not know the number that tells files apart."""
    return os.stat(entry.path) if _WINDOWS else entry.stat()


def create_file(folder: int | None, name: str) -> int:
    """Create a file that nobody else can read yet (0600), and that was not there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _EXTRA
    return os.open(name, flags, 0o600, dir_fd=folder)


@cache
def umask() -> int:
    """What the process takes off the modes of new files, as it was when it was asked first."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
