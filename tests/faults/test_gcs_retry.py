"""GCS's retry conformance, in our words: what is repeated after which faults, and what never is.

After the scenarios of Google's public retry test table; the server behind is our emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, UnauthenticatedError
from object_store_py.store import GCSStore
from tests.backends.faultproxy import Fault, FaultProxy, answer_status
from tests.backends.gcs import GcsEmulator
from tests.backends.rawserver import Reset
from tests.faults.conftest import is_part
from tests.harness.api import Api
from tests.harness.servers import Servers

pytestmark = pytest.mark.row("GCS")
PART = 5 * 1024 * 1024
RESET = "reset"
SCENARIOS = [(503, 503), (RESET, RESET), (RESET, 503)]
Verb = Callable[[Api, Any], Any]

IDEMPOTENT: dict[str, Verb] = {
    "get": lambda api, store: api.read(store, "k"),
    "head": lambda api, store: api.head(store, "k"),
    "list": lambda api, store: api.list(store),
    "list_with_delimiter": lambda api, store: api.list_with_delimiter(store),
    "put": lambda api, store: api.put(store, "k", b"new"),
    "copy": lambda api, store: api.copy(store, "k", "k2"),
}
# Repeated after a 5xx, which says that nothing was done; not after a lost answer, because the
# second attempt's answer (412, 404) would be about what the first one did.
CONDITIONAL: dict[str, Verb] = {
    "create": lambda api, store: api.put(store, "new", b"x", mode="create"),
    "update": lambda api, store: api.put(store, "k", b"x", mode=current(store)),
    "copy if not exists": lambda api, store: api.copy(store, "k", "k2", overwrite=False),
    "delete": lambda api, store: api.delete(store, "k"),
}


def current(store: Any) -> Any:
    """The version of `k`, seen by somebody whose requests no proxy counts."""
    return store.witness.put("k", b"old")


class Watched(GCSStore):
    """A store behind the proxy that knows one before it."""

    witness: GCSStore


def fault(what: int | str) -> Fault:
    return Fault(answer=[Reset()]) if what == RESET else answer_status(int(what))


@pytest.fixture
def proxy(servers: Servers) -> Iterator[FaultProxy]:
    server: GcsEmulator = servers.get("gcs", GcsEmulator)
    with FaultProxy(server.port) as running:
        yield running


@pytest.fixture
def store(servers: Servers, proxy: FaultProxy) -> Watched:
    server: GcsEmulator = servers.get("gcs", GcsEmulator)
    bucket = server.create_bucket()
    options = server.store_options()
    watched = Watched(bucket, **(options | {"base_url": proxy.endpoint}))
    watched.witness = GCSStore(bucket, **options)
    watched.witness.put("k", b"old")
    return watched


@pytest.mark.slow
@pytest.mark.parametrize("faults", SCENARIOS, ids=str)
@pytest.mark.parametrize("verb", IDEMPOTENT)
def test_idempotent_calls_survive_two_faults(
    api: Api, store: Watched, proxy: FaultProxy, verb: str, faults: tuple[int | str, ...]
) -> None:
    proxy.add(*map(fault, faults))
    IDEMPOTENT[verb](api, store)
    assert len(proxy.requests) == 3


@pytest.mark.slow
@pytest.mark.parametrize("verb", CONDITIONAL)
def test_conditional_calls_are_repeated_when_the_server_said_that_it_did_nothing(
    api: Api, store: Watched, proxy: FaultProxy, verb: str
) -> None:
    proxy.add(fault(503), fault(503))
    CONDITIONAL[verb](api, store)
    assert len(proxy.requests) == 3


@pytest.mark.parametrize("verb", CONDITIONAL)
def test_conditional_calls_are_not_repeated_when_the_answer_was_lost(
    api: Api, store: Watched, proxy: FaultProxy, verb: str
) -> None:
    proxy.add(fault(RESET))
    with pytest.raises(BaseError):
        CONDITIONAL[verb](api, store)
    assert len(proxy.requests) == 1


# Not delete: the 503 leaves an idle connection, on which DELETE may be repeated (RFC 9110, 9.2.2).
@pytest.mark.parametrize("verb", ["create", "update", "copy if not exists"])
def test_conditional_calls_end_with_a_lost_answer_after_a_503_too(
    api: Api, store: Watched, proxy: FaultProxy, verb: str
) -> None:
    proxy.add(fault(503), fault(RESET))
    with pytest.raises(BaseError):
        CONDITIONAL[verb](api, store)
    assert len(proxy.requests) == 2


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["create", "update"])
def test_a_conditional_write_carries_its_precondition_each_time(
    api: Api, store: Watched, proxy: FaultProxy, mode: str
) -> None:
    proxy.add(fault(503), fault(503))
    CONDITIONAL[mode](api, store)
    sent = {request.header("x-goog-if-generation-match") for request in proxy.requests}
    assert len(proxy.requests) == 3
    assert len(sent) == 1
    assert (sent == {"0"}) == (mode == "create")


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("verb", [*IDEMPOTENT, *CONDITIONAL])
def test_what_the_caller_did_wrong_is_never_repeated(
    api: Api, store: Watched, proxy: FaultProxy, verb: str, status: int
) -> None:
    proxy.add(answer_status(status, times=5))
    with pytest.raises(UnauthenticatedError if status == 401 else BaseError):
        {**IDEMPOTENT, **CONDITIONAL}[verb](api, store)
    assert len(proxy.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_a_broken_download_goes_on_where_it_broke(
    api: Api, store: Watched, proxy: FaultProxy, size: int
) -> None:
    body = bytes(range(250)) * (size // 250)
    store.witness.put("k", body)
    proxy.add(Fault(cut_body_at=size // 2, reset=True), Fault(cut_body_at=10))
    assert api.read(store, "k") == body
    assert len(proxy.requests) == 3
    assert all(request.header("range") for request in proxy.requests[1:])
    assert all(request.header("if-match") for request in proxy.requests[1:])


@pytest.mark.parametrize("faults", [(RESET, RESET), (RESET, 503)], ids=str)
def test_a_part_survives_two_faults(
    api: Api, store: Watched, proxy: FaultProxy, faults: tuple[int | str, ...]
) -> None:
    for what in faults:
        given = fault(what)
        given.when = is_part
        proxy.add(given)
    body = bytes(PART) + b"tail"
    api.put(store, "big", body, use_multipart=True, chunk_size=PART, max_concurrency=1)
    assert store.witness.get("big").bytes() == body
    assert len([request for request in proxy.requests if is_part(request)]) == 2 + 2


@pytest.mark.slow
def test_every_request_of_an_upload_in_parts_survives_two_faults(
    api: Api, store: Watched, proxy: FaultProxy
) -> None:
    for method, sign in (("POST", b"uploads"), ("PUT", b"partNumber=1"), ("POST", b"uploadId")):
        proxy.add(
            Fault(
                times=2,
                when=lambda r, m=method, s=sign: r.method == m and s in r.target,  # type: ignore[misc] # bound now
                answer=answer_status(503).answer,
            )
        )
    body = bytes(PART) + b"tail"
    api.put(store, "big", body, use_multipart=True, chunk_size=PART)
    assert store.witness.get("big").bytes() == body
    assert len(proxy.requests) == 4 + 6
