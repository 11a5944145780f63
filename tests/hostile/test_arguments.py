"""Rows I1 to I12 of reliability.md: each bad argument is refused, named, and nothing is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from mmap import mmap
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.store import LocalStore, MemoryStore, S3Store

SENT: list[httpx.Request] = []


def record(request: httpx.Request) -> httpx.Response:
    SENT.append(request)
    return httpx.Response(500)


def silent_store() -> S3Store:
    """A store whose transport records what it should never see."""
    SENT.clear()
    return S3Store(
        "bucket",
        access_key_id="AKIDCANARY",
        secret_access_key="SECRETCANARY",
        retry_config={"max_retries": 0},
        transport=httpx.MockTransport(record),
    )


HOUR = timedelta(hours=1)
AWARE = "expected a datetime with non-None tzinfo"
Case = tuple[str, Callable[[Any], object], type[Exception], str]
CASES: list[Case] = [
    ("I1 parent", lambda s: s.get("a/../b"), ValueError, "'..'"),
    ("I1 dot", lambda s: s.put("./a", b""), ValueError, "'.'"),
    ("I1 empty segment", lambda s: s.head("a//b"), ValueError, "empty segment"),
    ("I1 empty", lambda s: s.get(""), ValueError, "path is empty"),
    ("I1 NUL", lambda s: s.get("a\0b"), ValueError, "control character"),
    ("I1 newline", lambda s: s.delete(["ok", "a\nb"]), ValueError, "paths"),
    ("I1 long", lambda s: s.get("x" * 1025), ValueError, "1025 bytes, at most 1024"),
    ("I1 very long", lambda s: s.get("x" * 70_000), ValueError, "too long"),
    ("I1 not a str", lambda s: s.get(b"a"), TypeError, "path must be a str, not bytes"),
    ("I1 surrogate", lambda s: s.get("a\udc80"), ValueError, "surrogate"),
    ("I1 copy", lambda s: s.copy("a", "../b"), ValueError, "to '../b'"),
    ("I2 negative", lambda s: s.get_range("a", start=-1, end=4), ValueError, "start"),
    ("I2 empty", lambda s: s.get_range("a", start=4, end=4), ValueError, "Invalid range"),
    ("I2 backwards", lambda s: s.get_range("a", start=4, end=2), ValueError, "Invalid range"),
    ("I2 huge", lambda s: s.get_range("a", start=0, end=2**63), ValueError, "end"),
    ("I2 no end", lambda s: s.get_range("a", start=0), ValueError, "either end or length"),
    (
        "I2 two ends",
        lambda s: s.get_range("a", start=0, end=2, length=2),
        ValueError,
        "either end or length",
    ),
    ("I2 no int", lambda s: s.get_range("a", start="0", end=2), TypeError, "start must be an int"),
    ("I2 suffix", lambda s: s.get("a", options={"range": {"suffix": 0}}), ValueError, "suffix"),
    (
        "I2 unequal",
        lambda s: s.get_ranges("a", starts=[0, 4], ends=[2]),
        ValueError,
        "2 starts, but 1",
    ),
    ("I2 option", lambda s: s.get("a", options={"rnage": (0, 1)}), TypeError, "'range'"),
    ("I3 CR", lambda s: s.put("a", b"", attributes={"x": "a\rb"}), ValueError, "control"),
    ("I3 LF", lambda s: s.put("a", b"", attributes={"x": "a\nb"}), ValueError, "control"),
    (
        "I3 LF of",
        lambda s: s.put("a", b"", attributes={"Cache-Control": "\n"}),
        ValueError,
        "control",
    ),
    ("I3 NUL", lambda s: s.put("a", b"", attributes={"Content-Type": "\0"}), ValueError, "control"),
    ("I3 no token", lambda s: s.put("a", b"", attributes={"a b": "x"}), ValueError, "name"),
    ("I3 not a str", lambda s: s.put("a", b"", attributes={"x": 1}), TypeError, "must be a str"),
    ("I3 name", lambda s: s.put("a", b"", attributes={1: "x"}), TypeError, "name must be a str"),
    ("I3 umlaut", lambda s: s.put("a", b"", attributes={"x": "\xfc"}), ValueError, "ASCII"),
    (
        "I3 in all",
        lambda s: s.put("a", b"", attributes={"x": "y" * 1500, "z": "y" * 1500}),
        ValueError,
        "3002 bytes of metadata, at most 2048",
    ),
    (
        "I3 headers",
        lambda s: s.put("a", b"", attributes={"Content-Type": "y" * 9000}),
        ValueError,
        "9012 bytes, more than 8192",
    ),
    ("I3 size", lambda s: s.put("a", b"", attributes={"x": "y" * 2048}), ValueError, "2048"),
    ("I4 if_match", lambda s: s.get("a", options={"if_match": "\n"}), ValueError, "if_match"),
    ("I4 none", lambda s: s.get("a", options={"if_none_match": "a\0"}), ValueError, "if_none_"),
    ("I4 put", lambda s: s.put("a", b"", mode={"version": "\x7f"}), ValueError, "version"),
    ("I4 empty", lambda s: s.get("a", options={"if_match": ""}), ValueError, "if_match"),
    ("I4 type", lambda s: s.get("a", options={"if_match": 5}), TypeError, "if_match"),
    ("I4 version", lambda s: s.get("a", options={"version": "\0"}), ValueError, "version"),
    ("I4 e_tag", lambda s: s.put("a", b"", mode={"e_tag": "\r\n"}), ValueError, "e_tag"),
    (
        "I4 naive",
        lambda s: s.get("a", options={"if_modified_since": datetime(2026, 1, 1)}),  # noqa: DTZ001, RUF100 - the fault
        TypeError,
        AWARE,
    ),
    ("I7 str", lambda s: s.put("a", "text"), TypeError, "encode"),
    ("I7 text file", lambda s: s.put("a", io.StringIO("text")), TypeError, "binary"),
    ("I7 int", lambda s: s.put("a", 5), TypeError, "Unexpected input for PutInput"),
    ("I7 bad items", lambda s: s.put("a", iter([1, 2])), TypeError, "bytes"),
    ("I7 str items", lambda s: s.put("a", iter(["x"])), TypeError, "bytes"),
    ("I7 mode", lambda s: s.put("a", b"", mode="foo"), ValueError, "PutMode: 'foo'"),
    (
        "I8 small parts",
        lambda s: s.put("a", bytes(3000), chunk_size=1000),
        ValueError,
        "chunk_size must be at least 5242880",
    ),
    (
        "I8 large parts",
        lambda s: s.put("a", mmap(-1, 7 << 30), chunk_size=6 << 30, use_multipart=True),
        ValueError,
        "chunk_size must be at most 4294967294",
    ),
    (
        "I8 over 4 GiB",
        lambda s: s.put("a", mmap(-1, (1 << 32) - 1), use_multipart=False),
        ValueError,
        "4294967294 bytes .4 GiB. at most: let use_multipart be True",
    ),
    ("I8 no chunk", lambda s: s.put("a", b"x", chunk_size=0), ValueError, "chunk_size"),
    ("I8 concurrency", lambda s: s.put("a", b"x", max_concurrency=0), ValueError, "max_conc"),
    ("I9 zero", lambda s: obs.sign(s, "GET", "a", timedelta(0)), ValueError, "expires_in"),
    ("I9 negative", lambda s: obs.sign(s, "GET", "a", -HOUR), ValueError, "expires_in"),
    ("I9 moment", lambda s: obs.sign(s, "GET", "a", HOUR / 10_000), ValueError, "one second"),
    ("I9 number", lambda s: obs.sign(s, "GET", "a", 3600), TypeError, "a timedelta, not int"),
    ("I9 TRACE", lambda s: obs.sign(s, "TRACE", "a", HOUR), ValueError, "GET, HEAD, PUT"),
    ("I9 long", lambda s: obs.sign(s, "GET", "a", timedelta(8)), ValueError, "seven days"),
    ("I9 method", lambda s: obs.sign(s, "get", "a", HOUR), ValueError, "Unsupported HTTP method"),
    ("I9 path", lambda s: obs.sign(s, "GET", "a/../b", HOUR), ValueError, "paths"),
    ("I10 prefix", lambda s: s.list("a/..").collect(), ValueError, "prefix"),
    ("I10 below", lambda s: s.list_with_delimiter("../a"), ValueError, "prefix"),
    ("I10 offset", lambda s: s.list(offset="a/../b").collect(), ValueError, "offset"),
    ("I10 type", lambda s: s.list(b"a").collect(), TypeError, "prefix"),
    ("I10 no chunk", lambda s: s.list(chunk_size=0), ValueError, "chunk_size"),
    ("I10 half", lambda s: s.list(chunk_size=1.5), TypeError, "chunk_size"),
    ("I10 chunk", lambda s: s.list(chunk_size=-1), ValueError, "chunk_size"),
]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [pytest.param(*c[1:], id=c[0], marks=pytest.mark.row(c[0].split()[0])) for c in CASES],
)
def test_refused_before_any_request(
    call: Callable[[Any], object], error: type[Exception], match: str
) -> None:
    store = silent_store()
    with pytest.raises(error, match=match) as caught:
        call(store)
    text = str(caught.value)
    assert SENT == []
    assert len(text) < 400
    assert text.count("\n") <= 1
    assert "CANARY" not in text


@pytest.mark.row("I7")
def test_a_closed_file_is_refused() -> None:
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(ValueError, match="closed"):
        silent_store().put("a", file)


@pytest.mark.row("I7")
def test_an_async_iterator_in_a_sync_put_is_refused() -> None:
    async def items() -> Any:
        yield b"x"

    with pytest.raises(ValueError, match="put_async"):
        silent_store().put("a", items())


@pytest.mark.parametrize("store", [MemoryStore(), LocalStore()], ids=["memory", "local"])
@pytest.mark.row("I9")
def test_a_store_that_cannot_sign_says_so(store: Any) -> None:
    with pytest.raises(obs.exceptions.NotSupportedError, match="cannot sign"):
        obs.sign(store, "GET", "a", HOUR)


@pytest.mark.slow
@pytest.mark.row("I8")
def test_an_upload_of_more_than_10_000_parts_is_refused_and_ended() -> None:
    store = MemoryStore()
    with pytest.raises(ValueError, match="10000 parts at most: give a larger chunk_size"):
        store.put("a", (b"x" for _ in range(10_001)), chunk_size=1)
    assert store.list().collect() == []
    store.put("a", bytes(10_001), chunk_size=1)  # where the size is known, parts are larger
    assert len(store.get("a").bytes()) == 10_001


LISTING = """<ListBucketResult><Contents><Key>{}</Key><Size>1</Size>
<LastModified>2026-11-24T12:00:00.000Z</LastModified><ETag>"x"</ETag></Contents></ListBucketResult>"""


@pytest.mark.parametrize("key", ["../../etc/passwd", "a//b", "a/./b"])
@pytest.mark.row("I11")
def test_i11_a_listed_key_that_is_no_path_is_named(key: str) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, text=LISTING.format(key)))
    store = S3Store("b", access_key_id="x", secret_access_key="y", transport=answer)
    with pytest.raises(obs.exceptions.InvalidPathError, match=key.replace(".", r"\.")):
        store.list().collect()
