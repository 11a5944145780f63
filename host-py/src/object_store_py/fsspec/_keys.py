"""Keys as names of files and directories: markers of folders, keys that no path can name."""

from __future__ import annotations

from collections.abc import Iterable

from .. import _paths
from ..types import RawKey


def key_of(key: str) -> str:
    """A key as the verbs take it: one that is no path as a `RawKey`."""
    return RawKey(key) if _paths.is_bad(key) else key


def home(key: str) -> str:
    """The directory that a key is in: of `a//b` and `a/../b` it is `a`."""
    above = key.rpartition("/")[0]
    while above and _paths.is_bad_prefix(above):
        above = above.rpartition("/")[0]
    return above


def ancestors(keys: Iterable[str], top: str) -> set[str]:
    """The directories that keys are in, below `top`."""
    found: set[str] = set()
    for key in keys:
        above = home(key)
        while above and above != top and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found
