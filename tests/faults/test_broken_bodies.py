"""Broken bodies: cut, stalled, changed or too long; the bytes are right or there is an error."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy
from tests.backends.rawserver import Answer, Close, Pause, RawServer, response
from tests.harness.api import Api
from tests.harness.stores import open_scripted

SIZE = 300_000
BODY = random.Random(1).randbytes(SIZE)
FACTS = {"ETag": '"tag"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}
ERRORS = (BaseError, OSError)


pytestmark = pytest.mark.usefixtures("parser")


@pytest.fixture
def filled(api: Api, store: Any, direct: Any) -> Any:
    api.put(direct, "k", BODY)
    return store


def scripted(server: RawServer, **client: Any) -> S3Store:
    return open_scripted(server, client_options=client)


def answering(*answers: Answer) -> RawServer:
    return RawServer(answers)


@pytest.mark.slow
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("at", [0, 1, SIZE // 2, SIZE - 1])
@pytest.mark.row("F5")
def test_a_cut_body_is_resumed_where_it_broke(
    api: Api, filled: Any, direct: Any, proxy: FaultProxy, at: int, reset: bool
) -> None:
    tag = api.head(direct, "k")["e_tag"]
    proxy.add(Fault(cut_body_at=at, reset=reset))
    assert api.read(filled, "k") == BODY
    first, again = proxy.requests
    assert again.header("if-match") in (None, tag)  # or the answer is compared
    if not reset:  # after RST the kernel may drop what had arrived
        assert again.header("range") == f"bytes={at}-{SIZE - 1}"
    assert first.header("range") is None


@pytest.mark.row("F5")
def test_a_cut_stream_is_resumed_too(api: Api, filled: Any, proxy: FaultProxy) -> None:
    proxy.add(Fault(cut_body_at=SIZE // 3), Fault(cut_body_at=SIZE // 3))
    assert b"".join(api.stream(api.get(filled, "k"), 1000)) == BODY
    assert len(proxy.requests) == 3


@pytest.mark.row("F5")
def test_a_cut_range_is_resumed_within_the_range(api: Api, filled: Any, proxy: FaultProxy) -> None:
    proxy.add(Fault(cut_body_at=100))
    assert api.get_range(filled, "k", start=1000, end=2000) == BODY[1000:2000]
    # A range that is read whole may start anew; it must never reach beyond what was asked.
    assert proxy.requests[-1].header("range") in ("bytes=1100-1999", "bytes=1000-1999")


@pytest.mark.row("F6")
def test_a_cut_after_the_last_byte_is_no_fault(api: Api, filled: Any, proxy: FaultProxy) -> None:
    proxy.add(Fault(cut_body_at=SIZE))
    assert api.read(filled, "k") == BODY
    assert len(proxy.requests) == 1


@pytest.mark.row("F7")
def test_an_object_that_changed_meanwhile_is_never_mixed(
    api: Api, filled: Any, direct: Any, proxy: FaultProxy
) -> None:
    proxy.add(Fault(cut_body_at=SIZE // 2))
    result = api.get(filled, "k")
    api.put(direct, "k", BODY[::-1])
    with pytest.raises(ERRORS):
        api.stream(result, 1000)


@pytest.mark.row("F7")
def test_a_resumed_body_with_another_e_tag_is_an_error(api: Api) -> None:
    half = len(BODY) // 2
    first = response(200, BODY[:half], FACTS, length=SIZE)
    range_facts = {"ETag": '"other"', "Content-Range": f"bytes {half}-{SIZE - 1}/{SIZE}"}
    second = response(206, BODY[half:], FACTS | range_facts)
    with answering([first, Close()], second, second, second) as server, pytest.raises(ERRORS):
        api.read(scripted(server), "k")


@pytest.mark.row("F8")
def test_a_server_that_ignores_range_gives_no_wrong_bytes(api: Api) -> None:
    with (
        answering(*[response(200, BODY, FACTS)] * 3) as server,
        pytest.raises(ERRORS),
    ):
        api.get_range(scripted(server), "k", start=10, end=20)


@pytest.mark.row("F8")
def test_a_server_that_answers_another_range_is_an_error(api: Api) -> None:
    wrong = FACTS | {"Content-Range": f"bytes 50-59/{SIZE}"}
    with (
        answering(*[response(206, BODY[50:60], wrong)] * 3) as server,
        pytest.raises(ERRORS),
    ):
        api.get_range(scripted(server), "k", start=10, end=20)


@pytest.mark.row("F9")
def test_a_short_body_is_an_error(api: Api) -> None:
    short: Answer = [response(200, b"abc", FACTS, length=1_000_000), Close()]
    with answering(*[short] * 5) as server, pytest.raises(ERRORS):
        api.read(scripted(server), "k")


@pytest.mark.row("F9")
def test_what_follows_the_body_is_not_part_of_it(api: Api) -> None:
    with answering([response(200, b"abc", FACTS), b"surplus", Close()]) as server:
        assert api.read(scripted(server), "k") == b"abc"


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before the head", "in the body"])
@pytest.mark.row("F10")
def test_a_stall_ends_with_the_timeout(api: Api, where: str) -> None:
    stall: Answer = [Pause(30)]
    if where == "in the body":
        stall = [response(200, b"abc", FACTS, length=10), Pause(30)]
    with answering(*[stall] * 5) as server:
        store = scripted(server, timeout=timedelta(seconds=0.5))
        with pytest.raises(ERRORS):
            api.read(store, "k")
        assert len(server.requests) <= 5
