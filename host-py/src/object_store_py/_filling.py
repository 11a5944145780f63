"""Fill memory with an object's bytes: by one request, or by several at once where it is large.

The request that found the object goes on from the front; others take pieces off the end, each under
the condition that the object still has the same e_tag, until they meet. So a slow connection costs
what it must, and bytes of two states of an object never mix.
"""

from __future__ import annotations

import io
from collections import deque

from ._backend import Content, Fetched
from ._effects import Cancel, Group, Join, Plan, Spawn
from ._fresh import B, as_kind, fills, fresh
from .exceptions import GenericError

SPLIT_FROM = 64 << 20
"""From which size on several requests fill it, in bytes."""
PIECE = 16 << 20
"""How much one further request reads, in bytes."""
BESIDE = 3
"""How many requests are under way beside the first."""


def read_all(fetched: Fetched, kind: type[B]) -> Plan[B]:
    """Read all bytes of an object, once, as `bytes` or `Bytes`."""
    content, size = fetched.content, fetched.end - fetched.start
    whole = content.whole()
    if whole is not None:
        return as_kind(kind, whole)
    if fills(kind, size):
        data, view = fresh(kind, size)
        try:
            yield from fill(fetched, view)
        except BaseException:
            del data  # what was not filled is memory that had something else in it
            raise
        return data
    # A list of chunks to join would hold everything twice.
    buffer = io.BytesIO()
    try:
        while chunk := (yield from content.read()):
            buffer.write(chunk)
    except BaseException:
        content.abandon()
        raise
    return as_kind(kind, buffer.getvalue())


def fill(fetched: Fetched, view: memoryview) -> Plan[None]:
    """Fill memory that is as large as what was asked for."""
    content, start = fetched.content, fetched.start
    if view.nbytes < SPLIT_FROM or not content.splits:
        try:
            yield from fill_from(content, view)
        except BaseException:
            content.abandon()  # Ctrl-C may come before the body sees it
            raise
        return
    pieces = deque(range(0, view.nbytes, PIECE))
    group = Group(BESIDE)
    try:
        for _ in range(BESIDE):
            yield Spawn(group, _take_from_the_end(content, start, view, pieces, group))
        while pieces and group.failure is None:
            offset = _next(pieces, first=True)
            if offset is not None:
                last = offset + PIECE >= view.nbytes
                yield from fill_from(content, view[offset : offset + PIECE], last)
        yield from content.close()
        yield Join(group)
    except GeneratorExit:
        content.abandon()
        raise
    except BaseException:
        yield Cancel(group)
        yield from content.close()
        raise


def _take_from_the_end(
    content: Content, start: int, view: memoryview, pieces: deque[int], group: Group
) -> Plan[None]:
    while (offset := _next(pieces, first=False)) is not None and group.failure is None:
        piece = view[offset : offset + PIECE]
        part = yield from content.part(start + offset, start + offset + piece.nbytes)
        try:
            yield from fill_from(part, piece)
        except BaseException:
            part.abandon()
            raise


def _next(pieces: deque[int], first: bool) -> int | None:
    try:
        return pieces.popleft() if first else pieces.pop()
    except IndexError:  # another thread took the last one
        return None


def fill_from(content: Content, view: memoryview, last: bool = True) -> Plan[None]:
    """Fill memory; if these are an object's last bytes, see that no others follow."""
    while view:
        count = yield from content.read_into(view)
        if not count:
            raise GenericError("the object ended before its announced end")
        view = view[count:]
    if last:
        yield from content.read_into(memoryview(bytearray(1)))
