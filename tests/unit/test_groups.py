"""Plans side by side: a failure of one leaves the others their own end."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from object_store_py import _driver, _driver_async
from object_store_py._effects import Block, Cancel, Group, Pause, Plan, Spawn
from tests.harness.api import Api


def failing(begun: list[bool]) -> Plan[None]:
    while not begun:
        yield Pause(0.01)
    raise KeyError("the first")


def slow(begun: list[bool], ended_by: list[type[BaseException] | None]) -> Plan[None]:
    try:
        begun.append(True)
        yield Pause(0.3)
    except BaseException as error:
        ended_by.append(type(error))
        raise
    ended_by.append(None)


def both(ended_by: list[type[BaseException] | None]) -> Plan[None]:
    group = Group(2)
    begun: list[bool] = []
    try:
        yield Spawn(group, failing(begun))
        yield Spawn(group, slow(begun, ended_by))
    except BaseException:
        yield Cancel(group)
        raise
    yield Block(lambda: pytest.fail("the failure came too late for this test"))


@pytest.fixture(autouse=True)
def spawning_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the first plan fails while the second one is being started."""
    spawn, spawn_async = _driver.Threads.spawn, _driver_async._Tasks.spawn

    def spawn_slowly(self: Any, plan: Any) -> None:
        spawn(self, plan)
        while len(self.group.results) == 2 and self.group.failure is None:
            time.sleep(0.01)

    async def spawn_slowly_async(self: Any, plan: Any) -> None:
        await spawn_async(self, plan)
        while len(self.group.results) == 2 and self.group.failure is None:
            await anyio.sleep(0.01)

    monkeypatch.setattr(_driver.Threads, "spawn", spawn_slowly)
    monkeypatch.setattr(_driver_async._Tasks, "spawn", spawn_slowly_async)


def test_a_plan_that_has_just_been_started_is_not_closed_while_it_runs(api: Api) -> None:
    ended_by: list[type[BaseException] | None] = []
    with pytest.raises(KeyError, match="the first"):
        api.method(_driver, "run", both(ended_by))
    assert len(ended_by) == 1
    assert ended_by[0] is not GeneratorExit
