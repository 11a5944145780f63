"""Operations of one instance: which are under way in which thread, and which wait for another.

A thread may come back while it is at work here: in a signal handler, in a finaliser that the
garbage collector runs, at any bytecode. It must never wait for itself then. So who works in an
instance, or makes one, is noted in `inside`, and whoever is in there uses an instance of its own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager

from ._effects import Mailbox

inside: set[int] = set()
"""The threads that are at work in an instance, or make one."""


@contextmanager
def marked() -> Generator[bool, None, None]:
    """Note that this thread is inside; whether it was so already."""
    me = threading.get_ident()
    again = me in inside
    try:
        inside.add(me)
        yield again
    finally:
        if not again:
            inside.discard(me)


class Parking:
    """Which operations of an instance are under way, and which of them wait for another one.

    Only an operation that does not wait can wake those that do. When none is left, the core has
    broken its word (see wit/types.wit), and nobody would ever go on.
    """

    __slots__ = ("_boxes", "_parked", "left", "lock", "running")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """For the instance: one call at a time. Taken only by who is not inside."""
        self.running: dict[int, int] = {}
        """The operations that are under way, and the thread in which each began."""
        self.left: list[int] = []
        """Operations that were given up where they could not be cancelled."""
        self._boxes: dict[int, Mailbox] = {}
        self._parked: set[int] = set()

    def __len__(self) -> int:
        return len(self.running)

    def enter(self, operation: int) -> None:
        """An operation begins."""
        self.running[operation] = threading.get_ident()

    def is_here(self, operation: int) -> bool:
        """Whether another operation was begun in this thread, which could not go on."""
        me = threading.get_ident()
        return any(one != operation and at == me for one, at in list(self.running.items()))

    def park(self, operation: int) -> None:
        """An operation waits from now on."""
        self._boxes[operation] = Mailbox()
        self._parked.add(operation)

    def box(self, operation: int) -> Mailbox:
        """Where the next step of a waiting operation arrives."""
        return self._boxes[operation]

    def deliver(self, operation: int, step: str) -> None:
        """Hand a waiting operation its next step; to wait on is none."""
        if operation in self._parked and not step.startswith("waiting"):
            self._parked.discard(operation)
            self._boxes[operation].deliver(step)

    def fail(self, reason: str) -> None:
        """End all that wait."""
        failed = json.dumps({"kind": "generic", "message": f"the sandboxed core stopped: {reason}"})
        for operation in list(self._parked):
            self.deliver(operation, f"failed\n{failed}")

    def leave(self, operation: int) -> None:
        """An operation has ended."""
        self.running.pop(operation, None)
        if self._boxes:
            self._parked.discard(operation)
            self._boxes.pop(operation, None)

    @property
    def stuck(self) -> bool:
        """Whether all that are under way wait for each other."""
        return bool(self._parked) and len(self._parked) == len(self.running)
