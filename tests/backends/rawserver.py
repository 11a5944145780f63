"""A server that answers from a script of bytes, pauses and broken connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.backends.http1 import Gone, RecordedRequest, SocketServer, Wire, read_request

PATIENCE = 60.0
"""How long an answer is held for a test that never lets it go, in seconds."""


@dataclass(frozen=True)
class Pause:
    """Sends nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Close:
    """Ends the connection with FIN."""


@dataclass(frozen=True)
class Reset:
    """Ends the connection with RST."""


@dataclass(frozen=True)
class Until:
    """Sends nothing until an event."""

    event: threading.Event


Step = bytes | Pause | Until | Close | Reset
Answer = bytes | Sequence[Step]


def response(
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """A response as bytes; `length` lies about the Content-Length."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {said}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def play(wire: Wire, answer: Answer, stopping: threading.Event) -> None:
    """Sends an answer; raises Gone where it ends the connection."""
    for step in (answer,) if isinstance(answer, bytes) else answer:
        match step:
            case bytes():
                wire.send(step)
            case Pause(seconds):
                stopping.wait(seconds)
            case Until(event):
                event.wait(PATIENCE)
            case Close():
                wire.close()
                raise Gone
            case Reset():
                wire.reset()
                raise Gone


class RawServer(SocketServer):
    """Answers the n-th request with the n-th answer, or asks a function for it."""

    def __init__(self, script: Sequence[Answer] | Callable[[RecordedRequest], Answer]) -> None:
        super().__init__(self._serve_script)
        self._script = script
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.requests: list[RecordedRequest] = []

    def _serve_script(self, wire: Wire, number: int) -> None:
        while True:
            request = read_request(wire, number)
            with self._lock:
                self.requests.append(request)
                answer = self._answer(request)
            play(wire, answer, self._stopping)

    def _answer(self, request: RecordedRequest) -> Answer:
        if callable(self._script):
            return self._script(request)
        index = len(self.requests) - 1
        if index < len(self._script):
            return self._script[index]
        return response(500, b"the script of this test server is at its end")

    def stop(self) -> None:
        self._stopping.set()
        super().stop()
