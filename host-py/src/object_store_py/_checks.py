"""Checks of what callers give, for errors that name the argument instead of failing inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


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
