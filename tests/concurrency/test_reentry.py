"""A thread that enters its own store again (F26) gets through, or an error; it never waits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, UnauthenticatedError
from object_store_py.store import LocalStore, MemoryStore, S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.harness.api import Api
from tests.harness.stores import open_scripted_as

pytestmark = pytest.mark.row("F26")

FACTS = {"ETag": '"1"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}
KEYS = {"access_key_id": "id", "secret_access_key": "secret"}


def answer(request: RecordedRequest) -> Answer:
    """A body of a few bytes for each read; whoever writes may write."""
    return response(200, b"12345" if request.method == "GET" else b"", FACTS)


@pytest.fixture(params=["s3", "memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "s3":
        with RawServer(answer) as server:
            yield open_scripted_as("s3", server)
        return
    made: Any = MemoryStore() if request.param == "memory" else LocalStore(tmp_path)
    made.put("k", b"12345")
    yield made


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """A thread that waits for itself is interrupted by a signal, as nothing else can."""
    timer = threading.Timer(60, lambda: signal.raise_signal(signal.SIGINT))
    timer.daemon = True
    timer.start()
    yield
    timer.cancel()


class Writer(logging.Handler):
    """Writes each record of ours to a store, but none that its own writing makes."""

    def __init__(self, store: Any) -> None:
        super().__init__()
        self.store = store
        self.written = 0
        self._busy = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self.store.put("log", record.getMessage().encode())
            self.written += 1
        finally:
            self._busy.now = False


@contextlib.contextmanager
def logging_to(store: Any) -> Iterator[Writer]:
    writer, logger = Writer(store), logging.getLogger("object_store_py")
    before = logger.level
    logger.addHandler(writer)
    logger.setLevel(logging.DEBUG)
    try:
        yield writer
    finally:
        logger.removeHandler(writer)
        logger.setLevel(before)


def busy(request: RecordedRequest) -> Answer:
    """Refuses every second time: retries are what the core logs."""
    if random.random() < 0.5 and request.method == "GET":
        return response(503)
    return answer(request)


def test_a_log_handler_writes_to_the_store_that_logs(api: Api) -> None:
    with RawServer(busy) as server:
        store = open_scripted_as(
            "s3",
            server,
            retry_config={
                "max_retries": 20,
                "backoff": {
                    "init_backoff": timedelta(milliseconds=1),
                    "max_backoff": timedelta(milliseconds=1),
                },
            },
        )
        with logging_to(store) as writer:
            for _ in range(20):
                assert api.read(store, "k") == b"12345"
    assert writer.written > 20


@contextlib.contextmanager
def interrupted(call: Callable[[], object]) -> Iterator[list[object]]:
    """Makes the call at random moments of this thread, by signals."""
    said: list[object] = []
    running = False

    def handle(*_: object) -> None:
        nonlocal running
        if running:
            return
        running = True
        try:
            said.append(call())
        except BaseError as error:
            said.append(error)
        finally:
            running = False

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
    try:
        yield said
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["get", "put"])
def test_a_signal_handler_uses_the_store_that_it_interrupts(store: Any, verb: str) -> None:
    def call() -> object:
        return store.put("k", b"12345") if verb == "put" else bytes(store.get("k").bytes())

    deadline = time.monotonic() + 4
    with interrupted(call) as said:
        while time.monotonic() < deadline:
            store.put("k", b"12345")
            assert bytes(store.get("k").bytes()) == b"12345"
            store.head("k")
    assert len(said) > 100
    assert not [error for error in said if isinstance(error, BaseException)]


@pytest.mark.slow
def test_a_signal_handler_uses_the_store_of_an_event_loop(store: Any) -> None:
    async def work() -> None:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            await asyncio.gather(*(store.get_async("k") for _ in range(5)))
            await store.put_async("k", b"12345")

    with interrupted(lambda: store.head("k")) as said:
        asyncio.run(work())
    assert len(said) > 50
    assert not [error for error in said if isinstance(error, BaseException)]


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.me = self
        weakref.finalize(self, call).atexit = False


@pytest.mark.slow
def test_a_finaliser_uses_the_store_in_whose_call_it_runs(store: Any) -> None:
    done: list[object] = []

    def call() -> None:
        done.append(store.head("k"))

    before = gc.get_threshold()
    gc.set_threshold(5, 1, 1)
    try:
        for _ in range(200):
            Cycle(call)
            assert bytes(store.get("k").bytes()) == b"12345"
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert len(done) >= 199


@pytest.mark.slow
def test_a_dropped_operation_is_given_up_where_it_is_collected() -> None:
    """Its plan ends in the middle of another call of the same instance."""
    with RawServer(answer) as server:
        store = open_scripted_as("s3", server)
        backend = store._verbs().backend
        before = gc.get_threshold()
        gc.set_threshold(3, 1, 1)
        try:
            for _ in range(300):
                plan = backend._brain.operate("get", "k", "k", "")
                next(plan)
                cycle: list[Any] = [plan]
                cycle.append(cycle)
                del plan, cycle
                assert bytes(store.get("k").bytes()) == b"12345"
        finally:
            gc.set_threshold(*before)
        gc.collect()
        store.head("k")
        assert len(backend._brain._instance.parking) == 0


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_provider_that_reads_from_its_own_store_is_told_so(api: Api, asynchronous: bool) -> None:
    if asynchronous and api.way == "sync":
        return
    store: Any = None

    def provide() -> Any:
        store.get("k")

    async def provide_async() -> Any:
        await store.get_async("k")

    with RawServer(answer) as server:
        store = open_scripted_as(
            "s3",
            server,
            skip_signature=False,
            credential_provider=provide_async if asynchronous else provide,
        )
        with pytest.raises(UnauthenticatedError, match="uses the store that it is for"):
            api.get(store, "k")


def test_a_provider_may_use_another_store(api: Api) -> None:
    with RawServer(answer) as server:
        other = open_scripted_as("s3", server)

        def provide() -> Any:
            bytes(other.get("k").bytes())
            return {**KEYS, "expires_at": datetime.now(UTC) + timedelta(hours=1)}

        store = open_scripted_as("s3", server, skip_signature=False, credential_provider=provide)
        assert api.read(store, "k") == b"12345"


@pytest.mark.parametrize("where", ["on_request", "request_policy", "progress"])
def test_hooks_use_the_store_that_calls_them(api: Api, where: str) -> None:
    inside: list[bytes] = []
    store: Any = None

    def hook(*_: Any) -> bool:
        if not inside:
            inside.append(b"")
            inside[0] = bytes(store.get("k").bytes())
        return True

    with RawServer(answer) as server:
        given: dict[str, Any] = {} if where == "progress" else {where: hook}
        store = open_scripted_as("s3", server, **given)
        watch = {"progress": hook} if where == "progress" else {}
        api.call("put", store, "k", b"12345", **watch)
        assert api.read(store, "k") == b"12345"
    assert inside
    assert set(inside) == {b"12345"}


def test_a_hook_in_the_middle_of_getting_a_credential_uses_the_store(api: Api) -> None:
    """The operation beneath has the token that the hook's operation would wait for."""
    store: Any = None
    seen: list[object] = []

    def provide() -> Any:
        if not seen:
            seen.append(None)
            signal.raise_signal(signal.SIGALRM)
        return {**KEYS, "expires_at": datetime.now(UTC) + timedelta(hours=1)}

    def handle(*_: object) -> None:
        try:
            seen.append(store.head("k"))
        except BaseError as error:
            seen.append(error)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with RawServer(answer) as server:
            store = S3Store(
                "bucket",
                endpoint=server.endpoint,
                region="us-east-1",
                client_options={"allow_http": True},
                credential_provider=provide,
            )
            assert api.read(store, "k") == b"12345"
    finally:
        signal.signal(signal.SIGALRM, before)
    assert api.way != "sync" or len(seen) == 2
