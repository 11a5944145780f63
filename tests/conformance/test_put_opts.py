"""Conformance: conditional writes, and a counter that many writers increment without a loss."""

from __future__ import annotations

from typing import Any

import pytest

from object_store_py.exceptions import AlreadyExistsError, PreconditionError
from tests.harness.api import Api
from tests.harness.stores import Backend

WORKERS, INCREMENTS = 5, 10


def test_create_never_overwrites(api: Api, backend: Backend) -> None:
    backend.require("conditional_put")
    api.put(backend.store, "put_opts", b"a", mode="create")
    with pytest.raises(AlreadyExistsError):
        api.put(backend.store, "put_opts", b"b", mode="create")
    assert api.read(backend.store, "put_opts") == b"a"


def test_overwrite_is_the_default(api: Api, store: Any) -> None:
    api.put(store, "k", b"a")
    api.put(store, "k", b"b")
    api.put(store, "k", b"c", mode="overwrite")
    assert api.read(store, "k") == b"c"


def test_update_needs_the_current_e_tag(api: Api, backend: Backend) -> None:
    backend.require("update_by_e_tag")
    store = backend.store
    first = api.put(store, "k", b"a")
    second = api.put(store, "k", b"c", mode=first)
    assert api.read(store, "k") == b"c"
    with pytest.raises(PreconditionError):
        api.put(store, "k", b"d", mode=first)
    api.put(store, "k", b"e", mode=second)
    assert api.read(store, "k") == b"e"


def test_update_of_a_missing_object_is_refused(api: Api, backend: Backend) -> None:
    backend.require("update_by_e_tag")
    tag = api.put(backend.store, "k", b"a")
    # S3's own answer to a failed match on no object is 404; both say that nothing was written.
    with pytest.raises((PreconditionError, FileNotFoundError)):
        api.put(backend.store, "I don't exist", b"e", mode=tag)
    assert api.paths(backend.store) == ["k"]


def test_a_store_without_update_says_so(api: Api, backend: Backend) -> None:
    backend.require_lack_of("update_by_e_tag")
    tag = api.put(backend.store, "k", b"a")
    with pytest.raises(NotImplementedError):
        api.put(backend.store, "k", b"b", mode=tag)
    assert api.read(backend.store, "k") == b"a"


def test_racing_creates_have_exactly_one_winner(api: Api, backend: Backend) -> None:
    backend.require("conditional_put")
    bodies = [b"%d" % i for i in range(8)]

    def create(body: bytes) -> bytes | None:
        try:
            api.put(backend.store, "race", body, mode="create")
        except AlreadyExistsError:
            return None
        return body

    won = api.together(*(lambda body=body: create(body) for body in bodies))
    winners = [body for body in won if body is not None]
    assert len(winners) == 1
    assert api.read(backend.store, "race") == winners[0]


def test_racing_increments_lose_nothing(api: Api, backend: Backend) -> None:
    backend.require("update_by_e_tag")

    def worker() -> None:
        for _ in range(INCREMENTS):
            while not _increment(api, backend.store):
                pass

    api.together(*[worker] * WORKERS)
    assert int(api.read(backend.store, "RACE")) == WORKERS * INCREMENTS


def _increment(api: Api, store: Any) -> bool:
    """Adds one to the counter, unless another writer was faster."""
    try:
        result = api.get(store, "RACE")
        mode: Any = {key: result.meta[key] for key in ("e_tag", "version")}
        value = int(api.bytes(result))
    except FileNotFoundError:
        mode, value = "create", 0
    try:
        api.put(store, "RACE", b"%d" % (value + 1), mode=mode)
    except (PreconditionError, AlreadyExistsError):
        return False
    return True
