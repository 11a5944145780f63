"""Files that threads or tasks share: each call gets its own bytes, and none waits for another's."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError
from object_store_py.files import ReadableFile
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, Until, response
from tests.files.facade import open_reader
from tests.harness.api import Api
from tests.harness.stores import open_scripted

STEP = 10_000
SIZES = [5, 900, 3 * STEP]
DATA = b"".join(b"%06d and more\n" % number for number in range(60_000))
FACTS = {"ETag": '"1"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}


class Holding:
    """A server that knows ranges, and holds the answers of those that are asked for."""

    def __init__(self) -> None:
        self.held: dict[int, threading.Event] = {}
        self.asked = threading.Semaphore(0)
        self.broken: set[int] = set()

    def __call__(self, request: RecordedRequest) -> Answer:
        if request.method == "HEAD":
            return response(200, b"", FACTS, length=len(DATA))
        asked = str(request.header("range") or f"bytes=0-{len(DATA) - 1}")
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        if first in self.broken:
            return response(403, b"")
        where = {"Content-Range": f"bytes {first}-{last}/{len(DATA)}"}
        whole = response(206, DATA[first : last + 1], {**FACTS, **where})
        if first not in self.held:
            return whole
        self.asked.release()
        return [Until(self.held[first]), whole]

    def hold(self, first: int) -> threading.Event:
        """Hold the range that begins there until the event is set."""
        self.held[first] = threading.Event()
        return self.held[first]


@pytest.fixture
def server() -> Iterator[Holding]:
    holding = Holding()
    yield holding
    for event in holding.held.values():
        event.set()


@pytest.fixture
def file(api: Api, server: Holding) -> Iterator[Any]:
    with RawServer(server) as raw:
        store = open_scripted(raw, retry_config={"max_retries": 0})
        with open_reader(api, store, "k", buffer_size=STEP) as opened:
            yield opened


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Calls something in another thread."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


def at(file: Any, position: int, size: int) -> Any:
    file.seek(position)
    return file.read(size)


def test_a_read_waits_for_no_other(file: Any, server: Holding, beside: Any) -> None:
    go = server.hold(5 * STEP)
    slow = beside(at, file, 5 * STEP, 2 * STEP)
    server.asked.acquire()
    assert at(file, 40 * STEP + 3, 100) == DATA[40 * STEP + 3 :][:100]
    assert at(file, 60 * STEP, 3 * STEP) == DATA[60 * STEP :][: 3 * STEP]
    memory = bytearray(70)
    file.seek(7)
    assert (file.readinto(memory), bytes(memory)) == (70, DATA[7:77])
    assert not slow.done()
    go.set()
    assert slow.result() == DATA[5 * STEP :][: 2 * STEP]
    assert file.tell() == 77, "the slow read took its place when it began"


def test_reads_that_overlap_take_one_piece_after_the_other(
    file: Any, server: Holding, beside: Any
) -> None:
    go = server.hold(0)
    first = beside(file.read, STEP)
    server.asked.acquire()
    assert file.read(STEP) == DATA[STEP : 2 * STEP]
    assert file.tell() == 2 * STEP
    go.set()
    assert first.result() == DATA[:STEP]
    assert file.read(5) == DATA[2 * STEP :][:5]


def test_lines_that_are_read_at_the_same_time_are_others(
    file: Any, server: Holding, beside: Any
) -> None:
    go = server.hold(0)
    first = beside(file.readline)
    server.asked.acquire()
    then = [beside(file.readline), beside(file.readline), beside(file.read, 16)]
    assert not any(call.done() for call in [first, *then]), "nobody knows where the line ends"
    go.set()
    assert first.result() == DATA[:16]
    assert sorted(call.result() for call in then) == [DATA[16:32], DATA[32:48], DATA[48:64]]
    assert file.tell() == 64


def test_who_moves_elsewhere_waits_for_no_line(file: Any, server: Holding, beside: Any) -> None:
    go = server.hold(0)
    line = beside(file.readline)
    server.asked.acquire()
    assert at(file, 20 * STEP, 16) == DATA[20 * STEP :][:16]
    go.set()
    assert line.result() == DATA[:16]
    assert file.tell() == 20 * STEP + 16, "the line moves nobody back"


def test_a_read_that_fails_takes_nothing(file: Any, server: Holding, beside: Any) -> None:
    server.broken |= {0, 5 * STEP, 6 * STEP}
    for method in (lambda: file.read(STEP), file.readline, lambda: file.readinto(bytearray(9))):
        with pytest.raises(BaseError):
            method()
        assert file.tell() == 0
    server.broken.clear()
    assert file.read(16) == DATA[:16]
    go = server.hold(5 * STEP)
    server.broken.add(7 * STEP)
    slow = beside(at, file, 5 * STEP, 2 * STEP)
    server.asked.acquire()
    assert file.read(0) == b""
    with pytest.raises(BaseError):
        file.read(STEP)
    assert file.tell() == 7 * STEP
    go.set()
    slow.result()
    assert file.tell() == 7 * STEP


def test_a_file_that_is_closed_gives_what_was_begun(
    file: Any, server: Holding, beside: Any
) -> None:
    go = server.hold(0)
    slow = beside(file.read, STEP + 1)
    server.asked.acquire()
    file.close()
    go.set()
    assert slow.result() == DATA[: STEP + 1]
    with pytest.raises(ValueError, match="closed file"):
        file.read(1)


@pytest.mark.parametrize("api", ["sync"], indirect=True)
def test_a_thread_reads_where_it_has_moved_to(file: Any, server: Holding, beside: Any) -> None:
    go = server.hold(0)
    slow = beside(file.read, STEP)
    server.asked.acquire()
    file.seek(30 * STEP)
    other = beside(at, file, 50 * STEP, STEP).result()
    assert file.tell() == 30 * STEP
    assert file.read(STEP) == DATA[30 * STEP :][:STEP]
    assert other == DATA[50 * STEP :][:STEP]
    go.set()
    assert slow.result() == DATA[:STEP]
    file.seek(30 * STEP)
    assert beside(file.seek, 5, 1).result() == 30 * STEP + 5
    assert file.readline() == DATA[30 * STEP :].split(b"\n")[0] + b"\n"


def test_threads_that_take_turns_share_one_position() -> None:
    store = obs.store.MemoryStore()
    obs.put(store, "k", DATA)
    file: ReadableFile = obs.open_reader(store, "k")
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        assert one.submit(file.seek, 0, 2).result() == len(DATA)
        assert two.submit(file.seek, 0).result() == 0
        assert one.submit(file.read, 10).result() == DATA[:10]
        assert two.submit(file.readline).result() == DATA[10:16]
        assert one.submit(file.read1, 4).result() == DATA[16:20]
        assert two.submit(file.tell).result() == 20


def test_many_seek_and_read_at_the_same_time(api: Api, store: Any) -> None:
    obs.put(store, "k", DATA)
    with open_reader(api, store, "k", buffer_size=STEP) as file:

        def use(seed: int) -> list[int]:
            choose = random.Random(seed)
            places = [(choose.randrange(len(DATA)), choose.choice(SIZES)) for _ in range(15)]
            return [start for start, size in places if read(start, size) != DATA[start:][:size]]

        def read(start: int, size: int) -> Any:
            if api.way == "sync":
                return at(file, start, size)
            return api.wait(partial(at_once, file._file, start, size))

        assert api.together(*[partial(use, seed) for seed in range(8)]) == [[]] * 8


async def at_once(file: Any, position: int, size: int) -> Any:
    await file.seek(position)
    return await file.read(size)


def test_each_line_is_read_once(api: Api, store: Any) -> None:
    data = DATA[: 3 * STEP]
    obs.put(store, "k", data)
    with open_reader(api, store, "k", buffer_size=STEP) as file:

        def use() -> list[bytes]:
            return list(iter(file.readline, b""))

        found = api.together(*[use] * 4)
    assert sorted(line for lines in found for line in lines) == data.splitlines(keepends=True)
