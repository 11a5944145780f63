"""Telling how far a put, a get or a transfer is: to a function of the user's, or a tqdm bar."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast

from ._backend import Backend, Content, Fetched, PutRequest, Written
from ._effects import Plan
from ._http import Payload
from ._operations import Operations
from ._sources import make_source
from .types import PutResult

ProgressInput: TypeAlias = bool | Callable[[int, int | None], object] | None
"""Who is told: a function of the bytes that are done and those in all (None where nobody knows), or
True for a bar of tqdm. What the function raises ends the call."""


class Progress:
    """Adds up the bytes that are done; safe to use from any thread."""

    def __init__(self, tell: Callable[[int, int | None], object], total: int | None) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._done = 0
        self._total = total
        self._said: tuple[int, int | None] = 0, total
        self._telling = False
        tell(0, total)

    def add(self, count: int) -> None:
        """Say that so many more bytes are done."""
        with self._lock:
            self._done += count
        self._say()

    def expect(self, total: int) -> None:
        """Say how many bytes there are in all, once that is known."""
        with self._lock:
            self._total = total
        self._say()

    def _say(self) -> None:
        """Tell the state: one thread at a time, in order, and no lock is held meanwhile."""
        while True:
            with self._lock:
                now = self._done, self._total
                if self._telling or self._said == now:
                    return  # who is telling tells this, too
                self._telling, self._said = True, now
            try:
                self._tell(*now)
            finally:
                self._telling = False

    def close(self) -> None:
        """Leave the bar as it is."""
        if isinstance(self._tell, _Bar):
            self._tell.close()


class _Bar:
    """A bar of tqdm, made when it is told something first."""

    def __init__(self, title: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError(
                "progress=True shows a bar of tqdm, which is not installed:"
                " pip install 'object-store-py[progress]', or give a function"
            ) from None
        self._bar = tqdm(desc=title, unit="B", unit_scale=True, unit_divisor=1024)

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar.total != total:
            self._bar.total = total
            self._bar.refresh()
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


def make_progress(given: ProgressInput, total: int | None, title: str) -> Progress | None:
    """Who is to be told; None for nobody.

    Raises:
        TypeError: it is neither a function nor a bool.
        ImportError: tqdm is not installed.
    """
    if given is None or given is False:
        return None
    if given is True:
        return Progress(_Bar(title), total)
    if not callable(given):
        raise TypeError(f"progress must be a function or True, not {type(given).__name__}")
    return Progress(given, total)


# Writing.


def put_watched(
    verbs: Operations, path: str, data: Any, given: ProgressInput, asynchronous: bool, **how: Any
) -> Plan[PutResult]:
    """Write an object, and tell about it."""
    source = make_source(data, asynchronous)
    progress = make_progress(given, source.length, path)
    if progress is None:
        return (yield from verbs.put(path, source, asynchronous=asynchronous, **how))
    try:
        sender = watched(verbs, progress)
        return (yield from sender.put(path, source, asynchronous=asynchronous, **how))
    finally:
        progress.close()


def watched(verbs: Operations, progress: Progress) -> Operations:
    """The same verbs, whose writes are told about."""
    return verbs.on(cast("Backend", _WatchedBackend(verbs.backend, progress)))


class _WatchedBackend:
    """A backend whose writes are told about; all else it does as it did."""

    def __init__(self, backend: Backend, progress: Progress) -> None:
        self._backend = backend
        self._progress = progress

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def put(self, path: str, payload: Payload, options: PutRequest) -> Plan[Written]:
        """Write an object."""
        told = _WatchedPayload(payload, self._progress)
        written = yield from self._backend.put(path, told, options)
        told.reach(told.length)
        return written

    def put_part(
        self, path: str, upload: str, index: int, offset: int, payload: Payload
    ) -> Plan[str]:
        """Write one part."""
        told = _WatchedPayload(payload, self._progress)
        part = yield from self._backend.put_part(path, upload, index, offset, told)
        told.reach(told.length)
        return part


class _WatchedPayload(Payload):
    """Bytes that tell how far their sending is; sent again, they tell nothing twice."""

    __slots__ = ("_progress", "_told")

    def __init__(self, payload: Payload, progress: Progress) -> None:
        super().__init__(payload.views)
        self._progress = progress
        self._told = 0

    def pieces(self) -> Iterator[memoryview]:
        """The bytes in pieces; a piece was sent when the next one is wanted."""
        position = 0
        for piece in super().pieces():
            yield piece
            position += piece.nbytes
            self.reach(position)

    def reach(self, position: int) -> None:
        """Say that everything before `position` is done."""
        if position > self._told:
            self._told, more = position, position - self._told
            self._progress.add(more)


# Reading.


def watch_reading(fetched: Fetched, given: ProgressInput) -> None:
    """Tell about the reading of an object's bytes, whoever reads them."""
    progress = make_progress(given, fetched.end - fetched.start, fetched.meta.path)
    if progress is not None:
        fetched.content = WatchedContent(fetched.content, progress)


class WatchedContent:
    """An object's bytes, whose reading is told about."""

    splits = False  # the first of several readers would end the bar of all

    def __init__(self, content: Content, progress: Progress) -> None:
        self._content = content
        self._progress = progress

    def read(self) -> Plan[bytes]:
        """Read the next chunk; empty at the end."""
        chunk = yield from self._content.read()
        if chunk:
            self._progress.add(len(chunk))
        else:
            self._progress.close()
        return chunk

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read some bytes into memory; 0 at the end."""
        count = yield from self._content.read_into(view)
        if count:
            self._progress.add(count)
        else:
            self._progress.close()
        return count

    def part(self, start: int, end: int) -> Plan[Content]:
        """Another reader, which nobody is told about."""
        return (yield from self._content.part(start, end))

    def whole(self) -> bytes | None:
        """Everything that is left, if it is in memory already."""
        whole = self._content.whole()
        if whole is not None:
            self._progress.add(len(whole))
            self._progress.close()
        return whole

    def close(self) -> Plan[None]:
        """Give the rest up."""
        yield from self._content.close()
        self._progress.close()

    def abandon(self) -> None:
        """Give the rest up from a destructor."""
        self._content.abandon()
        self._progress.close()
