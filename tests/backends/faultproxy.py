"""A proxy in front of a real server that records raw requests and injects faults by plan.

Requests pass unchanged, Host header included, so signatures made for the proxy's address stay
valid behind it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.backends.http1 import (
    Gone,
    RecordedRequest,
    SocketServer,
    Wire,
    parse_headers,
    read_request,
)
from tests.backends.rawserver import Answer, play, response

__all__ = ["Fault", "FaultProxy", "RecordedRequest", "response"]


@dataclass
class Fault:
    """What happens to requests that match; the first fault in the plan with times left is taken."""

    times: int = 1
    when: Callable[[RecordedRequest], bool] = lambda request: True
    # Before the server sees the request:
    delay: float = 0.0
    answer: Answer | None = None  # instead of forwarding
    # After the server has answered:
    lose_response: bool = False  # the request has landed, the client never learns
    cut_body_at: int | None = None  # so many bytes of the body, then the end
    stall_body_at: int | None = None  # so many bytes of the body, then nothing
    reset: bool = False  # ends with RST instead of FIN
    set_headers: dict[str, str] = field(default_factory=dict)


def answer_status(status: int, times: int = 1, **headers: str) -> Fault:
    """The server seems to answer so, without a body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(times=times, answer=response(status, headers=named))


class FaultProxy(SocketServer):
    """Stands in front of a server on a loopback port."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__(self._serve_client)
        self._upstream_port = upstream_port
        self._plan: list[Fault] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.requests: list[RecordedRequest] = []

    def add(self, *faults: Fault) -> None:
        """Adds faults to the end of the plan."""
        with self._lock:
            self._plan += faults

    def clear(self) -> None:
        """Forgets the plan and the records."""
        with self._lock:
            self._plan.clear()
            self.requests.clear()

    def stop(self) -> None:
        self._stopping.set()
        super().stop()

    def _next_fault(self, request: RecordedRequest) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            fault = next((f for f in self._plan if f.times > 0 and f.when(request)), None)
            if fault is not None:
                fault.times -= 1
            return fault

    def _serve_client(self, client: Wire, number: int) -> None:
        with contextlib.closing(_Upstream(self._upstream_port)) as upstream:
            while True:
                head_and_body = _Tee(client)
                request = read_request(head_and_body, number)
                fault = self._next_fault(request)
                self._exchange(client, upstream, request, head_and_body.taken, fault)

    def _exchange(
        self,
        client: Wire,
        upstream: _Upstream,
        request: RecordedRequest,
        raw: bytes,
        fault: Fault | None,
    ) -> None:
        if fault is not None and fault.delay:
            self._stopping.wait(fault.delay)
        if fault is not None and fault.answer is not None:
            play(client, fault.answer, self._stopping)
            return
        request.forwarded_at = time.monotonic()
        head, body = upstream.exchange(raw, request.method)
        if fault is None:
            client.send(head + body)
            return
        self._spoil(client, head, body, fault)

    def _spoil(self, client: Wire, head: bytes, body: bytes, fault: Fault) -> None:
        if not fault.lose_response:
            client.send(_with_headers(head, fault.set_headers))
            end = fault.cut_body_at if fault.cut_body_at is not None else fault.stall_body_at
            client.send(body[:end])
            if fault.stall_body_at is not None:
                self._stopping.wait(60)
            elif fault.cut_body_at is None and not fault.reset:
                return
        (client.reset if fault.reset else client.close)()
        raise Gone


class _Tee(Wire):
    """Reads from another wire and keeps the raw bytes."""

    def __init__(self, source: Wire) -> None:
        super().__init__(source.sock)
        self._source = source
        self._buffer = source._buffer  # one buffer: what we do not take stays for the next
        self.taken = b""

    def _take(self, length: int) -> bytes:
        data = super()._take(length)
        self.taken += data
        return data


class _Upstream:
    """The proxy's connection to the server, reopened when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wire: Wire | None = None

    def exchange(self, raw: bytes, method: str) -> tuple[bytes, bytes]:
        try:
            return self._once(raw, method)
        except Gone:
            self.close()  # an idle connection that the server gave up
            return self._once(raw, method)

    def _once(self, raw: bytes, method: str) -> tuple[bytes, bytes]:
        if self._wire is None:
            self._wire = Wire(socket.create_connection(("127.0.0.1", self._port), timeout=60))
        self._wire.send(raw)
        head = self._wire.read_head()
        while head.startswith(b"HTTP/1.1 100"):
            head = self._wire.read_head()
        return head, self._body(head, method)

    def _body(self, head: bytes, method: str) -> bytes:
        assert self._wire is not None
        status = int(head.split(b" ", 2)[1])
        if method == "HEAD" or status in (204, 304):
            return b""
        return self._wire.read_body(dict(parse_headers(head)))

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _with_headers(head: bytes, changes: dict[str, str]) -> bytes:
    """The head with some headers replaced."""
    names = {name.lower().encode() for name in changes}
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [line for line in lines if line.split(b":", 1)[0].lower() not in names]
    kept += [f"{name}: {value}".encode("latin-1") for name, value in changes.items()]
    return b"\r\n".join(kept) + b"\r\n\r\n"
