"""Counting requests and telling about them: `store.stats()` and the hook `on_request`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, TypedDict

from ._http import Begun, Body, BufferedBody, HttpHost, Request, Response, TransportFailure, begin
from ._wire import split_url


class StoreStats(TypedDict):
    """What a store has sent and received since it was made, in this process."""

    requests: int
    """HTTP requests, those for tokens included; always 0 for local files and memory."""
    retries: int
    """How many of them repeated the request before."""
    errors: int
    """How many had a status of 400 or more, or no answer."""
    bytes_sent: int
    """Bytes of the bodies of requests that were answered."""
    bytes_received: int
    """Bytes of the bodies of responses, as far as they were read."""
    by_method: dict[str, int]
    """How many requests of each HTTP method."""


class RequestInfo(NamedTuple):
    """One HTTP request that has ended: its response was read, or given up, or never came."""

    method: str
    host: str
    """Whom it was meant for: `host` or `host:port`."""
    path: str
    """The path as it was sent, percent-encoded; never the query, which can hold a signature."""
    status: int | None
    """The response's status; None where none came."""
    error: str | None
    """What went wrong on the way: `connect`, `timeout`, `interrupted`, ..., or an exception's name;
    with a status, the response's body broke off."""
    bytes_sent: int
    """Bytes of the request's body, if it was answered."""
    bytes_received: int
    """Bytes of the response's body, as far as it was read."""
    attempt: int
    """1 for the first request, 2 for its first repetition, and so on."""
    started: int
    """When it began, in nanoseconds since 1970 (`time.time_ns`)."""
    duration: float
    """Seconds until the last byte of the response was read, or it was given up."""
    request_id: str | None
    """What the server calls this request, for its support."""


OnRequest: TypeAlias = Callable[[RequestInfo], object]
"""A hook that is called after each request, in the thread or task that made it."""


class Meter:
    """The counters of one store; safe to use from any thread."""

    __slots__ = ("_bytes_received", "_bytes_sent", "_errors", "_lock", "_methods", "_retries")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._methods: dict[str, int] = {}
        self._retries = self._errors = self._bytes_sent = self._bytes_received = 0

    def count(self, request: Request, bad: bool, sent: int, received: int) -> None:
        """Count a request."""
        with self._lock:
            self._methods[request.method] = self._methods.get(request.method, 0) + 1
            self._retries += request.attempt > 1
            self._errors += bad
            self._bytes_sent += sent
            self._bytes_received += received

    def receive(self, count: int) -> None:
        """Count bytes of a response that is read after its head."""
        with self._lock:
            self._bytes_received += count

    def stats(self) -> StoreStats:
        """The counters now."""
        with self._lock:
            return {
                "requests": sum(self._methods.values()),
                "retries": self._retries,
                "errors": self._errors,
                "bytes_sent": self._bytes_sent,
                "bytes_received": self._bytes_received,
                "by_method": dict(self._methods),
            }


class MeteredHost:
    """Sends requests by another host, counts them, and tells the hook, if there is one."""

    def __init__(self, host: HttpHost, meter: Meter, hook: OnRequest | None) -> None:
        self._host = host
        self._meter = meter
        self._hook = hook

    def begin(self, request: Request) -> Begun | None:
        """Send a request, if that can be done without waiting."""
        told = None if self._hook is None else _Told(self._hook, request)
        try:
            begun = begin(self._host, request)
        except BaseException as error:
            self.failed(request, told, error)
            raise
        return None if begun is None else _MeteredBegun(self, begun, request, told)

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking."""
        told = None if self._hook is None else _Told(self._hook, request)
        return self.receive(request, told, lambda: self._host.exchange(request))

    def receive(
        self, request: Request, told: _Told | None, receive: Callable[[], Response]
    ) -> Response:
        """Count a response that is received now."""
        try:
            response = receive()
        except BaseException as error:
            self.failed(request, told, error)
            raise
        return self._answered(request, told, response)

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting."""
        told = None if self._hook is None else _Told(self._hook, request)
        try:
            response = await self._host.exchange_async(request)
        except BaseException as error:
            self.failed(request, told, error)
            raise
        return self._answered(request, told, response)

    def failed(self, request: Request, told: _Told | None, error: BaseException) -> None:
        """Count a request that was not answered."""
        self._meter.count(request, True, 0, 0)
        if told is not None:
            told.error = _kind(error)
            told.end(0)

    def _answered(self, request: Request, told: _Told | None, response: Response) -> Response:
        body = response.body
        received = len(response.text)
        if not response.text.isascii():
            received = len(response.text.encode())
        if isinstance(body, BufferedBody):
            received = body.size
        sent = 0 if request.payload is None else request.payload.length
        self._meter.count(request, response.status >= 400, sent, received)
        if told is not None:
            told.status, told.sent = response.status, sent
            told.request_id = response.request_id
        if body is not None and not isinstance(body, BufferedBody):
            response.body = _CountedBody(body, self._meter, told)
        elif told is not None:
            told.end(received)
        return response


class _MeteredBegun:
    """A request on its way, counted when it has ended."""

    __slots__ = ("_begun", "_host", "_request", "_told", "due", "fileno")

    def __init__(
        self, host: MeteredHost, begun: Begun, request: Request, told: _Told | None
    ) -> None:
        self._host = host
        self._begun = begun
        self._request = request
        self._told = told
        self.fileno, self.due = begun.fileno, begun.due

    def finish(self) -> Response:
        """Receive the answer."""
        return self._host.receive(self._request, self._told, self._begun.finish)

    def abandon(self) -> None:
        """Give the answer up."""
        self._begun.abandon()
        self._host.failed(self._request, self._told, GeneratorExit())


def _kind(error: BaseException) -> str:
    return error.kind if isinstance(error, TransportFailure) else type(error).__name__


class _Told:
    """What becomes a `RequestInfo` when the request has ended."""

    __slots__ = ("_began", "_hook", "_request", "_started", "error", "request_id", "sent", "status")

    def __init__(self, hook: OnRequest, request: Request) -> None:
        self._hook = hook
        self._request = request
        # The wait before a repetition is none of the request's own time.
        wait = request.delay
        self._started, self._began = time.time_ns() + int(wait * 1e9), time.perf_counter() + wait
        self.error: str | None = None
        self.status: int | None = None
        self.sent = 0
        self.request_id: str | None = None

    def end(self, received: int) -> None:
        """Tell the hook; what it throws must not end a request that went well."""
        origin, path = split_url(self._request.url.partition("?")[0])
        info = RequestInfo(
            method=self._request.method,
            host=origin.partition("://")[2],
            path=path,
            status=self.status,
            error=self.error,
            bytes_sent=self.sent,
            bytes_received=received,
            attempt=self._request.attempt,
            started=self._started,
            duration=max(time.perf_counter() - self._began, 0.0),
            request_id=self.request_id,
        )
        try:
            self._hook(info)
        except Exception:
            import logging  # slow to load

            logger = logging.getLogger("object_store_py.http")
            logger.exception("on_request failed; the request itself did not")


class _CountedBody:
    """A streamed body whose bytes are counted; its end is the request's end."""

    __slots__ = ("_body", "_meter", "_received", "_told")

    def __init__(self, body: Body, meter: Meter, told: _Told | None) -> None:
        self._body = body
        self._meter = meter
        self._told = told
        self._received = 0

    def _add(self, count: int) -> None:
        self._received += count
        self._meter.receive(count)
        if not count:
            self._end()

    def _end(self, error: BaseException | None = None) -> None:
        told, self._told = self._told, None
        if told is not None:
            if error is not None:
                told.error = _kind(error)
            told.end(self._received)

    def read(self) -> bytes:
        """Read the next chunk; empty at the end."""
        try:
            chunk = self._body.read()
        except BaseException as error:
            self._end(error)
            raise
        self._add(len(chunk))
        return chunk

    async def read_async(self) -> bytes:
        """Read the next chunk; empty at the end."""
        try:
            chunk = await self._body.read_async()
        except BaseException as error:
            self._end(error)
            raise
        self._add(len(chunk))
        return chunk

    def read_into(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end."""
        try:
            count = self._body.read_into(view)
        except BaseException as error:
            self._end(error)
            raise
        self._add(count)
        return count

    async def read_into_async(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end."""
        try:
            count = await self._body.read_into_async(view)
        except BaseException as error:
            self._end(error)
            raise
        self._add(count)
        return count

    def close(self) -> None:
        """Give the body up."""
        self._body.close()
        self._end()

    async def close_async(self) -> None:
        """Give the body up."""
        await self._body.close_async()
        self._end()

    def abandon(self) -> None:
        """Give the body up from a destructor."""
        self._body.abandon()
        self._end()
