"""A server without WebDAV: reading works, all else says what the server lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import (
    BaseError,
    NotFoundError,
    NotModifiedError,
    NotSupportedError,
    PreconditionError,
)
from object_store_py.store import HTTPStore
from tests.backends.nginx import Nginx
from tests.backends.rawserver import RawServer, response
from tests.files.facade import open_reader
from tests.harness.api import Api
from tests.http_store.conftest import DATA


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_object_is_read(api: Api, nginx: Nginx, slash: str) -> None:
    store = HTTPStore(f"{nginx.endpoint}/folder{slash}", **nginx.store_options())
    assert api.read(store, "object") == DATA
    meta = api.head(store, "object")
    assert (meta["path"], meta["size"]) == ("object", len(DATA))
    assert meta["e_tag"]


def test_ranges_and_streams(api: Api, plain: Any) -> None:
    assert api.get_range(plain, "object", start=10, end=20) == DATA[10:20]
    assert bytes(api.get_ranges(plain, "object", starts=[0, 7], lengths=[3, 5])[1]) == DATA[7:12]
    result = api.get(plain, "object", range={"suffix": 5})
    assert api.bytes(result) == DATA[-5:]
    chunks = api.stream(api.get(plain, "object"), 100_000)
    assert b"".join(chunks) == DATA


def test_conditions(api: Api, plain: Any) -> None:
    tag = api.head(plain, "object")["e_tag"]
    assert api.read(plain, "object", if_match=tag) == DATA
    with pytest.raises(PreconditionError):
        api.get(plain, "object", if_match='"other"')
    with pytest.raises(NotModifiedError):
        api.get(plain, "object", if_none_match=tag)


def test_what_is_missing_is_missing(api: Api, plain: Any) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        api.get(plain, "nothing")


def test_a_listing_says_what_the_server_lacks(api: Api, plain: Any) -> None:
    with pytest.raises(NotSupportedError, match=r"PROPFIND.*405"):
        api.list(plain)
    with pytest.raises(NotSupportedError, match=r"PROPFIND.*405"):
        api.list_with_delimiter(plain)


def test_a_server_that_takes_propfind_for_get_cannot_list(api: Api) -> None:
    with RawServer(lambda request: response(200, b"<html></html>")) as server:
        store = HTTPStore(server.endpoint, client_options={"allow_http": True})
        with pytest.raises(NotSupportedError, match="PROPFIND"):
            api.list(store)


def test_a_listing_that_is_forbidden_says_what_may_be(api: Api) -> None:
    with RawServer(lambda request: response(403)) as server:
        store = HTTPStore(server.endpoint, client_options={"allow_http": True})
        with pytest.raises(NotSupportedError, match="DavDepthInfinity"):
            api.list(store)


def test_writing_is_refused_by_the_server(api: Api, plain: Any) -> None:
    with pytest.raises(BaseError) as refused:
        api.put(plain, "new", b"x")
    assert refused.value.status == 405


def test_signing_is_not_supported(api: Api, plain: Any) -> None:
    with pytest.raises(NotSupportedError, match="cannot sign"):
        api.sign(plain, "GET", "object", timedelta(minutes=1))


def test_default_headers_reach_the_server(api: Api) -> None:
    headers = {"Authorization": "Bearer t0ken", "X-Odd": b"\xe9"}
    with RawServer(lambda request: response(200, b"x")) as server:
        options = {"allow_http": True, "default_headers": headers}
        assert api.read(HTTPStore(server.endpoint, client_options=options), "k") == b"x"
    assert server.requests[0].header("authorization") == "Bearer t0ken"
    assert server.requests[0].header("x-odd") == "\xe9"


def test_a_head_without_a_length_asks_again_with_get(api: Api) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "1"\r\n\r\n'
    answers = [head, response(200, b"abc", {"ETag": '"1"'})]
    with RawServer(answers) as server:
        store = HTTPStore(server.endpoint, client_options={"allow_http": True})
        assert api.head(store, "k")["size"] == 3
    assert [request.method for request in server.requests] == ["HEAD", "GET"]


def test_a_server_without_ranges_is_read_as_a_file(api: Api) -> None:
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "1"\r\n\r\n'
    with RawServer([head, response(200, b"a\nb\nc", {"ETag": '"1"'})]) as server:
        store = HTTPStore(server.endpoint, client_options={"allow_http": True})
        with open_reader(api, store, "k") as file:
            assert file.readlines() == [b"a\n", b"b\n", b"c"]
    assert [request.header("range") for request in server.requests] == [None, None]
