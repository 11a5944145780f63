"""Transports for tests: one that answers from a script, one that breaks requests by plan."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

import httpx

Answer: TypeAlias = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
"""A response, an exception to throw, or a function that makes the response."""

Fault: TypeAlias = int | Literal["refused", "reset", "timeout"] | None
"""What befalls a request: a status instead of the server's answer, a broken connection before it
is sent (`"refused"`) or after (`"reset"`: the server has acted), a time-out after, or nothing."""


class ScriptedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests one by one from a script; use it as `transport=` and `async_transport=`.

    Args:
        answers: what to answer, in order. A request beyond the last one is an `AssertionError`.

    Attributes:
        requests: the requests so far, bodies read.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self._lock = threading.RLock()
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        await request.aread()
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            answer = next(self._answers, None)
        if answer is None:
            raise AssertionError(
                f"the script has no answer for request {len(self.requests)}:"
                f" {request.method} {request.url.copy_with(query=None)}"
            )
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


class FaultyTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands requests to another transport, and breaks them as a plan says.

    Args:
        plan: a fault for each request, in order; afterwards nothing breaks.
        transport: for synchronous requests; httpx's own by default.
        async_transport: for asynchronous ones; httpx's own by default.

    Attributes:
        count: how many requests there were.
    """

    def __init__(
        self,
        plan: Iterable[Fault],
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._plan = iter(plan)
        self._lock = threading.RLock()
        self._inner = transport or httpx.HTTPTransport()
        self._async_inner = async_transport or httpx.AsyncHTTPTransport()
        self.count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or not."""
        fault = self._next(request)
        if isinstance(fault, int):
            return httpx.Response(fault, request=request)
        response = self._inner.handle_request(request)
        if fault is not None:
            response.read()
            response.close()
            raise _broken(fault, request)
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or not."""
        fault = self._next(request)
        if isinstance(fault, int):
            return httpx.Response(fault, request=request)
        response = await self._async_inner.handle_async_request(request)
        if fault is not None:
            await response.aread()
            await response.aclose()
            raise _broken(fault, request)
        return response

    def close(self) -> None:
        """Close the synchronous transport."""
        self._inner.close()

    async def aclose(self) -> None:
        """Close the asynchronous transport."""
        await self._async_inner.aclose()

    def _next(self, request: httpx.Request) -> Fault:
        with self._lock:
            self.count += 1
            fault = next(self._plan, None)
        if fault == "refused":
            raise httpx.ConnectError("refused by plan", request=request)
        return fault


def _broken(fault: str, request: httpx.Request) -> httpx.TransportError:
    if fault == "timeout":
        return httpx.ReadTimeout("timed out by plan", request=request)
    return httpx.ReadError("reset by plan", request=request)
