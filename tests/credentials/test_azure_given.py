"""Azure's credentials that are given: tokens, SAS tokens, providers, azure-identity, none."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import anyio.lowlevel
import httpx
import pytest

from object_store_py.auth.azure import AzureAsyncCredentialProvider, AzureCredentialProvider
from object_store_py.exceptions import GenericError, UnauthenticatedError
from object_store_py.store import AzureStore
from tests.backends.azure_tokens import make_token
from tests.backends.azurite import Azurite
from tests.credentials.azure_world import EARLY, QUICK, REFUSED, AzureWorld, workload_identity
from tests.harness.api import Api
from tests.harness.servers import Servers

MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"


def test_a_bearer_token(api: Api, azure: AzureWorld) -> None:
    api.put(azure.store(bearer_token=make_token(1)), "k", b"x")
    with pytest.raises(REFUSED) as caught:
        api.get(azure.store(bearer_token="nonsense-CANARY", retry_config=QUICK), "k")
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bearer_token_signs_with_a_key_of_the_users(api: Api, azure: AzureWorld) -> None:
    """A user delegation SAS: the token gets a key, and the key signs."""
    store = azure.store(bearer_token=make_token(1), prefix="delegated")
    key = "a b+%41ü"
    api.put(store, key, b"x")
    url = str(api.sign(store, "GET", key, timedelta(hours=1)))
    answer = httpx.get(url, verify=azure.azurite.trust() or True)
    assert (answer.status_code, answer.content) == (200, b"x")
    assert httpx.delete(url, verify=azure.azurite.trust() or True).status_code == 403


def test_the_emulator_needs_nothing_but_its_address(api: Api, azure: AzureWorld) -> None:
    azure.monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", azure.azurite.address)
    options = azure.azurite.client_options()
    store = AzureStore(azure.container, prefix="e", use_emulator=True, client_options=options)
    for key in ("a", "b", "c"):
        api.put(store, key, b"x")
    assert [meta["path"] for meta in api.list(store, offset="a")] == ["b", "c"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["sas_token", "?sas_key", "provider-text", "provider-pairs"])
def test_a_sas_token_reads_writes_lists_copies_and_deletes(
    api: Api, servers: Servers, form: str
) -> None:
    server: Azurite = servers.get("azurite", Azurite)  # the other one does not trust its own source
    container = server.create_container()
    sas = server.container_sas(container)
    pairs = list(httpx.QueryParams(sas).multi_items())
    answer: dict[str, Any] = {"expires_at": None}
    forms: dict[str, dict[str, Any]] = {
        "sas_token": {"sas_token": sas},
        "?sas_key": {"AZURE_STORAGE_SAS_KEY": f"?{sas}"},
        "provider-text": {"credential_provider": lambda: {**answer, "sas_token": sas}},
        "provider-pairs": {"credential_provider": lambda: {**answer, "sas_token": pairs}},
    }
    given = server.store_options()
    del given["account_key"]
    store = AzureStore(container, **given, **forms[form])
    api.put(store, "a b%41", b"x", attributes={"k": "v"}, use_multipart=True)
    api.copy(store, "a b%41", "c")
    assert api.read(store, "c") == b"x"
    assert api.paths(store) == ["a b%41", "c"]
    api.delete(store, ["a b%41", "c"])
    assert api.paths(store) == []


def test_a_sas_token_that_is_over_is_replaced_once(api: Api) -> None:
    """Azure's answer is 403 AuthenticationFailed (Azurite's is another)."""
    asked: list[str] = []

    def provider() -> Any:
        asked.append(f"sig={len(asked)}")
        return {"sas_token": asked[-1], "expires_at": None}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["sig"] == "0":
            return httpx.Response(403, text="<Error><Code>AuthenticationFailed</Code></Error>")
        return httpx.Response(201, headers={"etag": '"e"', "last-modified": MODIFIED})

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    store = AzureStore(
        "c",
        account_name="a",
        credential_provider=provider,
        transport=httpx.MockTransport(answer),
        async_transport=httpx.MockTransport(answer_async),
    )
    api.put(store, "k", b"x")
    api.put(store, "k", b"y")
    assert asked == ["sig=0", "sig=1"]


def test_a_sas_token_without_a_right_is_refused(api: Api, azure: AzureWorld) -> None:
    store = azure.store(sas_token=azure.azurite.container_sas(azure.container, "rl"))
    with pytest.raises(PermissionError) as caught:
        api.put(store, "k", b"x")
    assert "sig=" not in str(caught.value)


def test_public_data_needs_no_credential(api: Api, azure: AzureWorld) -> None:
    container = azure.azurite.create_container(public=True)
    owner = AzureStore(container, **azure.azurite.store_options())
    api.put(owner, "k", b"x")
    options = azure.azurite.store_options()
    del options["account_key"]
    nobody = AzureStore(container, skip_signature=True, **options)
    assert api.read(nobody, "k") == b"x"
    assert api.paths(nobody) == ["k"]


def test_what_a_provider_knows_is_used(api: Api, azure: AzureWorld) -> None:
    class Provider:
        prefix = "its/own"

        def __init__(self) -> None:
            options = azure.azurite.store_options()
            self.key = options.pop("account_key")
            self.options = options.pop("client_options")
            self.config = {**options, "container_name": azure.container}
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


def test_credentials_of_azure_identity(api: Api, azure: AzureWorld) -> None:
    credential = Credential() if api.way == "sync" else AsyncCredential()
    provider: Any
    if api.way == "sync":
        provider = AzureCredentialProvider(credential, tenant_id="t")
    else:
        provider = AzureAsyncCredentialProvider(credential, tenant_id="t")
    store = azure.store(credential_provider=provider)
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"
    assert credential.asked == [(("https://storage.azure.com/.default",), {"tenant_id": "t"})]


def test_azure_identity_that_is_not_installed(azure: AzureWorld) -> None:
    for name in ("azure.identity", "azure.identity.aio"):
        azure.monkeypatch.setitem(sys.modules, name, None)
    for kind in (AzureCredentialProvider, AzureAsyncCredentialProvider):
        with pytest.raises(ImportError, match="pip install azure-identity"):
            kind()


@pytest.mark.slow
def test_a_providers_token_is_renewed_before_it_expires(api: Api, azure: AzureWorld) -> None:
    credential = Credential(lifetime=EARLY + 1.5)
    store = azure.store(credential_provider=AzureCredentialProvider(credential))
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
def test_a_provider_that_answers_nonsense(api: Api, azure: AzureWorld, answer: Any) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        api.get(azure.store(credential_provider=lambda: answer), "k")
    assert "CANARY" not in str(caught.value)


def test_a_credential_that_is_given_beats_the_environment(api: Api, azure: AzureWorld) -> None:
    azure.monkeypatch.setenv("AZURE_STORAGE_TOKEN", "nonsense")
    for key, value in workload_identity(azure).items():
        azure.monkeypatch.setenv(f"AZURE_{key.upper()}", value)
    api.put(azure.store(sas_token=azure.azurite.container_sas(azure.container)), "k", b"x")
    assert azure.tokens.asked == []
    with pytest.raises(REFUSED, match="account_name and its key or token"):
        api.get(azure.store(retry_config=QUICK), "k")


def test_a_credential_type_that_lacks_its_keys(azure: AzureWorld) -> None:
    with pytest.raises(GenericError, match="client_secret needs client_id, client_secret"):
        azure.store(credential_type="client_secret")
