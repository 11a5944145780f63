"""Short requests side by side take turns in the caller's thread, once connections are open."""

from __future__ import annotations

import gc
import re
import selectors
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from object_store_py import RequestInfo, _driver, _driver_turns, _http
from object_store_py._http11 import Sent
from object_store_py.exceptions import BaseError, GenericError, NotFoundError
from object_store_py.store import GCSStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, Pause, RawServer, Reset, response
from tests.harness.stores import open_scripted

CONTENT = bytes(range(256)) * 400
AT_ONCE = 10
"""How many requests `get_ranges` and `delete` have under way."""
STARTS = range(0, 100_000, 1000)
FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}


class Scripted:
    """Answers with ranges of an object; what `instead` has for a start, once for each."""

    def __init__(self) -> None:
        self.instead: dict[int, list[Answer]] = {}
        self.pause = 0.0

    def __call__(self, request: RecordedRequest) -> Answer:
        if request.method == "DELETE":
            return [Pause(self.pause), response(204)]
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.header("range") or "")
        if found is None:
            return response(404)
        start, last = int(found[1]), int(found[2])
        if self.instead.get(start):
            return self.instead[start].pop(0)
        whole = range_of(start, last)
        return [Pause(self.pause), whole] if self.pause else whole


def range_of(start: int, last: int) -> bytes:
    place = f"bytes {start}-{last}/{len(CONTENT)}"
    return response(206, CONTENT[start : last + 1], {**FACTS, "Content-Range": place})


@pytest.fixture
def script() -> Scripted:
    return Scripted()


@pytest.fixture
def server(script: Scripted) -> Iterator[RawServer]:
    with RawServer(script) as running:
        yield running


def read(store: Any, starts: Sequence[int] = STARTS) -> None:
    parts = store.get_ranges("k", starts=starts, lengths=[100] * len(starts), coalesce=0)
    assert [bytes(part) for part in parts] == [CONTENT[at : at + 100] for at in starts]


def warm(store: Any, script: Scripted) -> None:
    """Open as many connections as are used at once."""
    script.pause = 0.05
    read(store)
    script.pause = 0.0


def connections(server: RawServer) -> int:
    return len({request.connection for request in server.requests})


def settled(server: RawServer) -> bool:
    """Whether few connections are open soon: the server notices an end in its own time."""
    deadline = time.monotonic() + 30
    while len(server._open) > 2 * AT_ONCE and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(server._open) <= 2 * AT_ONCE


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, starting a thread for requests is an error."""
    return lambda: monkeypatch.setattr(_driver, "Threads", None)


@pytest.mark.parametrize("way", ["poll", "select"])
def test_one_thread_waits_for_all(
    script: Scripted,
    server: RawServer,
    way: str,
    no_threads: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if way == "select":  # as on Windows
        monkeypatch.delattr(selectors, "PollSelector")
    store = open_scripted(server)
    warm(store, script)
    assert 2 <= connections(server) <= AT_ONCE
    no_threads()
    read(store)
    assert connections(server) <= AT_ONCE


def test_single_deletions_take_turns(
    script: Scripted, server: RawServer, no_threads: Callable[[], None]
) -> None:
    client: Any = {"allow_http": True}
    store = GCSStore("b", base_url=server.endpoint, skip_signature=True, client_options=client)
    keys = [f"{number}" for number in range(50)]
    script.pause = 0.05
    store.delete(keys)
    script.pause = 0.0
    no_threads()
    store.delete(keys)
    assert len(server.requests) == 100


@pytest.mark.slow
def test_one_that_is_slow_keeps_nobody_waiting(script: Scripted, server: RawServer) -> None:
    store = open_scripted(server)
    warm(store, script)
    before = len(server.requests)
    script.instead[0] = [[Pause(8), range_of(0, 99)]]
    read(store)
    arrived = [request.received_at for request in server.requests[before:]]
    assert len(arrived) == len(STARTS)
    assert max(arrived) - arrived[0] < 8


@pytest.mark.slow
@pytest.mark.row("F10")
@pytest.mark.parametrize("limit", ["timeout", "read_timeout"])
def test_silence_ends_with_the_timeout(script: Scripted, server: RawServer, limit: str) -> None:
    options = {limit: timedelta(seconds=0.5)}
    store = open_scripted(server, client_options=options, retry_config={"max_retries": 0})
    warm(store, script)
    before = len(server.requests)
    script.instead[5000] = [[Pause(30)]]
    with pytest.raises(BaseError, match="in time"):
        read(store)
    assert all(
        request.received_at - server.requests[before].received_at < 20
        for request in server.requests[before:]
    )
    read(store)


@pytest.mark.row("F11")
def test_connections_that_ended_while_they_were_idle(script: Scripted, server: RawServer) -> None:
    store = open_scripted(server)
    for end in ([Close()], [Reset()]):  # unanswered, as when it ends at that very moment
        warm(store, script)
        script.instead = {start: [end] for start in STARTS[:AT_ONCE]}
        read(store)
    script.instead = {start: [[range_of(start, start + 99), Close()]] for start in STARTS}
    for _ in range(2):
        read(store)


@pytest.mark.parametrize("fault", ["503", "cut"])
def test_what_fails_once_is_sent_again(script: Scripted, server: RawServer, fault: str) -> None:
    store = open_scripted(server)
    warm(store, script)
    before = len(server.requests)
    whole = range_of(2000, 2099)
    script.instead[2000] = [response(503)] if fault == "503" else [[whole[:-50], Reset()]]
    read(store)
    assert len(server.requests) == before + len(STARTS) + 1


def test_a_failure_ends_them_all(script: Scripted, server: RawServer) -> None:
    seen: list[RequestInfo] = []
    store = open_scripted(server, on_request=seen.append)
    warm(store, script)
    assert {info.status for info in seen} == {206}
    seen.clear()
    script.instead[3000] = [response(404)]
    with pytest.raises(NotFoundError):
        read(store)
    assert [info.status for info in seen if info.status != 206].count(404) == 1
    assert len(seen) < len(STARTS)
    read(store)
    assert store.stats()["requests"] == len(STARTS) + len(seen)


def test_a_policy_is_asked_once_for_each(script: Scripted, server: RawServer) -> None:
    asked: list[str] = []

    def policy(method: str, url: str) -> bool:
        del url
        asked.append(method)
        return True

    store = open_scripted(server, request_policy=policy)
    warm(store, script)
    read(store)
    assert len(asked) == len(server.requests) == 2 * len(STARTS)


def test_many_threads_each_with_their_turns(script: Scripted, server: RawServer) -> None:
    store = open_scripted(server)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                read(store)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert len(server.requests) == 8 * 5 * len(STARTS)


def test_when_no_thread_can_be_started(
    script: Scripted, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_scripted(server)

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", refuse)
        with pytest.raises(GenericError, match="no thread"):
            read(store)


# What had just been sent or received when it came is lost; its socket is closed with it.
@pytest.mark.slow
@pytest.mark.row("F16")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_stopped_by_ctrl_c_at_each_step(
    script: Scripted, server: RawServer, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_scripted(server)
    left = -1

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left or after:
                answer = function(*arguments)
            if not left:
                raise KeyboardInterrupt
            return answer

        return call

    monkeypatch.setattr(_driver_turns, "begin", around(_http.begin))
    monkeypatch.setattr(Sent, "finish", around(Sent.finish))

    class Interrupted(selectors.PollSelector):  # not the class itself: servers wait with it, too
        select = around(selectors.PollSelector.select)

    monkeypatch.setattr(selectors, "PollSelector", Interrupted)
    few = STARTS[: 2 * AT_ONCE]
    script.pause = 0.01
    for step in count(1):
        left = -1
        read(store, few)  # opens the connections that were lost
        left = step
        try:
            read(store, few)
        except KeyboardInterrupt:
            gc.collect()
            assert settled(server), "connections are left open"
            continue
        break
    assert step > 2 * len(few), "it was hardly interrupted"
