"""Checks of what callers give, for errors that name the argument instead of failing inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from . import _redact
from .exceptions import GenericError


def mapping(given: object, name: str) -> Mapping[str, Any]:
    """A dictionary; what is None is an empty one.

    Raises:
        TypeError: it is something else.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(given).__name__}")
    return cast("Mapping[str, Any]", given)


def named(given: object, name: str) -> Mapping[str, Any]:
    """A dictionary whose keys are str; what is None is an empty one.

    Raises:
        TypeError: it is something else.
    """
    found = mapping(given, name)
    for key in found:
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not checked yet
            raise TypeError(f"{name}: a key must be a str, not {type(key).__name__}")
    return found


def text(given: object, name: str) -> str:
    """A str.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(given, str):
        raise TypeError(f"{name} must be a str, not {type(given).__name__}")
    return given


def url(given: object, name: str = "url", user: bool = False) -> SplitResult:
    """A URL, split; none with a user name or password in it, unless the caller looks at it.

    Raises:
        TypeError: it is no str.
        GenericError: it is no URL, or has a user name. What is wrong with it is not said in
            `urlsplit`'s words, which repeat parts of it.
    """
    found = text(given, name)
    if not user and _redact.has_user(found):
        shown = _redact.value(found)
        raise GenericError(f"{name} must not have a user name or password in it: {shown}")
    try:
        parts = urlsplit(found)
        _ = parts.port if parts.scheme in ("http", "https") else None
    except ValueError:
        raise GenericError(f"{name} is no valid URL: {_redact.value(found)}") from None
    return parts
