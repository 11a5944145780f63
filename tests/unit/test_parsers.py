"""Both parsers of the asyncio engine say the same, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from object_store_py import _parsers
from object_store_py._http import TransportFailure

pytest.importorskip("httptools", reason="the extra `fast` is not installed")

PARSERS: list[Callable[[str], _parsers.Parser]] = [_parsers.H11Parser, _parsers.HttptoolsParser]
KINDS = pytest.mark.parametrize("make", PARSERS, ids=["h11", "httptools"])

PLAIN = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "x"\r\n\r\nhello'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\nhello"


def feed(parser: _parsers.Parser, data: bytes, cuts: list[int]) -> bytes:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    body = b""
    for start, end in pairwise(edges):
        if start < end:
            parser.feed(data[start:end])
            body += parser.take()
    return body


@pytest.mark.slow
@KINDS
@given(cuts=st.lists(st.integers(0, 300), max_size=6))
@pytest.mark.parametrize("data", [PLAIN, CHUNKED, INTERIM])
def test_a_response_is_read_however_it_is_cut(
    make: Callable[[str], _parsers.Parser], data: bytes, cuts: list[int]
) -> None:
    parser = make("GET")
    assert feed(parser, data, cuts) == b"hello"
    assert (parser.status, parser.complete, parser.keep_alive) == (200, True, True)


@KINDS
def test_a_head_response_has_no_body(make: Callable[[str], _parsers.Parser]) -> None:
    parser = make("HEAD")
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert parser.complete
    assert parser.take() == b""


@KINDS
def test_a_body_without_length_ends_with_the_connection(
    make: Callable[[str], _parsers.Parser],
) -> None:
    parser = make("GET")
    parser.feed(UNTIL_END)
    assert not parser.complete
    parser.feed_end()
    assert (parser.take(), parser.complete, parser.keep_alive) == (b"hello", True, False)


@KINDS
def test_a_body_that_is_cut_is_not_complete(make: Callable[[str], _parsers.Parser]) -> None:
    parser = make("GET")
    parser.feed(PLAIN[:-2])
    parser.feed_end()
    assert not parser.complete


@KINDS
@pytest.mark.parametrize("surplus", [b"surplus", PLAIN])
def test_what_follows_ends_the_connection(
    make: Callable[[str], _parsers.Parser], surplus: bytes
) -> None:
    parser = make("GET")
    parser.feed(PLAIN + surplus)
    assert (parser.take(), parser.complete, parser.keep_alive) == (b"hello", True, False)


@KINDS
@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n", b"\0" * 9])
def test_what_is_no_http_is_a_transport_failure(
    make: Callable[[str], _parsers.Parser], data: bytes
) -> None:
    with pytest.raises(TransportFailure):
        make("GET").feed(data)


@KINDS
def test_an_endless_head_is_refused(make: Callable[[str], _parsers.Parser]) -> None:
    parser = make("GET")
    parser.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(TransportFailure):
        for _ in range(20):
            parser.feed(b"x: " + b"y" * 9000 + b"\r\n")


OFFER = b"HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\n"


@KINDS
@pytest.mark.parametrize("end", [b"Content-Length: 0\r\n\r\n", b"Content-Length: 5\r\n\r\nhello"])
def test_a_server_that_offers_another_protocol_is_understood(
    make: Callable[[str], _parsers.Parser], end: bytes
) -> None:
    """As Apache's do; that it ends the parsing of what has no body is llhttp's way."""
    for more in (b"", b"HTTP/1.1 200 OK\r\n"):
        parser = make("GET")
        parser.feed(OFFER + end + more)
        assert (parser.status, parser.complete, parser.keep_alive) == (200, True, not more)
        assert parser.take() == end.partition(b"\r\n\r\n")[2]


@KINDS
def test_small_chunks_are_no_flood(make: Callable[[str], _parsers.Parser]) -> None:
    parser = make("GET")
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        parser.feed(b"1\r\nx\r\n" * 1000)
    assert parser.take() == b"x" * 100_000
