"""What an AzureStore sends and makes of answers, by a transport of the user's own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

import object_store_py as obs
from object_store_py import _azure_copying
from object_store_py.exceptions import GenericError, NotSupportedError, PermissionDeniedError
from tests.unit.test_azure_configuration import BLOB, KEY, LOGIN, WORKLOAD, no_environment, store

__all__ = ["no_environment"]  # a fixture of each test here, too


def test_everything_goes_through_a_transport_of_the_users(tmp_path: Any) -> None:
    seen: list[str] = []
    (tmp_path / "token").write_text("assertion")

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.copy_with(query=None)}")
        if request.url.host == "login.microsoftonline.com":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        assert request.headers["authorization"] == "Bearer t"
        modified = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = {"etag": '"e"', "last-modified": modified}
        return httpx.Response(200, headers=headers, content=b"body")

    workload = {**WORKLOAD, "federated_token_file": str(tmp_path / "token")}
    made = store(**workload, transport=httpx.MockTransport(answer))
    assert bytes(obs.get(made, "k").bytes()) == b"body"
    assert seen == [f"POST {LOGIN}/t/oauth2/v2.0/token", f"GET {BLOB}/c/k"]


def test_the_code_of_a_refused_head_is_shown() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, headers={"x-ms-error-code": "AuthorizationPermissionMismatch"})

    made = store(account_key=KEY, transport=httpx.MockTransport(answer))
    with pytest.raises(
        PermissionDeniedError, match=r"AuthorizationPermissionMismatch: .*role"
    ) as caught:
        obs.head(made, "k")
    assert caught.value.code == "AuthorizationPermissionMismatch"


def test_a_key_of_the_customers_own_goes_with_every_request() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(403, headers={"x-ms-error-code": "AuthorizationFailure"})

    key, digest = b64encode(b"k" * 32).decode(), b64encode(sha256(b"k" * 32).digest()).decode()
    made = store(account_key=KEY, encryption_key=key, transport=httpx.MockTransport(answer))
    calls: list[Callable[[], Any]] = [
        lambda: obs.get(made, "k"),
        lambda: obs.put(made, "k", b"x"),
        lambda: obs.copy(made, "k", "l"),
    ]
    for call in calls:
        with pytest.raises(PermissionError) as caught:
            call()
        assert key not in str(caught.value)
    assert {h["x-ms-encryption-key"] for h in seen} == {key}
    assert {h["x-ms-encryption-key-sha256"] for h in seen} == {digest}
    assert seen[-1]["x-ms-source-encryption-key"] == key
    with pytest.raises(NotSupportedError, match="customer-provided keys"):
        obs.sign(made, "GET", "k", timedelta(hours=1))


@pytest.mark.parametrize("end", ["success", "failed", "aborted"])
def test_a_copy_that_the_server_goes_on_with_is_waited_for(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is renamed is not deleted before its copy is there."""
    monkeypatch.setattr(_azure_copying, "FIRST", 0.01)
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        if request.method == "POST":  # the batch that deletes
            return httpx.Response(400)
        modified = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        facts = {"etag": '"e"', "last-modified": modified}
        if request.method == "PUT":
            return httpx.Response(202, headers={**facts, "x-ms-copy-status": "pending"})
        status = "pending" if seen.count("HEAD") < 3 else end
        more = {"content-length": "5", "x-ms-copy-status": status}
        return httpx.Response(200, headers={**facts, **more})

    made = store(account_key=KEY, transport=httpx.MockTransport(answer))
    if end == "success":
        with pytest.raises(GenericError, match="400"):
            obs.rename(made, "from", "to")
        assert seen == ["PUT", "HEAD", "HEAD", "HEAD", "POST"]
        return
    with pytest.raises(GenericError, match=f"'from' was not copied to 'to'.*{end}"):
        obs.rename(made, "from", "to")
    assert seen == ["PUT", "HEAD", "HEAD", "HEAD"]
