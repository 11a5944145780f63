"""S3's own ways to credentials: the right key, in time, once, and a clear error when refused."""

from __future__ import annotations

import logging
import time
import traceback
from datetime import timedelta
from functools import partial
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.exceptions import UnauthenticatedError
from tests.backends.rawserver import response
from tests.credentials.conftest import Way
from tests.harness.api import Api
from tests.harness.threads import PATIENCE, together

REFUSAL = b'{"code": "AccessDenied", "message": "not\\nyou"}'
THRESHOLD = timedelta(minutes=5)


def quick(**more: Any) -> dict[str, Any]:
    """Retries that take no time."""
    backoff = {"init_backoff": timedelta(milliseconds=1)}
    return {"retry_config": {"max_retries": 1, "backoff": backoff}, **more}


@pytest.mark.slow
def test_the_keys_that_the_service_hands_out_are_used(api: Api, way: Way) -> None:
    store = way.store()
    api.put(store, f"{way.name}/k", b"body")
    assert api.read(store, f"{way.name}/k") == b"body"
    assert len(way.tokens.handed_out) == 1
    (url,) = api.sign(store, "GET", [f"{way.name}/k"], timedelta(minutes=1))
    assert way.tokens.handed_out[0] in url


@pytest.mark.slow
@pytest.mark.row("F12")
def test_keys_are_asked_for_again_before_they_expire(api: Api, way: Way) -> None:
    way.tokens.lifetime = THRESHOLD + timedelta(seconds=2)
    store = way.store()
    api.put(store, "k", b"first")
    api.put(store, "k", b"second")
    assert len(way.tokens.handed_out) == 1
    if way.token_file.exists():  # the file is read anew, as those who rotate it expect
        fresh = way.trusting.oidc.token("rotated") if way.name == "web-identity" else "CANARY-2"
        way.write_token(fresh)
    time.sleep(2.2)
    way.tokens.lifetime = timedelta(hours=1)
    api.put(store, "k", b"third")
    api.put(store, "k", b"fourth")
    assert len(way.tokens.handed_out) == 2


@pytest.mark.slow
def test_100_threads_ask_once(way: Way) -> None:
    store = way.store()
    together([partial(obs.put, store, f"t/{n}", b"x") for n in range(100)])
    assert way.tokens.asked() == 1


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_100_tasks_ask_once(way: Way, loop: str) -> None:
    store = way.store()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = anyio.current_time() + PATIENCE
            for n in range(100):
                group.start_soon(obs.put_async, store, f"t/{n}", b"x")
        assert not group.cancel_scope.cancelled_caught, "some tasks hang"

    anyio.run(main, backend=loop)
    assert way.tokens.asked() == 1


@pytest.mark.slow
@pytest.mark.row("F12")
def test_a_refusal_is_a_clear_error_and_asked_for_once(api: Api, way: Way) -> None:
    way.tokens.refuse = response(403, REFUSAL)
    store = way.store()
    with pytest.raises(
        UnauthenticatedError, match=r"answered 403: AccessDenied: not you"
    ) as caught:
        api.get(store, "k")
    assert "\n" not in str(caught.value)
    assert caught.value.path == "k"
    way.tokens.refuse = None
    with pytest.raises(FileNotFoundError):  # the refusal is not remembered
        api.get(store, "no such key")


@pytest.mark.slow
def test_waiting_operations_share_a_refusal(way: Way) -> None:
    way.tokens.refuse, way.tokens.hold = response(403, REFUSAL), 1.0
    store = way.store()

    def refused() -> None:
        with pytest.raises(UnauthenticatedError):
            obs.get(store, "k")

    together([refused] * 50)
    assert len(way.tokens.requests) < 25


@pytest.mark.slow
@pytest.mark.row("F12")
def test_a_service_that_fails_once_is_asked_again(api: Api, way: Way) -> None:
    way.tokens.failures = [response(503), response(500)]
    api.put(way.store(), "k", b"x")
    assert len(way.tokens.handed_out) == 1


@pytest.mark.slow
@pytest.mark.row("F12")
def test_the_last_keys_serve_while_the_service_is_down(
    api: Api, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    way.tokens.lifetime = THRESHOLD - timedelta(seconds=30)
    store = way.store(**quick())
    api.put(store, "k", b"x")
    way.tokens.refuse, before = response(503), len(way.tokens.requests)
    time.sleep(0.15)
    api.put(store, "k", b"y")
    assert "keeping the credential until it expires" in caplog.text
    assert len(way.tokens.requests) > before


@pytest.mark.slow
def test_no_secret_is_in_any_text(api: Api, way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = way.store(**quick())
    api.put(store, "k", b"x")
    texts = [repr(store), str(store)]
    echo = b'{"message": "CANARY-pod-token-1 CANARY-authorization"}'
    for refusal in (response(403, echo), response(200, b"<nonsense"), response(500), b""):
        other = way.store(**quick())
        way.tokens.refuse = refusal or None
        with pytest.raises(Exception) as caught:
            api.get(other, "no such key")
        texts += [repr(caught.value), *traceback.format_exception(caught.value)]
    # The server's own botocore logs everything; what counts is what runs in the client.
    ours = [r for r in caplog.records if not r.name.startswith(("botocore", "urllib3"))]
    texts += [record.getMessage() for record in ours]
    everything = "\n".join(texts)
    assert [secret for secret in secrets_of(way) if secret in everything] == []


def secrets_of(way: Way) -> list[str]:
    """Everything secret that went over the wire to or from the token services."""
    found = [way.tokens.session, *way.tokens.secrets]
    if way.name == "container-with-token":
        found.append("CANARY-authorization")
    if way.token_file.exists():
        found.append(way.token_file.read_text().strip())
    return found
