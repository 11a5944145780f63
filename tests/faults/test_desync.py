"""10,000 requests to a server that answers early, late, twice or cut, by clients that also cancel:
none gets the answer to another request (F23)."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import anyio
import pytest
import trustme

from object_store_py import _parsers
from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store
from tests.backends.http1 import SocketServer
from tests.backends.tlsserver import TlsSocketServer
from tests.faults.desync import LATE, Misbehaving, body_of, is_huge, plan, stolen

WORKERS = 6
ENGINES = {
    "sync": 1500, "sync tls": 1000, "asyncio": 1500, "asyncio tls": 1000,
    "sync h11": 1000, "asyncio h11": 1000, "trio": 1000, "trio tls": 700, "sync proxy": 700,
    "asyncio proxy": 600,
}  # fmt: skip
"""How many requests each is sent, 10,000 in all."""
CANCELLED = 0.15
"""The share of calls that are cancelled within milliseconds, where that can be."""
GIVEN_UP = ("1", "4", "7")
"""How the names of objects end whose streams are given up half read."""


@contextmanager
def served(engine: str, server: Misbehaving, ca: trustme.CA) -> Iterator[Any]:
    """A store on the engine; what is late is too late."""
    options: dict[str, Any] = {"read_timeout": timedelta(seconds=LATE * 0.7), "timeout": "10s"}
    if "tls" in engine:
        options["root_certificate"] = ca.cert_pem.bytes()
    tls = TlsSocketServer(server.serve, ca.issue_cert("localhost")) if "tls" in engine else None
    with tls or SocketServer(server.serve) as running:
        endpoint = running.endpoint
        if "proxy" in engine:
            options["proxy_url"], endpoint = endpoint, "http://behind.example"
        client: Any = {"allow_http": True, **options}
        yield S3Store(
            "bucket",
            endpoint=endpoint,
            skip_signature=True,
            client_options=client,
            retry_config={"max_retries": 0},
        )
        server.stopping.set()


class Check:
    """What came of the calls."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()

    def bytes(self, key: str, data: bytes) -> None:
        self._note(key, data == body_of(key), data[:100])

    def e_tag(self, key: str, e_tag: str | None) -> None:
        self._note(key, e_tag == f'"{key}"', e_tag)

    def error(self, key: str, error: BaseException) -> None:
        said = str(error)
        self.counts["errors"] += 1
        named = "(small" in said or "(large" in said
        if "evil" in said or (named and f"({key})" not in said):
            self.wrong.append(f"{key}: {said}")

    def _note(self, key: str, right: bool, found: object) -> None:
        self.counts["right"] += right
        if not right:
            self.wrong.append(f"{key}: {found!r}")


def call(store: Any, verb: str, key: str, check: Check) -> None:
    match verb:
        case "get":
            check.bytes(key, bytes(store.get(key).bytes()))
        case "stream":
            stream = store.get(key).stream(20_000)
            first = next(stream, b"")
            if key.endswith(GIVEN_UP):  # given up half read
                return
            check.bytes(key, first + b"".join(stream))
        case "head":
            check.e_tag(key, store.head(key)["e_tag"])
        case _:
            written = store.put(key, stolen(is_huge(key)), use_multipart=False)
            if "bodies" not in key:  # a 204 names no e_tag
                check.e_tag(key, written["e_tag"])


async def call_async(store: Any, verb: str, key: str, check: Check) -> None:
    match verb:
        case "get":
            check.bytes(key, bytes(await (await store.get_async(key)).bytes_async()))
        case "stream":
            stream = (await store.get_async(key)).stream(20_000)
            first = await anext(stream, b"")
            if key.endswith(GIVEN_UP):
                return
            check.bytes(key, first + b"".join([chunk async for chunk in stream]))
        case "head":
            check.e_tag(key, (await store.head_async(key))["e_tag"])
        case _:
            written = await store.put_async(key, stolen(is_huge(key)), use_multipart=False)
            if "bodies" not in key:
                check.e_tag(key, written["e_tag"])


def run_sync(store: Any, calls: list[tuple[str, str]], check: Check) -> None:
    todo = iter(calls)

    def work() -> None:
        for verb, key in todo:
            try:
                call(store, verb, key, check)
            except BaseError as error:
                check.error(key, error)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def run_tasks(store: Any, calls: list[tuple[str, str]], check: Check) -> None:
    todo, chance = iter(calls), random.Random(2)

    async def work() -> None:
        for verb, key in todo:
            patience = chance.uniform(0, 0.01) if chance.random() < CANCELLED else 60
            with anyio.move_on_after(patience) as scope:
                try:
                    await call_async(store, verb, key, check)
                except BaseError as error:
                    check.error(key, error)
            check.counts["cancelled"] += scope.cancelled_caught

    async with anyio.create_task_group() as tasks:
        for _ in range(WORKERS):
            tasks.start_soon(work)


@pytest.mark.slow
@pytest.mark.row("F23")
# Streams that are given up leave httpx's generators to the loop's end.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.parametrize("engine", ENGINES)
def test_no_request_gets_the_answer_to_another(
    engine: str, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "h11" in engine:
        monkeypatch.setattr(_parsers, "_httptools", None)
    name = engine.replace(" ", "")
    calls = plan(len(engine), ENGINES[engine], name)
    server, check = Misbehaving({key for _, key in calls}), Check()
    with served(engine, server, ca) as store:
        if engine.startswith("sync"):
            run_sync(store, calls, check)
        else:
            backend = engine.partition(" ")[0]
            anyio.run(run_tasks, store, calls, check, backend=backend)
    assert check.wrong == []
    assert server.strange == []
    assert check.counts["right"] > len(calls) // 4
