"""What an operation may ask of the outside: the effects that plans yield and drivers carry out.

A plan is a generator. It yields an effect, the driver carries it out (blocking or awaiting) and
sends the effect's answer back, or throws what went wrong. What the plan returns is the result.
A plan does no I/O and does not know whether it is run by `_driver.run` or `_driver.run_async`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from ._http import Body, HttpHost, Request

T = TypeVar("T")


class Effect:
    """Something that a driver can carry out."""

    __slots__ = ()


Plan: TypeAlias = Generator[Effect, Any, T]
"""Yields effects, is sent their answers, returns a `T`."""


class Exchange(Effect):
    """Send a request and await its response. Answer: `Response`; throws `TransportFailure`."""

    __slots__ = (
        "host",
        "request",
    )

    host: HttpHost
    request: Request

    def __init__(self, host: HttpHost, request: Request) -> None:
        self.host = host
        self.request = request


class Read(Effect):
    """Read the next chunk of a response body. Answer: bytes, empty at the end."""

    __slots__ = ("body",)

    body: Body

    def __init__(self, body: Body) -> None:
        self.body = body


class ReadInto(Effect):
    """Read some of a response body into memory. Answer: how many bytes, 0 at the end."""

    __slots__ = (
        "body",
        "view",
    )

    body: Body
    view: memoryview

    def __init__(self, body: Body, view: memoryview) -> None:
        self.body = body
        self.view = view


class Close(Effect):
    """Give up a response body, read or not. Answer: None."""

    __slots__ = ("body",)

    body: Body

    def __init__(self, body: Body) -> None:
        self.body = body


class Block(Effect):
    """Call a function that may block (files): in a worker thread when async. Answer: its result."""

    __slots__ = ("function",)

    function: Callable[[], Any]

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function


class Invoke(Effect):
    """Call a function of the user's, await what it returns if that can be. Answer: its result."""

    __slots__ = (
        "function",
        "purpose",
    )

    function: Callable[[], Any]
    purpose: str
    """What the function is, for the error when it is asynchronous and the driver is not."""

    def __init__(self, function: Callable[[], Any], purpose: str) -> None:
        self.function = function
        self.purpose = purpose


class Pause(Effect):
    """Wait for a number of seconds. Answer: None."""

    __slots__ = ("seconds",)

    seconds: float

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Entangled(Exception):
    """What is waited for is what this thread would do, if it did not wait."""


class Await(Effect):
    """Wait until a mailbox has something. Answer: what it has; throws `Entangled`."""

    __slots__ = ("is_vain", "mailbox")

    mailbox: Mailbox
    is_vain: Callable[[], bool]
    """Whether nothing will come while this thread is blocked."""

    def __init__(self, mailbox: Mailbox, is_vain: Callable[[], bool] = lambda: False) -> None:
        self.mailbox = mailbox
        self.is_vain = is_vain


class Spawn(Effect):
    """Run a plan beside this one, once its group has room; throws what another child threw."""

    __slots__ = (
        "group",
        "plan",
    )

    group: Group
    plan: Plan[Any]

    def __init__(self, group: Group, plan: Plan[Any]) -> None:
        self.group = group
        self.plan = plan


class Join(Effect):
    """Wait for all plans of a group. Answer: their results in the order of their spawning."""

    __slots__ = ("group",)

    group: Group

    def __init__(self, group: Group) -> None:
        self.group = group


class Cancel(Effect):
    """Stop the plans of a group and wait until they have stopped. Answer: None."""

    __slots__ = ("group",)

    group: Group

    def __init__(self, group: Group) -> None:
        self.group = group


class Group:
    """Plans that run side by side, at most `limit` at once. Every group is joined or cancelled."""

    __slots__ = (
        "brief",
        "failure",
        "limit",
        "results",
        "state",
    )

    limit: int
    brief: bool
    """Whether its plans do little else than wait for short answers: one thread waits for all."""
    results: list[Any]
    failure: BaseException | None
    state: Any
    """The driver's own: a pool of threads or a task group."""

    def __init__(
        self,
        limit: int,
        brief: bool = False,
        results: list[Any] | None = None,
        failure: BaseException | None = None,
        state: Any = None,
    ) -> None:
        self.limit = limit
        self.brief = brief
        self.results = list[Any]() if results is None else results
        self.failure = failure
        self.state = state


class Mailbox:
    """One message from another thread or task to the one that waits for it."""

    __slots__ = ("_lock", "_message", "_wake")

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may deliver to who is interrupted in it
        self._message: str | None = None
        self._wake: Callable[[], object] | None = None

    def deliver(self, message: str) -> None:
        """Put the message in and wake who waits; callable from any thread."""
        with self._lock:
            self._message = message
            wake = self._wake
        if wake is not None:
            wake()

    def when_ready(self, wake: Callable[[], object]) -> None:
        """Call `wake` when there is a message, at once if there is one already."""
        with self._lock:
            self._wake = wake
            ready = self._message is not None
        if ready:
            wake()

    def take(self) -> str:
        """Take the message out."""
        with self._lock:
            message, self._message, self._wake = self._message, None, None
        assert message is not None
        return message
