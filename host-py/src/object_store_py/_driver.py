"""The two drivers, which are the whole difference between sync and async.

`run` blocks, `run_async` awaits (asyncio and trio, through anyio). Ctrl-C and cancellation reach a
plan as an exception thrown at the effect that it waits for, so a plan cleans up in one way.
Plans of a group run in threads, or in tasks; `_driver_turns` has those in one thread that do little
else than wait for short answers.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Generator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from ._effects import (
    Await,
    Block,
    Cancel,
    Close,
    Effect,
    Entangled,
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


def run(plan: Plan[T], effect: Effect | None = None) -> T:
    """Carry out a plan, blocking; from an effect on, if it has begun."""
    try:
        effect = next(plan) if effect is None else effect
        while True:
            try:
                answer = [PERFORM[type(effect)](effect)]
            except BaseException as error:  # noqa: BLE001, RUF100 - Ctrl-C is the plan's to clean up after.
                effect = plan.throw(error)
            else:
                effect = plan.send(answer.pop())  # it may be a credential: no local keeps it
    except StopIteration as stop:
        result: T = stop.value
        return result


def _invoke(effect: Invoke) -> Any:
    import inspect  # slow to load, and few stores need it

    answer = effect.function()
    if inspect.isawaitable(answer):
        close: Callable[[], None] | None = getattr(answer, "close", None)
        if close is not None:
            close()
        raise TypeError(f"{effect.purpose} is asynchronous: use it with the _async methods")
    return answer


def _await(effect: Await) -> str:
    if effect.is_vain():
        raise Entangled
    ready: SimpleQueue[None] = SimpleQueue()  # whose `put` may interrupt its own `get`
    effect.mailbox.when_ready(lambda: ready.put(None))
    ready.get()
    return effect.mailbox.take()


@contextlib.contextmanager
def _threads_are_to_be_had() -> Generator[None, None, None]:
    try:
        yield
    except RuntimeError as error:  # the interpreter is ending, or there are too many
        raise GenericError(f"no thread could be started: {error}") from error


class Threads:
    """A group's plans in threads."""

    def __init__(self, group: Group) -> None:
        with _threads_are_to_be_had():
            from concurrent.futures import ThreadPoolExecutor

        self.group = group
        self.pool = ThreadPoolExecutor(group.limit, thread_name_prefix="object_store_py")
        self.room = threading.BoundedSemaphore(group.limit)
        self.futures: list[Future[None]] = []

    def spawn(self, plan: Plan[Any]) -> None:
        self.group.results.append(None)
        self.go_on(len(self.group.results) - 1, plan)

    def go_on(self, index: int, plan: Plan[Any], effect: Effect | None = None) -> None:
        self.room.acquire()
        # The caller's context, as tasks have it, too: a tracer finds the span that it is in.
        context = contextvars.copy_context()
        with _threads_are_to_be_had():
            work = self.pool.submit(context.run, self._run, index, plan, effect)
        self.futures.append(work)

    def _run(self, index: int, plan: Plan[Any], effect: Effect | None) -> None:
        try:
            if self.group.failure is None:
                self.group.results[index] = run(plan, effect)
        except BaseException as error:  # noqa: BLE001, RUF100 - raised again in the parent.
            self.group.failure = self.group.failure or error
        finally:
            plan.close()
            self.room.release()

    def join(self) -> None:
        self.pool.shutdown(wait=True)

    cancel = join


def _spawn(effect: Spawn) -> None:
    group = effect.group
    if group.state is None:
        group.state = _turns(group) if group.brief else Threads(group)
    if group.failure is None:
        group.state.spawn(effect.plan)  # from here on its thread ends it
    if group.failure is not None:
        raise group.failure


def _join(effect: Join) -> list[Any]:
    group = effect.group
    if group.state is not None:
        group.state.join()
    if group.failure is not None:
        raise group.failure
    return group.results


def _cancel(effect: Cancel) -> None:
    group = effect.group
    group.failure = group.failure or RuntimeError("the group was cancelled")
    if group.state is not None:
        group.state.cancel()


def _turns(group: Group) -> Any:
    from ._driver_turns import Turns  # slow to load, and few operations need it

    return Turns(group)


PERFORM: dict[type[Effect], Callable[[Any], Any]] = {
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
