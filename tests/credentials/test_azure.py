"""Azure's ways to credentials: the right token, in time, once, and a clear error when refused."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import object_store_py as obs
from object_store_py.auth.azure import AzureAsyncCredentialProvider, AzureCredentialProvider
from object_store_py.exceptions import GenericError, PermissionDeniedError, UnauthenticatedError
from object_store_py.store import AzureStore
from tests.backends.azure_tokens import (
    ASSERTION,
    CLIENT,
    IDENTITY_HEADER,
    SECRET,
    TENANT,
    AzureTokens,
    make_token,
)
from tests.backends.azurite import Azurite
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.threads import PATIENCE, together

EARLY = 300
"""Seconds before its expiry in which a token is asked for again."""
REFUSED = (UnauthenticatedError, PermissionDeniedError)
"""What a token that nobody issued comes to: Azure answers 401, Azurite 403."""
QUICK = {"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}}


@pytest.fixture(scope="session")
def azurite(servers: Servers) -> Azurite:
    """An Azurite that takes bearer tokens."""
    found: Azurite = servers.get("azurite over TLS", partial(Azurite, tls=True))
    return found


@pytest.fixture(scope="session")
def container(azurite: Azurite) -> str:
    return azurite.create_container()


@pytest.fixture(autouse=True)
def no_azure_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "AZURITE_", "IDENTITY_")):
            monkeypatch.delenv(name)


@dataclass
class World:
    """The servers, a directory, and how to make stores."""

    azurite: Azurite
    tokens: AzureTokens
    container: str
    directory: Path
    monkeypatch: pytest.MonkeyPatch
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])

    def store(self, **more: Any) -> AzureStore:
        """A store without any credential of its own."""
        options = self.azurite.store_options()
        del options["account_key"]
        return AzureStore(self.container, **{**options, **self.defaults, **more})

    @property
    def token_file(self) -> Path:
        return self.directory / "token"

    def write_az(self, body: str) -> None:
        """Puts a program named az on PATH that notes each call."""
        place = self.directory / "bin"
        place.mkdir(exist_ok=True)
        program = place / "az"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.directory}/calls\n{body}\n')
        program.chmod(0o755)
        self.monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")

    def az_calls(self) -> list[str]:
        calls = self.directory / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def world(
    azurite: Azurite, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with AzureTokens() as tokens:
        yield World(azurite, tokens, container, tmp_path, monkeypatch)


def client_secret(world: World) -> dict[str, Any]:
    app = {"client_id": CLIENT, "client_secret": SECRET, "tenant_id": TENANT}
    return {**app, "authority_host": world.tokens.address}


def workload_identity(world: World) -> dict[str, Any]:
    world.token_file.write_text(f"{ASSERTION}\n")
    app = {"client_id": CLIENT, "tenant_id": TENANT, "authority_host": f"{world.tokens.address}/"}
    return {**app, "federated_token_file": str(world.token_file)}


def app_service(world: World) -> dict[str, Any]:
    world.monkeypatch.setenv("IDENTITY_ENDPOINT", f"{world.tokens.address}/msi/token")
    world.monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
    return {}


WAYS: dict[str, Callable[[World], dict[str, Any]]] = {
    way.__name__: way for way in (client_secret, workload_identity, app_service)
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, world: World) -> Callable[..., AzureStore]:
    """Makes stores that get their credential in one way."""
    return partial(world.store, **WAYS[request.param](world))


def test_the_token_that_the_service_hands_out_is_used(
    api: Api, world: World, way: Callable[..., AzureStore]
) -> None:
    store = way()
    api.put(store, "k", b"body")
    assert api.read(store, "k") == b"body"
    assert len(world.tokens.asked) == 1


def test_a_token_is_asked_for_again_before_it_expires(
    api: Api, world: World, way: Callable[..., AzureStore]
) -> None:
    world.tokens.lifetime = EARLY + 2
    store = way()
    api.put(store, "k", b"first")
    api.put(store, "k", b"second")
    assert len(world.tokens.asked) == 1
    world.tokens.lifetime = 3600
    if world.token_file.exists():  # which Kubernetes renews
        world.tokens.assertion = "CANARY.assertion.2"
        world.token_file.write_text(world.tokens.assertion)
    time.sleep(2.2)
    api.put(store, "k", b"third")
    api.put(store, "k", b"fourth")
    assert len(world.tokens.asked) == 2


def test_100_threads_ask_once(world: World, way: Callable[..., AzureStore]) -> None:
    store = way()
    together([partial(obs.put, store, f"t/{n}", b"x") for n in range(100)])
    assert len(world.tokens.asked) == 1


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_100_tasks_ask_once(world: World, way: Callable[..., AzureStore], loop: str) -> None:
    store = way()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = anyio.current_time() + PATIENCE
            for n in range(100):
                group.start_soon(obs.put_async, store, f"t/{n}", b"x")
        assert not group.cancel_scope.cancelled_caught, "some tasks hang"

    anyio.run(main, backend=loop)
    assert len(world.tokens.asked) == 1


def test_a_refusal_is_a_clear_error_without_secrets(
    api: Api, world: World, way: Callable[..., AzureStore]
) -> None:
    world.tokens.refuses = True
    store = way(retry_config=QUICK)
    with pytest.raises(UnauthenticatedError, match="401") as caught:
        api.get(store, "k")
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == "k"
    world.tokens.refuses = False
    with pytest.raises(FileNotFoundError):  # the refusal is not remembered
        api.get(store, "no such key")


def test_a_service_that_fails_once_is_asked_again(
    api: Api, world: World, way: Callable[..., AzureStore]
) -> None:
    world.tokens.failures = [503]
    api.put(way(), "k", b"x")
    assert len(world.tokens.asked) == 2


def test_the_refusal_says_what_entra_id_says(api: Api, world: World) -> None:
    world.tokens.refuses = True
    with pytest.raises(UnauthenticatedError, match=r"invalid_client: AADSTS7000215: [^\n]*"):
        api.get(world.store(**workload_identity(world)), "k")


def test_a_token_file_that_is_missing_is_named(api: Api, world: World) -> None:
    arguments = workload_identity(world)
    world.token_file.unlink()
    with pytest.raises(UnauthenticatedError, match=f"{world.token_file}.*No such file"):
        api.get(world.store(**arguments), "k")
    assert world.tokens.asked == []


class Reroute(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers for the instance's own address; passes everything else on.

    The storage refuses the tokens for which `revoked` is true.
    """

    def __init__(self, world: World, revoked: Callable[[str], bool] = lambda token: False) -> None:
        self._tokens = world.tokens
        self._revoked = revoked
        self._options: dict[str, Any] = {"verify": world.azurite.trust()}

    def _own(self, request: httpx.Request) -> httpx.Response | None:
        if self._revoked(request.headers.get("authorization", "").removeprefix("Bearer ")):
            return httpx.Response(401, headers={"x-ms-error-code": "InvalidAuthenticationInfo"})
        if request.url.host != "169.254.169.254":
            return None
        target = request.url.raw_path.decode()
        headers = dict(request.headers)
        status, body = self._tokens.answer(request.method, target, headers, b"")
        return httpx.Response(status, json=body)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if (own := self._own(request)) is not None:
            return own
        with httpx.HTTPTransport(**self._options) as transport:
            answer = transport.handle_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (own := self._own(request)) is not None:
            return own
        async with httpx.AsyncHTTPTransport(**self._options) as transport:
            answer = await transport.handle_async_request(request)
            body = await answer.aread()
            return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def test_a_token_that_is_refused_is_replaced_once(
    api: Api, world: World, way: Callable[..., AzureStore]
) -> None:
    revoked: set[str] = set()
    reroute = Reroute(world, lambda token: token in revoked or (token != "" and "all" in revoked))
    store = way(transport=reroute, async_transport=reroute)
    api.put(store, "k", b"x")
    revoked.add(world.tokens.asked[0].token or "")
    assert api.read(store, "k") == b"x"
    assert len(world.tokens.asked) == 2
    revoked.add("all")
    with pytest.raises(UnauthenticatedError):
        api.read(store, "k")
    assert len(world.tokens.asked) == 3


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {}),
        ({"client_id": "one"}, {"client_id": "one"}),
        ({"client_id": "one", "object_id": "two"}, {"object_id": "two"}),
        ({"object_id": "two", "msi_resource_id": "three"}, {"msi_res_id": "three"}),
    ],
)
def test_an_instance_asks_its_own_address(
    api: Api, world: World, given: dict[str, str], sent: dict[str, str]
) -> None:
    world.monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)  # which is for App Service alone
    reroute = Reroute(world)
    store = world.store(transport=reroute, async_transport=reroute, **given)
    api.put(store, "k", b"x")
    (asked,) = world.tokens.asked
    assert asked.fields.keys() == {"api-version", "resource", *sent}
    assert sent.items() <= asked.fields.items()
    assert "x-identity-header" not in asked.headers


def test_a_machine_without_an_identity_says_what_to_do(api: Api, world: World) -> None:
    store = world.store(msi_endpoint="http://127.0.0.1:1/token")
    with pytest.raises(UnauthenticatedError, match=r"no managed identity.*give account_key"):
        api.get(store, "k")


needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="n/a: the fake az is a shell script")


def az_answer(lifetime: float, *, old: bool = False) -> str:
    """What `az account get-access-token` prints; old versions give the local time alone."""
    end = datetime.fromtimestamp(time.time() + lifetime)
    answer: dict[str, Any] = {
        "accessToken": make_token(1),
        "expiresOn": f"{end:%Y-%m-%d %H:%M:%S}.000000",
        "tokenType": "Bearer",
    }
    if not old:
        answer["expires_on"] = int(time.time() + lifetime)
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


@needs_sh
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_the_azure_cli_is_asked_and_asked_again(api: Api, world: World, old: bool) -> None:
    world.write_az(az_answer(EARLY + 2.5, old=old))
    store = world.store(use_azure_cli=True)
    api.put(store, "k", b"x")
    api.put(store, "k", b"y")
    scope = "https://storage.azure.com/.default"
    assert world.az_calls() == [f"account get-access-token --output json --scope {scope}"]
    time.sleep(2.7)
    api.put(store, "k", b"z")
    assert len(world.az_calls()) == 2


@needs_sh
def test_100_threads_run_the_azure_cli_once(world: World) -> None:
    world.write_az(f"sleep 0.2\n{az_answer(3600)}")
    store = world.store(use_azure_cli=True)
    together([partial(obs.put, store, f"t/{n}", b"x") for n in range(100)])
    assert len(world.az_calls()) == 1


@needs_sh
@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("echo 'ERROR: Please run az login' >&2; exit 1", "az failed: ERROR: Please run az login"),
        ("echo nonsense", "something else than a token"),
        ('echo \'{"accessToken": "x", "tokenType": "pop", "expires_on": 1}\'', "no bearer"),
    ],
)
def test_an_azure_cli_that_fails(api: Api, world: World, body: str, match: str) -> None:
    world.write_az(body)
    with pytest.raises(UnauthenticatedError, match=match):
        api.get(world.store(use_azure_cli=True), "k")


def test_an_azure_cli_that_is_not_there(api: Api, world: World) -> None:
    world.monkeypatch.setenv("PATH", str(world.directory))
    with pytest.raises(UnauthenticatedError, match="there is no az on PATH"):
        api.get(world.store(credential_type="azure_cli"), "k")


def test_a_bearer_token(api: Api, world: World) -> None:
    api.put(world.store(bearer_token=make_token(1)), "k", b"x")
    with pytest.raises(REFUSED) as caught:
        api.get(world.store(bearer_token="nonsense-CANARY", retry_config=QUICK), "k")
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["sas_token", "?sas_key", "provider-text", "provider-pairs"])
def test_a_sas_token_reads_writes_lists_copies_and_deletes(
    api: Api, servers: Servers, form: str
) -> None:
    server: Azurite = servers.get("azurite", Azurite)  # the other one does not trust its own source
    container = server.create_container()
    sas = server.container_sas(container)
    pairs = list(httpx.QueryParams(sas).multi_items())
    answer: dict[str, Any] = {"expires_at": None}
    options: dict[str, Any] = {
        "sas_token": {"sas_token": sas},
        "?sas_key": {"AZURE_STORAGE_SAS_KEY": f"?{sas}"},
        "provider-text": {"credential_provider": lambda: {**answer, "sas_token": sas}},
        "provider-pairs": {"credential_provider": lambda: {**answer, "sas_token": pairs}},
    }[form]
    given = server.store_options()
    del given["account_key"]
    store = AzureStore(container, **given, **options)
    api.put(store, "a b%41", b"x", attributes={"k": "v"}, use_multipart=True)
    api.copy(store, "a b%41", "c")
    assert api.read(store, "c") == b"x"
    assert api.paths(store) == ["a b%41", "c"]
    api.delete(store, ["a b%41", "c"])
    assert api.paths(store) == []


def test_a_sas_token_without_a_right_is_refused(api: Api, world: World) -> None:
    store = world.store(sas_token=world.azurite.container_sas(world.container, "rl"))
    with pytest.raises(PermissionError) as caught:
        api.put(store, "k", b"x")
    assert "sig=" not in str(caught.value)


def test_public_data_needs_no_credential(api: Api, world: World) -> None:
    container = world.azurite.create_container(public=True)
    owner = AzureStore(container, **world.azurite.store_options())
    api.put(owner, "k", b"x")
    options = world.azurite.store_options()
    del options["account_key"]
    nobody = AzureStore(container, skip_signature=True, **options)
    assert api.read(nobody, "k") == b"x"
    assert api.paths(nobody) == ["k"]


def test_what_a_provider_knows_is_used(api: Api, world: World) -> None:
    class Provider:
        prefix = "its/own"

        def __init__(self) -> None:
            options = world.azurite.store_options()
            self.key = options.pop("account_key")
            self.options = options.pop("client_options")
            self.config = {**options, "container_name": world.container}
            self.calls = 0

        def __call__(self) -> Any:
            self.calls += 1
            return {"access_key": self.key, "expires_at": None}

    provider = Provider()
    store = AzureStore(credential_provider=provider, client_options=provider.options)
    assert store.prefix == "its/own"
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"
    assert provider.calls == 1
    given = AzureStore(prefix="", credential_provider=provider, client_options=provider.options)
    assert api.read(given, "its/own/k") == b"x"


class Credential:
    """What azure-identity's credentials look like."""

    def __init__(self, lifetime: float = 3600) -> None:
        self.asked: list[Any] = []
        self.lifetime = lifetime

    def get_token(self, *scopes: str, **options: Any) -> Any:
        self.asked.append((scopes, options))
        return AccessToken(make_token(len(self.asked)), int(time.time() + self.lifetime))


@dataclass
class AccessToken:
    token: str
    expires_on: int


class AsyncCredential(Credential):
    async def get_token(self, *scopes: str, **options: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        return super().get_token(*scopes, **options)


def test_credentials_of_azure_identity(api: Api, world: World) -> None:
    credential = Credential() if api.way == "sync" else AsyncCredential()
    provider: Any
    if api.way == "sync":
        provider = AzureCredentialProvider(credential, tenant_id="t")
    else:
        provider = AzureAsyncCredentialProvider(credential, tenant_id="t")
    store = world.store(credential_provider=provider)
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"
    assert credential.asked == [(("https://storage.azure.com/.default",), {"tenant_id": "t"})]


def test_azure_identity_that_is_not_installed(world: World) -> None:
    for name in ("azure.identity", "azure.identity.aio"):
        world.monkeypatch.setitem(sys.modules, name, None)
    for kind in (AzureCredentialProvider, AzureAsyncCredentialProvider):
        with pytest.raises(ImportError, match="pip install azure-identity"):
            kind()


def test_a_providers_token_is_renewed_before_it_expires(api: Api, world: World) -> None:
    credential = Credential(lifetime=EARLY + 1.5)
    store = world.store(credential_provider=AzureCredentialProvider(credential))
    api.put(store, "k", b"x")
    time.sleep(1.7)
    api.put(store, "k", b"y")
    assert len(credential.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"token": "CANARY"},
        {"token": "CANARY", "expires_at": "soon"},
        {"token": "CANARY", "access_key": "CANARY", "expires_at": None},
        {"sas_token": 5, "expires_at": None},
        {"sas_token": [("CANARY",)], "expires_at": None},
        {"token": "CANARY\n", "expires_at": None},
        {"access_key": "CANARY?", "expires_at": None},
    ],
)
def test_a_provider_that_answers_nonsense(api: Api, world: World, answer: Any) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        api.get(world.store(credential_provider=lambda: answer), "k")
    assert "CANARY" not in str(caught.value)


def test_a_credential_that_is_given_beats_the_environment(api: Api, world: World) -> None:
    world.monkeypatch.setenv("AZURE_STORAGE_TOKEN", "nonsense")
    for key, value in workload_identity(world).items():
        world.monkeypatch.setenv(f"AZURE_{key.upper()}", value)
    api.put(world.store(sas_token=world.azurite.container_sas(world.container)), "k", b"x")
    assert world.tokens.asked == []
    with pytest.raises(REFUSED, match="account_name and its key or token"):
        api.get(world.store(retry_config=QUICK), "k")


def test_a_credential_type_that_lacks_its_keys(world: World) -> None:
    with pytest.raises(GenericError, match="client_secret needs client_id, client_secret"):
        world.store(credential_type="client_secret")
