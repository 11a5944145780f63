"""Files of objects that change (F25): what is read is of one state, or an error."""

from __future__ import annotations

import random
from typing import Any

import pytest

from object_store_py.exceptions import PreconditionError
from object_store_py.store import HTTPStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.files.facade import open_reader
from tests.harness.api import Api
from tests.harness.stores import open_scripted

pytestmark = pytest.mark.row("F25")

SIZE = 300_000
A, B = random.Random(1).randbytes(SIZE), random.Random(2).randbytes(SIZE)
DATE, LATER = "Tue, 01 Oct 2024 10:00:00 GMT", "Tue, 01 Oct 2024 10:00:01 GMT"
STRONG = {"ETag": '"1"', "Last-Modified": DATE}
WEAK = {"ETag": 'W/"1"', "Last-Modified": DATE}
NONE = {"Last-Modified": DATE}
UNPROVEN = {"weak": WEAK, "none": NONE, "not even a date": {}}
OTHERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "another strong e_tag": (STRONG, {**STRONG, "ETag": '"2"'}),
    "another weak e_tag": (WEAK, {**WEAK, "ETag": 'W/"2"'}),
    "another date": (WEAK, {**WEAK, "Last-Modified": LATER}),
    "another date without e_tags": (NONE, {"Last-Modified": LATER}),
    "no e_tag any more": (STRONG, NONE),
}


class Changing:
    """A server that ignores conditions: its object is A for `answers` reads, then B."""

    def __init__(
        self, facts: dict[str, str], then: dict[str, str], answers: int, ranges: bool = True
    ) -> None:
        self.facts, self.then, self.answers, self.ranges = facts, then, answers, ranges
        self.reads = 0

    def __call__(self, request: RecordedRequest) -> Answer:
        facts = self.facts if self.reads < self.answers else self.then
        if request.method == "HEAD":
            return response(200, b"", facts, length=SIZE)
        data = A if self.reads < self.answers else B
        self.reads += 1
        asked = request.header("range")
        if asked is None or not self.ranges:
            return response(200, data, facts)
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        where = {"Content-Range": f"bytes {first}-{last}/{SIZE}"}
        return response(206, data[first : last + 1], {**facts, **where})


def opened(api: Api, server: RawServer, kind: str, **options: Any) -> Any:
    if kind == "http":
        allowed: Any = {"client_options": {"allow_http": True}, "retry_config": {"max_retries": 0}}
        return open_reader(api, HTTPStore(server.endpoint, **allowed), "k", **options)
    store = open_scripted(server, retry_config={"max_retries": 0})
    return open_reader(api, store, "k", **options)


@pytest.mark.parametrize("kind", ["s3", "http"])
@pytest.mark.parametrize("facts", UNPROVEN.values(), ids=UNPROVEN)
def test_what_is_read_through_is_of_one_state_without_a_strong_e_tag(
    api: Api, kind: str, facts: dict[str, str]
) -> None:
    with RawServer(Changing(facts, facts, answers=1)) as server:
        with opened(api, server, kind, buffer_size=10_000) as file:
            pieces = [file.read(7_000) for _ in range(20)]
            pieces += [file.read(50_000), file.read()]
        assert b"".join(pieces) == A


@pytest.mark.parametrize("kind", ["s3", "http"])
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_state_is_an_error(api: Api, kind: str, other: Any) -> None:
    with (
        RawServer(Changing(other[0], other[1], answers=1)) as server,
        opened(api, server, kind, buffer_size=10_000) as file,
    ):
        assert (file.read(5), file.read(5)) == (A[:5], A[5:10])
        for position in (SIZE - 50, 100_000):
            file.seek(position)
            with pytest.raises(PreconditionError, match="changed since it was opened"):
                file.read(10)


@pytest.mark.parametrize("facts", UNPROVEN.values(), ids=UNPROVEN)
def test_here_and_there_is_read_without_a_strong_e_tag(api: Api, facts: dict[str, str]) -> None:
    with (
        RawServer(Changing(facts, facts, answers=99)) as server,
        opened(api, server, "http", buffer_size=10_000) as file,
    ):
        for position in (SIZE - 8, 20_000, 0, 123_456, 20_010):
            file.seek(position)
            assert file.read(8) == A[position : position + 8]


def test_a_weak_e_tag_that_becomes_strong_is_the_same(api: Api) -> None:
    """Apache's do, a second after a change."""
    with (
        RawServer(Changing(WEAK, STRONG, answers=1)) as server,
        opened(api, server, "http", buffer_size=10_000) as file,
    ):
        assert file.read(5) == A[:5]
        file.seek(200_000)
        assert file.read(5) == B[200_000:200_005]


def test_a_server_without_ranges_is_read_from_start_to_end(api: Api) -> None:
    with (
        RawServer(Changing(NONE, NONE, answers=99, ranges=False)) as server,
        opened(api, server, "http", buffer_size=10_000) as file,
    ):
        assert b"".join(file.read(9_999) for _ in range(31)) == A
