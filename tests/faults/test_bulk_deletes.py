"""Bulk deletes whose answer is lost (F2): sent again, and what is gone is no error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, NotFoundError
from object_store_py.store import AzureStore, S3Store
from tests.backends.azurite import Azurite
from tests.backends.faultproxy import Fault, FaultProxy, RecordedRequest
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.servers import Servers

pytestmark = pytest.mark.row("F2")
QUICK: Any = {"max_retries": 2, "backoff": {"init_backoff": timedelta(milliseconds=10)}}
KEYS = ["a", "b", "c"]


def is_bulk(request: RecordedRequest) -> bool:
    return request.method == "POST"


def proxied(endpoint: str) -> str:
    return endpoint.rpartition(":")[2]


class Site:
    """A store behind a proxy, and the same one before it."""

    def __init__(self, proxy: FaultProxy, make: Any) -> None:
        self.proxy = proxy
        self.store = make(proxy.endpoint, QUICK)
        self.direct = make(None, None)
        for key in KEYS:
            self.direct.put(key, b"x")

    def deletes(self) -> int:
        return len([request for request in self.proxy.requests if is_bulk(request)])


@pytest.fixture(params=["s3", "azure"])
def site(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Site]:
    if request.param == "s3":
        minio: Minio = servers.get("minio", Minio)
        bucket, port = minio.create_bucket(), minio.port
        options = minio.store_options()

        def make(endpoint: str | None, retry: Any) -> Any:
            given = options if endpoint is None else options | {"endpoint": endpoint}
            return S3Store(bucket, retry_config=retry, **given)
    else:
        azurite: Azurite = servers.get("azurite", Azurite)
        container, port = azurite.create_container(), azurite.port
        azure_options = azurite.store_options()

        def make(endpoint: str | None, retry: Any) -> Any:
            given = dict(azure_options)
            if endpoint is not None:
                given["endpoint"] = given["endpoint"].replace(f":{port}", f":{proxied(endpoint)}")
            return AzureStore(container, retry_config=retry, **given)

    with FaultProxy(port) as proxy:
        yield Site(proxy, make)


@pytest.mark.slow
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "idle"])
def test_a_bulk_delete_whose_answer_is_lost_is_sent_again(
    api: Api, site: Site, reset: bool, landed: bool, warm: bool
) -> None:
    if warm:
        api.head(site.store, "a")
    fault = Fault(lose_response=True, reset=reset, when=is_bulk)
    site.proxy.add(fault if landed else Fault(cut_body_at=0, reset=reset, when=is_bulk))
    api.delete(site.store, KEYS)
    assert site.deletes() == 2
    assert api.paths(site.direct) == []


def test_it_is_given_up_after_max_retries(api: Api, site: Site) -> None:
    site.proxy.add(Fault(times=9, lose_response=True, when=is_bulk))
    with pytest.raises(BaseError, match=r"connection broke.* after 2 retries"):
        api.delete(site.store, KEYS)
    assert site.deletes() == 3
    assert api.paths(site.direct) == []


def test_a_missing_key_is_what_it_was_when_nothing_is_lost(api: Api, site: Site) -> None:
    if isinstance(site.store, S3Store):
        api.delete(site.store, [*KEYS, "missing"])
    else:
        with pytest.raises(NotFoundError):
            api.delete(site.store, [*KEYS, "missing"])
    assert api.paths(site.direct) == []
