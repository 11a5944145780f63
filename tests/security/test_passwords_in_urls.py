"""URLs with a user name or password (S20): taken nowhere, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from object_store_py import _redact
from object_store_py.fsspec import FsspecStore
from object_store_py.store import AzureStore, GCSStore, HTTPStore, LocalStore, S3Store, from_url
from tests.security.texts import texts_of

pytestmark = pytest.mark.row("S20")

CANARY = "CaNaRy0123456789"
USERS = [
    f"u:{CANARY}",
    f":{CANARY}",
    CANARY,
    f"u:{CANARY}@x",
    f"u:x@{CANARY}",
    f"u:{CANARY}/x",
    f"u:x/{CANARY}",
    f"u:{CANARY}?x",
    f"u:x?{CANARY}",
    f"u:{CANARY}#x",
    f"u:x#{CANARY}",
    f"u:{CANARY}/x?y#z@1",
    f"u:x%40{CANARY}",
    f"u:{CANARY}'x",
    f"u:x {CANARY}",
    f"u:x[{CANARY}",
    f"u:x]{CANARY}",
]
URLS = {
    "s3": "b/k",
    "s3a": "b/k",
    "gs": "b/k",
    "az": "c/k",
    "adl": "c/k",
    "azure": "c/k",
    "abfs": "c@a.dfs.core.windows.net/k",
    "abfss": "c@a.dfs.core.windows.net/k",
    "http": "h/k",
    "https": "b.s3.us-east-1.amazonaws.com/k",
    "HTTPS": "a.blob.core.windows.net/c/k",
    "file": "/k",
    "memory": "/k",
    "ftp": "h/k",
}
CLASSES = (S3Store, GCSStore, AzureStore, HTTPStore, LocalStore)
KEYS: dict[str, Any] = {"region": "us-east-1", "skip_signature": True}
CLIENT: Any = {"allow_http": True}


def opened(store: Any) -> Any:
    store._verbs().backend._brain.open()
    return store


ADDRESSES: dict[str, Callable[[str], Any]] = {
    "endpoint of S3": lambda url: S3Store("b", endpoint=url, client_options=CLIENT, **KEYS),
    "endpoint of STS": lambda url: S3Store("b", endpoint_url_sts=url, region="us-east-1"),
    "metadata of S3": lambda url: S3Store("b", metadata_endpoint=url, region="us-east-1"),
    "container of S3": lambda url: S3Store(
        "b", container_credentials_full_uri=url, region="us-east-1"
    ),
    "endpoint of Azure": lambda url: AzureStore("c", account_name="a", endpoint=url),
    "authority of Azure": lambda url: AzureStore(
        "c", account_name="a", authority_host=url, client_id="x", client_secret="y", tenant_id="z"
    ),
    "identity of Azure": lambda url: AzureStore("c", account_name="a", msi_endpoint=url),
    "endpoint of GCS": lambda url: GCSStore("b", base_url=url, skip_signature=True),
    "HTTPStore": lambda url: HTTPStore(url, client_options=CLIENT),
}


def refused(make: Callable[[], Any]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011, RUF100 - which one is not the question
        make()
    said = "\n".join([*texts_of(caught.value), repr(caught.value.args)])
    # The source line of the test itself, with its parameters' names, is in the traceback.
    assert CANARY not in said


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("scheme", URLS)
def test_from_url(scheme: str, user: str) -> None:
    url = f"{scheme}://{user}@{URLS[scheme]}"
    refused(lambda: from_url(url))
    for kind in CLASSES:
        refused(partial(kind.from_url, url))


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("scheme", ["http://", "https://", ""])
@pytest.mark.parametrize("place", ADDRESSES)
def test_addresses_of_servers(place: str, scheme: str, user: str) -> None:
    refused(lambda: opened(ADDRESSES[place](f"{scheme}{user}@host.example")))


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("protocol", ["s3", "gs", "az", "abfss", "http", "https"])
def test_urls_of_fsspec(protocol: str, user: str) -> None:
    if protocol == "abfss" and user == CANARY:
        return  # that is a container
    options: dict[str, Any] = {"retry_config": {"max_retries": 0}}
    fs = FsspecStore(protocol, skip_instance_cache=True, **options)
    refused(lambda: fs.cat_file(f"{protocol}://{user}@{URLS[protocol]}"))


@pytest.mark.parametrize(
    "user", [f"u:{CANARY}", f"u:{CANARY}@x", f"u:x@{CANARY}/y", f"u:{CANARY}/x", CANARY]
)
def test_texts(user: str) -> None:
    text = f"no answer from https://{user}@host/k?sig={CANARY}, nor <s3://{user}@b>: 'a@b'"
    said = _redact.url(text)
    assert CANARY not in said
    assert said.endswith("nor <s3://b>: 'a@b'")


@pytest.mark.parametrize(
    "text",
    ["http://h:9000/k@1", "https://h/@scope/k", "s3://bucket/k@1", "https://[::1]:80/k@1"],
)
def test_an_at_sign_in_a_path_is_none_of_a_user(text: str) -> None:
    assert _redact.url(f"at {text}.") == f"at {text}."
    assert not _redact.has_user(text)
