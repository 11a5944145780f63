"""Credential providers of the user: sync, async, objects; cached, refreshed, shared, checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.threads import together


class Provider:
    """Hands out MinIO's root keys, counts, and may be slow."""

    def __init__(self, minio: Minio, lifetime: timedelta | None = None) -> None:
        self.calls = 0
        self._minio, self._lifetime = minio, lifetime

    def __call__(self) -> Any:
        self.calls += 1
        time.sleep(0.05)
        end = None if self._lifetime is None else datetime.now(UTC) + self._lifetime
        return {
            "access_key_id": self._minio.access_key_id,
            "secret_access_key": self._minio.secret_access_key,
            "token": None,
            "expires_at": end,
        }


class AsyncProvider(Provider):
    """The same, but awaited."""

    async def __call__(self) -> Any:
        await anyio.sleep(0.05)
        return super().__call__()


def store_of(minio: Minio, bucket: str, provider: Any, **more: Any) -> S3Store:
    options = {"endpoint": minio.endpoint, "client_options": {"allow_http": True}, **more}
    return S3Store(bucket, credential_provider=provider, **options)


def provider_for(api: Api, minio: Minio, lifetime: timedelta | None = None) -> Provider:
    return (Provider if api.way == "sync" else AsyncProvider)(minio, lifetime)


def test_a_credential_without_end_is_asked_for_once(
    api: Api, minio: Minio, shared_bucket: str
) -> None:
    provider = provider_for(api, minio)
    store = store_of(minio, shared_bucket, provider)
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"
    assert provider.calls == 1
    assert store.credential_provider is provider


@pytest.mark.slow
def test_refresh_thresholds_are_kept(api: Api, minio: Minio, shared_bucket: str) -> None:
    usual = provider_for(api, minio, timedelta(minutes=5, seconds=30))
    early = provider_for(api, minio, timedelta(minutes=5, seconds=30))
    early.refresh_threshold = timedelta(minutes=5, seconds=29)  # type: ignore[attr-defined] # a user's own
    for provider in (usual, early):
        store = store_of(minio, shared_bucket, provider)
        api.put(store, "k", b"x")
        time.sleep(1.1)
        api.put(store, "k", b"x")
    assert (usual.calls, early.calls) == (1, 2)


def test_configuration_of_a_provider_is_under_what_is_given(minio: Minio) -> None:
    provider = Provider(minio)
    provider.config = {"region": "eu-west-1", "aws_request_payer": True}  # type: ignore[attr-defined] # a user's own
    store = S3Store("b", credential_provider=provider, region="us-east-1")
    effective = store._effective()
    assert (effective["region"], effective["request_payer"]) == ("us-east-1", "true")
    assert store.config == {"bucket": "b", "region": "us-east-1"}


def test_100_operations_ask_once(minio: Minio, shared_bucket: str) -> None:
    provider = Provider(minio)
    store = store_of(minio, shared_bucket, provider)
    together([partial(obs.put, store, f"p/{n}", b"x") for n in range(100)])
    assert provider.calls == 1


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", [Provider, AsyncProvider])
def test_100_tasks_ask_once(
    minio: Minio, shared_bucket: str, loop: str, kind: Callable[[Minio], Provider]
) -> None:
    provider = kind(minio)
    store = store_of(minio, shared_bucket, provider)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for n in range(100):
                group.start_soon(obs.put_async, store, f"p/{n}", b"x")

    with_deadline(loop, main)
    assert provider.calls == 1


def with_deadline(loop: str, main: Callable[[], Any]) -> None:
    async def within() -> None:
        with anyio.fail_after(60):
            await main()

    anyio.run(within, backend=loop)


@pytest.mark.slow
def test_a_cancelled_first_operation_does_not_keep_the_others_waiting(
    minio: Minio, shared_bucket: str
) -> None:
    asked = 0

    async def provide() -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            await anyio.sleep(60)
        return Provider(minio)()

    store = store_of(minio, shared_bucket, provide)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            first = anyio.CancelScope()

            async def give_up() -> None:
                with first:
                    await obs.put_async(store, "cancelled", b"x")

            group.start_soon(give_up)
            await anyio.sleep(0.2)
            group.start_soon(obs.put_async, store, "waiting", b"x")
            await anyio.sleep(0.2)
            first.cancel()

    for loop in ("asyncio", "trio"):
        asked, store = 0, store_of(minio, shared_bucket, provide)
        with_deadline(loop, main)
        assert asked == 2


def test_an_async_provider_in_a_sync_call(minio: Minio, shared_bucket: str) -> None:
    store = store_of(minio, shared_bucket, AsyncProvider(minio))
    with pytest.raises(UnauthenticatedError, match="asynchronous: use it with the _async methods"):
        obs.get(store, "k")


GOOD = {"access_key_id": "a", "secret_access_key": "b", "token": None, "expires_at": None}


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (None, "NoneType, not a dict"),
        ({}, "no access_key_id, secret_access_key, expires_at"),
        ({**GOOD, "secret_access_key": 5}, "secret_access_key must be a str"),
        ({**GOOD, "expires_at": datetime(2026, 1, 1)}, "aware datetime"),
        ({**GOOD, "expires_at": "soon"}, "aware datetime"),
        ({**GOOD, "access_key_id": "a\r\nb"}, "characters that no header can carry"),
        (ValueError("out of order"), "ValueError: out of order"),
    ],
)
def test_what_a_provider_must_not_return(api: Api, minio: Minio, given: Any, match: str) -> None:
    def provide() -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    with pytest.raises(UnauthenticatedError, match=match):
        api.read(store_of(minio, "b", provide), "k")
