"""`auth.planetary_computer`: SAS tokens from its service, which is a server of ours behind TLS."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from object_store_py.auth.planetary_computer import (
    PlanetaryComputerAsyncCredentialProvider,
    PlanetaryComputerCredentialProvider,
)
from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import AzureStore
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import Api

URL = "https://naipeuwest.blob.core.windows.net/naip/v002/mt"
KEY = "CANARY-subscription-key"
SAS = "sv=2025&sp=rl&sig=CANARY-signature"
FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
PLACE = b"/api/token/naipeuwest/naip"


def token_answer(lifetime: timedelta = timedelta(hours=1), sas: str = SAS) -> bytes:
    end = (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
    return response(200, json.dumps({"msft:expiry": end, "token": sas}).encode())


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def service(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    """The token service; this machine trusts it, and has no settings."""
    (tmp_path / "ca.pem").write_bytes(ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PC_SDK_SUBSCRIPTION_KEY", "PC_SDK_SAS_URL"):
        monkeypatch.delenv(name, raising=False)
    with TlsServer(lambda _: token_answer(), ca.issue_cert("localhost")) as server:
        yield server


def kind_of(api: Api) -> Any:
    if api.way == "sync":
        return PlanetaryComputerCredentialProvider
    return PlanetaryComputerAsyncCredentialProvider


def provider_for(api: Api, service: RawServer, url: str | None = URL, **more: Any) -> Any:
    return kind_of(api)(url, **{"sas_url": f"{service.endpoint}/api/token/", **more})


def blob(request: RecordedRequest) -> bytes:
    return response(200, b"data", FACTS)


def store_on(blobs: RawServer, provider: Any) -> AzureStore:
    return AzureStore(
        credential_provider=provider,
        endpoint=blobs.endpoint,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def test_a_store_takes_all_from_the_provider(api: Api, service: RawServer) -> None:
    provider = provider_for(api, service, subscription_key=KEY)
    with RawServer(blob) as blobs:
        store = store_on(blobs, provider)
        assert store.prefix == "v002/mt"
        assert repr(store) == (
            'AzureStore(container_name="naip", account_name="naipeuwest", prefix="v002/mt")'
        )
        for given in (store, pickle.loads(pickle.dumps(store))):
            assert api.together(*[lambda given=given: api.read(given, "k")] * 10) == [b"data"] * 10
    assert {request.target.partition(b"?")[0] for request in blobs.requests} == {b"/naip/v002/mt/k"}
    assert all(request.query["sig"] == "CANARY-signature" for request in blobs.requests)
    assert [request.target for request in service.requests] == [PLACE, PLACE]  # one for each store
    assert service.requests[0].header("ocp-apim-subscription-key") == KEY
    assert all(request.header("ocp-apim-subscription-key") is None for request in blobs.requests)


def test_a_token_that_is_nearly_over_is_replaced(api: Api, service: RawServer) -> None:
    service._script = [token_answer(timedelta(minutes=1)), token_answer(sas="sig=second")]
    with RawServer(blob) as blobs:
        store = store_on(blobs, provider_for(api, service))
        assert api.read(store, "k") == b"data"
        time.sleep(0.2)
        assert api.read(store, "k") == b"data"
    assert [request.query["sig"] for request in blobs.requests] == ["CANARY-signature", "second"]


def test_a_busy_service_is_asked_again(api: Api, service: RawServer) -> None:
    service._script = [response(429), response(503), token_answer()]
    with RawServer(blob) as blobs:
        assert api.read(store_on(blobs, provider_for(api, service)), "k") == b"data"
    assert len(service.requests) == 3


REFUSALS: dict[str, tuple[Answer, str]] = {
    "refused": (
        response(401, json.dumps({"statusCode": 401, "message": f"bad key {KEY}"}).encode()),
        r"token service answered 401: bad key \*\*\*",
    ),
    "missing": (response(404, b'{"detail": "no such container"}'), "answered 404: no such"),
    "no token": (response(200, b"{}"), "without token and msft:expiry"),
    "no json": (response(200, f"<p>{KEY}</p>".encode()), "without token and msft:expiry"),
    "no time": (response(200, b'{"token": "sig=x", "msft:expiry": 5}'), "without token"),
    "no text": (
        response(200, b'{"token": 5, "msft:expiry": "2099-01-01T00:00:00Z"}'),
        "no text",
    ),
    "bomb": (response(200, b"[" * 100_000), "without token"),
    "too large": (response(200, b'{"token": "' + b"x" * (1 << 20) + b'"}'), "more than 1 MiB"),
    "moved": (response(302, headers={"Location": "https://elsewhere.example/"}), "answered 302"),
}


@pytest.mark.row("S7")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_unauthenticated(api: Api, service: RawServer, name: str) -> None:
    answer, match = REFUSALS[name]
    service._script = lambda _: answer
    with RawServer(blob) as blobs:
        store = store_on(blobs, provider_for(api, service, subscription_key=KEY))
        with pytest.raises(UnauthenticatedError, match=match) as caught:
            api.read(store, "k")
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert blobs.requests == []


@pytest.mark.slow
def test_who_cannot_be_trusted_gets_no_key(
    api: Api, service: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with RawServer(blob) as blobs:
        store = store_on(blobs, provider_for(api, service, subscription_key=KEY))
        with pytest.raises(UnauthenticatedError, match="CERTIFICATE_VERIFY_FAILED"):
            api.read(store, "k")
    assert service.requests == []


def test_settings_come_from_the_environment_or_a_file(
    api: Api, service: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ".planetarycomputer"
    place.mkdir()
    (place / "settings.env").write_text(
        "# settings\nexport PC_SDK_SUBSCRIPTION_KEY='from-file'\n\n"
        f"PC_SDK_SAS_URL={service.endpoint}\n"
    )
    with RawServer(blob) as blobs:
        assert api.read(store_on(blobs, kind_of(api)(URL)), "k") == b"data"
        monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "from-environment")
        monkeypatch.setenv("PC_SDK_SAS_URL", f"{service.endpoint}/v1")
        assert api.read(store_on(blobs, kind_of(api)(URL)), "k") == b"data"
        given = provider_for(api, service, subscription_key="given")
        assert api.read(store_on(blobs, given), "k") == b"data"
    found = [(r.target, r.header("ocp-apim-subscription-key")) for r in service.requests]
    assert found == [
        (b"/naipeuwest/naip", "from-file"),
        (b"/v1/naipeuwest/naip", "from-environment"),
        (PLACE, "given"),
    ]


def test_a_session_of_the_users_sends_the_requests(api: Api, service: RawServer) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("broken", request=request)
        end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        return httpx.Response(200, json={"msft:expiry": end, "token": SAS})

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    session: Any = httpx.Client(transport=httpx.MockTransport(answer))
    if api.way != "sync":
        session = httpx.AsyncClient(transport=httpx.MockTransport(answer_async))
    provider = kind_of(api)(URL, session=session, subscription_key=KEY)
    with RawServer(blob) as blobs:
        assert api.read(store_on(blobs, provider), "k") == b"data"
    assert [request.headers["ocp-apim-subscription-key"] for request in seen] == [KEY] * 2
    assert str(seen[0].url) == (
        "https://planetarycomputer.microsoft.com/api/sas/v1/token/naipeuwest/naip"
    )
    assert service.requests == []
    with pytest.raises(TypeError, match="session of its own cannot be pickled"):
        pickle.dumps(provider)


class FakeAsset:
    """As a `pystac.Asset` looks."""

    def __init__(self, href: str, extra_fields: dict[str, Any]) -> None:
        self.href = href
        self.extra_fields = extra_fields


OPTIONS = {"xarray:storage_options": {"account_name": "daymeteuwest"}}
ZARR = "abfs://daymet-zarr/daily/hi.zarr"
ASSETS: list[Any] = [
    FakeAsset(ZARR, OPTIONS),
    {"href": ZARR, **OPTIONS},
    {"href": "https://daymeteuwest.blob.core.windows.net/daymet-zarr/daily/hi.zarr"},
    {"href": ZARR, "extra_fields": {"table:storage_options": {"account_name": "daymeteuwest"}}},
    FakeAsset("https://daymeteuwest.blob.core.windows.net/daymet-zarr/daily/hi.zarr", OPTIONS),
]


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize(
    "kind", [PlanetaryComputerCredentialProvider, PlanetaryComputerAsyncCredentialProvider]
)
def test_an_asset_says_where_it_is(kind: Any, asset: Any) -> None:
    provider = kind.from_asset(asset)
    assert provider.config == {"account_name": "daymeteuwest", "container_name": "daymet-zarr"}
    assert provider.prefix == "daily/hi.zarr"


def test_account_and_container_can_be_given() -> None:
    provider = PlanetaryComputerCredentialProvider(account_name="a", container_name="c")
    assert (provider.config, provider.prefix) == (
        {"account_name": "a", "container_name": "c"},
        None,
    )


WRONG: list[tuple[Callable[[], Any], str]] = [
    (PlanetaryComputerCredentialProvider, "no account_name and no container_name"),
    (lambda: PlanetaryComputerCredentialProvider(account_name="a"), "no container_name"),
    (lambda: PlanetaryComputerCredentialProvider(f"{URL}?{SAS}"), "without a token"),
    (lambda: PlanetaryComputerCredentialProvider("https://e.com/c"), "blob.core.windows.net"),
    (lambda: PlanetaryComputerCredentialProvider(ZARR), "no account_name"),
    (lambda: PlanetaryComputerCredentialProvider(URL, account_name="b"), "the url says"),
    (lambda: PlanetaryComputerCredentialProvider(URL, container_name="naip"), "not both"),
    (lambda: PlanetaryComputerCredentialProvider(URL, sas_url="http://h/"), "a URL of https"),
    (lambda: PlanetaryComputerCredentialProvider.from_asset({}), "no href"),
]


@pytest.mark.parametrize(("make", "match"), WRONG)
def test_what_contradicts_itself_is_refused(make: Callable[[], Any], match: str) -> None:
    with pytest.raises(ValueError, match=match) as caught:
        make()
    assert "CANARY" not in str(caught.value)
