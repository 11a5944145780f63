"""GCS's ways to a token: the right one is used, shared, renewed; what is refused says so."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.exceptions import (
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from object_store_py.store import GCSStore
from tests.backends.gcs import GcsEmulator
from tests.backends.gcs_auth import EMAIL, Authority, sign
from tests.harness.api import Api

STORAGE = "https://storage.googleapis.com"
GOOGLE = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
    "GOOGLE_SKIP_SIGNATURE",
    "SERVICE_ACCOUNT",
    "GCE_METADATA_HOST",
    "GCE_METADATA_ROOT",
    "GCE_METADATA_IP",
)


@dataclass
class World:
    """A server with its own keys, a directory for files, and the environment of the process."""

    server: GcsEmulator
    directory: Path
    environment: pytest.MonkeyPatch
    hosts: list[str] = field(default_factory=list[str])
    """Whom a machine at Google asked."""

    @property
    def authority(self) -> Authority:
        return self.server.authority

    def file(self, content: Any, name: str = "key.json") -> str:
        path = self.directory / name
        path.write_text(json.dumps(content))
        return str(path)

    def user(self) -> Any:
        return self.authority.authorized_user(f"{self.server.endpoint}/token")

    def store(self, **options: Any) -> GCSStore:
        """A store of a new bucket that has the object `k`."""
        bucket = self.server.create_bucket()
        with self.server.lock:
            self.server.write(self.server.buckets[bucket], "k", b"data", {})
        client = {"allow_http": True}
        given = {"base_url": self.server.endpoint, "client_options": client, **options}
        return GCSStore(bucket, **given)

    def tokens(self) -> list[str]:
        """The bearer tokens of the requests to the storage, in their order."""
        return [
            authorization.removeprefix("Bearer ")
            for _, path, authorization in self.server.requests
            if path.startswith("/bucket")
        ]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in GOOGLE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    (tmp_path / "gcloud").mkdir()
    with GcsEmulator() as server:
        yield World(server, tmp_path, monkeypatch)


Way = Callable[[World], dict[str, Any]]


def key_text(world: World) -> dict[str, Any]:
    return {"service_account_key": world.server.service_account_key()}


def key_file(world: World) -> dict[str, Any]:
    return {"service_account": world.file(world.authority.service_account())}


def key_file_of_the_environment(world: World) -> dict[str, Any]:
    path = world.file(world.authority.service_account())
    world.environment.setenv("GOOGLE_SERVICE_ACCOUNT_PATH", path)
    return {}


def key_file_of_the_unprefixed_variable(world: World) -> dict[str, Any]:
    world.environment.setenv("SERVICE_ACCOUNT", world.file(world.authority.service_account()))
    return {}


def default_service_account(world: World) -> dict[str, Any]:
    path = world.file(world.authority.service_account())
    world.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    return {}


def default_user(world: World) -> dict[str, Any]:
    world.file(world.user(), "gcloud/application_default_credentials.json")
    return {}


def user_file(world: World) -> dict[str, Any]:
    return {"application_credentials": world.file(world.user())}


def metadata_server(world: World) -> dict[str, Any]:
    world.environment.setenv("GCE_METADATA_HOST", f"127.0.0.1:{world.server.port}")
    return {}


def bearer_token(world: World) -> dict[str, Any]:
    return {"bearer_token": world.authority.issue()}


def provider(world: World) -> dict[str, Any]:
    def token() -> Any:
        world.server.requests.append(("CALL", "/token", ""))
        lifetime = timedelta(seconds=world.authority.token_lifetime)
        return {"token": world.authority.issue(), "expires_at": datetime.now(UTC) + lifetime}

    token.refresh_threshold = timedelta(minutes=4)  # type: ignore[attr-defined] # a function's own
    return {"credential_provider": token}


SELF_SIGNED: list[Way] = [
    key_text,
    key_file,
    key_file_of_the_environment,
    key_file_of_the_unprefixed_variable,
    default_service_account,
]
FETCHED: list[Way] = [default_user, user_file, metadata_server, provider]


@pytest.mark.slow
@pytest.mark.parametrize("way", [*SELF_SIGNED, *FETCHED, bearer_token])
def test_every_way_reads_and_writes(api: Api, world: World, way: Way) -> None:
    store = world.store(**way(world))
    api.put(store, "new", b"written")
    assert api.read(store, "new") == b"written"
    tokens = set(world.tokens())
    assert len(tokens) == 1
    assert all((token.count(".") == 2) == (way in SELF_SIGNED) for token in tokens)
    assert world.server.token_requests == (1 if way in FETCHED else 0)


@pytest.mark.parametrize("way", FETCHED)
def test_a_hundred_first_operations_make_one_token_request(
    api: Api, world: World, way: Way
) -> None:
    store = world.store(**way(world))
    assert api.together(*[lambda: api.read(store, "k")] * 100) == [b"data"] * 100
    assert world.server.token_requests == 1


@pytest.mark.slow
@pytest.mark.parametrize("way", FETCHED)
def test_a_token_is_renewed_before_it_ends_and_not_earlier(
    api: Api, world: World, way: Way
) -> None:
    world.authority.token_lifetime = 4 * 60 + 2  # due in two seconds
    store = world.store(**way(world))
    for _ in range(3):
        api.read(store, "k")
    assert world.server.token_requests == 1
    time.sleep(2.1)
    api.read(store, "k")
    assert world.server.token_requests == 2
    first, *_, last = world.tokens()
    assert first != last


@pytest.mark.parametrize("way", FETCHED)
def test_a_token_that_was_revoked_is_replaced_once(api: Api, world: World, way: Way) -> None:
    store = world.store(**way(world))
    api.read(store, "k")
    world.authority.revoke_all()
    assert api.read(store, "k") == b"data"
    assert world.server.token_requests == 2


@pytest.mark.slow
@pytest.mark.parametrize("way", [default_user, metadata_server])
def test_a_busy_token_server_is_asked_again(api: Api, world: World, way: Way) -> None:
    world.server.token_failures = [503, 500]
    assert api.read(world.store(**way(world)), "k") == b"data"
    assert world.server.token_requests == 3


@pytest.mark.slow
@pytest.mark.parametrize("way", [default_user, metadata_server])
def test_a_token_server_that_stays_down_is_unauthenticated(
    api: Api, world: World, way: Way
) -> None:
    world.server.token_failures = [503] * 20
    with pytest.raises(UnauthenticatedError, match="503"):
        api.read(world.store(**way(world)), "k")
    assert world.tokens() == []


def test_a_bearer_token_that_is_refused(api: Api, world: World) -> None:
    store = world.store(bearer_token="ya29.CANARY")
    with pytest.raises(UnauthenticatedError) as caught:
        api.read(store, "k")
    assert "CANARY" not in str(caught.value)


def test_a_key_that_was_deleted_is_refused(api: Api, world: World) -> None:
    store = world.store(**key_text(world))
    world.authority.key_id = "another"
    with pytest.raises(UnauthenticatedError):
        api.read(store, "k")


def test_a_refresh_token_that_was_revoked(api: Api, world: World) -> None:
    store = world.store(**default_user(world))
    secret, world.authority.refresh_token = world.authority.refresh_token, "revoked"
    with pytest.raises(UnauthenticatedError, match=r"invalid_grant.*gcloud auth") as caught:
        api.read(store, "k")
    assert secret not in str(caught.value)
    assert world.authority.client_secret not in str(caught.value)


def test_the_users_file_is_read_again_after_a_new_login(api: Api, world: World) -> None:
    store = world.store(**default_user(world))
    world.authority.refresh_token = "new"
    with pytest.raises(UnauthenticatedError):
        api.read(store, "k")
    default_user(world)
    assert api.read(store, "k") == b"data"


def test_no_credentials_at_all_says_what_to_do(api: Api, world: World) -> None:
    world.environment.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    with pytest.raises(UnauthenticatedError, match=r"service_account.*gcloud.*skip_signature"):
        api.read(world.store(), "k")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("not json", "no JSON object"),
        ({"type": "authorized_user", "client_secret": "CANARY"}, "client_id, refresh_token"),
        ({"type": "external_account", "secret": "CANARY"}, "GoogleCredentialProvider"),
        ({"type": "service_account", "private_key": "CANARY"}, "client_email"),
    ],
)
def test_a_default_file_that_cannot_be_used(
    api: Api, world: World, content: Any, match: str
) -> None:
    world.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", world.file(content))
    with pytest.raises(UnauthenticatedError, match=match) as caught:
        api.read(world.store(), "k")
    assert "key.json" in str(caught.value)
    assert "CANARY" not in str(caught.value)


def test_a_default_file_that_is_missing(api: Api, world: World) -> None:
    world.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/adc.json")
    with pytest.raises(UnauthenticatedError, match=r"/nowhere/adc\.json.*No such file"):
        api.read(world.store(), "k")


def test_a_provider_that_fails(api: Api, world: World) -> None:
    def fail() -> Any:
        raise RuntimeError("the vault is closed")

    with pytest.raises(UnauthenticatedError, match="the vault is closed"):
        api.read(world.store(credential_provider=fail), "k")


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"token": "t"}, {"token": 1, "expires_at": None}, {"token": "", "expires_at": 3}],
)
def test_a_provider_that_answers_nonsense(api: Api, world: World, answer: Any) -> None:
    with pytest.raises(UnauthenticatedError, match="credential provider"):
        api.read(world.store(credential_provider=lambda: answer), "k")
    assert world.tokens() == []


def test_an_asynchronous_provider(api: Api, world: World) -> None:
    async def token() -> Any:
        return {"token": world.authority.issue(), "expires_at": None}

    store = world.store(credential_provider=token)
    if api.way == "sync":
        with pytest.raises(UnauthenticatedError, match="_async methods"):
            api.read(store, "k")
    else:
        assert api.read(store, "k") == b"data"


@pytest.mark.parametrize("way", [default_user, default_service_account, metadata_server])
def test_public_data_is_read_as_nobody(api: Api, world: World, way: Way) -> None:
    store = world.store(skip_signature=True, **way(world))
    with pytest.raises(PermissionDeniedError):
        api.read(store, "k")
    world.server.buckets[store.config["bucket"]].public = True
    assert api.read(store, "k") == b"data"
    assert [meta["path"] for meta in api.list(store)] == ["k"]
    assert set(world.tokens()) == {""}
    assert world.server.token_requests == 0


@pytest.mark.parametrize("way", SELF_SIGNED[2:])
def test_a_credential_that_is_given_beats_the_environment(api: Api, world: World, way: Way) -> None:
    way(world)
    token = world.authority.issue()
    api.read(world.store(bearer_token=token), "k")
    api.read(world.store(credential_provider=lambda: {"token": token, "expires_at": None}), "k")
    assert world.tokens() == [token] * 2
    world.environment.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    api.read(world.store(bearer_token=token), "k")
    assert world.tokens() == [token] * 3


def at_google(world: World) -> Callable[[httpx.Request], httpx.Response]:
    """A machine at Google: its metadata server, its signing service, and the storage."""

    def answer(request: httpx.Request) -> httpx.Response:
        url = request.url
        headers = {**request.headers, "host": "127.0.0.1"}
        world.hosts.append(url.host)
        if url.path.endswith("/email"):
            return httpx.Response(200, text=EMAIL)
        if url.host == "iamcredentials.googleapis.com":
            world.authority.check_bearer(request.headers["authorization"].removeprefix("Bearer "))
            signature = sign(base64.b64decode(json.loads(request.read())["payload"]))
            return httpx.Response(
                200, json={"keyId": "k", "signedBlob": base64.b64encode(signature).decode()}
            )
        target = f"{world.server.endpoint}{url.raw_path.decode()}"
        got = httpx.request(
            request.method, target, headers=headers, content=request.read(), trust_env=False
        )
        return httpx.Response(got.status_code, headers=got.headers, content=got.content)

    return answer


@pytest.fixture
def machine(world: World) -> GCSStore:
    """A store on a machine at Google, whose network is a transport of our own."""
    mock = httpx.MockTransport(at_google(world))
    options: dict[str, Any] = {"base_url": STORAGE, "client_options": None}
    return world.store(transport=mock, async_transport=mock, **options)


def test_a_machine_at_google_needs_no_configuration(
    api: Api, world: World, machine: GCSStore
) -> None:
    api.put(machine, "new", b"written")
    assert api.read(machine, "new") == b"written"
    # The user's own transport saw every request, the one for the token included.
    assert world.hosts[0] == "metadata.google.internal"
    assert set(world.hosts[1:]) == {"storage.googleapis.com"}
    assert world.server.token_requests == 1


def test_google_signs_urls_for_a_machine(api: Api, world: World, machine: GCSStore) -> None:
    url = str(api.sign(machine, "GET", "k", timedelta(minutes=1)))
    assert url.startswith(f"{STORAGE}/bucket-")
    answer = httpx.get(url.replace(STORAGE, world.server.endpoint), trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"data")


@pytest.mark.parametrize("way", [default_user, bearer_token, provider])
def test_a_token_alone_cannot_sign_urls(api: Api, world: World, way: Way) -> None:
    store = world.store(**way(world))
    with pytest.raises(NotSupportedError, match="service_account_key"):
        api.sign(store, "GET", "k", timedelta(minutes=1))
