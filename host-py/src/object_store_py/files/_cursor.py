"""The position of a file that is read, as threads and tasks share it.

Whoever reads takes the position and moves it in one step, before anything is fetched, so nobody
waits for the bytes of another, and no two get the same ones. Only a line is waited for: where it
ends is known when it was read.

Moving there and reading are two calls, though, between which another thread may do the same
(DuckDB's do). Such a file is told by calls that overlap; from then on, a thread that has moved the
position reads where it put it, wherever others have put it since. Who calls one after the other,
from whichever threads (as asynchronous wrappers do), has the one position of any file.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from operator import index
from threading import get_ident
from typing import NamedTuple

from .._effects import Await, Mailbox, Plan


class Taken(NamedTuple):
    """Bytes that a call has taken, for itself alone."""

    start: int
    end: int
    move: int


class Cursor:
    """A position from 0 on, in a file of `size` bytes.

    `here` and `move` are for who holds `lock`, which nobody does while waiting.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.position = 0
        self.lock = threading.RLock()
        self._sought: dict[int, int] = {}
        """Where threads have put the position, and have not read since."""
        self._moves = 0
        self._busy = 0
        """How many calls fetch bytes."""
        self._overlaps = False
        self._line: object | None = None
        """The call that moves the position when it has found the end of what it reads."""
        self._waiting: list[Mailbox] = []

    def here(self) -> int | None:
        """Where the next read begins; None while a line is read, which ends nobody knows where."""
        if self._busy:
            self._overlaps = True
        if self._overlaps and self._sought:
            mine = self._sought.get(get_ident())
            if mine is not None:
                return mine
        return self.position if self._line is None else None

    def end(self, start: int, wanted: int | None) -> int:
        """Where `wanted` bytes from `start` on end; all that are left for None or less than 0."""
        left = self.size - start
        if wanted is None or (count := index(wanted)) < 0 or count > left:
            return start + left if left > 0 else start
        return start + count

    def move(self, end: int) -> None:
        """Have the next read begin at `end`."""
        if self._sought and self._sought.pop(get_ident(), None) is None:
            self._sought.clear()  # one thread reads on where another has put the position
        self.position = end
        self._moves += 1

    def take(self, wanted: int | None) -> Plan[Taken]:
        """Take the next bytes."""
        while True:
            with self.lock:
                start = self.here()
                if start is not None:
                    end = self.end(start, wanted)
                    self.move(end)
                    return Taken(start, end, self._moves)
                box = self._wait()
            yield Await(box)

    def give_back(self, taken: Taken) -> None:
        """Move back over what could not be read, if nobody has read on or moved elsewhere."""
        with self.lock:
            if self._moves == taken.move:
                self.position = taken.start

    def claim(self, line: object) -> Plan[int]:
        """Have the others wait, but for who moves elsewhere; returns the position."""
        while True:
            with self.lock:
                start = self.here()
                if start is not None:
                    self.move(start)
                    self._line = line
                    return start
                box = self._wait()
            yield Await(box)

    def settle(self, line: object, end: int) -> None:
        """Move to the end of what was claimed, unless somebody has moved elsewhere."""
        with self.lock:
            if self._line is not line:
                return
            self.position = end
            self._moves += 1
            waiting = self._unclaim()
        _wake(waiting)

    def seek(self, offset: int, whence: int) -> int:
        """Move to an offset from the start (0), from here (1) or from the end (2).

        Raises:
            ValueError: it would be negative, or there is no such whence.
        """
        position = index(offset)
        waiting: Sequence[Mailbox] = ()
        with self.lock:
            here = self.here()
            if whence == 1:
                position += self.position if here is None else here
            elif whence == 2:
                position += self.size
            elif whence:
                raise ValueError(f"whence must be 0, 1 or 2, but is {whence}")
            if position < 0:
                raise ValueError(f"negative seek position {position}")
            self.position = self._sought[get_ident()] = position
            self._moves += 1
            if self._line is not None:
                waiting = self._unclaim()
        _wake(waiting)
        return position

    def tell(self) -> int:
        """The position; the start of a line that is being read."""
        with self.lock:
            here = self.here()
            return self.position if here is None else here

    def begin(self) -> None:
        """Note that a call fetches bytes."""
        with self.lock:
            self._busy += 1

    def done(self) -> None:
        """Note that a call has fetched its bytes, or not."""
        with self.lock:
            self._busy -= 1

    def _wait(self) -> Mailbox:
        box = Mailbox()
        self._waiting.append(box)
        return box

    def _unclaim(self) -> list[Mailbox]:
        self._line = None
        waiting, self._waiting = self._waiting, []
        return waiting


def _wake(waiting: Sequence[Mailbox]) -> None:
    for box in waiting:
        box.deliver("")
