"""Where requests may go (S2, S3) and that no URL brings a password of its own (S17)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from object_store_py._http import Request, TransportFailure
from object_store_py._transport import Host
from object_store_py.exceptions import BaseError, GenericError
from object_store_py.options import ClientSettings
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store, from_url
from tests.harness.api import Api

SEEN: list[httpx.Request] = []
ELSEWHERE = "https://elsewhere.example"
OURS = "https://s3.us-east-1.amazonaws.com"


def redirect(request: httpx.Request) -> httpx.Response:
    SEEN.append(request)
    return httpx.Response(307, headers={"Location": f"{ELSEWHERE}/{request.url.path}"})


async def redirect_async(request: httpx.Request) -> httpx.Response:
    return redirect(request)


TRANSPORTS: dict[str, Any] = {
    "transport": httpx.MockTransport(redirect),
    "async_transport": httpx.MockTransport(redirect_async),
    "retry_config": {"max_retries": 0},
}
KEYS: dict[str, Any] = {"access_key_id": "a", "secret_access_key": "s", "region": "us-east-1"}
SIGNING: dict[str, Callable[[], Any]] = {
    "S3": lambda: S3Store("b", **KEYS, **TRANSPORTS),
    "Azure": lambda: AzureStore("c", account_name="a", account_key="a2V5", **TRANSPORTS),
    "GCS": lambda: GCSStore(
        "b", credential_provider=lambda: {"token": "t", "expires_at": None}, **TRANSPORTS
    ),
}


@pytest.mark.row("S2")
@pytest.mark.parametrize("verb", ["get", "head", "put", "delete"])
@pytest.mark.parametrize("name", SIGNING)
def test_a_store_with_credentials_never_follows(api: Api, name: str, verb: str) -> None:
    SEEN.clear()
    with pytest.raises(BaseError):
        api.call(verb, SIGNING[name](), "k", *([b"x"] if verb == "put" else []))
    assert len(SEEN) == 1
    assert SEEN[0].url.host != "elsewhere.example"


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    "url",
    [
        f"{ELSEWHERE}/k",
        "https://s3.us-east-1.amazonaws.com.evil.example/k",
        "https://s3.us-east-1.amazonaws.com:8443/k",
        "http://s3.us-east-1.amazonaws.com/k",
        "http://169.254.169.254/latest/api/token",
        "http://metadata.google.internal/",
        "http://127.0.0.1/",
        "https://s3.us-east-1.amazonaws.com@evil.example/k",
        "file:///etc/passwd",
    ],
)
def test_a_core_that_asks_for_another_origin_is_refused(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    SEEN.clear()
    host = Host(ClientSettings(), frozenset({OURS}), TRANSPORTS["transport"])
    assert host.exchange(Request("GET", f"{OURS}/k", [])).status == 307
    with pytest.raises(TransportFailure, match="does not name the origin"):
        host.exchange(Request("GET", url, []))
    assert len(SEEN) == 1
    [record] = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "object_store_py.http")


@pytest.mark.row("S3")
def test_the_metadata_address_is_open_to_instance_credentials_alone() -> None:
    address = "http://169.254.169.254"
    instance: Any = S3Store("b", ec2_metadata_disabled=False, region="us-east-1")
    assert address in instance._origins(instance._effective())
    for store in (S3Store("b", **KEYS), S3Store("b", skip_signature=True)):
        assert address not in store._origins(store._effective())


APPLICATION: dict[str, Any] = {"client_id": "c", "client_secret": "s", "tenant_id": "t"}
USER = "user:CANARY-password@"
WITH_PASSWORD: list[Callable[[], Any]] = [
    lambda: HTTPStore(f"https://{USER}h/data"),
    lambda: from_url(f"https://{USER}h/data"),
    lambda: from_url(f"s3://{USER}bucket/x"),
    lambda: from_url(f"gs://{USER}bucket/x"),
    lambda: from_url(f"az://{USER}bucket/x"),
    lambda: from_url(f"https://{USER}bucket.s3.us-east-1.amazonaws.com/x"),
    lambda: from_url(f"https://{USER}a.blob.core.windows.net/c"),
    lambda: S3Store("b", endpoint=f"https://{USER}h"),
    lambda: S3Store("b", endpoint_url_sts=f"https://{USER}h"),
    lambda: AzureStore("c", account_name="a", endpoint=f"https://{USER}h"),
    lambda: AzureStore("c", account_name="a", authority_host=f"https://{USER}h", **APPLICATION),
    lambda: GCSStore("b", base_url=f"https://{USER}h"),
]


@pytest.mark.row("S17")
@pytest.mark.parametrize("make", WITH_PASSWORD)
def test_a_password_in_a_url_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises((GenericError, ValueError)) as caught:
        make()
    assert "CANARY" not in str(caught.value)
