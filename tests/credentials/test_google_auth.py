"""`auth.google`: tokens of google-auth's credentials, real ones and ones that only look so."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.oauth2 import service_account

from object_store_py.auth.google import GoogleAsyncCredentialProvider, GoogleCredentialProvider
from object_store_py.exceptions import UnauthenticatedError
from tests.credentials.test_gcs import World, world
from tests.harness.api import Api

__all__ = ["world"]
PROVIDERS = [GoogleCredentialProvider, GoogleAsyncCredentialProvider]


class Fake:
    """Credentials as google-auth's look, with times in UTC that do not say so."""

    def __init__(self, world: World, lifetime: int = 3600) -> None:
        self.world = world
        self.lifetime = timedelta(seconds=lifetime)
        self.token: str | None = None
        self.expiry: datetime | None = None
        self.refreshed = 0

    def refresh(self, request: Any) -> None:
        assert request == "request"
        self.refreshed += 1
        self.token = self.world.authority.issue()
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + self.lifetime


class FakeAsync(Fake):
    """The asynchronous kind."""

    async def refresh(self, request: Any) -> None:  # type: ignore[override] # google's, too
        super().refresh(request)


def google_credentials(world: World) -> Any:
    """google-auth's own credentials of the service account."""
    info = world.authority.service_account(f"{world.server.endpoint}/token")
    make: Any = service_account.Credentials.from_service_account_info
    return make(info)


@pytest.fixture(params=PROVIDERS)
def kind(request: pytest.FixtureRequest, api: Api) -> Any:
    if api.way == "sync" and request.param is GoogleAsyncCredentialProvider:
        pytest.skip("n/a: asynchronous provider, synchronous methods")
    return request.param


@pytest.mark.parametrize("fake", [Fake, FakeAsync])
def test_credentials_that_look_like_googles(
    api: Api, world: World, kind: Any, fake: type[Fake]
) -> None:
    if fake is FakeAsync and kind is GoogleCredentialProvider:
        pytest.skip("n/a: synchronous provider, asynchronous credentials")
    credentials = fake(world)
    store = world.store(credential_provider=kind(credentials, request="request"))
    assert api.together(*[lambda: api.read(store, "k")] * 20) == [b"data"] * 20
    assert credentials.refreshed == 1
    assert set(world.tokens()) == {credentials.token}


def test_a_token_is_refreshed_when_its_end_is_near(world: World) -> None:
    credentials = Fake(world, lifetime=200)
    provider = GoogleCredentialProvider(credentials, request="request")
    first, second = provider(), provider()
    assert first["token"] != second["token"]
    assert second["expires_at"] is not None and second["expires_at"].tzinfo is UTC
    credentials.lifetime = timedelta(hours=1)
    assert provider() == provider()


def test_a_service_account_of_google_auth(api: Api, world: World, kind: Any) -> None:
    credentials = google_credentials(world)
    store = world.store(credential_provider=kind(credentials))
    assert api.read(store, "k") == b"data"
    assert api.read(store, "k") == b"data"
    assert world.server.token_requests == 1


def test_what_google_auth_finds_by_itself(api: Api, world: World, kind: Any) -> None:
    info = world.authority.service_account(f"{world.server.endpoint}/token")
    world.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", world.file(info))
    assert api.read(world.store(credential_provider=kind()), "k") == b"data"
    assert world.server.token_requests == 1


def test_a_refusal_is_unauthenticated(api: Api, world: World, kind: Any) -> None:
    credentials = google_credentials(world)
    world.authority.key_id = "another"
    with pytest.raises(UnauthenticatedError, match="RefreshError"):
        api.read(world.store(credential_provider=kind(credentials)), "k")


def test_a_provider_pickles_without_its_session(world: World) -> None:
    credentials = google_credentials(world)
    provider = GoogleCredentialProvider(credentials)
    provider()
    copied = pickle.loads(pickle.dumps(provider))
    assert copied()["token"] == provider()["token"]
