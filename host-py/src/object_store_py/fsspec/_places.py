"""Which paths mean the same object, and how local directories move and go."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ._locations import Family, split


def identity(family: Family, path: str) -> Any:
    """What is equal for all spellings of a path."""
    if family.store != "LocalStore":
        return split(family, path)
    return os.path.normcase(os.path.realpath(path))


def is_same(family: Family, source: str, target: str) -> bool:
    """Whether two paths are one object: on disk also through links and hard links."""
    if identity(family, source) == identity(family, target):
        return True
    with contextlib.suppress(OSError, ValueError):  # one of them is not there
        return family.store == "LocalStore" and os.path.samefile(source, target)
    return False


def is_inside(family: Family, path: str, directory: str) -> bool:
    """Whether a path is a directory, or below it."""
    if family.store != "LocalStore":
        inner, outer = split(family, path), split(family, directory)
        return inner[0] == outer[0] and f"{inner[1]}/".startswith(f"{outer[1]}/".lstrip("/"))
    above = os.path.realpath(path)
    while True:
        if is_same(family, above, directory):
            return True
        parent = os.path.dirname(above)
        if parent == above:
            return False
        above = parent


def move_local(source: str, target: str) -> None:
    """Move a local file, link or directory; a directory into one that is there is merged with it.

    Nothing but what was moved leaves its place.
    """
    if is_same(Family("LocalStore", ()), source, target):
        os.lstat(source)  # what is not there does not stay
        return
    if _is_directory(source) and _is_directory(target):
        for name in os.listdir(source):
            move_local(os.path.join(source, name), os.path.join(target, name))
        with contextlib.suppress(OSError):  # something came since
            os.rmdir(source)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(source, target)


def remove_local(path: str) -> None:
    """Delete a local file or directory; links are deleted, not followed."""
    if _is_directory(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def without_links(names: Iterable[str], pattern: str) -> list[str]:
    """What a pattern matches without what `**` reaches through symbolic links."""
    if "**" not in pattern:
        return list(names)
    linked = lru_cache(None)(os.path.islink)
    top = len(re.split(r"[*?\[]", pattern)[0].rpartition("/")[0])
    found: list[str] = []
    for name in names:
        above = os.path.dirname(name)
        while len(above) > top and not linked(above):
            above = os.path.dirname(above)
        if len(above) <= top:
            found.append(name)
    return found


def remove_empty(paths: list[str]) -> None:
    """Delete those of some local directories that are empty."""
    for path in sorted(paths, reverse=True):
        with contextlib.suppress(OSError):
            os.rmdir(path)


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
