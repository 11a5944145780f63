"""What an operation costs without a network: crossings and CPU of get, put and head.

The HTTP host is replaced by one that answers at once, so what is measured is the plan, the border
and the work of the core: building, signing and parsing.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

from object_store_py._backend import GetRequest
from object_store_py._driver import run
from object_store_py._http import BufferedBody, Request, Response
from object_store_py.store import S3Store
from tests.benchmarks.harness import show

ROUNDS, CALLS = 9, 300
HEADERS = "\n".join(
    (
        "Content-Length:1024",
        "Content-Type:application/octet-stream",
        'ETag:"d41d8cd98f00b204e9800998ecf8427e"',
        "Last-Modified:Tue, 24 Nov 2026 12:00:00 GMT",
    )
)


PAGE, PAGES = 1000, 10


def page() -> str:
    """A page of a listing, as MinIO writes it."""
    entries = "".join(
        f"<Contents><Key>folder/some-key-{number:07d}</Key>"
        f"<LastModified>2026-11-24T12:00:{number % 60:02d}.000Z</LastModified>"
        f"<ETag>&#34;d41d8cd98f00b204e9800998ecf8427e&#34;</ETag><Size>{number}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(PAGE)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>'
        f"<Prefix></Prefix><KeyCount>{PAGE}</KeyCount><MaxKeys>{PAGE}</MaxKeys>"
        f"<IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
    )


class ScriptedHost:
    """Answers every request: with an object of 1 KiB, or with a page of a listing."""

    def __init__(self) -> None:
        self._page = page()

    def exchange(self, request: Request) -> Response:
        if "list-type" in request.url:
            return Response(200, "Content-Type:application/xml", self._page, None)
        body = BufferedBody(bytes(1024)) if request.keep_body else None
        return Response(200, HEADERS, "", body)


def make_store() -> Any:
    store = S3Store("bucket", access_key_id="AKID", secret_access_key="secret", region="us-east-1")
    backend = store._verbs()._backend
    backend._brain._host = ScriptedHost()
    return store, backend


def measure(call: Callable[[], object], calls: int) -> tuple[float, float]:
    """Microseconds of CPU a call: median and least of the rounds."""
    samples: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(calls):
            call()
        samples.append((time.process_time() - started) / calls * 1e6)
    return statistics.median(samples), min(samples)


def main(which: set[str]) -> None:
    store, backend = make_store()
    data = bytes(1024)
    cases: dict[str, Callable[[], object]] = {
        "get": lambda: store.get("path/to/object"),
        "get, bytes": lambda: store.get("path/to/object").bytes(),
        "put 1 KiB": lambda: store.put("path/to/object", data),
        "head": lambda: store.head("path/to/object"),
        "plan of get alone": lambda: run(backend.get("path/to/object", GetRequest())),
        f"list {PAGE:,} keys": functools.partial(collect, store),
    }
    rows: dict[str, tuple[float, ...]] = {}
    for name, call in cases.items():
        if which and not any(word in name for word in which):
            continue
        call()
        instance = backend._brain._instance
        before = instance.calls
        call()
        crossings = instance.calls - before
        rows[name] = (crossings, *measure(call, PAGES if "list" in name else CALLS))
    show(
        "the border: object_store_py without a network",
        ("crossings", "CPU us", "least us"),
        rows,
        ratios=False,
    )


def collect(store: Any) -> None:
    assert len(store.list().collect()) == PAGE
