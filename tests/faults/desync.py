"""A server that misbehaves by a plan, and clients that check whose answer they got.

Each object's name says what the server does when it is asked for (`KINDS`), and its bytes are its
name again and again. So any answer of another request shows.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.backends.http1 import Gone, Wire, parse_headers
from tests.backends.rawserver import response

SMALL, LARGE = 1_000, 150_000
"""Bodies that come with their heads, and such that are read from the connection afterwards."""
LATE = 0.15
"""How long a late answer takes, in seconds."""


def body_of(key: str) -> bytes:
    """The object of this name."""
    name = f"[{key}]".encode()
    size = LARGE if key.startswith("large") else SMALL
    return name * (size // len(name))


def is_huge(key: str) -> bool:
    """Whether an upload is more than the sockets on the way hold, and is answered early."""
    return key.startswith("large") and "-early-" in key


@cache
def stolen(large: bool) -> bytes:
    """Bytes of an upload that look like requests; a server that is asked so has been desynced."""
    head = b"PUT /bucket/stolen HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    return head * ((12_000_000 if large else 200_000) // len(head))


@dataclass
class Asked:
    """One request, of which the body has not been read."""

    method: str
    key: str
    length: int
    wire: Wire
    wait: Callable[[float], object]
    start: int = 0

    def answer(self, key: str = "", status: int = 200) -> bytes:
        """The right answer, or that to another request."""
        found = key or self.key
        facts = {"ETag": f'"{found}"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
        if self.method == "HEAD":
            return response(status, headers=facts, length=len(body_of(found)))
        body = body_of(found) if self.method == "GET" else b""
        if status >= 300:
            body = f"<Error><Code>Code</Code><Message>({found})</Message></Error>".encode()
        return response(status, body, facts)


def fine(asked: Asked) -> None:
    asked.wire.send(asked.answer())


def twice(asked: Asked) -> None:
    asked.wire.send(asked.answer() * 2)


def another_follows(asked: Asked) -> None:
    asked.wire.send(asked.answer() + asked.answer("evil"))


def too_long(asked: Asked) -> None:
    asked.wire.send(asked.answer() + body_of("evil"))


def interim_follows(asked: Asked) -> None:
    asked.wire.send(asked.answer() + b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")


def interim_first(asked: Asked) -> None:
    asked.wire.send(b"HTTP/1.1 102 Processing\r\n\r\n" + asked.answer())


def cut(asked: Asked) -> None:
    whole = asked.answer()
    asked.wire.send(whole[: len(whole) // 2])
    asked.wire.close()
    raise Gone


def late(asked: Asked) -> None:
    asked.wait(LATE)
    asked.wire.send(asked.answer())


def slow(asked: Asked) -> None:
    whole = asked.answer()
    for start in range(0, len(whole), len(whole) // 4):
        asked.wire.send(whole[start : start + len(whole) // 4])
        asked.wait(0.005)


def bodies_where_none_are(asked: Asked) -> None:
    """204 and 304, and HEAD's, with a whole answer as body."""
    evil = asked.answer("evil")
    status = 304 if asked.method == "GET" else 204
    head = asked.answer() if asked.method == "HEAD" else response(status, length=len(evil))
    asked.wire.send(head + evil)


def refused(asked: Asked) -> None:
    asked.wire.send(asked.answer(status=403))


def busy(asked: Asked) -> None:
    asked.wire.send(asked.answer(status=503))


def chunked(asked: Asked) -> None:
    if asked.method != "GET":
        return fine(asked)
    head, _, body = asked.answer().partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    end = b"0\r\nX-T: trailer\r\n\r\n" + asked.answer("evil")
    asked.wire.send(head + b"\r\n\r\n%x;e=1\r\n%s\r\n" % (len(body), body) + end)
    return None


KINDS: dict[str, Callable[[Asked], None]] = {
    kind.__name__: kind
    for kind in (
        fine, twice, another_follows, too_long, interim_follows, interim_first, cut, late, slow,
        bodies_where_none_are, refused, busy, chunked,
    )
}  # fmt: skip
RARE = ("late", "cut")
"""What costs time, or leaves nothing to check."""


@dataclass
class Misbehaving:
    """Serves connections; notes each request that no client has made."""

    known: set[str] = field(default_factory=set[str])
    strange: list[str] = field(default_factory=list[str])
    stopping: threading.Event = field(default_factory=threading.Event)
    requests: int = 0

    def serve(self, wire: Wire, _: int) -> None:
        while True:
            head = wire.read_head()
            self.requests += 1
            asked = self._parse(head, wire)
            if asked is None:
                continue
            kind = KINDS[asked.key.split("-")[1]]
            early = asked.method == "PUT" and "-early-" in asked.key
            if not early:
                wire.read_exactly(asked.length)
            kind(asked)
            if early:  # a polite server: it goes on to read, and keeps the connection
                wire.read_exactly(asked.length)

    def _parse(self, head: bytes, wire: Wire) -> Asked | None:
        method, target, *_ = head.decode("latin-1").split(" ")
        key = target.rpartition("/")[2]
        length = int(dict(parse_headers(head)).get("content-length", "0"))
        if key not in self.known:
            self.strange.append(f"{method} {target}")
            return None
        return Asked(method, key, length, wire, self.stopping.wait)


def plan(seed: int, count: int, name: str) -> list[tuple[str, str]]:
    """Verbs and keys, the same for the same seed."""
    chance = random.Random(seed)
    weights = [0.2 if kind in RARE else 1.0 for kind in KINDS]
    weights[0] = 4.0
    found: list[tuple[str, str]] = []
    for number in range(count):
        size = chance.choice(["small", "small", "large"])
        kind = chance.choices(list(KINDS), weights)[0]
        early = chance.choice(["early", "patient"])
        verb = chance.choice(["get", "get", "stream", "head", "put"])
        found.append((verb, f"{size}-{kind}-{early}-{name}-{number}"))
    return found
