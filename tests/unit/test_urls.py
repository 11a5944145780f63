"""Which store a URL means, and what `from_url` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import (
    AzureStore,
    GCSStore,
    HTTPStore,
    LocalStore,
    MemoryStore,
    S3Store,
    from_url,
)

SCHEMES = {
    "s3": [
        "s3://b/p",
        "s3a://b/p",
        "S3://b/p",
        "s3://b_c/x",
        "https://s3.us-west-2.amazonaws.com/b/p",
        "https://b.s3.us-west-2.amazonaws.com/p",
        "https://b.s3.amazonaws.com/p",
        "https://s3.dualstack.us-east-1.amazonaws.com/b",
        "https://acct.r2.cloudflarestorage.com/b/p",
        "https://acct.eu.r2.cloudflarestorage.com/b",
    ],
    "gcs": ["gs://b/p"],
    "azure": [
        "az://c/p",
        "adl://c/p",
        "azure://c/p",
        "abfs://c/p",
        "abfss://c@a.dfs.core.windows.net/p",
        "https://a.dfs.core.windows.net/c/p",
        "https://a.blob.core.windows.net/c/p",
        "https://acct.z01.dfs.core.windows.net/c",
        "https://onelake.dfs.fabric.microsoft.com/ws/item",
        "https://ws.z28.blob.fabric.microsoft.com/a/b",
    ],
    "http": [
        "https://e.com/x",
        "http://e.com",
        "http://s3.amazonaws.com/b",
        "https://storage.googleapis.com/b",
        "https://myamazonaws.com/b",
    ],
    "local": ["file:///tmp", "file:/tmp", "file://localhost/tmp"],
    "memory": ["memory:///", "memory:", "memory:///x"],
}
UNKNOWN = [
    "ftp://a",
    "s3n://b",
    "gcs://b",
    "data:",
    "c:/x",
    "s3://",
    "gs://",
    "az:///c",
    "memory://x",
    "file://host/tmp",
    "https://",
]


@pytest.mark.parametrize(
    ("url", "scheme"), [(url, scheme) for scheme, urls in SCHEMES.items() for url in urls]
)
def test_a_url_means_a_kind_of_store(url: str, scheme: str) -> None:
    assert obs.parse_scheme(url) == scheme


@pytest.mark.parametrize("url", UNKNOWN)
def test_an_unknown_url_is_named(url: str) -> None:
    for function in (obs.parse_scheme, from_url):
        with pytest.raises(GenericError, match="Unable to recognise URL"):
            function(url)


@pytest.mark.parametrize("url", ["", "relative", "a/b", "/tmp", "1s3://b"])
def test_a_relative_url_is_no_url(url: str) -> None:
    for function in (obs.parse_scheme, from_url):
        with pytest.raises(ValueError, match="relative URL without a base"):
            function(url)


def test_an_error_shows_no_secret_of_a_url() -> None:
    with pytest.raises(GenericError) as refused:
        obs.parse_scheme("ftp://user:s3cr3t@host/x?sig=s3cr3t")
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("url", [None, b"s3://b", Path("s3://b")])
def test_a_url_is_text(url: Any) -> None:
    with pytest.raises(TypeError):
        obs.parse_scheme(url)


@pytest.mark.parametrize(
    ("url", "kind", "shown"),
    [
        ("s3://b/p", S3Store, 'S3Store(bucket="b", prefix="p")'),
        ("gs://b/p", GCSStore, 'GCSStore(bucket="b", prefix="p")'),
        ("https://e.com/x", HTTPStore, 'HTTPStore("https://e.com/x")'),
        ("http://e.com", HTTPStore, 'HTTPStore("http://e.com/")'),
        (
            "https://a.blob.core.windows.net/c/p",
            AzureStore,
            'AzureStore(container_name="c", account_name="a", prefix="p")',
        ),
        (
            "abfss://c@a.dfs.core.windows.net/p",
            AzureStore,
            'AzureStore(container_name="c", account_name="a", prefix="p")',
        ),
    ],
)
def test_from_url_makes_the_store(url: str, kind: type, shown: str) -> None:
    store = from_url(url)
    assert type(store) is kind
    assert repr(store) == shown


def test_from_url_of_a_folder_and_of_memory(tmp_path: Path) -> None:
    store = from_url(tmp_path.as_uri())
    assert isinstance(store, LocalStore)
    assert store.prefix == tmp_path
    made = from_url(f"{tmp_path.as_uri()}/a%20new one", mkdir=True)
    assert isinstance(made, LocalStore)
    assert made.prefix == tmp_path / "a new one"
    assert isinstance(from_url("memory:///"), MemoryStore)
    assert isinstance(from_url("memory:", client_options={"timeout": "3s"}), MemoryStore)


def test_configuration_of_a_bucket_is_passed_on() -> None:
    store = from_url(
        "s3://b/p",
        config={"region": "eu-west-1"},
        client_options={"timeout": "3s"},
        retry_config={"max_retries": 1},
        skip_signature=True,
    )
    assert isinstance(store, S3Store)
    assert store.config == {"bucket": "b", "region": "eu-west-1", "skip_signature": "true"}
    assert store.client_options == {"timeout": "3s"}
    assert store.retry_config is not None


def test_what_is_given_wins_over_the_url() -> None:
    url = "https://s3.us-west-2.amazonaws.com/b"
    store = from_url(url, config={"aws_region": "eu-west-1"})
    assert isinstance(store, S3Store)
    assert store.config["region"] == "eu-west-1"


def _provider() -> Any:
    raise AssertionError("nobody asks")


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("https://e.com", {"config": {"a": "b"}}),
        ("https://e.com", {"timeout": "3s"}),
        ("https://e.com", {"credential_provider": _provider}),
        ("memory:///", {"config": {"a": "b"}}),
        ("memory:///", {"region": "x"}),
    ],
)
def test_configuration_where_there_is_none_is_refused(url: str, arguments: Any) -> None:
    with pytest.raises(BaseError, match="does not accept any configuration"):
        from_url(url, **arguments)


def test_a_credential_provider_for_local_files_is_refused() -> None:
    with pytest.raises(BaseError, match="does not accept a credential provider"):
        from_url("file:///", credential_provider=_provider)


@pytest.mark.parametrize("url", ["s3://b", "https://e.com"])
def test_a_transport_is_passed_on(url: str) -> None:
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(404)

    more = {"region": "us-east-1", "skip_signature": True} if url.startswith("s3") else {}
    store: Any = from_url(url, transport=httpx.MockTransport(answer), **more)
    with pytest.raises(FileNotFoundError):
        store.get("k")
    assert len(seen) == 1
