"""Whether two answers are of one state of an object: what must hold before their bytes are joined.

Only a strong e_tag says that two answers have the same bytes (RFC 9110, section 8.8.1). A weak one
says that they mean the same, and a date of modification is weak, too: an object can change twice in
a second. Servers also ignore `If-Match`; so what an answer says is compared, not only asked for.
"""

from __future__ import annotations

from ._backend import RawMeta

LONGEST = 1024
"""The longest e_tag that a condition can have, in characters."""


def is_strong(e_tag: str | None) -> bool:
    """Whether equal e_tags of this kind mean equal bytes."""
    if e_tag is None or len(e_tag) > LONGEST:
        return False
    return e_tag[:2] not in ("W/", "w/") and bool(e_tag.strip('"'))


def difference(first: RawMeta, second: RawMeta) -> str | None:
    """What tells two states of an object apart; None if nothing that both answers give does."""
    if first.e_tag != second.e_tag:
        return f"its e_tag was {first.e_tag} and is {second.e_tag} now"
    if first.size != second.size:
        return f"it had {first.size} bytes and has {second.size} now"
    if first.modified != second.modified and first.modified and second.modified:
        return "it was modified at another time"
    if first.version != second.version and first.version and second.version:
        return "it has another version now"
    return None
