"""No secret of Azure is in any text (S1): canaries in every field, then every text is searched."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.store import AzureStore
from tests.harness.api import Api

pytestmark = pytest.mark.row("S1")
CANARY = "CaNaRy0123456789"
HIDDEN = base64.b64encode(CANARY.encode() * 2).decode()
SAS = f"sv=2023-11-03&sp=r&sig={CANARY}%3D"
APPLICATION = {"client_id": "c", "tenant_id": "t"}


def gives(**credential: Any) -> dict[str, Any]:
    return {"credential_provider": lambda: {**credential, "expires_at": None}}


def loud_provider() -> Any:
    raise RuntimeError(f"no, see https://user:{CANARY}@h/?token={CANARY}")


FIELDS: dict[str, dict[str, Any]] = {
    "access key": {"account_key": HIDDEN},
    "customer key": {"account_key": "a2V5", "encryption_key": HIDDEN},
    "sas token": {"sas_token": SAS},
    "bearer token": {"token": CANARY},
    "client secret": {**APPLICATION, "client_secret": CANARY},
    "workload identity": {**APPLICATION, "federated_token_file": "token"},
    "app service": {"msi_endpoint": "http://127.0.0.1:1/msi"},
    "fabric": {
        "fabric_token_service_url": "https://fabric.example/token",
        "fabric_workload_host": "host",
        "fabric_session_token": CANARY,
        "fabric_cluster_identifier": "cluster",
    },
    "provider's key": gives(access_key=HIDDEN),
    "provider's sas token": gives(sas_token=SAS),
    "provider's pairs": gives(sas_token=[("sig", CANARY)]),
    "provider's token": gives(token=CANARY),
    "bad provider": gives(token=CANARY, access_key=HIDDEN),
    "loud provider": {"credential_provider": loud_provider},
}
TOKENS = ("login.microsoftonline.com", "fabric.example")


def echo(status: int, *, token: bool) -> Callable[[httpx.Request], httpx.Response]:
    """A server that puts everything that it was sent into its error, or hands out a token first."""

    def answer(request: httpx.Request) -> httpx.Response:
        asks_token = request.url.host in TOKENS or request.url.path == "/msi"
        if token and request.url.host == "fabric.example":
            return httpx.Response(200, text=CANARY)
        if token and asks_token:
            return httpx.Response(200, json={"access_token": CANARY, "expires_in": 3600})
        given = " ".join(f"{name}={value}" for name, value in request.headers.items())
        given += f" {request.url} {request.content.decode('latin-1')}"
        if asks_token:
            said = {"error": "bad", "error_description": given}
            return httpx.Response(status, json=said)
        text = f"<Error><Code>Bad</Code><Message>{given}</Message></Error>"
        return httpx.Response(status, text=text)

    return answer


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"broken at {request.url}", request=request)


SERVERS = {
    **{str(code): echo(code, token=True) for code in (301, 400, 401, 403, 404, 500)},
    **{f"no token: {code}": echo(code, token=False) for code in (400, 401, 500)},
    "no token: 200": echo(200, token=False),
    "broken": broken,
}


@pytest.fixture(autouse=True)
def files_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDENTITY_HEADER", CANARY)


@pytest.mark.parametrize("server", list(SERVERS))
@pytest.mark.parametrize("fields", list(FIELDS))
def test_errors_and_logs_show_no_secret(
    api: Api, fields: str, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = SERVERS[server]

    async def answer_async(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return answer(request)

    def answer_sync(request: httpx.Request) -> httpx.Response:
        request.read()
        return answer(request)

    store = AzureStore(
        "c",
        account_name="a",
        transport=httpx.MockTransport(answer_sync),
        async_transport=httpx.MockTransport(answer_async),
        retry_config={"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}},
        **FIELDS[fields],
    )
    texts = [repr(store), str(store)]
    verbs: list[tuple[str, list[Any]]] = [("put", ["k", b"x"]), ("head", ["k"]), ("get", ["k"])]
    verbs += [("delete", ["k"]), ("copy", ["k", "l"])]
    for verb, arguments in verbs:
        try:
            api.call(verb, store, *arguments)
        except Exception as caught:
            texts += [repr(caught), str(caught)]
            if fields != "loud provider":  # whose own exception, with its own words, is the cause
                texts += traceback.format_exception(caught)
    assert len(texts) > 2 or server == "no token: 200"
    texts += [f"{record.getMessage()} {record.exc_text}" for record in caplog.records]
    everything = "\n".join(texts)
    assert CANARY not in everything
    assert HIDDEN not in everything


@pytest.mark.parametrize(
    "options",
    [
        {"account_key": f"{CANARY}!"},
        {"account_key": HIDDEN, "sas_token": SAS},
        {"acount_key": CANARY},
        {"sas_token": f"{CANARY}"},
        {"sas_token": f"sig={CANARY}\r\n"},
        {"token": f"{CANARY}\r\n"},
        {"encryption_key": CANARY, "account_key": HIDDEN},
        {"endpoint": f"https://{CANARY}:{CANARY}@h"},
        {"endpoint": f"https://h/?{SAS}"},
        {**APPLICATION, "client_secret": CANARY, "authority_host": f"https://h?{CANARY}"},
        {"credential_type": "sas_token", "account_key": HIDDEN},
    ],
)
def test_configurations_that_are_refused_show_no_secret(api: Api, options: dict[str, Any]) -> None:
    with pytest.raises(Exception) as caught:
        api.read(AzureStore("c", account_name="a", **options), "k")
    everything = "".join(traceback.format_exception(caught.value))
    assert CANARY not in everything
    assert HIDDEN not in everything
