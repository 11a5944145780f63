"""Whatever a server writes ends in a result, or in an error of ours that names the key (F28)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError
from tests.backends.rawserver import Answer, Close, RawServer
from tests.harness.api import Api
from tests.security.test_hostile_servers import STORES

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
KEY = "some-key"


def answer(
    status: int | str = 200, body: bytes = b"x", more: bytes = b"", **headers: Any
) -> Answer:
    """An answer with usual headers, but for those that are given; None leaves one out."""
    given: dict[str, Any] = {"ETag": '"1"', "Last-Modified": DATE, "Content-Length": "1"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} S".encode()]
    for name, value in given.items():
        if value is not None:
            raw = value if isinstance(value, bytes) else value.encode()
            lines.append(name.encode() + b": " + raw)
    return [b"\r\n".join(lines) + b"\r\n" + more + b"\r\n" + body, Close()]


CHUNKS = b"Transfer-Encoding: chunked\r\n"
RIGHT: dict[str, Answer] = {
    "a date with another zone": answer(Last_Modified="Sun, 06 Nov 1994 09:49:37 +0100"),
    "no reason": [answer()[0].replace(b"200 S", b"200"), Close()],  # type: ignore[union-attr]
    "a length with zeros": answer(Content_Length="0001"),
    "chunks": answer(Content_Length=None, more=CHUNKS, body=b"1\r\nx\r\n0\r\n\r\n"),
}


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", RIGHT)
def test_what_may_be_written_so_is_read(api: Api, store: str, name: str) -> None:
    with RawServer(lambda _: RIGHT[name]) as server:
        result = api.get(STORES[store](server), KEY)
        assert result.meta["last_modified"] == MOMENT
        assert result.meta["size"] == 1
        assert api.bytes(result) == b"x"


def dated(text: str) -> Answer:
    """An answer with that date."""
    return answer(Last_Modified=text)


YEARS = ("0000", "0001", "1960", "9999", "10000", "99999999999", "-001", "9" * 5000)
ODD: dict[str, Answer] = {
    **{
        f"year {year[:11]}": answer(Last_Modified=f"Sun, 06 Nov {year} 08:49:37 GMT")
        for year in YEARS
    },
    **{
        f"date {text!r}": answer(Last_Modified=text)
        for text in (
            "",
            "0",
            "soon",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:99:99 GMT",
        )
    },
    "no date": answer(Last_Modified=None),
    **{
        f"e_tag {text[:9]!r} {len(text)}": answer(ETag=text)
        for text in ("", "1", 'W/"1"', '"', '"a"b"', '"\xe9"', '"' + "a" * 20_000 + '"', "*")
    },
    "no e_tag": answer(ETag=None),
    **{
        f"length {text[:9]!r} {len(text)}": answer(Content_Length=text)
        for text in (
            *("5" * 5000, "0" * 5000 + "1", "+1", "-1", " 1 , 1", "1, 1", "1,2", "0x1", "1.0", ""),
            *("\u0661", "1_0", str(2**64), str(2**63), "1 2"),
        )
    },
    "the same length twice": answer(more=b"Content-Length: 1\r\n"),
    "two lengths": answer(more=b"Content-Length: 2\r\n"),
    "no length": answer(Content_Length=None),
    "chunks and a length": answer(more=CHUNKS, body=b"1\r\nx\r\n0\r\n\r\n"),
    "packed chunks": answer(
        Content_Length=None,
        more=b"Transfer-Encoding: gzip, chunked\r\n",
        body=b"1\r\nx\r\n0\r\n\r\n",
    ),
    **{
        f"status {status}": answer(status)
        for status in (
            *(100, 101, 102, 199, 201, 204, 205, 207, 299, 300, 304, 305, 306, 308, 399, 402, 406),
            *(
                409,
                410,
                416,
                418,
                421,
                451,
                499,
                501,
                599,
                600,
                999,
                "+200",
                "2000",
                "20",
                "abc",
                "",
            ),
        )
    },
    **{
        f"range {text[:12]!r} {len(text)}": answer(206, Content_Range=text)
        for text in (
            *("bytes 0-0/1", "bytes 0-0/*", "bytes */1", "bytes 0-/1", "odd", "", "bytes=0-0/1"),
            *(f"bytes 0-0/{'9' * 5000}", f"bytes 0-{2**64}/{2**65}", "bytes 5-5/6", "bytes 1-0/1"),
        )
    },
    "a part without a range": answer(206),
    **{
        f"{header} {text!r}": answer(more=f"{header}: {text}\r\n".encode())
        for header in ("x-amz-version-id", "x-ms-version-id", "x-goog-generation")
        for text in ("ü", "\x01", "a" * 30_000)
    },
    "a control character": answer(Content_Type="a\x01b"),
    "line feeds alone": [answer()[0].replace(b"\r\n", b"\n"), Close()],  # type: ignore[union-attr]
    "HTTP/1.0": [answer()[0].replace(b"HTTP/1.1", b"HTTP/1.0"), Close()],  # type: ignore[union-attr]
    "HTTP/9.9": [answer()[0].replace(b"HTTP/1.1", b"HTTP/9.9"), Close()],  # type: ignore[union-attr]
    "no HTTP": [b"x", Close()],
    "nothing": [Close()],
    "a space before a colon": answer(more=b"X-A : b\r\n"),
    "a name that is not ASCII": answer(more=b"X\xfcA: b\r\n"),
    "a line without a colon": answer(more=b"XA\r\n"),
    "a folded header": answer(more=b"X-A: b\r\n c\r\n"),
    "no name": answer(more=b": c\r\n"),
}


def calls(api: Api, store: Any) -> dict[str, Callable[[], Any]]:
    """What reads an object, or writes one, under the name KEY."""
    return {
        "head": lambda: api.head(store, KEY),
        "get": lambda: api.read(store, KEY),
        "get_range": lambda: api.get_range(store, KEY, start=0, length=1),
        "put": lambda: api.put(store, KEY, b"y"),
        "copy": lambda: api.copy(store, KEY, "other"),
        "delete": lambda: api.delete(store, KEY),
    }


@pytest.mark.slow
@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_read_or_an_error_of_ours_that_names_the_key(
    api: Api, store: str, name: str
) -> None:
    with RawServer(lambda _: ODD[name]) as server:
        opened = STORES[store](server, client_options={"allow_http": True, "timeout": "2s"})
        for call in calls(api, opened).values():
            try:
                call()
            except BaseError as error:
                assert KEY in str(error)
                assert len(str(error)) < 4096


SAME = {"twice": b"Content-Length: 1\r\n", "in one line": b""}


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("how", SAME)
def test_lengths_that_agree_are_read(api: Api, store: str, how: str) -> None:
    length = "1" if how == "twice" else "1, 1"
    with RawServer(lambda _: answer(Content_Length=length, more=SAME[how])) as server:
        assert api.read(STORES[store](server), KEY) == b"x"
        assert api.head(STORES[store](server), KEY)["size"] == 1


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", ["S3", "GCS", "Azure", "HTTP"])
@pytest.mark.parametrize("length", ["1, 2", "1 1", "one"])
def test_lengths_that_do_not_agree_are_an_error(api: Api, store: str, length: str) -> None:
    with (
        RawServer(lambda _: answer(Content_Length=length)) as server,
        pytest.raises(GenericError, match=r"Content-Length"),
    ):
        api.read(STORES[store](server), KEY)
