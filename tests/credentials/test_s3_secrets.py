"""No secret of S3 is in any text (S1): canaries in every field, then every text is searched."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.store import S3Store
from tests.harness.api import Api

pytestmark = pytest.mark.row("S1")
CANARY = "CaNaRy0123456789"
HIDDEN = base64.b64encode(CANARY.encode() * 2).decode()
KEYS = {"access_key_id": "AK", "secret_access_key": CANARY}


def provider() -> Any:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return {**KEYS, "token": f"{CANARY}-token", "expires_at": expires}


def bad_provider() -> Any:
    return {"access_key_id": "AK", "secret_access_key": 5, "token": CANARY, "expires_at": None}


def loud_provider() -> Any:
    raise RuntimeError("no, see https://user:CaNaRy0123456789@h/?token=CaNaRy0123456789")


FIELDS: dict[str, dict[str, Any]] = {
    "static": KEYS,
    "session": {**KEYS, "session_token": f"{CANARY}-token"},
    "customer key": {
        **KEYS,
        "server_side_encryption": "sse-c",
        "sse_customer_key_base64": HIDDEN,
    },
    "provider": {"credential_provider": provider},
    "bad provider": {"credential_provider": bad_provider},
    "loud provider": {"credential_provider": loud_provider},
    "container": {
        "container_credentials_full_uri": "http://127.0.0.1/c",
        "container_authorization_token": f"Bearer {CANARY}",
    },
    "header": {**KEYS, "client_options": {"default_headers": {"x-secret": CANARY}}},
}


def echo(status: int) -> Callable[[httpx.Request], httpx.Response]:
    """A server that puts everything that it was sent into its error."""

    def answer(request: httpx.Request) -> httpx.Response:
        given = " ".join(f"{name}={value}" for name, value in request.headers.items())
        text = f"<Error><Code>Bad</Code><Message>{given} {request.url}</Message></Error>"
        return httpx.Response(status, text=text)

    return answer


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"broken at {request.url}", request=request)


def stuck(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout(f"waited for {request.url}", request=request)


SERVERS = {str(code): echo(code) for code in (301, 400, 401, 403, 404, 500)} | {
    "broken": broken,
    "stuck": stuck,
}


@pytest.mark.parametrize("server", list(SERVERS))
@pytest.mark.parametrize("fields", list(FIELDS))
def test_errors_and_logs_show_no_secret(
    api: Api, fields: str, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = SERVERS[server]

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    store = S3Store(
        "b",
        transport=httpx.MockTransport(answer),
        async_transport=httpx.MockTransport(answer_async),
        retry_config={"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}},
        **FIELDS[fields],
    )
    texts = [repr(store), str(store)]
    for verb, arguments in (("put", ["k", b"x"]), ("head", ["k"]), ("get", ["k"])):
        with pytest.raises(Exception) as caught:
            api.call(verb, store, *arguments)
        texts += [repr(caught.value), str(caught.value)]
        if fields != "loud provider":  # whose own exception, with its own words, is the cause
            texts += traceback.format_exception(caught.value)
    texts += [f"{record.getMessage()} {record.exc_text}" for record in caplog.records]
    everything = "\n".join(texts)
    assert CANARY not in everything
    assert HIDDEN not in everything


@pytest.mark.parametrize(
    "options",
    [
        {"secret_access_key": 5, "session_token": CANARY},
        {"secret_acess_key": CANARY},
        {"endpoint": f"https://{CANARY}:{CANARY}@h"},
        {"container_credentials_full_uri": f"http://127.0.0.1/c?{CANARY}"},
        {"sse_customer_key_base64": f"{CANARY}!", **KEYS},
        {"session_token": f"{CANARY}\r\n", **KEYS},
        {"secret_access_key": f"{CANARY}\0", "access_key_id": "AK"},
        {"secret_access_key": CANARY},
    ],
)
def test_configurations_that_are_refused_show_no_secret(
    api: Api, options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Exception) as caught:
        api.read(S3Store("b", **options), "k")
    assert CANARY not in "".join(traceback.format_exception(caught.value))
