"""Row I5 of reliability.md: what would make a URL too long is refused, named and not repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError, NotFoundError
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store, from_url

pytestmark = pytest.mark.row("I5")
LONG = "x" * 70_000
SENT: list[httpx.Request] = []


def record(request: httpx.Request) -> httpx.Response:
    SENT.append(request)
    return httpx.Response(404)


TRANSPORT = httpx.MockTransport(record)
KEYS = {"access_key_id": "AKID", "secret_access_key": "secret", "region": "us-east-1"}


def s3(**options: Any) -> S3Store:
    return S3Store("b", transport=TRANSPORT, **{**KEYS, **options})


def azure(container: str = "c", **options: Any) -> AzureStore:
    given = {"account_name": "a", "skip_signature": True, **options}
    return AzureStore(container, transport=TRANSPORT, **given)


def gcs(bucket: str = "b", **options: Any) -> GCSStore:
    return GCSStore(bucket, skip_signature=True, transport=TRANSPORT, **options)


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("endpoint has more than 2048", lambda: s3(endpoint=f"https://h/{LONG}")),
    ("endpoint has more than 2048", lambda: azure(endpoint=f"https://h/{LONG}")),
    ("base_url has more than 2048", lambda: gcs(base_url=f"https://h/{LONG}")),
    ("url has more than 2048", lambda: HTTPStore(f"https://h/{LONG}")),
    ("url has more than 2048", lambda: from_url(f"https://h/{LONG}")),
    ("no name of a bucket", lambda: S3Store(LONG, **KEYS)),
    ("no name of a bucket", lambda: gcs(LONG)),
    ("no name of a container", lambda: azure(LONG)),
    ("no name of a storage account", lambda: azure(account_name=LONG)),
    ("region .* is no name", lambda: s3(region=LONG)),
    ("at most 1024", lambda: s3(prefix=LONG)),
    ("at most 1024", lambda: from_url(f"s3://b/{LONG}")),
    ("1201 bytes, more than 1024|at most 1024", lambda: s3(prefix="p" * 600).get("k" * 600)),
    ("version is not 1 to 1024", lambda: s3().get("k", options={"version": LONG})),
    ("offset .* at most 1024", lambda: s3().list(offset=LONG).collect()),
    ("prefix .* at most 1024", lambda: s3().list(LONG).collect()),
    ("sas_(key|token) has more than 16384", lambda: azure(sas_token=f"sig={LONG}").get("k")),
    ("token has more than 16384", lambda: obs.sign(s3(token=LONG), "GET", "k", timedelta(1))),
    ("Unable to recognise URL", lambda: obs.parse_scheme(f"ftp://h/{LONG}")),
]


@pytest.mark.parametrize(("match", "call"), CASES)
def test_refused_before_any_request(match: str, call: Callable[[], Any]) -> None:
    SENT.clear()
    with pytest.raises((BaseError, ValueError), match=match) as caught:
        call()
    assert SENT == []
    assert len(str(caught.value)) <= 2048
    assert "x" * 1500 not in str(caught.value)


LONGEST = "ü" * 512
"""A path of 1,024 bytes, which are 3,072 in a URL."""


@pytest.mark.parametrize(
    "make",
    [
        lambda: s3(endpoint="https://h/" + "x" * 2000),
        lambda: gcs(base_url="https://h/" + "x" * 2000),
        lambda: azure(endpoint="https://h/" + "x" * 2000),
        lambda: HTTPStore("https://h/" + "ü" * 2000, transport=TRANSPORT),
    ],
)
def test_the_longest_url_that_is_allowed_is_sent_and_its_error_is_cut(
    make: Callable[[], Any],
) -> None:
    SENT.clear()
    with pytest.raises(NotFoundError) as caught:
        make().get(LONGEST)
    assert len(SENT) == 1
    assert len(SENT[0].url.raw_path) > 5000
    assert len(str(caught.value)) <= 2048


@pytest.mark.parametrize("url", ["https://h/\udc80", "https://h/a\nb", "https://h/\x00"])
def test_a_url_with_control_characters_or_surrogates_is_refused(url: str) -> None:
    makes: list[Callable[[], Any]] = [lambda: HTTPStore(url), lambda: s3(endpoint=url)]
    for make in makes:
        with pytest.raises(BaseError, match="must not have control characters"):
            make()
