"""Listing local files: where links lead, what no path can name, which files are not whole yet."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator

from . import _paths
from ._backend import RawMeta
from ._local_root import EscapeError, Root, entry_status

MAX_HOPS = 2
"""How many links to directories a path of a listing leads through: with more, directories that link
to each other would be listed under each order of their names."""

_STAGED = re.compile(r"\.[0-9a-f]{16}\.object_store_py")


def stage_name() -> str:
    """A name for a file that is being written; its length does not depend on the file's own."""
    return f".{secrets.token_hex(8)}.object_store_py"


def is_staged(name: str) -> bool:
    """Whether a file's name is one of those that are being written, which are not listed."""
    return _STAGED.fullmatch(name) is not None


def file_meta(path: str, status: os.stat_result) -> RawMeta:
    """A file's metadata; its e_tag changes with its inode, time or size."""
    micros = status.st_mtime_ns // 1000
    e_tag = f'"{status.st_ino:x}-{micros:x}-{status.st_size:x}"'
    return RawMeta(path, micros, status.st_size, e_tag, None)


class Listing:
    """One listing. With `unlinking` links are listed themselves, as what is to be deleted."""

    def __init__(self, root: Root, unlinking: bool) -> None:
        self._root = root
        self._unlinking = unlinking
        self._above: dict[str, tuple[frozenset[str], int]] = {}
        self.bad: list[str] = []
        """Names that no path can have."""

    def scan(self, prefix: str, recursive: bool) -> Iterator[RawMeta | str]:
        """Files below a prefix, and directories (as str) where they are not entered."""
        link = self._link_at(prefix) if self._unlinking and prefix else None
        if link is not None:
            yield link
            return
        ahead = [prefix]
        while ahead:
            for path, found in self._entries(ahead.pop()):
                if _paths.is_bad(path):
                    self.bad.append(path)
                elif found is not None:
                    yield found
                elif recursive:
                    ahead.append(path)
                else:
                    yield path

    def _link_at(self, path: str) -> RawMeta | None:
        try:
            with self._root.parent(path) as (folder, name):
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError, EscapeError):
            return None
        return file_meta(path, found) if stat.S_ISLNK(found.st_mode) else None

    def _entries(self, prefix: str) -> list[tuple[str, RawMeta | None]]:
        """What is in a directory: files with their metadata, and directories."""
        found: list[tuple[str, RawMeta | None]] = []
        try:
            with self._root.folder(prefix) as folder, os.scandir(folder) as entries:
                for entry in entries:
                    path = f"{prefix}/{entry.name}" if prefix else entry.name
                    try:
                        found.extend((path, kind) for kind in self._kinds(prefix, path, entry))
                    except FileNotFoundError:
                        pass  # a link that leads nowhere, or deleted meanwhile
                    except OSError as error:
                        if error.errno != errno.ELOOP:  # a link to itself leads nowhere, too
                            raise
        except (FileNotFoundError, NotADirectoryError, EscapeError):
            pass  # there is nothing, or nothing of this store
        return found

    def _kinds(self, prefix: str, path: str, entry: os.DirEntry[str]) -> Iterator[RawMeta | None]:
        """What an entry is: a file, a directory (None), or nothing."""
        if entry.is_symlink():
            if self._unlinking:
                yield file_meta(path, entry.stat(follow_symlinks=False))
                return
            on_disk = os.path.join(self._root.path, path)
            if not self._root.contains(on_disk):
                return
            if entry.is_dir() and not self._enters(prefix, os.path.realpath(on_disk)):
                return
        if entry.is_file():
            if not is_staged(entry.name):
                yield file_meta(path, entry_status(entry))
        elif entry.is_dir():
            yield None

    def _enters(self, prefix: str, target: str) -> bool:
        """Whether a link in a directory leads further, and not back to a directory above it."""
        if prefix not in self._above:
            parts = prefix.split("/") if prefix else []
            above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
            places = [os.path.join(self._root.path, path) for path in above]
            real = frozenset(map(os.path.realpath, [self._root.path, *places]))
            self._above[prefix] = (real, sum(map(os.path.islink, places)))
        seen, hops = self._above[prefix]
        return hops < MAX_HOPS and target not in seen
