"""Readers on the wire: which ranges they ask for, and objects that change, shrink or break off."""

from __future__ import annotations

import random
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import GenericError, NotFoundError, PreconditionError
from tests.backends.faultproxy import Fault, FaultProxy
from tests.files.facade import open_reader
from tests.harness.api import Api

STEP = 100_000
DATA = random.Random(3).randbytes(30 * STEP)


def ranges(proxy: FaultProxy) -> list[tuple[int, int]]:
    """What was asked for since the last look, as start and end in steps; checks the condition."""
    asked: list[tuple[int, int]] = []
    for request in proxy.requests:
        assert request.method == "GET"
        assert request.header("if-match") is not None
        start, end = str(request.header("range")).removeprefix("bytes=").split("-")
        asked.append((int(start), int(end) + 1))
    proxy.clear()
    return asked


@pytest.fixture
def file(api: Api, store: Any, direct: Any, proxy: FaultProxy) -> Any:
    obs.put(direct, "a", DATA)
    opened = open_reader(api, store, "a", buffer_size=STEP)
    proxy.clear()
    with opened:
        yield opened


def test_reading_through_asks_for_ever_longer_ranges(file: Any, proxy: FaultProxy) -> None:
    read = b"".join(iter(lambda: file.read(7_777), b""))
    assert read == DATA
    steps = [(0, 1), (1, 3), (3, 7), (7, 15), (15, 30)]
    assert ranges(proxy) == [(start * STEP, end * STEP) for start, end in steps]


def test_reading_here_and_there_asks_for_whole_blocks_once(file: Any, proxy: FaultProxy) -> None:
    file.seek(5 * STEP + 10)
    assert file.read(10) == DATA[5 * STEP + 10 :][:10]
    for position in (5 * STEP, 6 * STEP - 50, 5 * STEP + 7):
        file.seek(position)
        assert file.read(50) == DATA[position:][:50]
    assert ranges(proxy) == [(5 * STEP, 6 * STEP)]
    file.seek(9 * STEP - 5)
    assert file.read(10) == DATA[9 * STEP - 5 :][:10]
    assert ranges(proxy) == [(8 * STEP, 10 * STEP)]


def test_a_large_read_asks_for_just_that(file: Any, proxy: FaultProxy) -> None:
    file.seek(12_345)
    assert file.read(4 * STEP) == DATA[12_345:][: 4 * STEP]
    memory = bytearray(2 * STEP)
    file.seek(20 * STEP + 1)
    assert file.readinto(memory) == 2 * STEP
    assert memory == DATA[20 * STEP + 1 :][: 2 * STEP]
    assert ranges(proxy) == [
        (12_345, 12_345 + 4 * STEP),
        (20 * STEP + 1, 22 * STEP + 1),
    ]


def test_a_little_step_ahead_stays_in_the_stream(file: Any, proxy: FaultProxy) -> None:
    for position in range(0, 15 * STEP, STEP // 2):
        file.seek(position)
        assert file.read(5) == DATA[position:][:5]
    assert ranges(proxy) == [(s * STEP, e * STEP) for s, e in ((0, 1), (1, 3), (3, 7), (7, 15))]


def test_two_states_of_an_object_never_mix(api: Api, file: Any, direct: Any) -> None:
    assert file.read(10) == DATA[:10]
    obs.put(direct, "a", DATA[::-1])
    assert file.read(10) == DATA[10:20], "what is in memory is still there"
    file.seek(-10, 2)
    with pytest.raises(PreconditionError, match="'a': the object changed since it was opened"):
        file.read(10)
    obs.delete(direct, "a")
    with pytest.raises(NotFoundError):
        file.read(10)
    assert file.tell() == len(DATA) - 10


def test_a_state_that_comes_in_the_middle_of_a_stream_is_an_error(
    file: Any, direct: Any, proxy: FaultProxy
) -> None:
    file.read(STEP)
    proxy.add(Fault(cut_body_at=STEP // 2))
    proxy.add(Fault(when=lambda request: obs.put(direct, "a", DATA[::-1]) is None))
    with pytest.raises(GenericError, match="changed while it was read"):
        file.read(3 * STEP)


def test_a_stream_that_breaks_off_is_read_on(file: Any, proxy: FaultProxy) -> None:
    file.read(STEP)
    proxy.add(Fault(cut_body_at=STEP // 2), Fault(cut_body_at=10))
    assert file.read(5 * STEP) == DATA[STEP:][: 5 * STEP]
    assert file.read() == DATA[6 * STEP :]


@pytest.mark.parametrize("wrong", [1, len(DATA) - 1, len(DATA) + 1, 9 * len(DATA)])
def test_a_wrong_size_is_an_error(api: Api, store: Any, direct: Any, wrong: int) -> None:
    obs.put(direct, "a", DATA)
    with open_reader(api, store, "a", size=wrong, buffer_size=STEP) as file:
        with pytest.raises(GenericError, match=rf"not size={wrong}"):
            file.read(1)
        file.seek(wrong - 1)
        with pytest.raises(GenericError, match=rf"not size={wrong}"):
            file.read(1)


def test_the_size_saves_the_question_for_it(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    obs.put(direct, "a", b"0123456789")
    with open_reader(api, store, "a", size=10, buffer_size=5) as file:
        assert file.read(1) == b"0"
        obs.put(direct, "a", b"9876543210")
        file.seek(7)
        with pytest.raises(PreconditionError):
            file.read(1)
    assert [request.method for request in proxy.requests] == ["GET", "GET"]
