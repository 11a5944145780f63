"""Keeping arguments that are secrets out of the frames that an error names."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def forgetful(function: Callable[P, T]) -> Callable[P, T]:
    """Let errors leave a function without the frames below it.

    Who reports errors records the locals of all frames: those of a constructor are its arguments.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        around = sys.exception()
        try:
            return function(*args, **kwargs)
        except Exception as error:
            del args, kwargs
            _forget(error, around)
            raise

    return call


def _forget(error: BaseException | None, around: BaseException | None) -> None:
    """Take the frames from an error and its causes, and causes that are not to be shown."""
    while error is not None and error is not around:
        error.__traceback__ = None
        if error.__suppress_context__ and error.__context__ is not around:
            error.__context__ = None  # an error of a parser holds the text that it parsed
        error = error.__cause__ or error.__context__
