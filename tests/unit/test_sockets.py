"""Sockets that are waited for: with poll and, as on Windows, with select."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator

import pytest

from object_store_py._http import TransportFailure
from object_store_py._sockets import Channel, is_readable
from object_store_py._wire import Budget

LARGE = bytes(range(256)) * (32 << 10)
"""More than the buffers of two sockets hold."""


@pytest.fixture(autouse=True, params=["poll", "select"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "select":
        monkeypatch.delattr(select, "poll", raising=False)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel, and the other end of its connection."""
    here, there = socket.socketpair()
    with here, there:
        yield Channel(here), there


def test_what_is_larger_than_the_buffers_is_sent(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    received = bytearray()

    def read() -> None:
        while data := there.recv(1 << 20):
            received.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    channel.send(LARGE, Budget(30, 30))
    channel.close()
    reader.join()
    assert received == LARGE


def test_what_comes_later_is_waited_for(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    memory = bytearray(3)
    with_delay = threading.Timer(0.1, there.sendall, [b"abcdef"])
    with_delay.start()
    channel.await_answer(Budget(30, None))
    assert not channel.is_idle()
    assert channel.receive_into(memory, Budget(None, None)) == 3
    assert bytes(memory) + channel.receive(10, Budget(None, None)) == b"abcdef"
    there.close()
    assert channel.receive(10, Budget(30, 30)) == b""
    with_delay.join()


def test_a_wait_ends_when_its_time_is_over(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    assert channel.is_idle()
    assert not is_readable(there)
    with pytest.raises(TimeoutError):
        channel.receive(1, Budget(30, 0.05))
    with pytest.raises(TimeoutError):
        channel.await_answer(Budget(0.05, 30))
    with pytest.raises(TimeoutError):
        channel.send(LARGE, Budget(0.05, None))


def test_sending_stops_for_what_arrives(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    view = memoryview(LARGE)
    assert channel.receive_now(10) is None
    view = view[channel.send_now(view) :]
    there.sendall(b"no")
    assert channel.offer(view, Budget(30, 30)) == 0
    assert channel.receive_now(10) == b"no"
    with pytest.raises(TimeoutError):
        while count := channel.offer(view, Budget(0.05, 30)):
            view = view[count:]
    there.close()
    assert channel.offer(view, Budget(30, 30)) == 0


def test_waits_add_up_to_the_time_in_all(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    budget = Budget(0.1, 0.06)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            channel.receive(1, budget)
    with pytest.raises(TransportFailure, match="longer than `timeout` in all"):
        channel.receive(1, budget)
