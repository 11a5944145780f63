"""Paths of objects: parsed once, by the rules of the crate's `Path::parse`.

A slash at the end of an object's path belongs to it: `run/` is the marker of a folder, as consoles
and Hadoop make them, and not the object `run`. A `RawKey` is a key that may be no path; it is taken
as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from . import _redact
from .exceptions import InvalidPathError
from .types import RawKey

_WRONG = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]|(?:^|/)\.{0,2}(?:/|$)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MARK = "\U0010ff00"
"""What the core's aliases are made with."""


def parse(path: object, name: str = "path") -> str:
    """Check a path and take the slashes off its ends; the root is the empty string.

    Raises:
        TypeError: it is no str.
        InvalidPathError: a segment is empty, `.` or `..`, or there is a control character in it.
            How long it may be is a matter of the store's `Limits`.
    """
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a str, not {type(path).__name__}")
    if isinstance(path, RawKey):
        return _parse_raw(path, name)
    path = path.removeprefix("/")
    if not path:
        return path
    path = path.removesuffix("/")
    if _WRONG.search(path):
        raise InvalidPathError(f"{name} {_redact.value(path)} is not valid: {_reason(path)}")
    return path


def _parse_raw(path: RawKey, name: str) -> RawKey:
    if _SURROGATE.search(path):
        raise InvalidPathError(f"{name} {_redact.value(path)} is not valid: {_reason('')}")
    return path


def is_bad(key: str) -> bool:
    """Whether a key that a store lists can be named by no path."""
    return bool(key) and _WRONG.search(key.removesuffix("/")) is not None


def is_bad_prefix(prefix: str) -> bool:
    """Whether a prefix, without the slash at its end, is none of a path."""
    return _WRONG.search(prefix) is not None


def is_marker(path: str) -> bool:
    """Whether a path is that of a folder's marker, which stands for the folder and has no name."""
    return path.endswith("/")


def goes_alone(key: str) -> bool:
    """Whether a key must not be in a list of keys that are deleted at once."""
    return key.endswith("/") or isinstance(key, RawKey) or _MARK in key


def parse_object(path: object, name: str = "path") -> str:
    """Parse the path of an object, which is not the root; a slash at its end stays."""
    parsed = parse(path, name)
    if not parsed:
        raise InvalidPathError(f"{name} is empty: an object has a name")
    if path[-1] == "/" and not isinstance(parsed, RawKey):  # type: ignore[index] # it is a str
        return f"{parsed}/"
    return parsed


def check_file(path: str, name: str) -> None:
    """Refuse a path that no local file can have: a marker, or a key that is no path."""
    if path.endswith("/"):
        raise InvalidPathError(
            f"{name} {_redact.value(path)} ends with a slash: the marker of a folder is no file; a"
            " LocalStore makes directories by itself"
        )
    if isinstance(path, RawKey):
        parse(str(path), name)


def check_folder(path: str, name: str) -> None:
    """Refuse a key that is not the marker of a folder with a path."""
    if isinstance(path, RawKey):
        check_file(path, name)


def cut(path: str, length: int) -> str:
    """The rest of a path, of the same kind."""
    return RawKey(path[length:]) if isinstance(path, RawKey) else path[length:]


def listed(paths: object, name: str = "paths") -> Sequence[object]:
    """One path or a sequence of them, as a sequence; not parsed."""
    if isinstance(paths, str):
        return [paths]
    if not isinstance(paths, Sequence):
        raise TypeError(f"{name} must be a str or a sequence of str, not {type(paths).__name__}")
    return cast("Sequence[object]", paths)


def _reason(path: str) -> str:
    for segment in path.split("/"):
        if segment == "" and path:
            return "it has an empty segment (two slashes in a row)"
        if segment in (".", ".."):
            return f"a segment must not be {segment!r}"
    return "it has a control character or a lone surrogate"


def join(prefix: str, path: str) -> str:
    """Put a store's prefix in front of a path."""
    if not prefix:
        return path
    joined = f"{prefix}/{path}" if path else prefix
    return RawKey(joined) if isinstance(path, RawKey) else joined


def start(prefix: str) -> str:
    """What the keys below a prefix begin with."""
    return (
        f"{prefix}/"
        if prefix and not (isinstance(prefix, RawKey) and prefix[-1] == "/")
        else prefix
    )
