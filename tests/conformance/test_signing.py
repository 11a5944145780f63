"""Conformance: a signed URL works in a plain HTTP client, for its method, key and time alone."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest

from object_store_py import RawKey
from object_store_py.exceptions import NotSupportedError
from tests.harness.api import Api
from tests.harness.stores import Backend

HOUR = timedelta(hours=1)
KEY = "dir/a b+c%41ü.txt"


def ask(backend: Backend, method: str, url: str, body: bytes | None = None) -> httpx.Response:
    headers = backend.put_headers if method == "PUT" else None
    return httpx.request(
        method, url, content=body, headers=headers, trust_env=False, verify=backend.trust
    )


def longer(url: str) -> str:
    """The URL with a later end: S3 and GCS say how many seconds it lives, Azure says until when."""
    return url.replace("3600", "7200") if "3600" in url else url.replace("se=20", "se=21")


def test_a_signed_get_needs_no_credentials(api: Api, backend: Backend) -> None:
    backend.require("signing")
    api.put(backend.store, KEY, b"foo")
    answer = ask(backend, "GET", str(api.sign(backend.store, "GET", KEY, HOUR)))
    assert (answer.status_code, answer.content) == (200, b"foo")


def test_a_signed_put_and_delete(api: Api, backend: Backend) -> None:
    backend.require("signing")
    url = str(api.sign(backend.store, "PUT", KEY, HOUR))
    put = ask(backend, "PUT", url, b"written")
    assert put.status_code in (200, 201)
    assert api.read(backend.store, KEY) == b"written"
    gone = ask(backend, "DELETE", str(api.sign(backend.store, "DELETE", KEY, HOUR)))
    assert gone.status_code in (202, 204)
    assert api.list(backend.store) == []


def test_many_paths_give_many_urls_in_order(api: Api, backend: Backend) -> None:
    backend.require("signing")
    for key in ("one", "two"):
        api.put(backend.store, key, key.encode())
    urls = api.sign(backend.store, "GET", ["two", "one"], HOUR)
    assert [ask(backend, "GET", str(url)).content for url in urls] == [b"two", b"one"]


@pytest.mark.row("F31")
def test_a_key_with_a_newline_is_signed_for_and_no_other(api: Api, backend: Backend) -> None:
    backend.require("signing")
    keys = ["b", RawKey("a\nb"), "a", RawKey("a\tb")]
    for key in keys:
        api.put(backend.store, key, key.encode())
    urls = api.sign(backend.store, "GET", keys, HOUR)
    assert [ask(backend, "GET", str(url)).content for url in urls] == [k.encode() for k in keys]
    alone = str(api.sign(backend.store, "GET", keys[1], HOUR))
    assert ask(backend, "GET", alone).content == b"a\nb"


def test_a_changed_url_is_refused(api: Api, backend: Backend) -> None:
    backend.require("signing")
    for key in ("one", "two"):
        api.put(backend.store, key, b"secret")
    url = str(api.sign(backend.store, "GET", "one", HOUR))
    flipped = url[:-1] + ("0" if url[-1] != "0" else "1")
    for changed in (url.replace("/one?", "/two?"), longer(url), flipped):
        assert changed != url
        assert ask(backend, "GET", changed).status_code == 403


def test_another_method_is_refused(api: Api, backend: Backend) -> None:
    backend.require("signing")
    api.put(backend.store, "k", b"foo")
    url = str(api.sign(backend.store, "GET", "k", HOUR))
    assert ask(backend, "DELETE", url).status_code == 403
    assert api.read(backend.store, "k") == b"foo"


@pytest.mark.slow
def test_an_expired_url_is_refused(api: Api, backend: Backend) -> None:
    backend.require("signing")
    api.put(backend.store, "k", b"foo")
    url = str(api.sign(backend.store, "GET", "k", timedelta(seconds=1)))
    deadline = time.monotonic() + 3
    while (status := ask(backend, "GET", url).status_code) == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert status in (400, 403)  # 400 is Google's answer


@pytest.mark.parametrize("method", ["get", "FETCH"])
def test_a_method_that_is_none_is_refused(api: Api, backend: Backend, method: str) -> None:
    backend.require("signing")
    with pytest.raises(ValueError, match=method):
        api.sign(backend.store, method, "k", HOUR)


def test_a_store_that_cannot_sign_says_so(api: Api, backend: Backend) -> None:
    backend.require_lack_of("signing")
    with pytest.raises(NotSupportedError):
        api.sign(backend.store, "GET", "k", HOUR)
