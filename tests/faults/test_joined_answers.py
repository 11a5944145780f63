"""Bytes of several answers (F25): joined only if both are of one state of the object."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import object_store_py as obs
from object_store_py import _downloads, _filling
from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import LocalStore, MemoryStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, RawServer, response
from tests.harness.api import Api
from tests.harness.stores import REMOTE, open_scripted_as

pytestmark = pytest.mark.row("F25")

SIZE = 300_000
HALF = SIZE // 2
A, B = random.Random(1).randbytes(SIZE), random.Random(2).randbytes(SIZE)
DATE, LATER = "Tue, 01 Oct 2024 10:00:00 GMT", "Tue, 01 Oct 2024 10:00:01 GMT"
STRONG = {"ETag": '"1"', "Last-Modified": DATE}
WEAK = {"ETag": 'W/"1"', "Last-Modified": DATE}
NONE = {"Last-Modified": DATE}

CHANGES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a weak tag": (WEAK, WEAK),
    "a weak tag in small letters": ({**WEAK, "ETag": 'w/"1"'}, {**WEAK, "ETag": 'w/"1"'}),
    "an empty tag": ({**STRONG, "ETag": '""'}, {**STRONG, "ETag": '""'}),
    "no tag": (NONE, NONE),
    "no tag in the second": (STRONG, NONE),
    "a weak tag in the second": (STRONG, WEAK),
    "another tag": (STRONG, {**STRONG, "ETag": '"2"'}),
    "another date": (STRONG, {**STRONG, "Last-Modified": LATER}),
}


REFUSED = re.compile("strong e_tag|changed while it was read|ETag Header missing")
"""The last one of the crate, which needs the e_tags of Azure and Google."""


def unproven(kind: str) -> dict[str, str]:
    """What a server of this kind may say that is no proof of a state."""
    return WEAK if kind in ("azure", "gcs") else NONE


def span(request: RecordedRequest) -> tuple[int, int] | None:
    """The first byte that a request asks for, and the one after its last."""
    asked = request.header("range") or request.header("x-ms-range")
    if asked is None:
        return None
    first, _, last = asked.removeprefix("bytes=").partition("-")
    return int(first), int(last) + 1 if last else SIZE


def part(data: bytes, first: int, end: int, facts: dict[str, str], total: int = SIZE) -> bytes:
    where = {"Content-Range": f"bytes {first}-{end - 1}/{total}"}
    return response(206, data[first:end], {**facts, **where})


class Changing:
    """Answers with A, the first time cut; then with B. Conditions are ignored, ranges are not."""

    def __init__(self, first: dict[str, str], then: dict[str, str], total: int = SIZE) -> None:
        self.first, self.then, self.total = first, then, total
        self.count = 0

    def __call__(self, request: RecordedRequest) -> Answer:
        if request.method == "HEAD":
            return response(200, b"", self.first, length=SIZE)
        self.count += 1
        asked = span(request)
        if self.count == 1:
            assert asked is None
            return [response(200, A[:HALF], self.first, length=SIZE), Close()]
        if asked is None:
            return response(200, B, self.then)
        return part(B, *asked, self.then, self.total)


def joined(data: bytes) -> bool:
    """Whether there are bytes of both states in what was read."""
    return len(data) == SIZE and data not in (A, B)


@pytest.fixture(params=REMOTE)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def streamed(api: Api, store: Any) -> bytes:
    return b"".join(api.stream(api.get(store, "k"), 1000))


def into_memory(api: Api, store: Any) -> bytes:
    memory = bytearray(SIZE)
    api.call("get_into", store, "k", memory)
    return bytes(memory)


READS: dict[str, Callable[[Api, Any], bytes]] = {
    "bytes": lambda api, store: api.read(store, "k"),
    "stream": streamed,
    "get_into": into_memory,
}


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_cut_body_is_not_read_on_in_another_state(
    api: Api, kind: str, change: str, how: str
) -> None:
    with RawServer(Changing(*CHANGES[change])) as server:
        store = open_scripted_as(kind, server)
        with pytest.raises(GenericError, match=REFUSED):
            READS[how](api, store)


def test_a_cut_body_is_not_read_on_in_another_size(api: Api, kind: str) -> None:
    server = RawServer(Changing(STRONG, STRONG, total=SIZE + 1))
    with server, pytest.raises(GenericError, match="changed while it was read"):
        api.read(open_scripted_as(kind, server), "k")


WRONG: dict[str, Callable[[RecordedRequest], Answer]] = {
    "all of it": lambda _: response(200, B, STRONG),
    "another range": lambda _: part(B, 0, HALF, STRONG),
    "a wider range": lambda _: part(B, HALF - 10, SIZE, STRONG),
    "a shorter range": lambda _: part(B, HALF, SIZE - 10, STRONG),
    "no range": lambda _: response(206, B[HALF:], STRONG),
    "another beginning": lambda _: part(B, HALF + 1, SIZE, STRONG),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_cut_body_is_not_read_on_from_another_place(api: Api, kind: str, wrong: str) -> None:
    def answer(request: RecordedRequest) -> Answer:
        if span(request) is None:
            return [response(200, A[:HALF], STRONG, length=SIZE), Close()]
        return WRONG[wrong](request)

    with RawServer(answer) as server, pytest.raises(BaseError):
        api.read(open_scripted_as(kind, server), "k")


@pytest.mark.parametrize("sent", [0, 100], ids=["nothing", "some"])
def test_what_nobody_has_seen_is_read_anew(api: Api, kind: str, sent: int) -> None:
    facts = unproven(kind)
    whole = response(200, A[:1000], facts)
    cut: Answer = [response(200, A[:sent], facts, length=1000), Close()]
    with RawServer([cut, cut, whole]) as server:
        assert api.read(open_scripted_as(kind, server), "k") == A[:1000]
    assert [span(request) for request in server.requests] == [None] * 3


def test_what_is_read_anew_must_look_as_it_did(api: Api, kind: str) -> None:
    facts = unproven(kind)
    cut: Answer = [response(200, b"", facts, length=1000), Close()]
    server = RawServer([cut, response(200, A[:999], facts)])
    with server, pytest.raises(GenericError, match="changed while it was read"):
        api.read(open_scripted_as(kind, server), "k")


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_filling, "SPLIT_FROM", SIZE)
    monkeypatch.setattr(_filling, "PIECE", SIZE // 10)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("change", CHANGES)
def test_a_large_object_is_not_put_together_of_two_states(api: Api, kind: str, change: str) -> None:
    first, then = CHANGES[change]

    def answer(request: RecordedRequest) -> Answer:
        asked = span(request)
        return response(200, A, first) if asked is None else part(B, *asked, then)

    with RawServer(answer) as server:
        store = open_scripted_as(kind, server)
        try:
            assert api.read(store, "k") == A
        except GenericError as error:
            assert REFUSED.search(str(error))
    if "second" not in change and "another" not in change:
        assert len(server.requests) == 1


@pytest.mark.parametrize("change", ["no tag in the second", "another tag", "another date"])
def test_ranges_of_two_states_are_an_error(api: Api, kind: str, change: str) -> None:
    first, then = CHANGES[change]

    def answer(request: RecordedRequest) -> Answer:
        asked = span(request)
        assert asked is not None
        return part(A, *asked, first) if asked[0] < HALF else part(B, *asked, then)

    starts, lengths = [0, SIZE - 10], [10, 10]
    with RawServer(answer) as server, pytest.raises(GenericError, match=REFUSED):
        store = open_scripted_as(kind, server)
        api.get_ranges(store, "k", starts=starts, lengths=lengths, coalesce=0)


@pytest.mark.parametrize("change", CHANGES)
def test_a_download_does_not_go_on_in_another_state(
    api: Api, kind: str, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_downloads, "RESUMABLE", SIZE)
    first, then = (unproven(kind) if facts is NONE else facts for facts in CHANGES[change])
    target = tmp_path / "file"

    def cut(request: RecordedRequest) -> Answer:
        if request.method == "HEAD":
            return response(200, b"", first, length=SIZE)
        if span(request) is not None:
            return response(403)
        return [response(200, A[:HALF], first, length=SIZE), Close()]

    with RawServer(cut) as server, pytest.raises(BaseError):
        api.call("download", open_scripted_as(kind, server), "k", target, resume=True)

    changed = Changing(first, then)
    changed.count = 1
    with RawServer(changed) as server:
        store = open_scripted_as(kind, server)
        result = api.call("download", store, "k", target, resume=True)
    assert target.read_bytes() == B
    assert result.resumed == 0


def test_a_download_goes_on_in_the_same_state(
    api: Api, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_downloads, "RESUMABLE", SIZE)
    target = tmp_path / "file"
    bad = True

    def answer(request: RecordedRequest) -> Answer:
        if request.method == "HEAD":
            return response(200, b"", STRONG, length=SIZE)
        asked = span(request)
        if asked is not None:
            return response(403) if bad else part(A, *asked, STRONG)
        return [response(200, A[:HALF], STRONG, length=SIZE), Close()]

    with RawServer(answer) as server:
        store = open_scripted_as(kind, server)
        with pytest.raises(BaseError):
            api.call("download", store, "k", target, resume=True)
        bad = False
        assert api.call("download", store, "k", target, resume=True).resumed == HALF
    assert target.read_bytes() == A


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_to_another_store_is_of_one_state(api: Api, kind: str, change: str) -> None:
    target = MemoryStore()
    with RawServer(Changing(*CHANGES[change])) as server, pytest.raises(GenericError):
        api.call("copy_to", open_scripted_as(kind, server), "k", target, "k")
    assert obs.list(target).collect() == []


# Local files: one descriptor has the bytes of one file, which others may write to.


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    (tmp_path / "k").write_bytes(A * 40)
    return LocalStore(tmp_path)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(B * 40)


REWRITES: dict[str, Callable[[Path], object]] = {
    "over": overwrite,
    "anew": lambda path: path.write_bytes(B * 40),
    "longer": lambda path: path.write_bytes(B * 41),
    "shorter": lambda path: path.write_bytes(B * 39),
}


@pytest.mark.parametrize("how", REWRITES)
def test_a_local_file_that_is_rewritten_is_an_error(
    api: Api, local: LocalStore, tmp_path: Path, how: str
) -> None:
    result = api.get(local, "k")
    REWRITES[how](tmp_path / "k")
    with pytest.raises(GenericError, match="while it was read"):
        api.bytes(result)
    again = api.get(local, "k").stream(1 << 20)
    api._run(again, "__next__") if api.way == "sync" else api.wait(again.__anext__)
    overwrite(tmp_path / "k")
    with pytest.raises(GenericError, match="while it was read"):
        api.consume(again)


def test_a_local_file_that_is_replaced_is_read_to_its_end(
    api: Api, local: LocalStore, tmp_path: Path
) -> None:
    result = api.get(local, "k")
    api.put(local, "k", B * 40)
    assert api.bytes(result) == A * 40
    assert api.read(local, "k") == B * 40
