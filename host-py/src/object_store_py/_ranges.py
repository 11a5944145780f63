"""Many ranges of one object: near ones joined into one request, the requests side by side."""

from __future__ import annotations

from collections.abc import Sequence

from . import _arguments
from ._backend import Backend, GetRequest, RawMeta, beyond_end
from ._effects import Plan
from ._filling import read_all
from ._fresh import B, copied
from ._http import SMALL_BODY
from ._states import difference
from ._together import together
from .exceptions import GenericError

WIDEST = 8 << 20
"""The longest request, in bytes, that ranges are joined to which do not overlap: several at once
are faster than one that is longer, and what was joined is held twice until it is cut."""

Range = tuple[int, int]


def parse_ranges(
    starts: Sequence[int], ends: Sequence[int] | None, lengths: Sequence[int] | None
) -> list[Range]:
    """The ranges that are meant, in the order given."""
    if (ends is None) == (lengths is None):
        raise ValueError("give either ends or lengths: one of them says where the ranges end")
    limits = ends if ends is not None else lengths
    assert limits is not None
    if len(starts) != len(limits):
        raise ValueError(f"{len(starts)} starts, but {len(limits)} ends or lengths")
    ranges: list[Range] = []
    for start, limit in zip(starts, limits):
        end, length = (limit, None) if ends is not None else (None, limit)
        parsed = _arguments.bounded(start, end, length)
        ranges.append((parsed[1], parsed[2] if len(parsed) == 3 else 0))
    return ranges


def read_ranges(
    backend: Backend, path: str, ranges: list[Range], gap: int, limit: int, kind: type[B]
) -> Plan[list[B]]:
    """Read ranges, as `bytes` or `Bytes`, with `limit` requests at once.

    Those at most `gap` bytes apart are joined.
    """
    found = [kind()] * len(ranges)
    groups = _joined(ranges, gap)
    spans = [_span(ranges, group) for group in groups]
    states: list[RawMeta] = []
    plans = [
        _read(backend, path, ranges, span, group, found, states, kind)
        for span, group in zip(spans, groups)
    ]
    brief = all(last - first <= SMALL_BODY for first, last in spans)
    yield from together(plans, limit, brief)
    return found


def _joined(ranges: list[Range], gap: int) -> list[list[int]]:
    """The numbers of the ranges that one request reads, in the order of their starts."""
    groups: list[list[int]] = []
    first = last = 0
    for number in sorted(range(len(ranges)), key=ranges.__getitem__):
        start, end = ranges[number]
        near = start <= last + gap and (start < last or max(end, last) - first <= WIDEST)
        if groups and near:
            groups[-1].append(number)
            last = max(last, end)
        else:
            groups.append([number])
            first, last = start, end
    return groups


def _span(ranges: list[Range], group: list[int]) -> Range:
    return ranges[group[0]][0], max(ranges[number][1] for number in group)


def _read(
    backend: Backend,
    path: str,
    ranges: list[Range],
    span: Range,
    group: list[int],
    found: list[B],
    states: list[RawMeta],
    kind: type[B],
) -> Plan[None]:
    """Read what a group's ranges span, and put the bytes of each in its place."""
    first = span[0]
    fetched = yield from backend.get(path, GetRequest(range=("bounded", *span)))
    states.append(fetched.meta)
    if reason := difference(states[0], fetched.meta):
        yield from fetched.content.close()
        raise GenericError(f"{path!r}: the object changed while it was read: {reason}", path=path)
    data = yield from read_all(fetched, kind)
    for number in group:
        start, end = ranges[number][0] - first, ranges[number][1] - first
        if start >= len(data):  # joined with one that starts in the object
            raise beyond_end(first + start, first + len(data), path)
        whole = not start and end >= len(data)
        found[number] = data if whole else copied(kind, memoryview(data)[start:end])
