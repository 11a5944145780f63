"""Servers that answer before they have read the request: seen at once, and no connection of theirs
is used again (F23, F34)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

from object_store_py.exceptions import BaseError, GenericError, PermissionDeniedError
from object_store_py.store import AzureStore, S3Store
from tests.backends.azurite import Azurite
from tests.backends.http1 import SocketServer, Wire, parse_headers
from tests.backends.rawserver import response
from tests.backends.tlsserver import TlsSocketServer
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.stores import open_scripted

SMUGGLED = b"DELETE /bucket/stolen HTTP/1.1\r\nHost: x\r\n\r\n"
"""What the bytes of an upload may look like to a server that takes them for requests."""
UPLOAD = SMUGGLED * (800 << 10)
HUGE = bytes(100 << 20)
FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
DENIED = response(403, b"<Error><Code>AccessDenied</Code></Error>")


@contextmanager
def serving(
    serve: Callable[[Wire, int], None], tls: bool, ca: trustme.CA, **options: Any
) -> Iterator[S3Store]:
    """A store whose server is a function; each request is tried once."""
    trust = {"root_certificate": ca.cert_pem.bytes()} if tls else {}
    made = TlsSocketServer(serve, ca.issue_cert("localhost")) if tls else SocketServer(serve)
    with made as server:
        client = {**trust, **options.pop("client_options", {})}
        given: dict[str, Any] = {"retry_config": {"max_retries": 0}, **options}
        yield open_scripted(server, client_options=client, **given)


TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@TLS
@pytest.mark.slow
@pytest.mark.row("F34")
@pytest.mark.usefixtures("parser")
def test_a_refusal_is_seen_while_the_upload_is_sent(api: Api, tls: bool, ca: trustme.CA) -> None:
    """The server reads nothing of it; the timeout would be much longer."""
    done = threading.Event()

    def refuse(wire: Wire, _: int) -> None:
        wire.read_head()
        wire.send(DENIED)
        done.wait(60)

    with serving(refuse, tls, ca, client_options={"timeout": "60s"}) as store:
        started = time.monotonic()
        with pytest.raises(PermissionDeniedError):
            api.put(store, "k", HUGE, use_multipart=False)
        took = time.monotonic() - started
        done.set()
    assert took < 20


@TLS
@pytest.mark.slow
@pytest.mark.row("F34")
@pytest.mark.usefixtures("parser")
def test_a_refusal_in_the_middle_of_an_upload_is_seen(api: Api, tls: bool, ca: trustme.CA) -> None:
    done = threading.Event()

    def refuse(wire: Wire, _: int) -> None:
        wire.read_head()
        wire.read_exactly(5 << 20)
        wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        wire.read_exactly(5 << 20)
        wire.send(DENIED[:20])
        wire.send(DENIED[20:])
        done.wait(60)

    with serving(refuse, tls, ca, client_options={"timeout": "60s"}) as store:
        started = time.monotonic()
        with pytest.raises(PermissionDeniedError):
            api.put(store, "k", HUGE, use_multipart=False)
        took = time.monotonic() - started
        done.set()
    assert took < 20


@TLS
@pytest.mark.row("F23")
@pytest.mark.parametrize("status", [200, 403, 412, 503])
@pytest.mark.usefixtures("parser")
def test_the_next_request_never_goes_out_as_the_body_of_an_upload(
    api: Api, tls: bool, ca: trustme.CA, status: int
) -> None:
    """The server answers early, goes on to read, and keeps the connection, as it may."""
    heads: list[bytes] = []

    def serve(wire: Wire, _: int) -> None:
        while True:
            head = wire.read_head()
            heads.append(head.split(b" HTTP/1.1")[0])
            if head.startswith(b"PUT"):
                wire.send(response(status, headers=FACTS))
                wire.read_exactly(int(dict(parse_headers(head))["content-length"]))
            else:
                wire.send(response(200, b"x", FACTS))

    with serving(serve, tls, ca, retry_config={"max_retries": 1}) as store:
        api.read(store, "warm")
        for _ in range(3):
            try:
                api.put(store, "k", UPLOAD, use_multipart=False)
            except BaseError:  # httpx's engine stops to send at any answer
                assert status != 200 or api.way == "trio"
            assert api.read(store, "j") == b"x"
    known = {b"GET /bucket/warm", b"GET /bucket/j", b"PUT /bucket/k"}
    assert set(heads) == known


@TLS
@pytest.mark.row("F23", "F14")
@pytest.mark.usefixtures("parser")
def test_a_success_before_all_was_sent_is_none(api: Api, tls: bool, ca: trustme.CA) -> None:
    def serve(wire: Wire, _: int) -> None:
        wire.read_head()
        wire.send(response(200, headers=FACTS))
        wire.reset()

    with serving(serve, tls, ca) as store, pytest.raises(GenericError):
        api.put(store, "k", HUGE, use_multipart=False)


@pytest.fixture
def azurite(servers: Servers) -> Azurite:
    server: Azurite = servers.get("azurite", Azurite)
    return server


@pytest.mark.slow
@pytest.mark.row("F23")
@pytest.mark.parametrize("size", [1, 300_000, 24 << 20])
@pytest.mark.parametrize("why", ["exists", "changed", "no container"])
def test_a_hundred_requests_follow_a_refused_upload_to_azurite(
    api: Api, azurite: Azurite, size: int, why: str
) -> None:
    container = azurite.create_container()
    options = azurite.store_options()
    options["client_options"] |= {"timeout": "20s"}
    options["retry_config"] = {"max_retries": 0}
    store = AzureStore(container, **options)
    absent = AzureStore(f"no-{secrets.token_hex(4)}", **options)
    data = bytes(size)
    api.put(store, "k", b"old")
    modes: dict[str, Any] = {"exists": "create", "changed": {"e_tag": '"0x1"', "version": None}}
    for _ in range(3):
        with pytest.raises(BaseError):
            where = absent if why == "no container" else store
            api.put(where, "k", data, use_multipart=False, mode=modes.get(why))
    for number in range(100):
        if number % 50 == 0:
            with pytest.raises(BaseError):
                api.put(store, "k", data, use_multipart=False, mode="create")
        assert api.head(store, "k")["size"] == 3
    assert api.read(store, "k") == b"old"
