"""Connections that nobody uses now: for each origin a last-in-first-out list, within limits."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

from . import _forks
from ._wire import Origin

C = TypeVar("C")


class FreeLists(Generic[C]):
    """The idle connections to each origin; safe to use from many threads at once.

    Args:
        keep: for how many seconds a connection may be idle; it is looked at when one is taken.
        most: how many may be idle for each origin; None for any number.
        surplus: where connections go that must be closed, which is the caller's to do.
    """

    def __init__(self, keep: float, most: int | None, surplus: list[C]) -> None:
        self._keep = keep
        self._most = most
        self._free: dict[Origin, list[tuple[C, float]]] = {}
        self.surplus = surplus
        self._generation = _forks.generation

    def take(self, origin: Origin) -> C | None:
        """The connection that was used last, if it has not been idle for too long."""
        if self._generation != _forks.generation:
            self._forget()
        free = self._free.get(origin)
        if not free:
            return None
        oldest = time.monotonic() - self._keep
        while True:
            try:
                connection, since = free.pop()
            except IndexError:
                return None
            if since >= oldest:
                return connection
            self.surplus.append(connection)  # those below it have been idle for longer

    def give(self, origin: Origin, connection: C) -> None:
        """Take a connection back."""
        free = self._free.setdefault(origin, [])
        if self._most is not None and len(free) >= self._most:
            self.surplus.append(connection)
        else:
            free.append((connection, time.monotonic()))

    def _forget(self) -> None:
        """Leave the connections of a parent to it."""
        _forks.keep(self._free, self.surplus[:])
        self._generation, self._free = _forks.generation, {}
        self.surplus.clear()

    def drain(self) -> None:
        """Make all connections surplus."""
        for free in self._free.values():
            while free:
                self.surplus.append(free.pop()[0])
