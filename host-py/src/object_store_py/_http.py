"""Requests, responses and bodies as the host sees them, apart from any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")

PIECE = 1 << 20
"""Bodies are sent in pieces of at most this size: httpcore copies what a send left over."""

SMALL_BODY = 1 << 16
"""A body up to this size is read with the response's head, which frees the connection at once."""

TransportErrorKind = Literal["connect", "request", "timeout", "interrupted", "decode", "unknown"]


class TransportFailure(Exception):
    """No whole response arrived; `kind` is the border's `transport-error`."""

    def __init__(self, kind: TransportErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: TransportErrorKind = kind


def changed(value: T, **changes: Any) -> T:
    """A copy of a request, a response or options with other values."""
    other = copy(value)
    for name, changed_to in changes.items():
        setattr(other, name, changed_to)
    return other


class Payload:
    """An object's bytes, or a part's: views of memory that belongs to the caller, never copied."""

    __slots__ = ("length", "views")

    def __init__(self, views: list[memoryview]) -> None:
        self.views = views
        self.length = sum(view.nbytes for view in views)

    def pieces(self) -> Iterator[memoryview]:
        """The bytes in pieces that are cheap to send."""
        for view in self.views:
            for start in range(0, view.nbytes, PIECE):
                yield view[start : start + PIECE]

    def sha256(self) -> str:
        """The SHA-256 of the bytes in hexadecimal; hashlib works outside the interpreter lock."""
        from hashlib import sha256  # OpenSSL, which most processes never need

        digest = sha256()
        for view in self.views:
            digest.update(view)
        return digest.hexdigest()

    def join(self) -> bytes:
        """The bytes in one piece; a copy."""
        return b"".join(self.views)


EMPTY = Payload([])


INSTANCE_METADATA = (
    "http://169.254.169.254",
    "http://169.254.170.2",
    "http://169.254.170.23",
    "http://metadata.google.internal",
)
"""Where a machine in a cloud asks for its own credentials. Elsewhere nobody answers there, so one
short attempt must do."""


class Request:
    """An HTTP request, ready to be sent as it stands."""

    __slots__ = (
        "attempt",
        "delay",
        "headers",
        "keep_body",
        "metadata",
        "method",
        "payload",
        "url",
    )

    method: str
    url: str
    headers: list[tuple[str, str]]
    payload: Payload | None
    keep_body: bool
    """Leave the body of a 2xx response unread, in `Response.body`."""
    delay: float
    """Seconds to wait before sending."""
    attempt: int
    """1 for the first time, 2 for the first repetition, and so on."""
    metadata: bool
    """Asks the machine's own token service: in the clear is right, and nobody may be there, so it
    must be quick. Only the host's own plans set it, never the brain."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        payload: Payload | None = None,
        keep_body: bool = False,
        delay: float = 0.0,
        attempt: int = 1,
        metadata: bool = False,
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.payload = payload
        self.keep_body = keep_body
        self.delay = delay
        self.attempt = attempt
        self.metadata = metadata


class Response:
    """An HTTP response: its head, and its body as text or as a stream."""

    __slots__ = (
        "body",
        "headers",
        "request_id",
        "status",
        "text",
    )

    status: int
    headers: str
    """Lines `name:value` of the headers that the brain may need."""
    text: str
    body: Body | None
    request_id: str | None

    def __init__(
        self,
        status: int,
        headers: str,
        text: str = "",
        body: Body | None = None,
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.text = text
        self.body = body
        self.request_id = request_id


class Body(Protocol):
    """A response body that is still to be read. `Content-Length` was checked by who reads it."""

    def read(self) -> bytes:
        """Read the next chunk; empty at the end. Throws `TransportFailure`."""
        ...

    async def read_async(self) -> bytes:
        """Read the next chunk; empty at the end. Throws `TransportFailure`."""
        ...

    def read_into(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end. Throws `TransportFailure`."""
        ...

    async def read_into_async(self, view: memoryview) -> int:
        """Read some bytes into memory; 0 at the end. Throws `TransportFailure`."""
        ...

    def close(self) -> None:
        """Give the body up and free its connection."""
        ...

    async def close_async(self) -> None:
        """Give the body up and free its connection."""
        ...

    def abandon(self) -> None:
        """Give the body up from a destructor: no waiting, no exception."""
        ...


class BufferedBody:
    """A body that is in memory already, as far as it came before `failure`."""

    __slots__ = ("_data", "_failure")

    def __init__(self, data: bytes, failure: TransportFailure | None = None) -> None:
        self._data = data
        self._failure = failure

    @property
    def size(self) -> int:
        """How many bytes are still to be read."""
        return len(self._data)

    def read(self) -> bytes:
        """Return everything, then nothing. Throws `failure` after what came before it."""
        data, self._data = self._data, b""
        if not data and self._failure is not None:
            raise self._failure
        return data

    async def read_async(self) -> bytes:
        """Return everything, then nothing; see `read`."""
        return self.read()

    def read_into(self, view: memoryview) -> int:
        """Copy as much as fits. Throws `failure` after what came before it."""
        data = self._data
        if not data and self._failure is not None:
            raise self._failure
        count = min(len(data), len(view))
        view[:count] = data[:count]
        self._data = data[count:]
        return count

    async def read_into_async(self, view: memoryview) -> int:
        """Copy as much as fits; see `read_into`."""
        return self.read_into(view)

    def whole(self, size: int) -> bytes | None:
        """Everything at once, if it is `size` bytes and did not break off."""
        if self._failure is not None or len(self._data) != size:
            return None
        data, self._data = self._data, b""
        return data

    def close(self) -> None:
        """Forget the bytes."""
        self._data = b""

    async def close_async(self) -> None:
        """Forget the bytes."""
        self._data = b""

    abandon = close


class Begun(Protocol):
    """A request that has been sent, and whose answer nobody has waited for yet."""

    def fileno(self) -> int:
        """The socket at which the answer arrives."""
        ...

    def due(self) -> float:
        """Until when to wait for it, by `time.monotonic()`; after it `finish` throws."""
        ...

    def finish(self) -> Response:
        """Receive the answer, blocking. Throws `TransportFailure`."""
        ...

    def abandon(self) -> None:
        """Give the answer up, and its connection."""
        ...


class HttpHost(Protocol):
    """Who carries out HTTP exchanges."""

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking. Throws `TransportFailure`."""
        ...

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting. Throws `TransportFailure`."""
        ...


def begin(host: HttpHost, request: Request) -> Begun | None:
    """Send a request, if its host can do that without waiting. Throws `TransportFailure`."""
    function: Callable[[Request], Begun | None] | None = getattr(host, "begin", None)
    return None if function is None else function(request)
