"""Keys that no path can name (`a//b`, `../x`), and keys that are not below the prefix asked for.

What to do with them is the caller's choice: a listing ends with an error that names one, leaves
them out, or gives them as a `RawKey`. A key outside the prefix is never given: it could be taken
for another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from . import _paths, _redact
from ._backend import Page
from .exceptions import InvalidPathError
from .types import OnBadKey, RawKey

WAY_OUT = (
    "list with on_bad_key='skip' to leave out what no path can name, or with 'keep' to get it as a"
    " RawKey"
)


def refuse(label: str, key: str, prefix: str) -> NoReturn:
    """The error that names a bad key."""
    shown = _redact.cut("".join(c if c.isprintable() else " " for c in key))
    if not key.startswith(_paths.start(prefix)):
        raise InvalidPathError(
            f"{label}: the server lists '{shown}', which is not below '{prefix}': list with"
            " on_bad_key='skip' to leave such keys out",
            path=key,
        )
    raise InvalidPathError(f"{label}: no path can name the key '{shown}': {WAY_OUT}", path=key)


def settle(
    page: Page,
    rows: Sequence[Sequence[Any]],
    prefixes: Sequence[str],
    on_bad_key: OnBadKey,
    label: str,
    prefix: str,
) -> Page:
    """Do with the bad rows and prefixes of a page what the caller wants."""
    if not rows and not prefixes:
        return page
    bad = [row[0] for row in rows] + list(prefixes)
    below = _paths.start(prefix)
    outside = [key for key in bad if not key.startswith(below)]
    if on_bad_key == "raise" or (on_bad_key == "keep" and outside):
        refuse(label, (outside or bad)[0], prefix)
    if on_bad_key == "skip":
        page.skipped.extend(bad)
        return page
    kept = [(RawKey(row[0]), *row[1:]) for row in rows]
    page.objects = sorted([*page.objects, *kept], key=lambda row: row[0].encode())
    page.prefixes.extend(RawKey(path) for path in prefixes)
    return page
