"""The asynchronous driver: see `_driver`, whose `run_async` loads it on first use."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from ._effects import (
    Await,
    Block,
    Cancel,
    Close,
    Effect,
    Exchange,
    Group,
    Invoke,
    Join,
    Pause,
    Plan,
    Read,
    ReadInto,
    Spawn,
)

T = TypeVar("T")

CLEAN_UP_SECONDS = 10.0
"""How long a cancelled plan may take for each effect of its cleaning up."""


async def run(plan: Plan[T]) -> T:
    """Carry out a plan, awaiting."""
    cancelled: type[BaseException] | None = None
    try:
        effect = next(plan)
        while True:
            try:
                if cancelled is None or type(effect) is Cancel:
                    answer = [await _PERFORM[type(effect)](effect)]
                else:
                    with anyio.fail_after(CLEAN_UP_SECONDS, shield=True):
                        answer = [await _PERFORM[type(effect)](effect)]
            except BaseException as error:  # noqa: BLE001, RUF100 - cancellation is the plan's to see.
                if isinstance(error, anyio.get_cancelled_exc_class()):
                    cancelled = type(error)
                    if type(effect) is Cancel:  # all have stopped; the plan goes on to clean up
                        effect = plan.send(None)
                        continue
                effect = plan.throw(error)
            else:
                effect = plan.send(answer.pop())  # no local keeps it; see `_driver.run`
    except StopIteration as stop:
        if cancelled is not None:
            await anyio.lowlevel.checkpoint_if_cancelled()
        result: T = stop.value
        return result


async def _block(effect: Block) -> Any:
    return await anyio.to_thread.run_sync(effect.function)


async def _invoke(effect: Invoke) -> Any:
    answer = effect.function()
    return await answer if inspect.isawaitable(answer) else answer


async def _pause(effect: Pause) -> None:
    await anyio.sleep(effect.seconds)


def _waker(event: anyio.Event) -> Callable[[], object]:
    """A function that sets the event from any thread."""
    token: Any = anyio.lowlevel.current_token()
    loop = getattr(token, "native_token", token)  # before anyio 4.11 it is the loop itself
    schedule = getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe
    return lambda: schedule(event.set)


async def _await(effect: Await) -> str:
    event = anyio.Event()
    effect.mailbox.when_ready(_waker(event))
    await event.wait()
    return effect.mailbox.take()


class _Tasks:
    """A group's plans in tasks."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.tasks = anyio.create_task_group()
        self.room = anyio.Semaphore(group.limit)
        self.ahead: dict[int, Coroutine[Any, Any, None]] = {}
        """Those that have not begun."""

    async def spawn(self, plan: Plan[Any]) -> None:
        await self.room.acquire()
        index = len(self.group.results)
        self.group.results.append(None)
        work = self.ahead[index] = self._run(index, plan)
        self.tasks.start_soon(lambda: work, name="object_store_py")

    async def _run(self, index: int, plan: Plan[Any]) -> None:
        del self.ahead[index]
        try:
            if self.group.failure is None:
                self.group.results[index] = await run(plan)
        except Exception as error:  # noqa: BLE001, RUF100 - raised again in the parent.
            self.group.failure = self.group.failure or error
        finally:
            plan.close()
            self.room.release()


async def _spawn(effect: Spawn) -> None:
    group = effect.group
    if group.state is None:
        group.state = _Tasks(group)
        await group.state.tasks.__aenter__()
    if group.failure is None:
        await group.state.spawn(effect.plan)  # from here on its task ends it
    if group.failure is not None:
        raise group.failure


async def _leave(group: Group) -> None:
    tasks, group.state = group.state, None
    if tasks is not None:
        try:
            await tasks.tasks.__aexit__(None, None, None)
        finally:
            for work in tasks.ahead.values():  # cancelled before they began: they would complain
                work.close()


async def _join(effect: Join) -> list[Any]:
    await _leave(effect.group)
    if effect.group.failure is not None:
        raise effect.group.failure
    return effect.group.results


async def _cancel(effect: Cancel) -> None:
    group = effect.group
    group.failure = group.failure or RuntimeError("the group was cancelled")
    if group.state is not None:
        group.state.tasks.cancel_scope.cancel()
    await _leave(group)


async def _exchange(effect: Exchange) -> Any:
    return await effect.host.exchange_async(effect.request)


_PERFORM: dict[type[Effect], Callable[[Any], Awaitable[Any]]] = {
    Exchange: _exchange,
    Read: lambda effect: effect.body.read_async(),
    ReadInto: lambda effect: effect.body.read_into_async(effect.view),
    Close: lambda effect: effect.body.close_async(),
    Block: _block,
    Invoke: _invoke,
    Pause: _pause,
    Await: _await,
    Spawn: _spawn,
    Join: _join,
    Cancel: _cancel,
}
