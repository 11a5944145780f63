"""Paths of objects: parsed once, by the rules of the crate's `Path::parse`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from . import _redact
from .exceptions import InvalidPathError

MAX_BYTES = 1024
"""The longest key that S3, GCS and Azure take, in bytes of UTF-8."""

_WRONG = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]|(?:^|/)\.{0,2}(?:/|$)")


def parse(path: object, name: str = "path") -> str:
    """Check a path and take the slashes off its ends; the root is the empty string.

    Raises:
        TypeError: it is no str.
        InvalidPathError: a segment is empty, `.` or `..`, or there is a control character in it, or
            it is longer than 1,024 bytes.
    """
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a str, not {type(path).__name__}")
    path = path.removeprefix("/")
    if not path:
        return path
    path = path.removesuffix("/")
    if _WRONG.search(path):
        raise InvalidPathError(f"{name} {_redact.value(path)} is not valid: {_reason(path)}")
    if len(path) > MAX_BYTES // 4 and len(path.encode()) > MAX_BYTES:
        raise InvalidPathError(
            f"{name} {_redact.value(path)} is too long: {len(path.encode())} bytes, at most"
            f" {MAX_BYTES} are allowed"
        )
    return path


def is_bad(key: str) -> bool:
    """Whether a key that a store lists can be named by no path."""
    key = key.removeprefix("/")
    return bool(key) and _WRONG.search(key.removesuffix("/")) is not None


def parse_object(path: object, name: str = "path") -> str:
    """Parse the path of an object, which is not the root."""
    parsed = parse(path, name)
    if not parsed:
        raise InvalidPathError(f"{name} is empty: an object has a name")
    return parsed


def parse_many(paths: object, name: str = "paths") -> list[str]:
    """Parse one path or a sequence of them."""
    if isinstance(paths, str):
        return [parse_object(paths, name)]
    if not isinstance(paths, Sequence):
        raise TypeError(f"{name} must be a str or a sequence of str, not {type(paths).__name__}")
    return [parse_object(path, name) for path in cast("Sequence[object]", paths)]


def _reason(path: str) -> str:
    for segment in path.split("/"):
        if segment == "":
            return "it has an empty segment (two slashes in a row)"
        if segment in (".", ".."):
            return f"a segment must not be {segment!r}"
    return "it has a control character or a lone surrogate"


def join(prefix: str, path: str) -> str:
    """Put a store's prefix in front of a path."""
    if not prefix:
        return path
    return f"{prefix}/{path}" if path else prefix
