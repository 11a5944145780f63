"""Connections that do not come about, and answers that are lost (F1, F2, F14)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import S3Store
from tests.backends.faultproxy import Fault, FaultProxy
from tests.backends.http1 import SocketServer, Wire
from tests.backends.rawserver import RawServer
from tests.harness.api import Api

QUICK = {"init_backoff": timedelta(milliseconds=10), "max_backoff": timedelta(milliseconds=40)}


def store_at(endpoint: str, **retry: Any) -> S3Store:
    return S3Store(
        "b",
        endpoint=endpoint,
        skip_signature=True,
        client_options={"allow_http": True},
        retry_config={"max_retries": 2, "backoff": QUICK, **retry},
    )


def fails(api: Api, endpoint: str, reason: str) -> None:
    """A read fails after three attempts; the error names the server, the attempts and the time."""
    started = time.monotonic()
    with pytest.raises(GenericError) as caught:
        api.read(store_at(endpoint), "k")
    took, error = time.monotonic() - started, caught.value
    assert reason in str(error)
    assert f"GET {endpoint}/b/k, after 2 retries in " in str(error)
    assert error.retries == 2
    assert error.elapsed is not None
    assert 0.02 <= error.elapsed <= took


@pytest.mark.row("F1")
def test_a_refused_connection(api: Api) -> None:
    with RawServer([]) as server:
        endpoint = server.endpoint  # nobody listens there when the block ends
    fails(api, endpoint, "connection failed")


@pytest.mark.row("F1")
def test_a_name_that_nobody_knows(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    known = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != "nowhere.invalid":
            return known(host, *args, **kwargs)
        asked.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    fails(api, "http://nowhere.invalid", "Name or service not known")
    assert len(asked) >= 3  # httpx asks twice an attempt


@pytest.mark.row("F1")
def test_a_handshake_of_tls_that_is_reset(api: Api) -> None:
    def reset(wire: Wire, number: int) -> None:
        wire.sock.recv(1)
        wire.reset()

    with SocketServer(reset) as server:
        fails(api, server.endpoint.replace("http:", "https:"), "connection failed")
        assert server.connections == 3


@pytest.mark.row("F1")
def test_retry_timeout_ends_it_before_max_retries(api: Api) -> None:
    with RawServer([]) as server:
        endpoint = server.endpoint
    patience = timedelta(milliseconds=300)
    started = time.monotonic()
    with pytest.raises(GenericError) as caught:
        api.read(store_at(endpoint, max_retries=10_000, retry_timeout=patience), "k")
    assert 0.3 <= time.monotonic() - started < 5
    assert caught.value.retries is not None
    assert 2 <= caught.value.retries <= 60


@pytest.mark.row("F1")
def test_a_server_that_comes_back_is_found(api: Api) -> None:
    refused: list[int] = []

    def serve(wire: Wire, number: int) -> None:
        wire.read_head()
        if number < 3:
            refused.append(number)
            wire.reset()
            return
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: x\r\n")
        wire.send(b"Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\nx")

    with SocketServer(serve) as server:
        assert api.read(store_at(server.endpoint), "k") == b"x"
    assert refused == [1, 2]


@pytest.mark.row("F2")
@pytest.mark.parametrize("verb", ["put", "head", "get", "list"])
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_an_answer_that_breaks_off_in_its_head_is_asked_for_again(
    api: Api, verb: str, reset: bool
) -> None:
    page = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    facts = b"ETag: x\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
    methods: list[str] = []

    def serve(wire: Wire, number: int) -> None:
        head = wire.read_head()
        methods.append(head.split(b" ")[0].decode())
        if head.startswith(b"PUT"):
            wire.read_exactly(1)
        wire.send(b"HTTP/1.1 200 OK\r\n" + facts)
        if number == 1:
            (wire.reset if reset else wire.close)()
            return
        wire.send(b"Content-Length: %d\r\n\r\n" % len(page))
        if not head.startswith(b"HEAD"):
            wire.send(page)

    calls: dict[str, Callable[[Any], Any]] = {
        "put": lambda store: api.put(store, "k", b"x"),
        "head": lambda store: api.head(store, "k"),
        "get": lambda store: api.read(store, "k"),
        "list": api.list,
    }
    with SocketServer(serve) as server:
        calls[verb](store_at(server.endpoint))
    assert len(methods) == 2
    assert len(set(methods)) == 1


@pytest.mark.row("F2", "F14")
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("mode", ["create", "update"])
def test_a_conditional_put_is_never_silently_repeated(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, mode: str, reset: bool
) -> None:
    given: Any = "create" if mode == "create" else api.put(direct, "k", b"old")
    proxy.add(Fault(lose_response=True, reset=reset))
    with pytest.raises(BaseError) as caught:
        api.put(store, "k", b"ours", mode=given)
    assert len(proxy.requests) == 1
    assert "connection broke" in str(caught.value)
    assert api.read(direct, "k") == b"ours"  # so the caller reads, and decides


@pytest.mark.row("F2", "F14")
def test_a_conditional_put_on_a_connection_in_use_is_not_repeated_either(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    api.put(store, "other", b"x")  # leaves an idle connection
    proxy.add(Fault(lose_response=True))
    with pytest.raises(BaseError):
        api.put(store, "k", b"ours", mode="create")
    assert [request.method for request in proxy.requests] == ["PUT", "PUT"]
    assert api.read(direct, "k") == b"ours"
