"""Parsers of HTTP/1.1 responses for our own engines: httptools if it is installed, else h11."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cache
from typing import Any

from ._http import TransportFailure
from ._wire import Headers

MAX_HEAD = 100 << 10
"""The largest head of a response, in bytes."""
FRAMING = 16
"""How many bytes that are none of the body may come with each byte of it, besides `MAX_HEAD`: heads
of interim responses, sizes and extensions of chunks, trailers. More is a flood."""
FEED = 64 << 10
"""h11 gets slower with the size of what it is fed at once."""


class Parser:
    """One response as far as it has arrived."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Headers = []
        self.chunks: deque[bytes] = deque()
        self.buffered = 0
        self._fed = self._body = 0
        self.complete = False
        self.keep_alive = True
        self.length: int | None = None
        """How long the body is, where the head says so. Then the rest of it may be read without the
        parser, which would only copy it; who does so says when it is complete."""

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._parse(data)
        self._fed += len(data)
        if not self.complete and self._fed - self._body > MAX_HEAD + FRAMING * self._body:
            raise _too_large("answer has too much that is not its body")

    def _parse(self, data: bytes) -> None:
        raise NotImplementedError

    def feed_end(self) -> None:
        """The connection has ended, which may be the end of the body."""
        raise NotImplementedError

    def take(self) -> bytes:
        """The body that is there and was not taken yet."""
        if not self.chunks:
            return b""
        data = self.chunks.popleft() if len(self.chunks) == 1 else b"".join(self.chunks)
        self.chunks.clear()
        self.buffered = 0
        return data

    def release(self) -> None:
        """Nothing more is fed. What holds the parser in a cycle is let go, not left to collect."""

    def missing(self) -> int:
        """How many bytes of the body have not arrived; 0 where only the parser can tell."""
        return 0 if self.length is None or self.complete else self.length - self.buffered

    def _add(self, data: bytes) -> None:
        self.chunks.append(data)
        self.buffered += len(data)
        self._body += len(data)

    def _switched(self) -> TransportFailure:
        """A 101: what follows is another protocol, which nobody asked for."""
        return TransportFailure("interrupted", "the server switched to another protocol (101)")


def decoded(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Headers as they arrived as text, the names in lower case."""
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]


def announced(headers: Headers) -> int | None:
    """What Content-Length says, which the parser has checked, if it is what ends the body.

    Raises:
        TransportFailure: the body's end is said in two ways, or its bytes are packed, which nobody
            asked for.
    """
    found: str | None = None
    chunks = False
    for name, value in headers:
        if name == "content-length":
            found = value.strip()
        elif name == "transfer-encoding":
            chunks = True
            if value.strip(" \t").lower() != "chunked":
                text = f"the answer has a Transfer-Encoding that is not known: {value[:100]!r}"
                raise TransportFailure("interrupted", text)
    if chunks and found is not None:
        text = "the answer has both a Content-Length and a Transfer-Encoding"
        raise TransportFailure("interrupted", text)
    return int(found) if found is not None and found.isascii() and found.isdigit() else None


def _too_large(what: str) -> TransportFailure:
    return TransportFailure("interrupted", f"the {what}")


def make_parser(method: str) -> Parser:
    """A parser for the response to a request of this method."""
    return H11Parser(method) if _httptools is None else HttptoolsParser(method)


class H11Parser(Parser):
    """h11, which is always there, because httpx needs it."""

    def __init__(self, method: str) -> None:
        super().__init__()
        import h11

        self._bodiless = method == "HEAD"
        self._h11: Any = h11
        self._connection: Any = h11.Connection(h11.CLIENT, MAX_HEAD)
        # h11 wants to know what was asked, to know what the answer looks like.
        for event in _asked(method):
            self._connection.send(event)

    def _parse(self, data: bytes) -> None:
        for start in range(0, len(data), FEED):
            self._connection.receive_data(data[start : start + FEED])
            self._advance()

    def feed_end(self) -> None:
        """The connection has ended."""
        try:
            self._connection.receive_data(b"")
            self._advance()
        except (TransportFailure, self._h11.RemoteProtocolError, RuntimeError):
            return  # the connection's end is reported by who saw it
        self.keep_alive = False

    def _advance(self) -> None:
        h11 = self._h11
        while True:
            event: Any
            try:
                event = self._connection.next_event()
            except (h11.RemoteProtocolError, ValueError) as error:
                text = f"the answer is no valid HTTP: {error}"
                raise TransportFailure("interrupted", text) from error
            kind: Any = event.__class__
            if kind is h11.Data:
                self._add(bytes(event.data))
            elif kind is h11.Response:
                self.status = event.status_code
                self.headers = decoded(event.headers.raw_items())
                if not self._bodiless and self.status not in (204, 304):
                    self.length = announced(self.headers)
            elif kind is h11.EndOfMessage:
                self.complete = True
                self.keep_alive = self._connection.their_state is h11.DONE
                self.keep_alive &= not self._connection.trailing_data[0]
                return
            elif kind is h11.InformationalResponse and event.status_code == 101:
                raise self._switched()
            elif event in (h11.NEED_DATA, h11.PAUSED) or kind is h11.ConnectionClosed:
                return


@cache
def _asked(method: str) -> tuple[Any, ...]:
    """What h11 is told that was asked: events never change, and to make one takes its time."""
    import h11

    # `Upgrade` has it tell us of a 101, which it takes for an error of ours otherwise.
    headers = [("Host", "x"), ("Upgrade", "x")]
    return h11.Request(method=method, target="/", headers=headers), h11.EndOfMessage()


class HttptoolsParser(Parser):
    """httptools (llhttp), many times faster; the extra `fast` installs it."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._head_only = method == "HEAD"
        self._parser: Any = _httptools.HttpResponseParser(self)
        self._head = b""
        self._size = 0
        self._raw: list[tuple[bytes, bytes]] = []

    def _parse(self, data: bytes) -> None:
        if self.status is None:
            self._head += data
        try:
            self._parser.feed_data(data)
        except _httptools.HttpParserUpgrade as upgrade:
            # An answer without a body that only offers another protocol, as Apache's do.
            self.complete = self.status is not None
            self.keep_alive &= self.complete and upgrade.args[0] >= len(data)
        except _httptools.HttpParserError as error:
            if isinstance(error.__context__, TransportFailure):
                raise error.__context__ from None
            if self.status is None and (again := _with_one_length(self._head)) is not None:
                self._head = b""
                self._raw.clear()
                self._parser = _httptools.HttpResponseParser(self)
                self._parse(again)
                return
            if not self.complete:
                text = f"the answer is no valid HTTP: {error}"
                raise TransportFailure("interrupted", text) from error
            self.keep_alive = False  # what followed the answer is nobody's
        if self.complete:
            self.release()

    def release(self) -> None:
        """Let go of httptools' parser, which holds the methods that it calls here."""
        self._parser = None
        self._raw.clear()

    def feed_end(self) -> None:
        """The connection has ended: the end of a body without a length."""
        framed = {name for name, _ in self.headers} & {"content-length", "transfer-encoding"}
        if self.status is not None and not framed:
            self.complete, self.keep_alive = True, False

    # What httptools calls.

    def on_message_begin(self) -> None:
        """A response begins; a second one was not asked for."""
        if self.complete:
            self.keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer after the body, which is dropped."""
        if self.status is None:
            self._size += len(name) + len(value)
            if self._size > MAX_HEAD:
                raise _too_large("head of the answer is too large")
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        """The head has ended; that of an interim response is forgotten."""
        if self.complete:
            return
        status: int = self._parser.get_status_code()
        if status == 101:
            raise self._switched()
        if 100 <= status < 200:
            self._raw.clear()
            return
        self.headers = decoded(self._raw)
        self.keep_alive = self._parser.should_keep_alive()
        self.status = status
        if self._head_only:
            self.complete = True
        elif status not in (204, 304):
            self.length = announced(self.headers)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if self.complete:  # of a HEAD, which has none
            self.keep_alive = False
        else:
            self._add(body)

    def on_message_complete(self) -> None:
        """The response has ended, unless it was an interim one."""
        if self.status is not None:
            self.complete = True


def _with_one_length(data: bytes) -> bytes | None:
    """An answer that says its length several times, and the same each time, as if it did so once.

    RFC 9110, section 8.6, allows it; llhttp does not.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    said = [line for line in lines if line[:15].lower() == b"content-length:"]
    lengths = {text.strip() for line in said for text in line[15:].split(b",")}
    if not end or len(lengths) != 1 or (len(said) == 1 and b"," not in said[0]):
        return None
    kept = [line for line in lines if line not in said]
    return b"\r\n".join([*kept, b"Content-Length: " + lengths.pop()]) + end + body


_httptools: Any
try:
    import httptools as _httptools
except ImportError:
    _httptools = None

HAS_HTTPTOOLS = _httptools is not None
