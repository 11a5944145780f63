"""Requests as they leave and answers as they arrive: what the HTTP engines have in common."""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol

from ._bulk_deletes import deletes_in_bulk
from ._http import Payload, TransportFailure

DEFAULT_PORTS = {"http": 80, "https": 443}
READ_SIZE = 256 << 10
"""How much of a body is read at once, in bytes: more is no faster, less is slower."""

REFUSAL = 300
"""From this status on an answer says that a request need not be sent to its end. A lower one before
it is sent promises success, which it is not without the rest."""

Headers = list[tuple[str, str]]
"""Names and values; the names of an answer's are in lower case."""

_SAFE = ("GET", "HEAD")
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND"})
_CONDITIONS = ("if-", "x-goog-if-", "x-ms-source-if-")


class Origin(NamedTuple):
    """A server: what connections are kept for."""

    scheme: str
    host: str
    port: int
    text: str
    """As in `https://host:port`, the default port left out."""
    direct: bool = False
    """Never through a proxy: the machine's own token service, whose answers are secrets."""

    @property
    def authority(self) -> str:
        """What the `Host` header says, and what was signed."""
        return self.text.partition("://")[2]


class Wire:
    """A request byte for byte as it leaves."""

    __slots__ = (
        "connect_timeout",
        "headers",
        "method",
        "origin",
        "payload",
        "target",
        "timeout",
        "url",
    )

    origin: Origin
    method: str
    target: str
    headers: Headers
    payload: Payload | None
    url: str
    connect_timeout: float | None
    timeout: float | None
    """The longest wait for any one thing after connecting, in seconds."""

    def __init__(
        self,
        origin: Origin,
        method: str,
        target: str,
        headers: Headers,
        payload: Payload | None,
        url: str,
        connect_timeout: float | None,
        timeout: float | None,
    ) -> None:
        self.origin = origin
        self.method = method
        self.target = target
        self.headers = headers
        self.payload = payload
        self.url = url
        self.connect_timeout = connect_timeout
        self.timeout = timeout

    def head(self) -> bytes:
        """The request line and the headers."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        text = "\r\n".join(lines)
        # The core refuses such values; what would change the meaning of a request never leaves.
        breaks = len(lines) - 1
        broken = text.count("\r") != breaks or text.count("\n") != breaks
        if broken or _is_odd(text):
            del lines, text  # no local, nor the text of an encoder's error, shows a token
            what = "a line break" if broken else "a character that none may have"
            raise TransportFailure("unknown", f"a header of the request has {what} in it")
        return f"{text}\r\n\r\n".encode("latin-1")

    def may_repeat(self, failure: TransportFailure) -> bool:
        """Whether a request on a connection that was idle may be sent again on a new one.

        The server may close an idle connection at the moment in which we use it. The request is
        repeated unseen if it may be at all (RFC 9110, section 9.2.2): never one with a condition,
        whose first copy may have changed what the second one would see.
        """
        return failure.kind in ("interrupted", "request") and self._is_idempotent()

    def changes_once(self) -> bool:
        """Whether it changes something that it would not change a second time."""
        return self.method not in _SAFE and not self._is_idempotent()

    def _is_idempotent(self) -> bool:
        return (
            self.method in _IDEMPOTENT or deletes_in_bulk(self.method, self.target) == "s3"
        ) and not any(name.lower().startswith(_CONDITIONS) for name, _ in self.headers)


class Answer(Protocol):
    """A response whose head has arrived, on a blocking connection."""

    status: int
    headers: Headers

    def whole(self) -> bytes | None:
        """The body, if all of it came with the head and the connection can be used again."""
        ...

    def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        ...

    def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end. Nothing is read by `read` after it."""
        ...

    def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        ...


class Spill:
    """What a source of chunks gave more of than fits where it is wanted."""

    def __init__(self) -> None:
        self._rest = memoryview(b"")

    def fill(self, view: memoryview, chunk: bytes = b"") -> int:
        """Put what is left, or else `chunk`, into memory as far as it fits."""
        rest = self._rest if self._rest else memoryview(chunk)
        count = min(len(rest), len(view))
        view[:count] = rest[:count]
        self._rest = rest[count:]
        return count

    def __bool__(self) -> bool:
        return bool(self._rest)


class AsyncAnswer(Protocol):
    """A response whose head has arrived, on an asynchronous connection."""

    status: int
    headers: Headers

    def whole(self) -> bytes | None:
        """The body, if all of it came with the head and the connection can be used again."""
        ...

    async def read(self) -> bytes:
        """Read some of the body; empty at its end."""
        ...

    async def read_into(self, view: memoryview) -> int:
        """Read some of the body into memory; 0 at its end. Nothing is read by `read` after it."""
        ...

    def ended(self) -> bool:
        """Whether all was read and `close` has nothing to do: the connection can be used again."""
        ...

    async def close(self) -> bool:
        """Give the rest up; whether the connection can be used again."""
        ...


class Connection(Protocol):
    """A blocking connection to one origin."""

    def exchange(self, wire: Wire, budget: Budget) -> Answer:
        """Send a request and wait for the head of its response."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class AsyncConnection(Protocol):
    """An asynchronous connection to one origin."""

    async def exchange(self, wire: Wire, budget: Budget) -> AsyncAnswer:
        """Send a request and wait for the head of its response."""
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


class Budget:
    """The time that a request may take in all, of which only waiting counts."""

    __slots__ = ("_each", "_left", "_since")

    def __init__(self, total: float | None, each: float | None) -> None:
        self._left = total
        self._each = each
        self._since = 0.0

    def start(self) -> float | None:
        """Begin to wait; returns for how many seconds at most."""
        return self.start_within(self._each)

    def start_within(self, limit: float | None) -> float | None:
        """Begin to wait for what has a limit of its own, as connecting has."""
        self._since = time.monotonic()
        if self._left is None:
            return limit
        if self._left <= 0:
            raise TransportFailure("timeout", "the request took longer than `timeout` in all")
        return self._left if limit is None else min(self._left, limit)

    def stop(self) -> None:
        """End to wait."""
        if self._left is not None:
            self._left -= time.monotonic() - self._since


def _is_odd(text: str) -> bool:
    """Whether a head has what h11 and encoders refuse, with errors that repeat the whole value."""
    beyond = not text.isascii() and max(text) > "\xff"
    return beyond or "\0" in text or "\v" in text or "\f" in text


def split_url(url: str) -> tuple[str, str]:
    """Split a URL into its origin (default port dropped, lower case) and the request's target."""
    scheme, _, rest = url.partition("://")
    slash, question = rest.find("/"), rest.find("?")
    cuts = [cut for cut in (slash, question) if cut >= 0]
    cut = min(cuts) if cuts else len(rest)
    scheme, authority, target = scheme.lower(), rest[:cut].lower(), rest[cut:]
    if scheme in DEFAULT_PORTS:
        authority = authority.removesuffix(f":{DEFAULT_PORTS[scheme]}")
    return f"{scheme}://{authority}", target if target.startswith("/") else f"/{target}"


def parse_origin(text: str, direct: bool = False) -> Origin:
    """An origin's parts."""
    scheme, _, authority = text.partition("://")
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, str(DEFAULT_PORTS[scheme])
    return Origin(scheme, host.strip("[]"), int(port), text, direct)
