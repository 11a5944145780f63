"""Connections of all engines: used again only if clean (F23), within limits (F27, F34)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import trustme

from object_store_py import _parsers
from object_store_py.exceptions import BaseError, PermissionDeniedError
from object_store_py.store import HTTPStore
from tests.backends.forwardproxy import ForwardProxy
from tests.backends.http1 import RecordedRequest, SocketServer, Wire
from tests.backends.rawserver import Pause, RawServer, Step, response
from tests.backends.tlsserver import TlsServer, server_context
from tests.client_options.conftest import pem
from tests.harness.api import WAYS, Api

ENOUGH = 5.0
Opened = Callable[..., Any]

engines = pytest.mark.parametrize(
    ("api", "way"),
    [
        (how, way)
        for how in WAYS
        for way in ("direct", "tls", "direct, h11", "tls, h11", "proxy", "tunnel")
        if how != "trio" or "h11" not in way
    ],
    indirect=True,
)
"""Our own engines, with httptools and without it, and httpx's: on trio, and through proxies."""


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the server is reached."""
    found, _, parser = request.param.partition(", ")
    if parser == "h11":
        monkeypatch.setattr(_parsers, "_httptools", None)
    return str(found)


@contextmanager
def reached(
    way: str, ca: trustme.CA, script: Any, **options: Any
) -> Iterator[tuple[Any, RawServer]]:
    """A scripted server, and a store on it."""
    with ExitStack() as stack:
        server: RawServer
        if way in ("direct", "proxy"):
            server = stack.enter_context(RawServer(script))
        else:
            server = stack.enter_context(TlsServer(script, ca.issue_cert("localhost")))
        given = {"allow_http": True, "root_certificate": pem(ca)} | options
        url = server.endpoint
        if way == "proxy":
            url, given["proxy_url"] = "http://h.example", server.endpoint
        if way == "tunnel":
            given["proxy_url"] = stack.enter_context(ForwardProxy()).endpoint
        yield HTTPStore(url, client_options=given, retry_config={"max_retries": 0}), server


FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
EVIL = response(200, b"evil", FACTS)
SURPLUS: dict[str, Callable[[bytes], bytes]] = {
    "a whole answer": lambda body: response(200, body, FACTS) + EVIL,
    "an answer to a HEAD with a body": lambda _: response(200, EVIL, FACTS),
    "no change, with a body": lambda _: response(304, EVIL, FACTS),
    "no content, with a body": lambda _: response(204, EVIL, FACTS),
    "half a head": lambda body: response(200, body, FACTS) + b"HTTP/1.1 200",
    "an interim answer": lambda body: response(200, body, FACTS) + b"HTTP/1.1 102 Wait\r\n\r\n",
    "chunks, and an answer": lambda body: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (len(body), body)
        + EVIL
    ),
}


@engines
@pytest.mark.row("F23")
@pytest.mark.parametrize("name", SURPLUS)
def test_what_follows_an_answer_is_never_taken_for_the_next(
    api: Api, way: str, ca: trustme.CA, name: str
) -> None:
    def answer(request: RecordedRequest) -> bytes:
        key = request.target.rpartition(b"/")[2]
        if key.startswith(b"odd"):
            return SURPLUS[name](key)
        return response(200, key, FACTS)

    with reached(way, ca, answer) as (store, server):
        for number in range(5):
            try:
                if "HEAD" in name:
                    api.head(store, f"odd{number}")
                else:
                    options = {"if_none_match": '"x"'} if "change" in name else {}
                    assert api.read(store, f"odd{number}", **options) in (
                        b"odd%d" % number,
                        b"",
                    )
            except BaseError:
                pass
            assert api.read(store, f"good{number}") == b"good%d" % number
        before = server.connections
        for number in range(5):
            assert api.read(store, f"again{number}") == b"again%d" % number
        assert server.connections <= before + 1  # what is clean is used again


@engines
@pytest.mark.row("F23")
@pytest.mark.parametrize("more", [b"", EVIL], ids=["", "an answer follows"])
def test_another_protocol_is_no_answer(api: Api, way: str, ca: trustme.CA, more: bytes) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + more
    script = [switch, response(200, b"good", FACTS)]
    with reached(way, ca, script, timeout="20s") as (store, _):
        with pytest.raises(BaseError):
            api.read(store, "k")
        assert api.read(store, "k") == b"good"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "the head": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "a body": (response(200, b"", FACTS, length=10**6), b"x"),
    "a body until the end": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "an extension of a chunk": (CHUNKED + b"1;", b"a"),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: b\r\n"),
}


@engines
@pytest.mark.slow
@pytest.mark.row("F27")
@pytest.mark.parametrize("name", DRIPS)
def test_a_server_that_drips_is_given_up_in_time(
    api: Api, way: str, ca: trustme.CA, name: str
) -> None:
    first, drop = DRIPS[name]
    drips: list[Step] = [first] if first else []
    drips += [step for _ in range(60) for step in (drop, Pause(0.1))]
    with reached(way, ca, lambda _: drips, timeout="500ms") as (store, _):
        started = time.monotonic()
        with pytest.raises(BaseError):
            api.read(store, "k")
        assert time.monotonic() - started < ENOUGH


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "zeros": (b"", b"\0" * 65536),
    "lines": (b"", b"\r\n" * 1000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 1000),
    "chunks": (CHUNKED, b"1;" + b"a" * 1000 + b"\r\nx\r\n"),
    "an extension of a chunk": (CHUNKED + b"1;", b"a" * 65536),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: b\r\n" * 1000),
}


@engines
@pytest.mark.slow
@pytest.mark.row("F27")
@pytest.mark.parametrize("name", FLOODS)
def test_a_server_that_floods_is_given_up_soon(
    api: Api, way: str, ca: trustme.CA, name: str
) -> None:
    first, more = FLOODS[name]
    flood: list[Step] = [*([first] if first else []), *([more] * 20_000)]
    with reached(way, ca, lambda _: flood, timeout="60s", read_timeout="60s") as (store, _):
        started = time.monotonic()
        with pytest.raises(BaseError):
            api.read(store, "k")
        assert time.monotonic() - started < 20


class Dripping(SocketServer):
    """A proxy that answers CONNECT by drips, or then speaks TLS by drips; or a server of TLS."""

    def __init__(self, first: bytes, drop: bytes) -> None:
        super().__init__(self._drip)
        self._first, self._drop = first, drop
        self._stopping = threading.Event()

    def _drip(self, wire: Wire, _: int) -> None:
        if not self._first.startswith(b"\x16"):
            wire.read_head()
        wire.send(self._first)
        while not self._stopping.wait(0.1):
            wire.send(self._drop)

    def stop(self) -> None:
        self._stopping.set()
        super().stop()


@pytest.mark.slow
@pytest.mark.row("F27")
@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        # A record of TLS announced with 16,000 bytes, of which the first come one by one.
        (b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03\x3e\x80", b"\x02"),
    ],
    ids=["its answer", "interim answers", "the handshake"],
)
def test_a_proxy_that_drips_is_given_up_in_time(
    api: Api, once: Opened, first: bytes, drop: bytes
) -> None:
    with Dripping(first, drop) as proxy:
        limits = {"timeout": "500ms", "connect_timeout": "500ms"}
        store = once("https://h.example", proxy_url=proxy.endpoint, **limits)
        started = time.monotonic()
        with pytest.raises(BaseError):
            api.read(store, "k")
        assert time.monotonic() - started < ENOUGH


@pytest.mark.slow
@pytest.mark.row("F27")
def test_a_handshake_that_drips_is_given_up_in_time(api: Api, once: Opened) -> None:
    # A record of TLS announced with 16,000 bytes, of which the first come one by one.
    with Dripping(b"\x16\x03\x03\x3e\x80", b"\x02") as server:
        url = server.endpoint.replace("http:", "https:")
        started = time.monotonic()
        with pytest.raises(BaseError):
            api.read(once(url, connect_timeout="500ms"), "k")
        assert time.monotonic() - started < ENOUGH


class Early(SocketServer):
    """Answers as soon as it has a head, and reads no more, until it is stopped."""

    def __init__(self, context: Any, answer: bytes) -> None:
        super().__init__(self._answer)
        self._context = context
        self._text = answer
        self._stopping = threading.Event()
        self.heads: list[bytes] = []

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def _connection(self, wire: Wire, number: int) -> None:
        if self._context is not None:
            wire = Wire(self._context.wrap_socket(wire.sock, server_side=True))
        super()._connection(wire, number)

    def _answer(self, wire: Wire, _: int) -> None:
        head = wire.read_head()
        self.heads.append(head)
        if head.startswith(b"GET"):
            wire.send(response(200, b"here", FACTS))
            return
        wire.send(self._text)
        self._stopping.wait()

    def stop(self) -> None:
        self._stopping.set()
        super().stop()


@engines
@pytest.mark.slow
@pytest.mark.row("F34")
@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 102 Processing\r\n\r\n"], ids=["", "interim"])
def test_an_early_answer_is_seen_at_once(
    api: Api, way: str, ca: trustme.CA, interim: bytes
) -> None:
    context = None if way in ("direct", "proxy") else server_context(ca.issue_cert("localhost"))
    options: dict[str, Any] = {"root_certificate": pem(ca), "allow_http": True}
    with ExitStack() as stack:
        server = stack.enter_context(Early(context, interim + response(403, b"no")))
        url = server.endpoint
        if way == "proxy":
            url, options["proxy_url"] = "http://h.example", url
        if way == "tunnel":
            options["proxy_url"] = stack.enter_context(ForwardProxy()).endpoint
        store = HTTPStore(url, client_options=options, retry_config={"max_retries": 0})
        started = time.monotonic()
        with pytest.raises(PermissionDeniedError):
            api.put(store, "k", bytes(32 << 20))
        assert time.monotonic() - started < ENOUGH
        assert api.read(store, "k") == b"here"  # on another connection
