"""Row F16: cancelled at each await, or stopped by Ctrl-C at each effect; nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import re
import time
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from itertools import count
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py import _driver, _driver_async
from object_store_py._effects import Exchange
from tests.backends.faultproxy import FaultProxy

pytestmark = pytest.mark.row("F16")
PART = bytes(5 << 20)
BODY = bytes(range(250)) * 1000
"""Too much to come with the head of its response."""


class Uploads:
    """Which uploads the library has heard of: those whose ids were handed to a plan."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.unheard = 0
        """Requests to create one that were cut off: nobody can know of what they left."""

    def hear(self, effect: Any, answer: Any) -> None:
        """Note what an exchange that ended has told its plan."""
        found = re.search("<UploadId>(.*?)</UploadId>", answer.text) if creates(effect) else None
        if found is not None:
            self.heard.add(found[1])

    def lose(self, effect: Any) -> None:
        """Note an exchange that was cut off."""
        self.unheard += creates(effect)

    def check(self, left: list[dict[str, Any]]) -> None:
        """What the server has left must be what nobody heard of."""
        assert {upload["UploadId"] for upload in left} & self.heard == set()
        assert len(left) <= self.unheard


def creates(effect: Any) -> bool:
    """Whether an effect asks for an upload to be begun."""
    return isinstance(effect, Exchange) and "?uploads" in effect.request.url


@types.coroutine
def interrupted(
    work: Coroutine[Any, Any, Any], at: int, interrupt: Callable[[], object]
) -> Generator[Any, Any, Any]:
    """Like `await work`, but calls `interrupt` when it begins to wait for the `at`-th time."""
    resume: Callable[[Any], Any] = work.send
    value: Any = None
    for step in count(1):
        try:
            waits_for = resume(value)
        except StopIteration as stop:
            return stop.value
        if step == at:
            interrupt()
        try:
            value = yield waits_for
            resume = work.send
        except BaseException as error:
            resume, value = work.throw, error


async def read_async(store: Any) -> None:
    result = await obs.get_async(store, "old")
    assert b"".join([chunk async for chunk in result.stream(1000)]) == BODY


async def list_async(store: Any) -> None:
    assert [item async for chunk in obs.list(store, chunk_size=1) for item in chunk]


ASYNC: dict[str, Callable[[Any], Coroutine[Any, Any, Any]]] = {
    "put": lambda store: obs.put_async(store, "new", BODY),
    "put in parts": lambda store: obs.put_async(store, "a", iter([PART, b"end"])),
    "get": read_async,
    "get_range": lambda store: obs.get_range_async(store, "old", start=1, length=200_000),
    "get_ranges": lambda store: obs.get_ranges_async(
        store, "old", starts=[0, 100_000], lengths=[70_000] * 2, coalesce=0
    ),
    "get_into": lambda store: obs.get_into_async(store, "old", bytearray(len(BODY))),
    "head": lambda store: obs.head_async(store, "old"),
    "list": list_async,
    "delete": lambda store: obs.delete_async(store, ["x", "y"]),
    "rename": lambda store: obs.rename_async(store, "old", "old"),
    "copy": lambda store: obs.copy_async(store, "old", "new"),
}


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("verb", ASYNC)
def test_cancelled_at_each_await(
    store: Any,
    direct: Any,
    proxy: FaultProxy,
    uploads: Any,
    verb: str,
    loop: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    direct.put("old", BODY)
    known, exchange = Uploads(), _driver_async._PERFORM[Exchange]

    async def heard(effect: Any) -> Any:
        try:
            answer = await exchange(effect)
        except BaseException:
            known.lose(effect)
            raise
        known.hear(effect, answer)
        return answer

    monkeypatch.setitem(_driver_async._PERFORM, Exchange, heard)

    async def cancelled_at(step: int) -> bool:
        with anyio.CancelScope() as scope:
            await interrupted(ASYNC[verb](store), step, scope.cancel)
        return scope.cancelled_caught

    async def main() -> None:
        steps = count(1)
        while await cancelled_at(next(steps)):
            await obs.put_async(store, "after", b"works")
            assert bytes(await (await obs.get_async(store, "after")).bytes_async()) == b"works"
        assert next(steps) > 2, "it was never cancelled"
        with anyio.move_on_after(5):  # the proxy notices an end in its own time
            while open_connections(proxy) > 3:  # idle ones, of what ran side by side
                await anyio.sleep(0.01)
        assert open_connections(proxy) <= 3

    anyio.run(main, backend=loop)
    assert settled(lambda: open_connections(proxy) == 0)
    known.check(uploads())


def read(store: Any) -> None:
    assert b"".join(obs.get(store, "old").stream(1000)) == BODY


SYNC: dict[str, Callable[[Any], Any]] = {
    "put": lambda store: obs.put(store, "new", BODY),
    "put in parts": lambda store: obs.put(store, "a", iter([PART, b"end"])),
    "get": read,
    "get_range": lambda store: obs.get_range(store, "old", start=1, length=200_000),
    "get_ranges": lambda store: obs.get_ranges(
        store, "old", starts=[0, 100_000], lengths=[70_000] * 2, coalesce=0
    ),
    "get_into": lambda store: obs.get_into(store, "old", bytearray(len(BODY))),
    "head": lambda store: obs.head(store, "old"),
    "list": lambda store: list(obs.list(store, chunk_size=1)),
    "delete": lambda store: obs.delete(store, ["x", "y"]),
    "rename": lambda store: obs.rename(store, "old", "old"),
    "copy": lambda store: obs.copy(store, "old", "new"),
}


class Interrupter:
    """Carries out effects, and raises KeyboardInterrupt before or after one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.after = False
        self.effect = ""
        self.uploads = Uploads()
        perform = {kind: self._around(kind, call) for kind, call in _driver.PERFORM.items()}
        monkeypatch.setattr(_driver, "PERFORM", perform)

    def _around(self, kind: type, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def perform(effect: Any) -> Any:
            self.left -= 1
            if self.left or self.after:
                answer = call(effect)
            if self.left == 0:
                self.effect = kind.__name__
                if self.after:
                    self.uploads.lose(effect)
                raise KeyboardInterrupt
            self.uploads.hear(effect, answer)
            return answer

        return perform

    @contextlib.contextmanager
    def at(self, step: int) -> Iterator[None]:
        self.left, self.effect = step, ""
        try:
            yield
        except KeyboardInterrupt:
            pass
        finally:
            self.left = -1


# What the effect had returned is lost with it; its socket is closed by whoever collects garbage.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", SYNC)
def test_stopped_by_ctrl_c_at_each_effect(
    store: Any,
    direct: Any,
    proxy: FaultProxy,
    uploads: Any,
    verb: str,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    direct.put("old", BODY)
    interrupter = Interrupter(monkeypatch)
    interrupter.after = after
    for step in count(1):
        with interrupter.at(step):
            SYNC[verb](store)
        if not interrupter.effect:
            break
        obs.put(store, "after", b"works")
        assert bytes(obs.get(store, "after").bytes()) == b"works"
    assert step > 1, "it was never interrupted"
    interrupter.uploads.check(uploads())
    gc.collect()
    assert settled(lambda: open_connections(proxy) <= 3)


def open_connections(proxy: FaultProxy) -> int:
    return len(proxy._open)


def settled(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold soon: the proxy notices an end in its own time."""
    deadline = time.monotonic() + 5
    while not holds() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    return holds()
