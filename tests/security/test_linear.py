"""No step over a text of a server takes more than linear time, nor an event loop's (S22)."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import object_store_py
from object_store_py import _bulk_deletes, _core, _engine, _redact, _streams, _tokens, _webdav
from object_store_py._http import Request, Response, TransportFailure
from object_store_py._parsers import H11Parser, HttptoolsParser, Parser
from object_store_py._redirects import redirected
from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store
from tests.harness.api import Api

SMALL, LARGE = 25_000, 200_000
"""Sizes of a text in characters: linear time grows by 8, quadratic time by 64."""
MOST = 24
NOTHING = 0.03
"""Seconds that are not worth a comparison: quadratic time over `LARGE` characters takes longer."""

SEEDS = (
    *(
        "a",
        "0",
        "f",
        " ",
        "\t",
        "\n",
        "\r\n",
        ".",
        "/",
        ":",
        "-",
        "_",
        "<",
        ">",
        '"',
        "'",
        "&",
        "?",
    ),
    *("#", "@", "%41", "=", ",", "a.", "a ", "a\n", "a:", "a-", ".a", "/a", "//", "a/", "../", "é"),
    *("a://", "a://a", "a://@", "a://a@", "a@a", "a:a@", "://", "a+a", "a=a&", "sig=", "token"),
    *("<a", "<a:", "<a>", "</a>", "<a a", "<Contents>", "<Contents ", "<a:Contents>", "<Key>"),
    *("<Contents><Key>", "<response><href>", "<Blob><Name>", "<Prefix>", "<Code>", "<Message>"),
    *("<Error>", "<e_tag>", "<Region>", "<SessionToken>", "SessionToken", "<LastModified>"),
    *("odified>", "<UploadId>", "<![CDATA[", "<!--", "&#", "&#1", "&#x", "&amp;", "&amp", "&a;"),
    *("HTTP/1.1 404\n", "HTTP/1.1 404 a\r\nb: c\r\n", "x-ms-error-code:", "x-ms-error-code: \t"),
    *("content-range:", "content-range: \t", "content-range: bytes 0-0/", "\ncontent-range:\t\t"),
    *("0123456789abcdef", '"0123456789abcdef', "{", "[", '{"a":', '[{"a":"', "\\", "\\u0041", "\0"),
)


def patterns() -> dict[str, re.Pattern[str]]:
    """All regular expressions that modules of the library keep."""
    found: dict[str, re.Pattern[str]] = {}
    for module in pkgutil.walk_packages(object_store_py.__path__, "object_store_py."):
        try:
            names = vars(importlib.import_module(module.name))
        except ImportError:
            continue  # of an extra that is not installed
        for name, value in names.items():
            several = value if isinstance(value, tuple) else (value,)
            for index, one in enumerate(several):
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    found[f"{module.name}.{name}[{index}]"] = one
    return found


SOURCE = "".join(path.read_text() for path in Path(object_store_py.__path__[0]).rglob("*.py"))


def uses(name: str) -> list[str]:
    """How an expression is used: those that are matched at one place cannot begin anywhere."""
    short = name.rpartition(".")[2].partition("[")[0]
    methods = set(re.findall(rf"\b{short}\.([a-z]+)\(", SOURCE))
    return ["finditer" if methods & {"search", "sub", "finditer", "findall", "split"} else "match"]


def texts(seed: str, size: int) -> list[str]:
    """Texts of a size that a seed makes, and that something else begins or ends."""
    many = seed * (size // len(seed))
    return [many, f"a{many}\1"]


def seconds(function: Callable[[str], object], text: str) -> float:
    """The least time that a function took over a text."""
    least = float("inf")
    for _ in range(3):
        started = time.thread_time()
        with contextlib.suppress(BaseError, TransportFailure, ValueError, RecursionError):
            function(text)
        least = min(least, time.thread_time() - started)
        if least < NOTHING:
            break
    return least


def check_linear(function: Callable[[str], object], seeds: tuple[str, ...] = SEEDS) -> None:
    """A function takes time that grows with its text, and not faster."""
    for seed in seeds:
        for small, large in zip(texts(seed, SMALL), texts(seed, LARGE), strict=True):
            before = seconds(function, small)
            if before > 1:
                pytest.fail(f"{seed!r}: {before:.1f} s for {SMALL} characters")
            after = seconds(function, large)
            if after > NOTHING:
                assert after < MOST * max(before, NOTHING / MOST), f"{seed!r}: {before}, {after}"


@pytest.mark.slow
@pytest.mark.row("S22")
@pytest.mark.parametrize("name", patterns())
def test_every_regular_expression_is_linear(name: str) -> None:
    pattern = patterns()[name]
    if "finditer" in uses(name):
        check_linear(lambda text: [None for _ in pattern.finditer(text)])
    check_linear(pattern.fullmatch)


def parse(parser: Parser, text: str) -> None:
    """Feed a parser with a text, in the pieces that a socket gives."""
    data = text.encode()
    for start in range(0, len(data), 65536):
        parser.feed(data[start : start + 65536])


def redirect(text: str) -> None:
    """Follow a redirect to a text."""
    redirected(Request("GET", "https://h/a/b", []), text)


STEPS: dict[str, Callable[[str], object]] = {
    "redacting URLs": _redact.url,
    "a token service's words": _tokens.words,
    "a token service's element": lambda text: _tokens.element(text, "Code"),
    "a token service's JSON": _tokens.parse,
    "an answer to a batch": _bulk_deletes.forgive,
    "a length": lambda text: _streams.content_length([("content-length", text)]),
    "a Content-Range": lambda text: _webdav._whole_size(Response(206, f"content-range:{text}")),
    "a redirect": redirect,
    "a head, by httptools": lambda text: parse(HttptoolsParser("GET"), text),
    "a head, by h11": lambda text: parse(H11Parser("GET"), text),
    "headers, by h11": lambda text: parse(H11Parser("GET"), f"HTTP/1.1 200 OK\r\n{text}"),
    "chunks, by h11": lambda text: parse(
        H11Parser("GET"), f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{text}"
    ),
}


@pytest.mark.slow
@pytest.mark.row("S22")
@pytest.mark.parametrize("name", STEPS)
def test_every_step_over_a_text_is_linear(name: str) -> None:
    check_linear(STEPS[name])


def page(count: int) -> bytes:
    """A page of a listing of S3 with so many objects."""
    entry = (
        "<Contents><Key>k{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
        "<ETag>1</ETag><Size>1</Size></Contents>"
    )
    rows = "".join(entry.format(number) for number in range(count))
    return f"<ListBucketResult>{rows}</ListBucketResult>".encode()


@pytest.mark.row("S22")
@pytest.mark.parametrize("bad", ["raise", "skip"])
def test_a_large_page_is_read_aside(api: Api, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    """Reading it takes a second or more: the event loop's thread must not do it."""
    found: list[threading.Thread] = []
    call = _engine.Instance.call

    def recording(self: Any, name: str, *arguments: Any) -> str:
        if any(isinstance(one, str) and len(one) > _core.LARGE for one in arguments):
            found.append(threading.current_thread())
        return call(self, name, *arguments)

    monkeypatch.setattr(_engine.Instance, "call", recording)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=page(20_000)))
    given: dict[str, Any] = {"transport": transport, "async_transport": transport}
    store = S3Store("b", region="us-east-1", endpoint="https://h", skip_signature=True, **given)
    loop = api.wait(threading.current_thread)
    listed = api.list(store, on_bad_key=bad)
    assert [meta["path"] for meta in listed] == [f"k{number}" for number in range(20_000)]
    assert found
    assert api.way == "sync" or loop not in found
