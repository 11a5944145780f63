"""Timeouts (F10): each fires, and a connection that timed out is never used again."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from object_store_py.exceptions import GenericError
from tests.backends.rawserver import Pause, RawServer, Step, response
from tests.harness.api import Api

Once = Callable[..., Any]
ENOUGH = 3.0  # seconds after which a timeout of 0.3 s has surely not fired


@contextmanager
def within(least: float) -> Iterator[None]:
    """The block takes at least so many seconds, and far less than the pause of the server."""
    started = time.monotonic()
    yield
    assert least * 0.9 <= time.monotonic() - started < ENOUGH


@contextmanager
def deaf() -> Iterator[str]:
    """An address whose connections are never accepted: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield f"127.0.0.1:{address[1]}"
        for one in waiting:
            one.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.row("F1")
def test_connecting_takes_no_longer_than_its_timeout(api: Api, once: Once, scheme: str) -> None:
    with deaf() as address, within(0.3), pytest.raises(GenericError):
        api.get(once(f"{scheme}://{address}", connect_timeout="300ms"), "k")


@pytest.mark.row("F1")
def test_the_handshake_of_tls_is_connecting(api: Api, once: Once) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with within(0.3), pytest.raises(GenericError):
            api.get(once(url, connect_timeout="300ms"), "k")


@pytest.mark.slow
@pytest.mark.parametrize("option", ["read_timeout", "timeout"])
@pytest.mark.row("F10")
def test_a_server_that_does_not_answer(api: Api, once: Once, option: str) -> None:
    with RawServer([[Pause(ENOUGH)], response(200, b"x")]) as server:
        store = once(server.endpoint, **{option: "300ms"})
        with within(0.3), pytest.raises(GenericError):
            api.get(store, "k")
        assert api.read(store, "k") == b"x"
        assert server.connections == 2


@pytest.mark.slow
@pytest.mark.parametrize("option", ["read_timeout", "timeout"])
@pytest.mark.parametrize("size", [100, 1 << 20], ids=["small", "large"])
@pytest.mark.row("F10")
def test_a_body_that_stalls(api: Api, once: Once, option: str, size: int) -> None:
    stalled: list[Step] = [response(200, b"abc", length=size), Pause(ENOUGH)]
    with RawServer([stalled, response(200, b"x")]) as server:
        store = once(server.endpoint, **{option: "300ms"})
        with within(0.3), pytest.raises(GenericError):
            api.read(store, "k")
        assert api.read(store, "k") == b"x"
        assert server.connections == 2


# On trio httpx's transport leaves the generators of a body that is given up to the loop's end.
@pytest.mark.filterwarnings("ignore:Async generator 'httpcore:ResourceWarning")
@pytest.mark.row("F10")
def test_the_timeout_is_for_the_whole_request(api: Api, once: Once) -> None:
    drops: list[Step] = [step for _ in range(30) for step in (b"x", Pause(0.1))]
    with RawServer([[response(200, b"", length=30), *drops]]) as server:
        store = once(server.endpoint, timeout="500ms", read_timeout="300ms")
        with within(0.5), pytest.raises(GenericError):
            api.read(store, "k")


@pytest.mark.slow
def test_the_time_of_the_caller_does_not_count(api: Api, once: Once) -> None:
    data = bytes(1 << 20)
    with RawServer([response(200, data)]) as server:
        result = api.get(once(server.endpoint, timeout="500ms"), "k")
        time.sleep(0.8)
        assert api.bytes(result) == data
