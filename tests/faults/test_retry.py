"""Retries: what is repeated, how often, and how long the library waits between (F2 to F4, F11)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store
from tests.backends.faultproxy import (
    Fault,
    FaultProxy,
    answer_status,
    response,
)
from tests.backends.minio import Minio
from tests.backends.rawserver import Close, Reset
from tests.faults.conftest import is_completion
from tests.harness.api import Api

INIT = 0.1  # the crate's first backoff in seconds
SLACK = 0.4  # for a busy machine; waits may be longer than planned, never shorter
VERBS: dict[str, Callable[[Api, Any], Any]] = {
    "put": lambda api, store: api.put(store, "k", b"new"),
    "get": lambda api, store: api.read(store, "k"),
    "head": lambda api, store: api.head(store, "k"),
    "list": lambda api, store: api.list(store),
    "list_with_delimiter": lambda api, store: api.list_with_delimiter(store),
    "copy": lambda api, store: api.copy(store, "k", "k2"),
    "delete": lambda api, store: api.delete(store, "k"),
}


def waits(proxy: FaultProxy) -> list[float]:
    """Seconds between the requests, as the proxy saw them arrive."""
    times = [request.received_at for request in proxy.requests]
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.row("F3")
def test_two_503_then_success(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, verb: str
) -> None:
    api.put(direct, "k", b"old")
    proxy.add(answer_status(503, times=2))
    VERBS[verb](api, store)
    assert len(proxy.requests) == 3
    first, second = waits(proxy)
    assert INIT <= first <= INIT + SLACK
    # Decorrelated jitter: uniform between the first backoff and twice the one before.
    assert INIT <= second <= 2 * INIT + SLACK


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
@pytest.mark.row("F3")
def test_these_statuses_are_retried(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, status: int
) -> None:
    api.put(direct, "k", b"old")
    proxy.add(answer_status(status))
    assert api.read(store, "k") == b"old"
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412])
@pytest.mark.row("F3")
def test_these_statuses_are_not(api: Api, store: Any, proxy: FaultProxy, status: int) -> None:
    proxy.add(answer_status(status, times=5))
    with pytest.raises((BaseError, OSError)):
        api.read(store, "k")
    assert len(proxy.requests) == 1


@pytest.mark.row("F3")
def test_max_retries_ends_it_and_the_error_says_so(
    api: Api, minio: Minio, shared_bucket: str, proxy: FaultProxy
) -> None:
    proxy.add(answer_status(503, times=10))
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    quick = {"init_backoff": timedelta(milliseconds=10)}
    retry: Any = {"max_retries": 2, "backoff": quick}
    store = S3Store(shared_bucket, retry_config=retry, **options)
    with pytest.raises(BaseError, match="503"):
        api.read(store, "k")
    assert len(proxy.requests) == 3


@pytest.mark.slow
@pytest.mark.parametrize("after", ["1", "60", "86400", "Fri, 02 Jan 2099 03:04:05 GMT", "-1", "x"])
@pytest.mark.row("F3")
def test_retry_after_does_not_change_the_delays(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, after: str
) -> None:
    api.put(direct, "k", b"old")
    proxy.add(answer_status(503, Retry_After=after), answer_status(429, Retry_After=after))
    assert api.read(store, "k") == b"old"
    first, second = waits(proxy)
    assert INIT <= first <= INIT + SLACK
    assert INIT <= second <= 2 * INIT + SLACK


@pytest.mark.slow
@pytest.mark.parametrize("end", [Close(), Reset()], ids=["fin", "rst"])
@pytest.mark.parametrize("verb", ["get", "head", "put", "list"])
@pytest.mark.row("F2")
def test_a_connection_lost_before_the_answer_is_retried(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, verb: str, end: Any
) -> None:
    api.put(direct, "k", b"old")
    proxy.add(Fault(answer=[end]))
    VERBS[verb](api, store)
    assert len(proxy.requests) == 2


@pytest.mark.row("F11")
def test_an_idle_connection_that_was_closed_is_reopened_unseen(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    api.put(direct, "k", b"old")
    proxy.add(Fault(set_headers={"X-Test": "then close"}, cut_body_at=3))
    assert api.read(store, "k") == b"old"  # complete, then FIN on the idle connection
    api.put(store, "k", b"new")
    assert api.read(store, "k") == b"new"


@pytest.mark.row("F11")
def test_a_bulk_delete_on_an_idle_connection_that_breaks_is_sent_again(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    api.put(store, "k", b"old")
    proxy.add(Fault(lose_response=True, reset=True, when=lambda request: request.method == "POST"))
    api.delete(store, ["k", "l"])
    assert [request.method for request in proxy.requests] == ["PUT", "POST", "POST"]
    with pytest.raises(FileNotFoundError):
        api.head(direct, "k")


@pytest.mark.row("F11", "F14")
def test_a_create_is_not_sent_on_a_connection_that_died_while_the_loop_was_busy(
    api: Api, store: Any, direct: Any, proxy: FaultProxy
) -> None:
    """It must not be repeated, so the end of the connection has to be seen before."""

    def both() -> None:
        store.put("a", b"old")
        time.sleep(0.2)
        store.put("b", b"new", mode="create")

    async def both_async() -> None:
        await store.put_async("a", b"old")
        time.sleep(0.2)  # the loop must not see the end of the connection
        await store.put_async("b", b"new", mode="create")

    proxy.add(Fault(cut_body_at=0))  # complete, then FIN on the idle connection
    api.wait(both if api.way == "sync" else both_async)
    assert len(proxy.requests) == 2
    assert api.read(direct, "b") == b"new"


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
@pytest.mark.row("F4")
def test_an_error_in_a_200_is_an_error(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, code: str
) -> None:
    api.put(direct, "k", b"old")
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>x</Message></Error>'
    proxy.add(Fault(answer=response(200, body.encode(), {"Content-Type": "application/xml"})))
    api.copy(store, "k", "k2")
    assert len(proxy.requests) == 2
    assert api.read(direct, "k2") == b"old"


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
@pytest.mark.row("F4")
def test_an_error_in_the_200_of_a_completion_is_an_error(
    api: Api, store: Any, direct: Any, proxy: FaultProxy, uploads: Any, code: str
) -> None:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>x</Message></Error>'

    failing = response(200, body.encode(), {"Content-Type": "application/xml"})
    proxy.add(Fault(times=2, answer=failing, when=is_completion))
    api.put(store, "a", b"whole", use_multipart=True)
    assert len([request for request in proxy.requests if is_completion(request)]) == 3
    assert api.read(direct, "a") == b"whole"
    assert uploads() == []


@pytest.mark.row("F4", "F13")
def test_a_completion_that_only_fails_is_an_error_and_the_upload_is_ended(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, proxy: FaultProxy, uploads: Any
) -> None:
    body = b"<Error><Code>InternalError</Code><Message>x</Message></Error>"
    proxy.add(Fault(times=9, answer=response(200, body), when=is_completion))
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    retry: Any = {"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=10)}}
    store = S3Store(shared_bucket, prefix=prefix, retry_config=retry, **options)
    with pytest.raises(BaseError, match="InternalError"):
        api.put(store, "a", b"whole", use_multipart=True)
    assert uploads() == []
    with pytest.raises(FileNotFoundError):
        api.head(store, "a")
