"""Operations of one instance that wait for another of its operations, and what wakes them."""

from __future__ import annotations

import json

from ._effects import Mailbox


class Parking:
    """Which operations of an instance are under way, and which of them wait for another one.

    Only an operation that does not wait can wake those that do. When none is left, the core has
    broken its word (see wit/types.wit), and nobody would ever go on.
    """

    __slots__ = ("_boxes", "_parked", "running")

    def __init__(self) -> None:
        self.running: set[int] = set()
        self._boxes: dict[int, Mailbox] = {}
        self._parked: set[int] = set()

    def __len__(self) -> int:
        return len(self.running)

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
        self.running.discard(operation)
        if self._boxes:
            self._parked.discard(operation)
            self._boxes.pop(operation, None)

    @property
    def stuck(self) -> bool:
        """Whether all that are under way wait for each other."""
        return bool(self._parked) and len(self._parked) == len(self.running)
