"""What an operation costs without a network: crossings and CPU of get, put and head.

The HTTP host is replaced by one that answers at once, so what is measured is the plan, the border
and the work of the core: building, signing and parsing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from object_store_py._driver import run
from object_store_py._http import BufferedBody, Request, Response
from object_store_py.store import S3Store

ROUNDS, CALLS = 9, 300
HEADERS = "\n".join(
    (
        "Content-Length:1024",
        "Content-Type:application/octet-stream",
        'ETag:"d41d8cd98f00b204e9800998ecf8427e"',
        "Last-Modified:Tue, 24 Nov 2026 12:00:00 GMT",
    )
)


class ScriptedHost:
    """Answers every request with an object of 1 KiB."""

    def exchange(self, request: Request) -> Response:
        body = BufferedBody(bytes(1024)) if request.keep_body else None
        return Response(200, HEADERS, "", body)


def make_store() -> Any:
    store = S3Store("bucket", access_key_id="AKID", secret_access_key="secret", region="us-east-1")
    backend = store._verbs()._backend
    backend._brain._host = ScriptedHost()
    return store, backend


def measure(call: Callable[[], object]) -> tuple[float, float]:
    """Microseconds of CPU a call: median and least of the rounds."""
    samples: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CALLS):
            call()
        samples.append((time.process_time() - started) / CALLS * 1e6)
    return statistics.median(samples), min(samples)


def main() -> None:
    store, backend = make_store()
    data = bytes(1024)
    cases: dict[str, Callable[[], object]] = {
        "get": lambda: store.get("path/to/object"),
        "get, bytes": lambda: store.get("path/to/object").bytes(),
        "put 1 KiB": lambda: store.put("path/to/object", data),
        "head": lambda: store.head("path/to/object"),
        "plan of get alone": lambda: run(backend.get("path/to/object", GET)),
    }
    print(f"{'case':20} {'crossings':>9} {'CPU us, median':>15} {'least':>7}")
    for name, call in cases.items():
        call()
        instance = backend._brain._instance
        before = instance.calls
        call()
        crossings = instance.calls - before
        median, least = measure(call)
        print(f"{name:20} {crossings:9} {median:15.1f} {least:7.1f}")


if __name__ == "__main__":
    from object_store_py._backend import GetRequest

    GET = GetRequest()
    main()
