"""Azure's token services: the right token, in time, once, and a clear error when refused."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import AzureStore
from tests.backends.azure_tokens import IDENTITY_HEADER, make_token
from tests.credentials.azure_world import EARLY, QUICK, WAYS, AzureWorld, Reroute, workload_identity
from tests.harness.api import Api
from tests.harness.threads import PATIENCE, together


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, azure: AzureWorld) -> Callable[..., AzureStore]:
    """Makes stores that get their credential in one way."""
    return partial(azure.store, **WAYS[request.param](azure))


@pytest.mark.slow
def test_the_token_that_the_service_hands_out_is_used(
    api: Api, azure: AzureWorld, way: Callable[..., AzureStore]
) -> None:
    store = way()
    api.put(store, "k", b"body")
    assert api.read(store, "k") == b"body"
    assert len(azure.tokens.asked) == 1


@pytest.mark.slow
def test_a_token_is_asked_for_again_before_it_expires(
    api: Api, azure: AzureWorld, way: Callable[..., AzureStore]
) -> None:
    azure.tokens.lifetime = EARLY + 2
    store = way()
    api.put(store, "k", b"first")
    api.put(store, "k", b"second")
    assert len(azure.tokens.asked) == 1
    azure.tokens.lifetime = 3600
    if azure.token_file.exists():  # which Kubernetes renews
        azure.tokens.assertion = "CANARY.assertion.2"
        azure.token_file.write_text(azure.tokens.assertion)
    time.sleep(2.2)
    api.put(store, "k", b"third")
    api.put(store, "k", b"fourth")
    assert len(azure.tokens.asked) == 2


@pytest.mark.slow
def test_100_threads_ask_once(azure: AzureWorld, way: Callable[..., AzureStore]) -> None:
    store = way()
    together([partial(obs.put, store, f"t/{n}", b"x") for n in range(100)])
    assert len(azure.tokens.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_100_tasks_ask_once(azure: AzureWorld, way: Callable[..., AzureStore], loop: str) -> None:
    store = way()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = anyio.current_time() + PATIENCE
            for n in range(100):
                group.start_soon(obs.put_async, store, f"t/{n}", b"x")
        assert not group.cancel_scope.cancelled_caught, "some tasks hang"

    anyio.run(main, backend=loop)
    assert len(azure.tokens.asked) == 1


@pytest.mark.slow
def test_a_refusal_is_a_clear_error_without_secrets(
    api: Api, azure: AzureWorld, way: Callable[..., AzureStore]
) -> None:
    azure.tokens.refuses = True
    store = way(retry_config=QUICK)
    with pytest.raises(UnauthenticatedError, match="401") as caught:
        api.get(store, "k")
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == "k"
    azure.tokens.refuses = False
    with pytest.raises(FileNotFoundError):  # the refusal is not remembered
        api.get(store, "no such key")


@pytest.mark.row("F12")
def test_a_service_that_fails_once_is_asked_again(
    api: Api, azure: AzureWorld, way: Callable[..., AzureStore]
) -> None:
    azure.tokens.failures = [503]
    api.put(way(), "k", b"x")
    assert len(azure.tokens.asked) == 2


def test_the_refusal_says_what_entra_id_says(api: Api, azure: AzureWorld) -> None:
    azure.tokens.refuses = True
    with pytest.raises(UnauthenticatedError, match=r"invalid_client: AADSTS7000215: [^\n]*"):
        api.get(azure.store(**workload_identity(azure)), "k")


def test_a_token_file_that_is_missing_is_named(api: Api, azure: AzureWorld) -> None:
    arguments = workload_identity(azure)
    azure.token_file.unlink()
    with pytest.raises(UnauthenticatedError, match=f"{azure.token_file}.*No such file"):
        api.get(azure.store(**arguments), "k")
    assert azure.tokens.asked == []


@pytest.mark.row("F12")
def test_a_token_that_is_refused_is_replaced_once(
    api: Api, azure: AzureWorld, way: Callable[..., AzureStore]
) -> None:
    revoked: set[str] = set()
    reroute = Reroute(azure, lambda token: token in revoked or (token != "" and "all" in revoked))
    store = way(transport=reroute, async_transport=reroute)
    api.put(store, "k", b"x")
    revoked.add(azure.tokens.asked[0].token or "")
    assert api.read(store, "k") == b"x"
    assert len(azure.tokens.asked) == 2
    revoked.add("all")
    with pytest.raises(UnauthenticatedError):
        api.read(store, "k")
    assert len(azure.tokens.asked) == 3


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
    api: Api, azure: AzureWorld, given: dict[str, str], sent: dict[str, str]
) -> None:
    azure.monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)  # which is for App Service alone
    reroute = Reroute(azure)
    store = azure.store(transport=reroute, async_transport=reroute, **given)
    api.put(store, "k", b"x")
    (asked,) = azure.tokens.asked
    assert asked.fields.keys() == {"api-version", "resource", *sent}
    assert sent.items() <= asked.fields.items()
    assert "x-identity-header" not in asked.headers


def test_a_machine_without_an_identity_says_what_to_do(api: Api, azure: AzureWorld) -> None:
    store = azure.store(msi_endpoint="http://127.0.0.1:1/token")
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


@pytest.mark.slow
@needs_sh
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_the_azure_cli_is_asked_and_asked_again(api: Api, azure: AzureWorld, old: bool) -> None:
    azure.write_az(az_answer(EARLY + 2.5, old=old))
    store = azure.store(use_azure_cli=True)
    api.put(store, "k", b"x")
    api.put(store, "k", b"y")
    scope = "https://storage.azure.com/.default"
    assert azure.az_calls() == [f"account get-access-token --output json --scope {scope}"]
    time.sleep(2.7)
    api.put(store, "k", b"z")
    assert len(azure.az_calls()) == 2


@pytest.mark.slow
@needs_sh
def test_100_threads_run_the_azure_cli_once(azure: AzureWorld) -> None:
    azure.write_az(f"sleep 0.2\n{az_answer(3600)}")
    store = azure.store(use_azure_cli=True)
    together([partial(obs.put, store, f"t/{n}", b"x") for n in range(100)])
    assert len(azure.az_calls()) == 1


@needs_sh
@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("echo 'ERROR: Please run az login' >&2; exit 1", "az failed: ERROR: Please run az login"),
        ("echo nonsense", "something else than a token"),
        ('echo \'{"accessToken": "x", "tokenType": "pop", "expires_on": 1}\'', "no bearer"),
    ],
)
def test_an_azure_cli_that_fails(api: Api, azure: AzureWorld, body: str, match: str) -> None:
    azure.write_az(body)
    with pytest.raises(UnauthenticatedError, match=match):
        api.get(azure.store(use_azure_cli=True), "k")


def test_an_azure_cli_that_is_not_there(api: Api, azure: AzureWorld) -> None:
    azure.monkeypatch.setenv("PATH", str(azure.directory))
    with pytest.raises(UnauthenticatedError, match="there is no az on PATH"):
        api.get(azure.store(credential_type="azure_cli"), "k")
