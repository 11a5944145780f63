"""Keys that no path can name: a listing gives them as they are, and every verb takes them so."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import object_store_py as obs
from object_store_py import RawKey
from object_store_py.exceptions import InvalidPathError, NotFoundError
from object_store_py.store import LocalStore, MemoryStore
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.stores import Backend, make_backend

pytestmark = pytest.mark.row("F31")

RAW = ["dir/../d", "dir/./c", "dir//b", "dir//b/", "dir/e//", "dir/x\ty"]


def test_every_verb_takes_what_a_listing_gives(api: Api, backend: Backend) -> None:
    backend.require("raw_keys")
    _check_verbs(api, backend, backend.store)


def test_s3_takes_what_a_listing_gives(api: Api, servers: Servers) -> None:
    """MinIO refuses such keys, so another server shows it for S3."""
    backend = make_backend("ministack", Path(), servers)
    _check_verbs(api, backend, backend.store)


def _check_verbs(api: Api, backend: Backend, store: Any) -> None:
    for key in RAW:
        api.put(store, RawKey(key), key.encode())
    api.put(store, "dir/good", b"good")
    api.put(store, "dir", b"beside")
    with pytest.raises(InvalidPathError, match="on_bad_key"):
        api.list(store)
    assert api.paths(store, "dir", on_bad_key="keep") == [*RAW[:5], "dir/good", RAW[5]]
    for meta in api.list(store, "dir", on_bad_key="keep"):
        key = meta["path"]
        assert isinstance(key, RawKey) == (key != "dir/good")
        if isinstance(key, RawKey):
            assert api.read(store, key) == key.encode()
            assert api.head(store, key)["path"] == key
            if backend.name == "azurite" and "/." in key:
                continue  # it reads the source of a copy as a URL, which has no such segments
            api.copy(store, key, RawKey(f"{key}//copy"))
            assert api.read(store, RawKey(f"{key}//copy")) == key.encode()
            api.delete(store, RawKey(f"{key}//copy"))
    listing = obs.list(store, on_bad_key="skip")
    assert [meta["path"] for meta in api.collect(listing)] == ["dir", "dir/good"]
    whole = f"{backend.prefix}/" if backend.prefix else ""
    assert {f"{whole}{key}" for key in RAW} == set(listing.skipped) or backend.name == "azurite"
    below = api.list(store, RawKey("dir//"))
    assert [meta["path"] for meta in below] == ["dir//b", "dir//b/"]
    level = api.call("list_with_delimiter", store, "dir", on_bad_key="keep")
    assert {"dir/../", "dir/./", "dir//"} <= set(level["common_prefixes"])
    assert api.call("delete_prefix", store, "dir") == len(RAW) + 1
    assert api.paths(store, on_bad_key="keep") == ["dir"]


def test_walks_and_patterns_leave_them_out(api: Api) -> None:
    store = MemoryStore()
    for key in ("t/a", "t//b", "t/../c", "t/s/d"):
        api.put(store, RawKey(key), b"")
    for search in (
        lambda **how: obs.walk(store, "t", **how),
        lambda **how: obs.glob(store, "t/**", **how),
    ):
        with pytest.raises(InvalidPathError, match="on_bad_key"):
            api.consume(search())
        with pytest.raises(ValueError, match="'raise' or 'skip'"):
            search(on_bad_key="keep")
    steps = api.consume(obs.walk(store, "t", on_bad_key="skip"))
    assert [(step[0], step[1]) for step in steps] == [("t", ["s"]), ("t/s", [])]
    found = api.consume(obs.glob(store, "t/**", on_bad_key="skip"))
    assert [meta["path"] for meta in found] == ["t/a", "t/s/d"]


def test_plain_paths_are_as_strict_as_ever(api: Api) -> None:
    store = MemoryStore()
    for key in RAW:
        if key != "dir/x\ty":
            with pytest.raises(InvalidPathError):
                api.put(store, key, b"")
    with pytest.raises(NotFoundError):
        api.get(store, RawKey("a//b"))
    with pytest.raises(InvalidPathError):
        api.get(store, RawKey(""))


def test_nothing_is_written_outside_the_target(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    for key in ["t/../../evil", "t//b", "t/./c", "t/good", "t/..", "t/../"]:
        api.put(store, RawKey(key), b"x")
    target = tmp_path / "a" / "b"
    done = api.call("download", store, "t", target, on_error="collect")
    assert (done.files, len(done.errors)) == (1, 5)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [target / "good"]
    with pytest.raises(InvalidPathError):
        api.put(LocalStore(tmp_path), RawKey("../evil"), b"x")


def test_raw_keys_are_texts(api: Api) -> None:
    key = RawKey("a//b")
    assert (key, repr(key)) == ("a//b", "RawKey('a//b')")
    assert isinstance(pickle.loads(pickle.dumps(key)), RawKey)
    assert len({key, "a//b"}) == 1
    assert api is not None
