"""The plans behind writers: what is gathered, sent in parts, made an object, or given up."""

from __future__ import annotations

import atexit
import logging
import weakref
from functools import cache
from typing import Any

from .. import _forks
from .._backend import PutRequest
from .._driver import run
from .._effects import Cancel, Group, Join, Plan, Spawn
from .._http import Payload
from .._operations import MAX_PARTS, give_up
from ..exceptions import GenericError
from ..stores.base import ObjectStoreMethods

logger = logging.getLogger("object_store_py")


class Writer:
    """An object that is written as a file; it is there when `finish` has ended, not before.

    Nothing is sent up to `buffer_size` bytes: then one request writes them. What is more goes in
    parts. With `background`, a part is sent as soon as there is more than a part, beside what the
    caller does (threads, which end with the writer). Without, parts are gathered, and sent together
    by the call that brings the last of them: no task outlives the call that began it.
    """

    def __init__(
        self,
        store: ObjectStoreMethods,
        path: str,
        request: PutRequest,
        *,
        buffer_size: int,
        limit: int,
        background: bool,
    ) -> None:
        verbs = store._verbs()
        self._backend = verbs._backend
        self._full = verbs._full(path)
        self.path = path
        self.position = 0
        self._label = repr(store)
        self._request = request
        in_parts = request.mode == "overwrite" and self._backend.multipart
        backend = self._backend
        self._part_size = max(buffer_size, backend.min_part_size) if in_parts else backend.max_put
        self._in_parts = in_parts
        self._limit = limit
        self._background = background
        self._group = Group(limit)
        self._tail = bytearray()
        self._ready: list[Payload] = []
        self._upload: str | None = None
        self._sent: list[str] = []
        self._count = self._offset = 0
        self._failure: BaseException | None = None
        self._generation = _forks.generation

    @property
    def mode(self) -> str:
        """The mode, in the words of `open`."""
        return "xb" if self._request.mode == "create" else "wb"

    @property
    def begun(self) -> bool:
        """Whether there is something on the server to give up."""
        return self._upload is not None

    def take(self, data: bytes) -> bool:
        """Keep bytes, if there is room for them: most writes are small, and need no plan."""
        self._check()
        if len(self._tail) + len(data) > self._part_size:
            return False
        self._tail += data
        self.position += len(data)
        return True

    def write(self, data: memoryview, stays: bool) -> Plan[int]:
        """Take bytes; `stays` says that their memory never changes, so it need not be copied."""
        self._check()
        left = data
        while left.nbytes:
            room = self._part_size - len(self._tail)
            if not room:
                tail, self._tail = self._tail, bytearray()
                yield from self._push(memoryview(tail))
            elif stays and not self._tail and left.nbytes > room:
                yield from self._push(left[:room])
                left = left[room:]
            else:
                self._tail += left[:room]
                left = left[room:]
        self.position += data.nbytes
        return data.nbytes

    def flush(self) -> Plan[None]:
        """Send the whole parts that were gathered; throws what went wrong with earlier ones."""
        self._check()
        if self._group.failure is not None or self._ready:
            yield from self._safely(self._send())

    def finish(self) -> Plan[None]:
        """Make the object."""
        self._check()
        yield from self._safely(self._finish())

    def _finish(self) -> Plan[None]:
        last = Payload([memoryview(self._tail)] if self._tail else [])
        if self._upload is None and not self._ready:
            yield from self._backend.put(self._full, last, self._request)
            return
        if last.length:
            self._ready.append(last)
        yield from self._send()
        parts = self._sent + (yield Join(self._group))
        assert self._upload is not None
        yield from self._backend.complete_upload(self._full, self._upload, parts)
        self._upload = None

    def abort(self) -> Plan[None]:
        """Give up what was written; an error of that is logged only."""
        if self._generation != _forks.generation:
            return  # the upload is its parent's
        upload, self._upload = self._upload, None
        self._tail = bytearray()
        self._ready.clear()
        try:
            yield Cancel(self._group)
        except GeneratorExit:
            raise
        except BaseException:
            yield from self._abort_upload(upload)
            raise
        yield from self._abort_upload(upload)

    def _abort_upload(self, upload: str | None) -> Plan[None]:
        if upload is not None:
            yield from give_up(self._backend, self._full, upload)

    def give_up(self) -> None:
        """Abort, blocking, from where no error is of use."""
        if not self.begun or self._generation != _forks.generation:
            return  # a forked child has the writer, too, but the upload is its parent's
        try:
            run(self.abort())
        except Exception:
            logger.warning("%s, %r: could not be given up", self._label, self.path, exc_info=True)

    def _check(self) -> None:
        if self._generation != _forks.generation:
            raise GenericError(
                f"{self._label}, {self.path!r}: the file was opened before a fork, by the parent:"
                " only it can write to it",
                store=self._label,
                path=self.path,
            )
        if self._failure is not None:
            raise GenericError(
                f"{self._label}, {self.path!r}: nothing was written, because an earlier call"
                f" failed: {self._failure}",
                store=self._label,
                path=self.path,
            ) from self._failure

    def _safely(self, plan: Plan[Any]) -> Plan[None]:
        """What goes wrong, or is cancelled, ends the upload: a part of the bytes may be lost."""
        try:
            yield from plan
        except GeneratorExit:
            raise
        except BaseException as error:
            self._failure = error
            yield from self.abort()
            raise

    def _push(self, part: memoryview) -> Plan[None]:
        if not self._in_parts:
            raise GenericError(
                f"one request takes {self._part_size} bytes (4 GiB) at most, and this write needs"
                " to be one"
            )
        self._ready.append(Payload([part if part.readonly else part.toreadonly()]))
        if self._background or len(self._ready) >= self._limit:
            yield from self._safely(self._send())

    def _send(self) -> Plan[None]:
        if self._upload is None:
            self._upload = yield from self._backend.create_upload(self._full, self._request)
            _remember(self)
        while self._ready:
            if self._count >= MAX_PARTS:
                raise GenericError(
                    f"an upload has {MAX_PARTS} parts at most: give a larger buffer_size"
                )
            payload = self._ready.pop(0)
            part = self._backend.put_part(
                self._full, self._upload, self._count, self._offset, payload
            )
            self._count, self._offset = self._count + 1, self._offset + payload.length
            del payload  # memory is bounded by what is under way
            yield Spawn(self._group, part)
        if self._group.failure is not None:
            raise self._group.failure
        if not self._background:
            self._sent += yield Join(self._group)
            self._group = Group(self._limit)


_begun: weakref.WeakSet[Writer] = weakref.WeakSet()


def _remember(writer: Writer) -> None:
    """Have an upload given up when the interpreter ends: destructors come too late for requests."""
    _begun.add(writer)
    _register()


@cache
def _register() -> None:
    # Not on import: what is registered last runs first, and must run before wasmtime is closed.
    atexit.register(_give_up_all)


def _give_up_all() -> None:
    for writer in list(_begun):
        writer.give_up()
