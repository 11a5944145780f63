"""How an HTTPStore is configured: its URL, equality, pickling, and what is refused."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import Any

import httpx
import pytest

from object_store_py.exceptions import GenericError
from object_store_py.store import HTTPStore, S3Store


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://e.com", "https://e.com/"),
        ("https://e.com/", "https://e.com/"),
        ("https://e.com/x", "https://e.com/x"),
        ("https://e.com/x/", "https://e.com/x/"),
        ("HTTPS://E.com:443/a b/ü", "https://e.com/a%20b/%C3%BC"),
        ("https://e.com:8443/a%20b", "https://e.com:8443/a%20b"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    ],
)
def test_the_url_is_written_as_browsers_write_it(given: str, url: str) -> None:
    store = HTTPStore(given)
    assert store.url == url
    assert repr(store) == f'HTTPStore("{url}")'
    assert HTTPStore.from_url(given) == store


def test_there_is_no_prefix_and_no_config() -> None:
    store = HTTPStore("https://e.com/x")
    assert not hasattr(store, "prefix")
    assert not hasattr(store, "config")
    assert not hasattr(store, "credential_provider")
    assert (store.client_options, store.retry_config) == (None, None)


def test_options_come_out_as_they_go_in_again() -> None:
    headers = {"X-A": b"\xe9", "x-b": "2"}
    options = {"TIMEOUT": timedelta(seconds=3), "allow_http": True, "default_headers": headers}
    store = HTTPStore("https://e.com", client_options=options, retry_config={"max_retries": 2})
    assert store.client_options == {
        "timeout": "3s",
        "allow_http": "true",
        "default_headers": headers,
    }
    assert store.retry_config is not None
    assert store.retry_config["max_retries"] == 2
    again = HTTPStore(
        "https://e.com", client_options=store.client_options, retry_config=store.retry_config
    )
    assert again == store
    assert hash(again) == hash(store)


def test_other_stores_are_not_equal() -> None:
    store = HTTPStore("https://e.com/x")
    assert store != HTTPStore("https://e.com/y")
    assert store != HTTPStore("https://e.com/x", client_options={"timeout": "3s"})
    assert store != HTTPStore("https://e.com/x", retry_config={"max_retries": 1})
    assert store != S3Store("b")
    assert len({store, HTTPStore("https://e.com/x")}) == 1


class Special(HTTPStore):
    """A subclass, as users make them."""


@pytest.mark.parametrize("kind", [HTTPStore, Special])
def test_pickles_and_copies_are_equal(kind: type[HTTPStore]) -> None:
    options = {"default_headers": {"X-A": b"1"}, "root_certificate_": None}
    options.pop("root_certificate_")
    store = kind("https://e.com/x", client_options=options, retry_config={"max_retries": 2})
    for other in (pickle.loads(pickle.dumps(store)), copy.copy(store), copy.deepcopy(store)):
        assert type(other) is kind
        assert other == store


def test_the_arguments_that_rust_libraries_take() -> None:
    positional, named = HTTPStore("https://e.com").__getnewargs_ex__()
    assert positional == ("https://e.com/",)
    assert set(named) == {"client_options", "retry_config"}


def test_a_store_with_a_transport_of_its_own_does_not_pickle() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(404))
    store = HTTPStore("https://e.com", transport=transport)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(store)


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://user:s3cr3t@e.com/x", "user name or password"),
        ("https://s3cr3t@e.com/x", "user name or password"),
        ("https://e.com/x?sig=s3cr3t", "query"),
        ("https://e.com/x#part", "fragment"),
        ("e.com/x", "http"),
        ("ftp://e.com/x", "http"),
        ("https://", "host"),
        ("https://e.com:99999/", "URL"),
        ("https://e.com/a/../b", r"\.\."),
    ],
)
def test_what_cannot_be_a_store_is_refused(url: str, reason: str) -> None:
    with pytest.raises(GenericError, match=reason) as refused:
        HTTPStore(url)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("url", [None, 7, b"https://e.com"])
def test_the_url_must_be_text(url: Any) -> None:
    with pytest.raises(TypeError, match="url must be a str"):
        HTTPStore(url)


def test_plain_http_must_be_allowed() -> None:
    store = HTTPStore("http://127.0.0.1:1/x", retry_config={"max_retries": 0})
    with pytest.raises(GenericError, match="allow_http"):
        store.get("k")
