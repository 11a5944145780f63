"""Idle connections of event loops: each loop has its own, which are closed in it.

A store that is dropped leaves its connections to the loop. It closes them before the next request
of any store, or when it ends.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator

import anyio
from anyio.lowlevel import RunVar

from ._idle import FreeLists
from ._wire import AsyncConnection, Origin

AT_ONCE = 256
"""How many requests of one store may await their answers in one event loop; more stand in line.

Beyond it more connections make nothing faster, and a process may have few (1,024 open files).
Bodies that are being read do not count, so who holds many of them unread keeps nobody waiting.
"""


class Leftovers:
    """The connections that an event loop has to close, because nobody could await it."""

    def __init__(self) -> None:
        self.connections: list[AsyncConnection] = []
        self._lists: weakref.WeakSet[FreeLists[AsyncConnection]] = weakref.WeakSet()
        self._closer: AsyncGenerator[None, None] | None = None

    @classmethod
    async def here(cls) -> Leftovers:
        """Those of this event loop."""
        try:
            return _leftovers.get()
        except LookupError:
            found = cls()
            # Event loops close the asynchronous generators that are still open when they end: the
            # one hook that asyncio and trio share.
            found._closer = found._until_the_end()
            await anext(found._closer)
            _leftovers.set(found)
            return found

    async def _until_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            for free in list(self._lists):
                free.drain()
            while self.connections:
                await self.connections.pop().aclose()
            self._closer = None  # it refers to the loop, which would never be freed

    def free_lists(self, keep: float, most: int | None) -> FreeLists[AsyncConnection]:
        """New lists, whose surplus is closed here."""
        free: FreeLists[AsyncConnection] = FreeLists(keep, most, self.connections)
        self._lists.add(free)
        return free


_leftovers: RunVar[Leftovers] = RunVar("object_store_py connections to close")


class Loops:
    """The idle connections of one store, by event loop."""

    def __init__(self, keep: float, most: int | None) -> None:
        self._keep = keep
        self._most = most
        self._idle: weakref.WeakKeyDictionary[Leftovers, Idle] = weakref.WeakKeyDictionary()
        weakref.finalize(self, _leave, self._idle)

    async def here(self) -> Idle:
        """Those of this event loop."""
        leftovers = await Leftovers.here()
        idle = self._idle.get(leftovers)
        if idle is None:
            free = leftovers.free_lists(self._keep, self._most)
            idle = self._idle[leftovers] = Idle(free, leftovers.connections)
        if idle.dropped:
            await idle.sweep()
        return idle


def _leave(idle: weakref.WeakKeyDictionary[Leftovers, Idle]) -> None:
    """Leave a dropped store's connections to their loops; this may be any thread."""
    for lists in list(idle.values()):
        lists.free.drain()


class Idle:
    """The idle connections of one store in one event loop, and the line for them."""

    def __init__(self, free: FreeLists[AsyncConnection], dropped: list[AsyncConnection]) -> None:
        self.free = free
        self.dropped = dropped
        self._room = anyio.Semaphore(AT_ONCE, fast_acquire=True)

    async def enter(self) -> None:
        """Wait for one's turn: first come, first served."""
        try:
            self._room.acquire_nowait()
        except anyio.WouldBlock:
            await self._room.acquire()

    def leave(self) -> None:
        """Let the next one in."""
        self._room.release()

    def take(self, origin: Origin) -> AsyncConnection | None:
        """The connection that was used last, if there is one."""
        return self.free.take(origin)

    def give(self, origin: Origin, connection: AsyncConnection) -> None:
        """Take a connection back."""
        self.free.give(origin, connection)

    def drop(self, connection: AsyncConnection) -> None:
        """Leave a connection to be closed."""
        self.dropped.append(connection)

    async def sweep(self) -> None:
        """Close what was dropped where nobody could await."""
        while self.dropped:
            await close(self.dropped.pop())


async def close(connection: AsyncConnection) -> None:
    """Close a connection, cancelled or not."""
    with anyio.CancelScope(shield=True):
        await connection.aclose()
