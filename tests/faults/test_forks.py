"""Connections, bodies, streams and files across a fork: right bytes in both processes, or an error
of ours in the child (F24)."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

import object_store_py as obs
from object_store_py.exceptions import BaseError, GenericError
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Pause, RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import WAYS, Api, Way, open_api
from tests.harness.stores import Backend, open_scripted

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

SIZE = 8 << 20
BODY = bytes(range(256)) * (SIZE // 256)
DRAIN = 60
"""Seconds after which a child that hangs is killed."""


@contextmanager
def forked(work: Callable[[], None]) -> Iterator[None]:
    """Runs a function in a child, beside the block; the child must end well."""
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(DRAIN)
            work()
            gc.collect()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    try:
        yield
    finally:
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def here(way: str) -> Any:
    """The calls of this process: a child cannot go on with its parent's event loop."""
    known: Way = next(known for known in WAYS if known == way)
    return open_api(known)


def rest(api: Api, stream: Any) -> bytes:
    return b"".join(api.consume(stream))


def first(api: Api, stream: Any) -> bytes:
    return bytes(api.wait(lambda: next(stream) if api.way == "sync" else anext(stream)))


class Slow:
    """Serves ranges of BODY, whose second half comes when both processes may read."""

    def __init__(self, *, tagged: bool) -> None:
        self._facts = {"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
        if tagged:
            self._facts["ETag"] = '"1"'

    def __call__(self, request: RecordedRequest) -> Answer:
        if request.method == "PUT":
            return response(200, headers=self._facts)
        start, end, status, facts = 0, SIZE, 200, self._facts
        if found := request.header("range"):
            first, _, last = found.removeprefix("bytes=").partition("-")
            start, end, status = int(first), int(last) + 1, 206
            facts = {**facts, "Content-Range": f"bytes {start}-{end - 1}/{SIZE}"}
        whole = response(status, BODY[start:end], facts)
        half = len(whole) // 2
        return [whole[:half], Pause(0.3), whole[half:]]


@contextmanager
def serving(tls: bool, ca: trustme.CA, tagged: bool = True) -> Iterator[tuple[Any, RawServer]]:
    script = Slow(tagged=tagged)
    made = TlsServer(script, ca.issue_cert("localhost")) if tls else RawServer(script)
    with made as server:
        options = {"root_certificate": ca.cert_pem.bytes()} if tls else {}
        yield open_scripted(server, client_options=options), server


TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@TLS
@pytest.mark.slow
@pytest.mark.row("F24")
def test_a_stream_half_read_goes_on_in_both(api: Api, tls: bool, ca: trustme.CA) -> None:
    with serving(tls, ca) as (store, server):
        stream = api.get(store, "k").stream(100_000)
        before = first(api, stream)

        def child() -> None:
            with here(api.way) as calls:
                assert before + rest(calls, stream) == BODY

        with forked(child):
            assert before + rest(api, stream) == BODY
        assert api.read(store, "k") == BODY
        assert [request.method for request in server.requests] == ["GET"] * 3


@TLS
@pytest.mark.slow
@pytest.mark.row("F24")
def test_a_stream_that_cannot_be_resumed_is_an_error_in_the_child(
    api: Api, tls: bool, ca: trustme.CA
) -> None:
    with serving(tls, ca, tagged=False) as (store, _):
        stream = api.get(store, "k").stream(100_000)
        before = first(api, stream)

        def child() -> None:
            with here(api.way) as calls, pytest.raises(BaseError, match="fork"):
                rest(calls, stream)

        with forked(child):
            assert before + rest(api, stream) == BODY


@TLS
@pytest.mark.slow
@pytest.mark.row("F24")
@pytest.mark.parametrize("how", ["dropped", "closed", "left"])
def test_what_a_child_does_with_its_copies_the_parent_does_not_see(
    api: Api, tls: bool, ca: trustme.CA, how: str
) -> None:
    with serving(tls, ca) as (store, server):
        api.read(store, "warm")
        held = [api.get(store, "k").stream(100_000) for _ in range(3)]
        begun = [first(api, stream) for stream in held]
        unread = api.get(store, "k")
        file = None if api.way != "sync" else api.call("open_reader", store, "k", buffer_size=1000)
        if file is not None:
            assert file.read(1000) == BODY[:1000]

        def child() -> None:
            nonlocal unread, file
            if how == "left":
                return
            if how == "closed" and file is not None:
                file.close()
            held.clear()
            unread = file = None
            gc.collect()
            with here(api.way) as calls:
                assert calls.read(store, "k") == BODY

        with forked(child):
            pass
        for before, stream in zip(begun, held, strict=True):
            assert before + rest(api, stream) == BODY
        assert api.bytes(unread) == BODY
        if file is not None:
            assert file.read(1000) == BODY[1000:2000]
            file.close()
        opened = server.connections
        assert api.read(store, "k") == BODY
        assert server.connections == opened  # those that were idle are used again


@pytest.mark.slow
@pytest.mark.row("F24")
def test_files_and_listings_go_on_in_both(backend: Backend) -> None:
    store = backend.store
    body = BODY[: 1 << 20]
    for number in range(5):
        store.put(f"d/{number}", body)
    file = obs.open_reader(store, "d/0", buffer_size=100_000)
    listing = store.list("d", chunk_size=1)
    memory = bytearray(len(body))

    def go_on(number: int) -> None:
        assert file.read() == body[150_000:]
        assert {seen, *(page[0]["path"] for page in listing)} == {f"d/{n}" for n in range(5)}
        assert store.get_into("d/1", memory) == len(body)
        assert memory == body
        store.put(f"by/{number}", b"x")

    assert file.read(150_000) == body[:150_000]
    seen = next(listing)[0]["path"]
    with forked(lambda: go_on(1)):
        go_on(2)
    file.close()
    if backend.name != "memory":
        assert sorted(meta["path"] for meta in store.list("by").collect()) == ["by/1", "by/2"]


@pytest.mark.slow
@pytest.mark.row("F24")
@pytest.mark.filterwarnings("ignore:.*never closed:ResourceWarning")
@pytest.mark.parametrize("how", ["writes", "closes", "aborts", "drops", "leaves its block"])
def test_a_file_that_is_written_is_its_parents_alone(backend: Backend, how: str) -> None:
    backend.require("multipart")
    store, part = backend.store, bytes(5 << 20)
    file = obs.open_writer(store, "k", buffer_size=len(part))
    for _ in range(3):
        file.write(part)

    def child() -> None:
        nonlocal file
        if how == "drops":
            del file
        elif how == "aborts":
            file.abort()
        elif how == "leaves its block":
            with pytest.raises(ZeroDivisionError), file:
                raise ZeroDivisionError
        else:
            with pytest.raises(GenericError, match="before a fork"):
                file.write(b"x" * (6 << 20)) if how == "writes" else file.close()

    with forked(child):
        pass
    file.write(b"end")
    file.close()
    assert bytes(store.get("k").bytes()) == part * 3 + b"end"
