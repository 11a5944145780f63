"""Durations as texts: `"30s"`, `"2h 37min"`, as the Rust crate humantime reads them."""

from __future__ import annotations

import re
from datetime import timedelta

from . import _redact

__all__ = ["format_duration", "parse_duration"]

_UNITS = {
    **dict.fromkeys(("nanos", "nsec", "ns"), 1e-9),
    **dict.fromkeys(("usec", "us", "micros"), 1e-6),
    **dict.fromkeys(("millis", "msec", "ms"), 1e-3),
    **dict.fromkeys(("seconds", "second", "secs", "sec", "s"), 1.0),
    **dict.fromkeys(("minutes", "minute", "mins", "min", "m"), 60.0),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h"), 3600.0),
    **dict.fromkeys(("days", "day", "d"), 86_400.0),
    **dict.fromkeys(("weeks", "week", "wk", "w"), 604_800.0),
    **dict.fromkeys(("months", "month", "M"), 2_630_016.0),
    **dict.fromkeys(("years", "year", "yr", "y"), 31_557_600.0),
}
_PART = re.compile(r"\s*(\d{1,18})\s*([A-Za-z]+)")
_LONGEST = 100 * _UNITS["years"]


def parse_duration(given: object, name: str) -> float:
    """Seconds of a `timedelta` or a text with units; the error names the argument."""
    if isinstance(given, timedelta):
        seconds = given.total_seconds()
    elif isinstance(given, str):
        seconds = _parse_text(given, name)
    else:
        raise TypeError(
            f"{name} must be a timedelta or a text such as '30s', not {_redact.value(given)}"
        )
    if not 0 <= seconds <= _LONGEST:
        rule = "must not be negative" if seconds < 0 else "must be at most 100 years"
        raise ValueError(f"{name} {rule}, but is {_redact.value(given)}")
    return seconds


def _parse_text(text: str, name: str) -> float:
    total, position = 0.0, 0
    while (match := _PART.match(text, position)) is not None:
        unit = _UNITS.get(match[2])
        if unit is None:
            raise ValueError(f"{name}: {match[2]!r} is no unit of time in {_redact.value(text)}")
        total += int(match[1]) * unit
        position = match.end()
    if position == 0 or text[position:].strip():
        raise ValueError(
            f"{name} must be a duration with units such as '30s', not {_redact.value(text)}"
        )
    return total


def format_duration(duration: timedelta) -> str:
    """A `timedelta` as a text with units."""
    if not isinstance(duration, timedelta):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
        raise TypeError(f"duration must be a timedelta, not {type(duration).__name__}")
    micros = round(duration.total_seconds() * 1_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    parts = [f"{seconds}s"] if seconds else []
    if micros:
        parts.append(f"{micros // 1000}ms" if micros % 1000 == 0 else f"{micros}us")
    return " ".join(parts) or "0s"
