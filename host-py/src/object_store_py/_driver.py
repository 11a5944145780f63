"""The two drivers, which are the whole difference between sync and async.

`run` blocks, `run_async` awaits (asyncio and trio, through anyio). Ctrl-C and cancellation reach a
plan as an exception thrown at the effect that it waits for, so a plan cleans up in one way.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

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
from .exceptions import GenericError

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


def run(plan: Plan[T]) -> T:
    """Carry out a plan, blocking."""
    try:
        effect = next(plan)
        while True:
            try:
                answer = _PERFORM[type(effect)](effect)
            except BaseException as error:  # noqa: BLE001, RUF100 - Ctrl-C is the plan's to clean up after.
                effect = plan.throw(error)
            else:
                effect = plan.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _invoke(effect: Invoke) -> Any:
    import inspect  # slow to load, and few stores need it

    answer = effect.function()
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise TypeError(f"{effect.purpose} is asynchronous: use it with the _async methods")
    return answer


def _await(effect: Await) -> str:
    ready = threading.Event()
    effect.mailbox.when_ready(ready.set)
    ready.wait()
    return effect.mailbox.take()


class _Threads:
    """A group's plans in threads."""

    def __init__(self, group: Group) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.group = group
        self.pool = ThreadPoolExecutor(group.limit, thread_name_prefix="object_store_py")
        self.room = threading.BoundedSemaphore(group.limit)
        self.futures: list[Future[None]] = []

    def spawn(self, plan: Plan[Any]) -> None:
        self.room.acquire()
        index = len(self.futures)
        self.group.results.append(None)
        # The caller's context, as tasks have it, too: a tracer finds the span that it is in.
        context = contextvars.copy_context()
        self.futures.append(self.pool.submit(context.run, self._run, index, plan))

    def _run(self, index: int, plan: Plan[Any]) -> None:
        try:
            if self.group.failure is None:
                self.group.results[index] = run(plan)
        except BaseException as error:  # noqa: BLE001, RUF100 - raised again in the parent.
            self.group.failure = self.group.failure or error
        finally:
            plan.close()
            self.room.release()


def _spawn(effect: Spawn) -> None:
    group = effect.group
    try:
        if group.state is None:
            group.state = _Threads(group)
        if group.failure is None:
            group.state.spawn(effect.plan)  # from here on its thread ends it
    except RuntimeError as error:  # the interpreter is ending, or there are too many
        raise GenericError(f"no thread could be started: {error}") from error
    if group.failure is not None:
        raise group.failure


def _join(effect: Join) -> list[Any]:
    group = effect.group
    if group.state is not None:
        group.state.pool.shutdown(wait=True)
    if group.failure is not None:
        raise group.failure
    return group.results


def _cancel(effect: Cancel) -> None:
    group = effect.group
    group.failure = group.failure or RuntimeError("the group was cancelled")
    if group.state is not None:
        group.state.pool.shutdown(wait=True)


_PERFORM: dict[type[Effect], Callable[[Any], Any]] = {
    Exchange: lambda effect: effect.host.exchange(effect.request),
    Read: lambda effect: effect.body.read(),
    ReadInto: lambda effect: effect.body.read_into(effect.view),
    Close: lambda effect: effect.body.close(),
    Block: lambda effect: effect.function(),
    Invoke: _invoke,
    Pause: lambda effect: time.sleep(effect.seconds),
    Await: _await,
    Spawn: _spawn,
    Join: _join,
    Cancel: _cancel,
}


async def run_async(plan: Plan[T]) -> T:
    """Carry out a plan, awaiting: on asyncio or trio."""
    from . import _driver_async

    return await _driver_async.run(plan)
