"""`exists`, `delete_prefix`, `walk` and `glob`, on every store."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import InvalidPathError
from object_store_py.store import MemoryStore
from tests.backends.faultproxy import FaultProxy
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.stores import Backend

TREE = ("a/b/1.csv", "a/b/2.txt", "a/c/d/3.csv", "a/4.csv", "ab/5.csv", "a/[x].csv", "top.csv")


def fill(api: Api, store: Any, paths: tuple[str, ...] = TREE) -> None:
    for path in paths:
        api.put(store, path, b"data")


def test_exists_is_about_objects(api: Api, store: Any) -> None:
    api.put(store, "a/b", b"data")
    assert api.call("exists", store, "a/b") is True
    assert api.call("exists", store, "a/c") is False
    assert api.call("exists", store, "none/at/all") is False


def test_delete_prefix_deletes_what_is_below_and_counts_it(api: Api, store: Any) -> None:
    fill(api, store)
    assert api.call("delete_prefix", store, "a") == 5
    assert api.paths(store) == ["ab/5.csv", "top.csv"]
    assert api.call("delete_prefix", store, "a") == 0


@pytest.mark.parametrize("empty", ["", "/"])
def test_delete_prefix_refuses_to_delete_everything_by_mistake(api: Api, empty: str) -> None:
    store = MemoryStore()
    fill(api, store)
    with pytest.raises(ValueError, match="everything=True"):
        api.call("delete_prefix", store, empty)
    assert len(api.paths(store)) == len(TREE)
    assert api.call("delete_prefix", store, empty, everything=True) == len(TREE)
    assert api.paths(store) == []


@pytest.mark.slow
def test_delete_prefix_goes_page_by_page(minio: Minio, shared_bucket: str) -> None:
    """1,001 objects are two pages: the first is deleted before the second is asked for.

    Once, and not in each way of calling: what takes long is writing them.
    """
    with FaultProxy(minio.port) as proxy:
        options = minio.store_options() | {"endpoint": proxy.endpoint}
        store = obs.store.S3Store(shared_bucket, prefix=secrets.token_hex(4), **options)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.put(f"many/{n:04}", b""), range(1001)))
        before = len(proxy.requests)
        assert obs.delete_prefix(store, "many") == 1001
        verbs = [request.method for request in proxy.requests[before:]]
    assert verbs == ["GET", "POST", "GET", "POST"]


def test_walk_goes_down_and_can_be_pruned(api: Api, store: Any) -> None:
    fill(api, store)
    steps = [
        (prefix, names, sorted(meta["path"] for meta in objects))
        for prefix, names, objects in api.consume(obs.walk(store))
    ]
    assert steps == [
        ("", ["a", "ab"], ["top.csv"]),
        ("a", ["b", "c"], ["a/4.csv", "a/[x].csv"]),
        ("a/b", [], ["a/b/1.csv", "a/b/2.txt"]),
        ("a/c", ["d"], []),
        ("a/c/d", [], ["a/c/d/3.csv"]),
        ("ab", [], ["ab/5.csv"]),
    ]
    pruned = []
    for prefix, names, _ in obs.walk(store, "a"):
        pruned.append(prefix)
        if "c" in names:
            names.remove("c")
    assert pruned == ["a", "a/b"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["top.csv"]),
        ("a/*.csv", ["a/4.csv", "a/[x].csv"]),
        ("a/**/*.csv", ["a/4.csv", "a/[x].csv", "a/b/1.csv", "a/c/d/3.csv"]),
        ("**/*.csv", sorted(path for path in TREE if path.endswith(".csv"))),
        ("**", sorted(TREE)),
        ("a/b/**", ["a/b/1.csv", "a/b/2.txt"]),
        ("a/?/[0-1].csv", ["a/b/1.csv"]),
        ("a/b/[!1].*", ["a/b/2.txt"]),
        ("a/[[]x].csv", ["a/[x].csv"]),
        ("a/b/1.csv", ["a/b/1.csv"]),
        ("a/b", []),
        ("a*/*/1.csv", ["a/b/1.csv"]),
        ("**/c/**/d/*", ["a/c/d/3.csv"]),
        ("none/*", []),
    ],
)
def test_glob_finds(pattern: str, found: list[str]) -> None:
    store = MemoryStore()
    for path in TREE:
        store.put(path, b"")
    assert sorted(meta["path"] for meta in obs.glob(store, pattern)) == found


def test_glob_lists_only_below_its_fixed_part(api: Api, backend: Backend) -> None:
    fill(api, backend.store, ("a/b/1.csv", "a/b/c/2.csv", "z/3.csv"))
    found = api.consume(obs.glob(backend.store, "a/b/*.csv"))
    assert [(meta["path"], meta["size"]) for meta in found] == [("a/b/1.csv", 4)]
    if backend.name == "minio":
        with FaultProxy(backend.proxied_port()) as proxy:
            behind = backend.store_behind(proxy.endpoint)
            assert len(api.consume(obs.glob(behind, "a/b/*.csv"))) == 1
            assert len(api.consume(obs.glob(behind, "a/**/*.csv"))) == 2
        one, deep = [request.target.decode() for request in proxy.requests]
        assert "a%2Fb%2F" in one
        assert "delimiter" in one
        assert "a%2F" in deep
        assert "delimiter" not in deep


def test_glob_refuses_what_is_no_path(api: Api) -> None:
    with pytest.raises(InvalidPathError):
        api.consume(obs.glob(MemoryStore(), "../*"))
    with pytest.raises(InvalidPathError):
        api.consume(obs.glob(MemoryStore(), ""))
