"""What a hostile server can answer (S6 to S9): an error of ours or the truth, soon."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from object_store_py._http import TransportFailure
from object_store_py._wire import Origin, Wire
from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store
from tests.backends.rawserver import Close, RawServer, response
from tests.harness.api import Api

FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
ONCE = {"max_retries": 0}


USUAL: dict[str, Any] = {"client_options": {"allow_http": True}, "retry_config": ONCE}


def s3(server: RawServer, **more: Any) -> S3Store:
    given: dict[str, Any] = {"region": "us-east-1", "skip_signature": True, **USUAL}
    return S3Store("b", endpoint=server.endpoint, **{**given, **more})


def gcs(server: RawServer, **more: Any) -> GCSStore:
    given: dict[str, Any] = {"skip_signature": True, **USUAL}
    return GCSStore("b", base_url=server.endpoint, **{**given, **more})


def azure(server: RawServer, **more: Any) -> AzureStore:
    given: dict[str, Any] = {"account_name": "a", "skip_signature": True, **USUAL}
    return AzureStore("b", endpoint=server.endpoint, **{**given, **more})


def dav(server: RawServer, **more: Any) -> HTTPStore:
    return HTTPStore(server.endpoint, **{**USUAL, **more})


STORES: dict[str, Callable[..., Any]] = {"S3": s3, "GCS": gcs, "Azure": azure, "HTTP": dav}


@pytest.mark.row("S6")
@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb"])
def test_no_header_with_a_line_break_leaves(value: str) -> None:
    origin = Origin("https", "h", 443, "https://h")
    for headers in ([("X-A", value)], [(value, "x")]):
        wire = Wire(origin, "GET", "/", headers, None, "https://h/", None, None)
        with pytest.raises(TransportFailure, match="line break"):
            wire.head()


@pytest.mark.row("S6")
@pytest.mark.parametrize(
    "raw", [b'"a\rX-Evil: 1"', b'"a\x00b"', b'"a\x0bb"', b'"a"\r\n X-Evil: folded', b'"\xff\xfe"']
)
def test_an_e_tag_of_a_hostile_server_injects_nothing(api: Api, raw: bytes) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
    )
    with RawServer([head + b"ETag: " + raw + b"\r\n\r\nx", response(200, headers=FACTS)]) as server:
        store = s3(server)
        try:
            e_tag = api.get(store, "k").meta["e_tag"]
            api.put(store, "k", b"y", mode={"e_tag": e_tag})
        except (BaseError, ValueError):
            pass
    for request in server.requests:
        assert "x-evil" not in dict(request.headers)
        assert request.head.count(b"\r\n\r\n") == 1


def bomb() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'.encode()


XML = {
    "bomb": bomb() + b"<ListBucketResult><Contents><Key>&l11;</Key></Contents></ListBucketResult>",
    "file": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><ListBucketResult><Contents>'
    b"<Key>&f;</Key><Size>1</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
    b"<ETag>1</ETag></Contents></ListBucketResult>",
    "deep": b"<a>" * 200_000,
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "open": b"<ListBucketResult><Contents>",
}


@pytest.mark.row("S7")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", XML)
def test_xml_that_is_a_trap_is_an_error_soon(api: Api, store: str, name: str) -> None:
    status = 207 if store == "HTTP" else 200
    with RawServer(lambda _: response(status, XML[name])) as server:
        started = time.monotonic()
        try:
            found = api.list(STORES[store](server))
        except BaseError as error:
            found = []
            assert len(str(error)) < 4096
            assert "root:" not in str(error)
        assert time.monotonic() - started < 10
        assert all("ha" not in meta["path"] and "root" not in meta["path"] for meta in found)


@pytest.mark.row("S7")
def test_a_page_over_64_mib_is_refused(api: Api) -> None:
    page = b"<ListBucketResult>" + b" " * (64 << 20)
    with (
        RawServer(lambda _: response(200, page)) as server,
        pytest.raises(GenericError, match=f"more than {64 << 20} bytes"),
    ):
        api.list(s3(server))


@pytest.mark.row("S7")
@pytest.mark.parametrize("store", STORES)
def test_a_long_error_is_cut(api: Api, store: str) -> None:
    text = b"<Error><Code>Bad</Code><Message>" + b"x" * (8 << 20) + b"</Message></Error>"
    with RawServer(lambda _: response(400, text)) as server, pytest.raises(BaseError) as caught:
        api.get(STORES[store](server), "k")
    assert len(str(caught.value)) < 4096


def headers_of(count: int, size: int) -> bytes:
    lines = "".join(f"X-{n}: {'v' * size}\r\n" for n in range(count))
    facts = "".join(f"{name}: {value}\r\n" for name, value in FACTS.items())
    return f"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n{facts}{lines}\r\nx".encode()


def ranged(value: str) -> bytes:
    return response(206, b"x", {**FACTS, "Content-Range": value})


SIZES: dict[str, bytes] = {
    "100 KiB of headers": headers_of(1, 100 << 10),
    "10,000 headers": headers_of(10_000, 10),
    "100 MB announced": response(200, b"x", FACTS, 10**8),
    "status 999": response(999),
    "status 42": response(42),
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "range at the end of numbers": ranged(f"bytes 0-0/{2**64 - 1}"),
    "range beyond numbers": ranged(f"bytes {2**64}-{2**64}/{2**65}"),
    "range backwards": ranged("bytes 9-1/10"),
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "length beyond numbers": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 2**70,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    "chunks beyond numbers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40,
}


@pytest.mark.row("S8")
@pytest.mark.parametrize("name", SIZES)
def test_hostile_sizes_end_in_an_error_or_the_truth(api: Api, name: str) -> None:
    with RawServer(lambda _: [SIZES[name], Close()]) as server:
        store = s3(server)
        for options in ({}, {"range": (0, 1)}):
            try:
                assert api.read(store, "k", **options) == b"x"
            except BaseError as error:
                assert len(str(error)) < 4096


@pytest.mark.row("S8")
def test_a_gzip_bomb_stays_small(api: Api) -> None:
    packed = gzip.compress(bytes(50 << 20))
    headers = {**FACTS, "Content-Encoding": "gzip"}
    with RawServer(lambda _: response(200, packed, headers)) as server:
        assert api.read(s3(server), "k") == packed
        with pytest.raises(BaseError):
            api.list(s3(server))


def page(token: str, key: str = "") -> bytes:
    time_ = "<LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>1</ETag><Size>1</Size>"
    content = f"<Contents><Key>{key}</Key>{time_}</Contents>" if key else ""
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    return response(200, f"<ListBucketResult>{content}{more}</ListBucketResult>".encode())


@pytest.mark.row("S9")
@pytest.mark.parametrize("key", ["", "k"])
def test_a_listing_that_repeats_its_page_ends(api: Api, key: str) -> None:
    with RawServer(lambda _: page("same", key)) as server:
        with pytest.raises(GenericError, match="same page of a listing twice"):
            api.list(s3(server))
        with pytest.raises(GenericError, match="same page of a listing twice"):
            api.list_with_delimiter(s3(server))
    assert len(server.requests) <= 4


@pytest.mark.row("S9")
def test_a_listing_of_nothing_ends() -> None:
    numbers = iter(range(10**9))

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=page(str(next(numbers))).partition(b"\r\n\r\n")[2])

    with RawServer([]) as server:
        store = s3(server, transport=httpx.MockTransport(answer))
        with pytest.raises(GenericError, match="1000 empty pages"):
            store.list().collect()


def azure_page(marker: str) -> bytes:
    return response(
        200,
        f"<EnumerationResults><Blobs/><NextMarker>{marker}</NextMarker></EnumerationResults>".encode(),
    )


@pytest.mark.row("S9")
@pytest.mark.parametrize("store", ["GCS", "Azure"])
def test_a_listing_of_another_store_that_repeats_its_page_ends(api: Api, store: str) -> None:
    repeated = page("same") if store == "GCS" else azure_page("same")
    with (
        RawServer(lambda _: repeated) as server,
        pytest.raises(GenericError, match="same page of a listing twice"),
    ):
        api.list(STORES[store](server))
    assert len(server.requests) <= 3
