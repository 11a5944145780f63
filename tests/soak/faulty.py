"""The faults, in a process of their own: the figures of the one with the load are the library's.

`python -m tests.soak.faulty PORT` stands in front of a server and prints its own port. A line on
its input ends the faults and makes it print what it did; the end of its input ends it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.backends.faultproxy import Fault, FaultProxy, RecordedRequest
from tests.backends.rawserver import response

RATE = 0.01
"""The part of requests that a fault befalls."""
KINDS: dict[str, dict[str, Any]] = {
    "503 without being done": {"answer": response(503)},
    "done, but the answer lost by a reset": {"lose_response": True, "reset": True},
    "connection closed 5 bytes into the body": {"cut_body_at": 5},
    "half a second late": {"delay": 0.5},
}
LOSING = {kind for kind in KINDS if KINDS[kind].keys() & {"lose_response", "cut_body_at"}}
LOST_UPLOADS = "uploads whose id was lost"
"""Who loses the answer to CreateMultipartUpload cannot give the upload up: it has no id of it."""


class Faults:
    """Each kind for an equal part of the rate, and a count of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def plan(self) -> list[Fault]:
        """The plan for a proxy. It asks about each fault in turn, under its lock."""
        counted = Fault(times=sys.maxsize, when=self._count)
        return [counted, *(self._fault(kind, effect) for kind, effect in KINDS.items())]

    def _count(self, _: Any) -> bool:
        self.counts["requests"] += 1
        return False

    def _fault(self, kind: str, effect: dict[str, Any]) -> Fault:
        def now_and_then(request: RecordedRequest) -> bool:
            happens = random.random() < RATE / len(KINDS)
            self.counts[kind] += happens
            if happens and kind in LOSING and "uploads" in request.query:
                self.counts[LOST_UPLOADS] += 1
            return happens

        return Fault(times=sys.maxsize, when=now_and_then, **effect)


class Faulty:
    """The process, seen from the one with the load."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port = int(self._ask())

    def _ask(self, line: str = "") -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def calm(self) -> dict[str, int]:
        """End the faults; how many there were of each kind."""
        counts: dict[str, int] = json.loads(self._ask("calm\n"))
        return counts


@contextmanager
def faulty(port: int) -> Iterator[Faulty]:
    """A process with faults in front of the server at a port."""
    command = [sys.executable, "-m", "tests.soak.faulty", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Faulty(process)


def _forget(proxy: FaultProxy, ended: threading.Event) -> None:
    """Drop the proxy's records, which nobody reads, before they fill the memory."""
    while not ended.wait(1):
        proxy.requests.clear()


def main(port: int) -> None:
    faults, ended = Faults(), threading.Event()
    with FaultProxy(port) as proxy:
        proxy.add(*faults.plan())
        threading.Thread(target=_forget, args=(proxy, ended), daemon=True).start()
        print(proxy.port, flush=True)
        for _ in sys.stdin:
            proxy.clear()
            print(json.dumps(faults.counts), flush=True)
        ended.set()


if __name__ == "__main__":
    main(int(sys.argv[1]))
