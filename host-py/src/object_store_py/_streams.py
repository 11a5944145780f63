"""Bodies of responses: read in chunks or as text, within limits; then the connection is free."""

from __future__ import annotations

import re
from typing import Protocol

from . import _forks, _redact
from ._http import SMALL_BODY, BufferedBody, Request, TransportFailure
from ._wire import Answer, AsyncAnswer, AsyncConnection, Connection, Headers, Origin

TEXT_LIMIT = 64 << 20
"""The largest response that is read as text (a page of a listing), in bytes."""
ERROR_TEXT_LIMIT = 64 << 10
"""How much of an error's text is read, in bytes."""


class Home(Protocol):
    """Where a blocking connection goes when its response was read."""

    def give(self, origin: Origin, connection: Connection) -> None:
        """Take a connection that is free."""
        ...


class AsyncHome(Protocol):
    """Where an asynchronous connection goes when its response was read, or given up."""

    def give(self, origin: Origin, connection: AsyncConnection) -> None:
        """Take a connection that is free."""
        ...

    def drop(self, connection: AsyncConnection) -> None:
        """Take a connection that must be closed."""
        ...


class SyncBody:
    """A response body on a blocking connection."""

    def __init__(
        self,
        home: Home,
        origin: Origin,
        connection: Connection,
        answer: Answer,
        expected: int | None,
    ) -> None:
        self._home = home
        self._origin = origin
        self._connection: Connection | None = connection
        self._answer = answer
        self._left = expected
        self._chunk = b""
        self._generation = _forks.generation

    def read(self) -> bytes:
        """Read the next chunk; empty at the end."""
        if self._connection is None:
            return b""
        _forks.check(self._generation)
        try:
            self._chunk = self._answer.read()  # no local: loggers run below, and may look at those
            self._count(len(self._chunk))
        except BaseException:
            self.close()
            raise
        return self._taken()

    def _taken(self) -> bytes:
        chunk, self._chunk = self._chunk, b""
        return chunk

    def read_into(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end."""
        if self._connection is None:
            return 0
        _forks.check(self._generation)
        try:
            count = self._answer.read_into(view)
            self._count(count)
        except BaseException:
            self.close()
            raise
        return count

    def _count(self, size: int) -> None:
        if self._left is not None:
            self._left -= size
            if self._left == 0 and size:
                self._answer.read()  # the end, so that the connection is free at once
        if not size or self._left == 0:
            self.close()

    def close(self) -> None:
        """Give the body up and free its connection."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._generation != _forks.generation:
            _forks.keep(connection, self._answer)
        elif self._answer.close():
            self._home.give(self._origin, connection)

    async def read_async(self) -> bytes:
        """Read from an asynchronous caller: in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.read)

    async def read_into_async(self, view: memoryview) -> int:
        """Read from an asynchronous caller: in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.read_into, view)

    async def close_async(self) -> None:
        """Give the body up."""
        self.close()

    def abandon(self) -> None:
        """Give the body up from a destructor."""
        self.close()


class AsyncBody:
    """A response body on an asynchronous connection of one event loop."""

    def __init__(
        self,
        home: AsyncHome,
        origin: Origin,
        connection: AsyncConnection,
        answer: AsyncAnswer,
        expected: int | None,
    ) -> None:
        self._home = home
        self._origin = origin
        self._connection: AsyncConnection | None = connection
        self._answer = answer
        self._left = expected
        self._chunk = b""
        self._generation = _forks.generation

    async def read_async(self) -> bytes:
        """Read the next chunk; empty at the end."""
        if self._connection is None:
            return b""
        _forks.check(self._generation)
        try:
            self._chunk = await self._answer.read()  # no local, as above
            await self._count(len(self._chunk))
        except BaseException:
            await self.close_async()
            raise
        return self._taken()

    def _taken(self) -> bytes:
        chunk, self._chunk = self._chunk, b""
        return chunk

    async def read_into_async(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end."""
        if self._connection is None:
            return 0
        _forks.check(self._generation)
        try:
            count = await self._answer.read_into(view)
            await self._count(count)
        except BaseException:
            await self.close_async()
            raise
        return count

    async def _count(self, size: int) -> None:
        if self._left is not None:
            self._left -= size
            if self._left == 0 and size:
                await self._answer.read()
        if not size or self._left == 0:
            await self.close_async()

    async def close_async(self) -> None:
        """Give the body up and free its connection."""
        if self._generation != _forks.generation:
            self.abandon()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._answer.ended():  # as almost always: a scope to shield it costs more than it
            self._home.give(self._origin, connection)
            return
        import anyio

        with anyio.CancelScope(shield=True):
            if await self._answer.close():
                self._home.give(self._origin, connection)

    def read(self) -> bytes:
        """Refuse: the connection belongs to an event loop."""
        raise TransportFailure("interrupted", "an asynchronous body cannot be read by a sync call")

    def read_into(self, view: memoryview) -> int:
        """Refuse, as `read` does."""
        del view
        return len(self.read())

    def close(self) -> None:
        """Leave the connection to its event loop."""
        self.abandon()

    def abandon(self) -> None:
        """Leave the connection to its event loop, which closes it later."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._generation != _forks.generation:
            _forks.keep(connection, self._answer)
        else:
            self._home.drop(connection)


Received = str | BufferedBody | SyncBody | AsyncBody


_LENGTH = re.compile(r"0*([0-9]{1,18})")
"""Longer ones are no length of anything."""


def content_length(headers: Headers) -> int | None:
    """What a response says of its length; None if nothing.

    It may say it several times (RFC 9110, section 8.6), if it is the same each time.
    """
    found = [value for name, value in headers if name == "content-length"]
    if not found:
        return None
    if len(found) == 1 and len(found[0]) < 19 and found[0].isascii() and found[0].isdigit():
        return int(found[0])  # as almost always
    lengths = {text.strip(" \t") for text in ",".join(found).split(",")}
    match = _LENGTH.fullmatch(lengths.pop()) if len(lengths) == 1 else None
    if match is None:
        text = f"its Content-Length is not a length: {_redact.cut(', '.join(found))!r}"
        raise TransportFailure("decode", text)
    return int(match[1])


def _check_status(request: Request, status: int) -> None:
    """Refuse a success without the object.

    It comes with 200, what a proxy made of it with 203, a part with 206, which is not the whole;
    firewalls say 202 and send a challenge.
    """
    if 200 <= status < 300 and status != 203 and (status, request.method) != (204, "HEAD"):
        if status != 206:
            raise TransportFailure("decode", f"its status {status} does not come with an object")
        if not any(name.lower() in ("range", "x-ms-range") for name, _ in request.headers):
            raise TransportFailure("decode", "it is a part (206), though the whole was asked for")


class Collector:
    """Reads a body as the request wants it: kept, in memory if small, or as text within limits."""

    def __init__(self, request: Request, status: int, headers: Headers) -> None:
        self.success = 200 <= status < 300
        self.keep = request.keep_body and self.success
        if status != 200 and (self.keep or request.method == "HEAD"):
            _check_status(request, status)
        self.length = self.expected = content_length(headers)
        """How long the object is, or the part of it; and the body that is to come."""
        if request.method == "HEAD" or status in (204, 304):
            self.expected = 0
        self.counts = self.keep and self.expected is None
        """Whether only reading all of it tells how long it is."""
        if self.counts and not any(name == "transfer-encoding" for name, _ in headers):
            text = "it has no Content-Length, nor chunks: whether it is whole, nobody can tell"
            raise TransportFailure("decode", text)
        self.stream = self.keep and not self.counts and (self.expected or 0) > SMALL_BODY
        self.limit = TEXT_LIMIT if self.success else ERROR_TEXT_LIMIT
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> bool:
        """Take a chunk; False when no more is wanted."""
        self.chunks.append(chunk)
        self.size += len(chunk)
        return bool(chunk) and self.size <= self.limit and self.size != self.expected

    def all(self, data: bytes) -> str | BufferedBody:
        """What was read, where it came at once."""
        self.chunks.append(data)
        self.size = len(data)
        return self.finish()

    def finish(self, failure: TransportFailure | None = None) -> str | BufferedBody:
        """What was read. A kept body that broke off is read on where it broke, by its reader."""
        data = b"".join(self.chunks)
        if self.keep and not self.counts:
            return BufferedBody(data, failure)
        if failure is not None:
            raise failure
        if self.success and self.size > self.limit:
            what = "bytes, and no Content-Length" if self.keep else "bytes of text"
            raise TransportFailure("decode", f"the response has more than {self.limit} {what}")
        if self.counts:
            self.length = self.size
            return BufferedBody(data)
        if self.success and self.expected is not None and self.size != self.expected:
            raise TransportFailure("interrupted", "the response's text was cut")
        try:
            return data[: self.limit].decode("utf-8", "strict" if self.success else "replace")
        except UnicodeDecodeError as error:
            raise TransportFailure("decode", "the response's text is no valid UTF-8") from error


def read_sync(body: SyncBody, collector: Collector) -> Received:
    """Read what the request wants of a body."""
    if collector.stream:
        return body
    try:
        while collector.add(body.read()):
            pass
    except TransportFailure as failure:
        return collector.finish(failure)
    body.close()
    return collector.finish()


async def read_async(body: AsyncBody, collector: Collector) -> Received:
    """Read what the request wants of a body."""
    if collector.stream:
        return body
    try:
        while collector.add(await body.read_async()):
            pass
    except TransportFailure as failure:
        return collector.finish(failure)
    await body.close_async()
    return collector.finish()
