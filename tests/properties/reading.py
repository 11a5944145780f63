"""The rules of a machine that read: whole, in ranges, under conditions, as files, as listings."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from object_store_py import exceptions as errors
from tests.properties.base import KEYS, Machine
from tests.properties.model import Model, parents
from tests.properties.sides import HOUR, Side

PLACES = st.integers(0, 45)
RANGES = st.one_of(
    st.none(),
    st.tuples(PLACES, PLACES),
    st.builds(lambda offset: {"offset": offset}, PLACES),
    st.builds(lambda suffix: {"suffix": suffix}, st.integers(1, 45)),
    st.tuples(PLACES, st.none()),
    st.tuples(st.none(), st.integers(1, 45)),
)
TAGS = st.sampled_from(["right", "wrong", "star", "list"])
PATTERNS = (
    "*",
    "**",
    "a*",
    "**/b",
    "a/*",
    "*/*",
    "[!a]*",
    "?",
    "**/*b*",
    "a/**/b",
    "[[]x]",
    "*a*/**",
)


class Reading(Machine):
    """Calls that change nothing."""

    @rule(key=KEYS, wanted=RANGES, head=st.booleans())
    def get(self, key: str, wanted: Any, head: bool) -> None:
        options = {"range": wanted} if wanted and not head else {"head": head}

        def expected(model: Model) -> Any:
            start, end, data = model.part(key, options.get("range"))
            stored = model.find(key)
            return key, len(stored.data), (start, end), b"" if head else data, stored.attributes

        self.agree(lambda side: side.get(key, **options), expected)

    @rule(key=KEYS, tag=TAGS, condition=st.sampled_from(["if_match", "if_none_match"]))
    def get_by_e_tag(self, key: str, tag: str, condition: str) -> None:
        if tag == "list" and not self.backend_rules.lists_of_e_tags:
            return

        def real(side: Side) -> Any:
            stored = side.model.objects.get(key)
            now = (stored and stored.e_tag) or '"none"'
            given = {"right": now, "wrong": '"no"', "star": "*", "list": f'"no", {now}'}
            return side.get(key, **{condition: given[tag]})[3]

        def expected(model: Model) -> Any:
            stored = model.find(key)
            if condition == "if_match" and tag == "wrong":
                raise errors.PreconditionError
            if condition == "if_none_match" and tag != "wrong":
                raise errors.NotModifiedError
            return stored.data

        self.agree(real, expected)

    @rule(
        key=KEYS,
        hours=st.sampled_from([-24, 24]),
        condition=st.sampled_from(["if_modified_since", "if_unmodified_since"]),
    )
    def get_by_time(self, key: str, hours: int, condition: str) -> None:
        options = {condition: datetime.now(UTC) + hours * HOUR}

        def expected(model: Model) -> Any:
            stored = model.find(key)
            # A server may take no notice of a time that has not come yet (RFC 9110, 13.1.3).
            if condition == "if_modified_since" and hours > 0 and not self.backend_rules.any_time:
                return stored.data
            if condition == "if_modified_since" and hours > 0:
                raise errors.NotModifiedError
            if condition == "if_unmodified_since" and hours < 0:
                raise errors.PreconditionError
            return stored.data

        self.agree(lambda side: side.get(key, **options)[3], expected)

    @rule(key=KEYS, start=PLACES, other=PLACES, by_length=st.booleans())
    def get_range(self, key: str, start: int, other: int, by_length: bool) -> None:
        where = {"start": start, "length" if by_length else "end": other}
        end = start + other if by_length else other

        def expected(model: Model) -> bytes:
            return model.part(key, (start, end))[2]

        self.agree(lambda side: side.api.get_range(side.store, key, **where), expected)

    @rule(
        key=KEYS,
        ranges=st.lists(st.tuples(PLACES, st.integers(1, 20)), max_size=5),
        by_length=st.booleans(),
        coalesce=st.sampled_from([0, 1, 5, 1 << 20]),
    )
    def get_ranges(
        self, key: str, ranges: list[tuple[int, int]], by_length: bool, coalesce: int
    ) -> None:
        where: Any = {"starts": [start for start, _ in ranges], "coalesce": coalesce}
        where["lengths" if by_length else "ends"] = [
            length if by_length else start + length for start, length in ranges
        ]

        def expected(model: Model) -> list[bytes]:
            if not ranges:
                return []
            return [model.part(key, (start, start + length))[2] for start, length in ranges]

        self.agree(lambda side: side.api.get_ranges(side.store, key, **where), expected)

    @rule(key=KEYS, wanted=RANGES, size=PLACES)
    def get_into(self, key: str, wanted: Any, size: int) -> None:
        def real(side: Side) -> Any:
            buffer = bytearray(b"." * size)
            options: Any = {"range": wanted} if wanted else None
            count = side.api.call("get_into", side.store, key, buffer, options=options)
            return count, bytes(buffer)

        def expected(model: Model) -> Any:
            data = model.part(key, wanted)[2]
            if len(data) > size:
                raise ValueError
            return len(data), data + b"." * (size - len(data))

        self.agree(real, expected)

    @rule(key=KEYS)
    def head(self, key: str) -> None:
        self.agree(
            lambda side: side.rows([side.api.head(side.store, key)]),
            lambda model: [(key, len(model.find(key).data))],
        )

    @rule(key=KEYS)
    def exists(self, key: str) -> None:
        self.agree(
            lambda side: side.api.call("exists", side.store, key),
            lambda model: key in model.objects,
        )

    @rule(
        key=KEYS, buffer_size=st.integers(1, 30), place=PLACES, sizes=st.lists(PLACES, max_size=3)
    )
    def read_a_file(self, key: str, buffer_size: int, place: int, sizes: list[int]) -> None:
        def real(side: Side) -> Any:
            api = side.api
            file = api.call("open_reader", side.store, key, buffer_size=buffer_size)
            try:
                api.wait(lambda: file.seek(place))
                found = [api.wait(partial(file.read, size)) for size in sizes]
                return [*found, api.wait(file.read)]
            finally:
                api.wait(file.close)

        def expected(model: Model) -> Any:
            left, found = model.find(key).data[place:], list[bytes]()
            for size in sizes:
                found.append(left[:size])
                left = left[size:]
            return [*found, left]

        self.agree(real, expected)

    # Listing.

    @rule(
        key=st.none() | KEYS,
        up=st.booleans(),
        offset=st.none() | KEYS,
        chunk_size=st.sampled_from([1, 2, 3, 1000]),
    )
    def list(self, key: str | None, up: bool, offset: str | None, chunk_size: int) -> None:
        prefix = _above(key) if up else key
        how: Any = {"chunk_size": chunk_size, "offset": offset}
        self.agree(
            lambda side: side.listed(side.api.pages(side.store, prefix, **how), chunk_size),
            lambda model: _sizes(model, model.below(prefix, offset)),
        )

    @rule(key=st.none() | KEYS, up=st.booleans())
    def list_with_delimiter(self, key: str | None, up: bool) -> None:
        prefix = _above(key) if up else key

        def real(side: Side) -> Any:
            found = side.api.list_with_delimiter(side.store, prefix)
            return found["common_prefixes"], side.rows(found["objects"])

        def expected(model: Model) -> Any:
            prefixes, keys = model.level(prefix)
            return prefixes, _sizes(model, keys)

        self.agree(real, expected)

    @rule(key=st.none() | KEYS)
    def walk(self, key: str | None) -> None:
        def real(side: Side) -> Any:
            steps = side.api.consume(side.walk(_above(key)))
            return [(prefix, names, side.rows(metas)) for prefix, names, metas in steps]

        def expected(model: Model) -> Any:
            steps = model.walk(_above(key))
            return [(prefix, names, _sizes(model, keys)) for prefix, names, keys in steps]

        self.agree(real, expected)

    @rule(pattern=st.sampled_from(PATTERNS))
    def glob(self, pattern: str) -> None:
        self.agree(
            lambda side: side.rows(side.api.consume(side.glob(pattern))),
            lambda model: _sizes(model, model.glob(pattern)),
        )


def _above(key: str | None) -> str | None:
    """The prefix that a key is below."""
    return [None, *parents(key)][-1] if key is not None else None


def _sizes(model: Model, keys: list[str]) -> list[tuple[str, int]]:
    return [(key, len(model.objects[key].data)) for key in keys]
