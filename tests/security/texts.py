"""Every text that a test could show to somebody: of errors, logs and warnings."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable

import pytest


def texts_of(error: BaseException) -> list[str]:
    """The error's texts, those of its causes, and its traceback as people see it."""
    found = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        found += [repr(seen), str(seen), *getattr(seen, "__notes__", [])]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return found


def collect(
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
    calls: Iterable[Callable[[], object]],
) -> str:
    """Makes calls, whatever they end in, and returns all that was said."""
    found: list[str] = []
    for call in calls:
        try:
            given = call()
            # An object's bytes are the caller's data, and no text of ours.
            found += [] if isinstance(given, bytes) else [repr(given)]
        except Exception as error:
            found += texts_of(error)
    found += [f"{r.name} {r.getMessage()} {r.exc_text} {r.stack_info}" for r in caplog.records]
    found += [str(warning.message) for warning in recwarn]
    return "\n".join(found)
