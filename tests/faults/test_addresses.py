"""Hosts with many addresses, of which some are dead: they cost a moment (F33)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

from object_store_py import _connecting
from object_store_py.exceptions import GenericError
from object_store_py.store import HTTPStore
from tests.backends.rawserver import RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import Api

NAME = "many.example"
ENOUGH = 4.0
"""Less than the connect timeout of 5 s, and far more than a moment."""
FOUND = response(200, b"x", {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"})

Known = Callable[..., None]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """Gives NAME these addresses, each a host and a port, in this order."""
    look_up = socket.getaddrinfo

    def set_to(*addresses: tuple[str, int]) -> None:
        def find(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            text = host.decode() if isinstance(host, bytes) else host
            if text != NAME:
                return look_up(host, port, *args, **kwargs)
            if kwargs.get("flags", 0) & socket.AI_NUMERICHOST:
                raise socket.gaierror(socket.EAI_NONAME, "not a number")
            return [_info(*address) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", find)

    return set_to


def _info(host: str, port: int) -> Any:
    kind = socket.SOCK_STREAM, socket.IPPROTO_TCP, ""
    if ":" in host:
        return (socket.AF_INET6, *kind, (host, port, 0, 0))
    return (socket.AF_INET, *kind, (host, port))


@contextmanager
def deaf(host: str) -> Iterator[tuple[str, int]]:
    """An address that drops who wants to connect: its queue is full."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket(family) for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield host, address[1]
        for one in waiting:
            one.close()


def refusing(host: str = "127.0.0.1") -> tuple[str, int]:
    """An address at which nobody listens."""
    with socket.create_server((host, 0)) as listener:
        return host, listener.getsockname()[1]


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["v4", "v6"])
def dead(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    with deaf(request.param) as address:
        yield address


def store_at(scheme: str, ca: trustme.CA, **client: Any) -> HTTPStore:
    options: Any = {"allow_http": True, "root_certificate": ca.cert_pem.bytes(), **client}
    return HTTPStore(f"{scheme}://{NAME}", client_options=options, retry_config={"max_retries": 0})


@pytest.mark.slow
@pytest.mark.row("F33")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_first_address_costs_a_moment(
    api: Api, known: Known, scheme: str, dead: tuple[str, int], ca: trustme.CA
) -> None:
    secure = TlsServer(lambda _: FOUND, ca.issue_cert(NAME))
    with secure if scheme == "https" else RawServer(lambda _: FOUND) as server:
        known(dead, ("127.0.0.1", server.port))
        started = time.monotonic()
        assert api.read(store_at(scheme, ca), "k") == b"x"
        assert time.monotonic() - started < ENOUGH


@pytest.mark.row("F33")
def test_addresses_that_refuse_are_passed_over(api: Api, known: Known, ca: trustme.CA) -> None:
    with RawServer(lambda _: FOUND) as server:
        known(*[refusing() for _ in range(5)], ("127.0.0.1", server.port))
        assert api.read(store_at("http", ca), "k") == b"x"


@pytest.mark.row("F33")
@pytest.mark.filterwarnings("error")
def test_when_all_refuse_the_error_says_so(api: Api, known: Known, ca: trustme.CA) -> None:
    known(refusing(), refusing())
    with pytest.raises(GenericError, match=r"refused|call failed|attempts failed"):
        api.read(store_at("http", ca), "k")


@pytest.mark.slow
@pytest.mark.row("F33", "F1")
def test_when_all_are_dead_the_timeout_ends_it(
    api: Api, known: Known, dead: tuple[str, int], ca: trustme.CA
) -> None:
    with deaf("127.0.0.1") as other:
        known(dead, other, dead, other)
        started = time.monotonic()
        with pytest.raises(GenericError, match="connection failed"):
            api.read(store_at("http", ca, connect_timeout="600ms"), "k")
        assert 0.5 < time.monotonic() - started < ENOUGH


@pytest.mark.row("F33")
def test_one_that_is_slow_can_still_win(monkeypatch: pytest.MonkeyPatch, known: Known) -> None:
    """A second address is tried beside the first, not instead of it."""
    monkeypatch.setattr(_connecting, "AHEAD", 0.01)
    with deaf("127.0.0.1") as other, socket.create_server(("127.0.0.1", 0)) as listener:
        known(other, ("127.0.0.1", listener.getsockname()[1]), other)
        with _connecting.connect(NAME, 80, 5) as connection:
            assert connection.getpeername() == listener.getsockname()
            assert connection.gettimeout() == 5


@pytest.mark.row("F33", "F16")
def test_a_cancelled_race_leaves_no_socket_open(known: Known, ca: trustme.CA) -> None:
    with deaf("127.0.0.1") as other:
        known(*[other] * 3)
        store = store_at("http", ca)

        async def cancelled() -> None:
            for delay in (0.0, 0.01, 0.3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(delay):
                        await store.get_async("k")

        asyncio.run(cancelled())  # a socket that is left would warn


def test_families_take_turns() -> None:
    four, six = [_info(f"127.0.0.{n}", 1) for n in range(4)], [_info(f"::{n}", 1) for n in range(2)]
    mixed = _connecting.in_turns([*six, *four])
    assert mixed == [six[0], four[0], six[1], *four[1:]]
    assert _connecting.in_turns(four) == four
