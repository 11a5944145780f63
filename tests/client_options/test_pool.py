"""The pool: connections are used again, for as long and as many as the options say."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.client_options.conftest import pem
from tests.harness.api import Api

Once = Callable[..., Any]


def found(_: RecordedRequest) -> bytes:
    return response(200, b"x")


def test_a_connection_is_used_again(api: Api, once: Once, ca: trustme.CA) -> None:
    with RawServer(found) as plain, TlsServer(found, ca.issue_cert("localhost")) as secure:
        for server in (plain, secure):
            store = once(server.endpoint, root_certificate=pem(ca))
            for _ in range(3):
                assert api.read(store, "k") == b"x"
            assert server.connections == 1


def test_an_idle_connection_is_given_up_in_time(api: Api, once: Once) -> None:
    with RawServer(found) as server:
        store = once(server.endpoint, pool_idle_timeout="200ms")
        api.read(store, "k")
        api.read(store, "k")
        assert server.connections == 1
        time.sleep(0.4)
        api.read(store, "k")
        assert server.connections == 2


def test_the_connections_of_a_dropped_store_are_closed(api: Api, once: Once) -> None:
    """At once, or by the event loop before its next request."""
    with RawServer(found) as server:
        kept, dropped = once(server.endpoint), once(server.endpoint)
        api.read(kept, "k")
        api.read(dropped, "k")
        assert len(server._open) == 2
        del dropped
        gc.collect()
        api.read(kept, "k")
        deadline = time.monotonic() + 5
        while len(server._open) > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(server._open) == 1
        assert server.connections == 2


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_connections_are_kept_than_allowed(api: Api, once: Once, most: int) -> None:
    together = threading.Barrier(4)
    with RawServer(found) as server:
        store = once(server.endpoint, pool_max_idle_per_host=str(most))
        api.read(store, "warm")
        before = server.connections

        serve = server._answer

        def wait(request: RecordedRequest) -> Any:
            server._lock.release()
            try:
                together.wait(5)
            finally:
                server._lock.acquire()
            return serve(request)

        server._answer = wait  # type: ignore[method-assign] # a slow one
        api.together(*[lambda: api.read(store, "k")] * 4)
        first = server.connections - before
        api.together(*[lambda: api.read(store, "k")] * 4)
        second = server.connections - before - first
    assert first == 4 - min(most, 1)
    assert second == 4 - most
