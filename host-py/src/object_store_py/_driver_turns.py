"""Blocking plans that take turns in one thread: see `_driver`, which loads it on first use."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from . import _driver
from ._effects import Close, Effect, Exchange, Group, Plan, Read, ReadInto
from ._http import Begun, begin

_HERE = frozenset({Read, ReadInto, Close})
"""What is done at once: the bodies of short answers have come with their heads."""


class Turns:
    """A group's plans in this thread, as long as all that they do is wait for short answers.

    Threads that wait for short answers spend more on getting the GIL from each other than on the
    answers. What may have to wait for anything else goes on in a thread of its own: it may be what
    another plan of the group does.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._threads: _driver.Threads | None = None
        # Not epoll, which is told of each socket by a system call.
        self._waiting = getattr(selectors, "PollSelector", selectors.SelectSelector)()

    def spawn(self, plan: Plan[Any]) -> None:
        """Begin a plan, once there is room."""
        while len(self._waiting.get_map()) >= self._group.limit:
            self._turn()
        self._group.results.append(None)
        self._go_on(len(self._group.results) - 1, plan, lambda: plan.send(None))

    def join(self) -> None:
        """Go on until all have ended, or one has failed."""
        while self._waiting.get_map() and self._group.failure is None:
            self._turn()
        self.cancel()

    def cancel(self) -> None:
        """Give up what has not been answered, and wait for the threads."""
        for key in list(self._waiting.get_map().values()):
            _, plan, begun = key.data
            self._waiting.unregister(key.fd)
            begun.abandon()
            plan.close()
        if self._threads is not None:
            self._threads.join()

    def _turn(self) -> None:
        """Wait for answers, and go on with the plans that they are for."""
        begun: Begun
        keys = self._waiting.get_map().values()
        due = min(key.data[2].due() for key in keys)
        ready = [key for key, _ in self._waiting.select(max(due - time.monotonic(), 0.0))]
        if not ready:
            ready = [key for key in keys if key.data[2].due() <= time.monotonic()]
        for key in ready:
            index, plan, begun = key.data
            self._waiting.unregister(key.fd)
            self._go_on(index, plan, partial(_answer, plan, begun))

    def _go_on(self, index: int, plan: Plan[Any], step: Callable[[], Effect]) -> None:
        """Carry a plan on until it waits for an answer, is left to a thread, or has ended."""
        try:
            effect = step()
            while True:
                try:
                    if type(effect) is Exchange:
                        begun = begin(effect.host, effect.request)
                        if begun is not None:
                            data = index, plan, begun
                            self._waiting.register(begun, selectors.EVENT_READ, data)
                            return
                    if type(effect) not in _HERE:
                        self._in_thread(index, plan, effect)
                        return
                    answer = _driver.PERFORM[type(effect)](effect)
                except BaseException as error:  # noqa: BLE001, RUF100 - the plan's to clean up after.
                    effect = plan.throw(error)
                else:
                    effect = plan.send(answer)
        except StopIteration as stop:
            self._group.results[index] = stop.value
        except BaseException as error:  # noqa: BLE001, RUF100 - raised again in the parent.
            self._group.failure = self._group.failure or error

    def _in_thread(self, index: int, plan: Plan[Any], effect: Effect) -> None:
        if self._threads is None:
            self._threads = _driver.Threads(self._group)
        self._threads.go_on(index, plan, effect)


def _answer(plan: Plan[Any], begun: Begun) -> Effect:
    try:
        answer = begun.finish()
    except BaseException as error:  # noqa: BLE001, RUF100 - the plan's to clean up after.
        return plan.throw(error)
    return plan.send(answer)
