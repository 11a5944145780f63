"""Markers of folders (`run/`): objects of their own, and directories to all that knows trees."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import InvalidPathError, NotFoundError
from object_store_py.store import HTTPStore, LocalStore, MemoryStore
from tests.backends.moddav import ModDav
from tests.harness.api import Api
from tests.harness.servers import Servers
from tests.harness.stores import Backend, not_applicable

pytestmark = pytest.mark.row("F31")

KEYS = ["run", "run/", "run2/b", "x"]
"""An object beside its marker. MinIO allows no `run/a` beside them; that is another test."""


def fill(api: Api, store: Any, keys: list[str]) -> None:
    for key in keys:
        api.put(store, key, b"" if key.endswith("/") else key.encode())


@pytest.fixture
def store(backend: Backend) -> Any:
    backend.require("markers")
    return backend.store


def test_a_marker_and_an_object_are_two(api: Api, store: Any) -> None:
    for key in KEYS:
        api.put(store, key, key.encode())
    assert api.paths(store) == KEYS
    assert api.paths(store, "run") == api.paths(store, "run/") == ["run/"]
    for key in KEYS:
        assert api.read(store, key) == key.encode()
        assert api.head(store, key)["path"] == key
        assert bytes(api.get_range(store, key, start=0, end=1)) == key.encode()[:1]
        assert [bytes(part) for part in api.get_ranges(store, key, starts=[0], ends=[9])] == [
            key.encode()
        ]
        assert api.call("exists", store, key)
    api.copy(store, "run/", "copied/")
    api.copy(store, "run", "copied")
    assert (api.read(store, "copied/"), api.read(store, "copied")) == (b"run/", b"run")
    api.rename(store, "copied/", "moved/")
    assert api.paths(store) == ["copied", "moved/", *KEYS]
    api.delete(store, ["run", "moved/", "copied"])
    assert api.paths(store) == KEYS[1:]
    api.delete(store, "run/")
    assert api.paths(store) == KEYS[2:]


def test_one_level_names_the_marker_of_the_prefix(api: Api, store: Any) -> None:
    fill(api, store, ["run/", "run/sub/", "y"])
    top = api.list_with_delimiter(store)
    assert (top["common_prefixes"], [meta["path"] for meta in top["objects"]]) == (["run"], ["y"])
    below = api.list_with_delimiter(store, "run")
    assert below["common_prefixes"] == ["run/sub"]
    assert [meta["path"] for meta in below["objects"]] == ["run/"]


def test_listings_go_on_after_a_marker(api: Api, store: Any) -> None:
    fill(api, store, ["a", "run/", "run/a", "run/b"])
    assert api.paths(store, offset="run/") == ["run/a", "run/b"]
    assert api.paths(store, offset="run") == ["run/", "run/a", "run/b"]


def test_reading_a_marker_that_is_not_there_reads_the_object(api: Api, store: Any) -> None:
    """As obstore does, which drops the slash; what writes or deletes never does."""
    api.put(store, "a", b"object")
    assert api.read(store, "a/") == b"object"
    assert api.head(store, "a/")["path"] == "a"
    assert bytes(api.get_ranges(store, "a/", starts=[1], ends=[3])[0]) == b"bj"
    assert not api.call("exists", store, "a/")
    with pytest.raises(NotFoundError, match="b/"):
        api.get(store, "b/")
    with pytest.raises(NotFoundError):
        api.copy(store, "a/", "b")
    try:
        api.delete(store, "a/")
    except NotFoundError:
        assert store is not None  # as this store says of what is not there
    assert api.paths(store) == ["a"]


def test_a_marker_is_written_in_parts_with_attributes(api: Api, backend: Backend) -> None:
    backend.require("markers")
    if backend.name == "minio":  # which keeps markers as directories, in one request
        not_applicable("a marker in parts")
    data = os.urandom((5 << 20) + 7)
    attributes = {"Content-Type": "application/x-directory"} if backend.name != "memory" else None
    api.put(backend.store, "big/", data, attributes=attributes, use_multipart=True)
    assert api.paths(backend.store) == ["big/"]
    result = api.get(backend.store, "big/")
    assert api.bytes(result) == data
    if attributes:
        assert result.attributes["Content-Type"] == "application/x-directory"


def test_a_url_is_signed_for_the_marker(api: Api, backend: Backend) -> None:
    backend.require("markers")
    backend.require("signing")
    store = backend.store
    api.put(store, "run", b"object")
    api.put(store, "run/", b"marker")
    hour = timedelta(hours=1)
    for key, data in (("run/", b"marker"), ("run", b"object")):
        url = api.sign(store, "GET", key, hour)
        with urllib.request.urlopen(str(url), context=_trust(backend)) as answer:
            assert answer.read() == data
    tampered = str(api.sign(store, "GET", "run/", hour)).replace("/?", "?", 1)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(tampered, context=_trust(backend))


def _trust(backend: Backend) -> Any:
    return backend.trust if not isinstance(backend.trust, bool) else None


def test_trees_take_markers_for_directories(api: Api, store: Any, tmp_path: Path) -> None:
    fill(api, store, ["t/", "t/empty/", "t/sub/", "t/sub/a", "t2/b"])
    steps = api.consume(obs.walk(store, "t"))
    assert [(step[0], step[1], [meta["path"] for meta in step[2]]) for step in steps] == [
        ("t", ["empty", "sub"], []),
        ("t/empty", [], []),
        ("t/sub", [], ["t/sub/a"]),
    ]
    for pattern, found in (("t/**", ["t/sub/a"]), ("t/*", []), ("**", ["t/sub/a", "t2/b"])):
        assert sorted(meta["path"] for meta in api.consume(obs.glob(store, pattern))) == found
    done = api.call("download", store, "t", tmp_path / "out")
    assert (done.files, done.bytes) == (1, 7)
    seen = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")
    )
    assert seen == ["empty", "sub", "sub/a"]
    done = api.call("download", store, "t/empty/", tmp_path / "alone")
    assert (done.files, list((tmp_path / "alone").iterdir())) == (0, [])
    assert api.call("delete_prefix", store, "t") == 4
    assert api.paths(store) == ["t2/b"]


def test_delete_prefix_leaves_the_object_and_takes_the_marker(api: Api, store: Any) -> None:
    fill(api, store, KEYS)
    assert api.call("delete_prefix", store, "run") == 1
    assert api.paths(store) == ["run", "run2/b", "x"]
    assert api.call("delete_prefix", store, "run/") == 0


def test_a_marker_with_content_is_named_and_the_rest_comes(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    api.put(store, "t/a/", b"content")
    api.put(store, "t/b", b"b")
    done = api.call("download", store, "t", tmp_path, on_error="collect")
    assert (done.files, list(done.errors)) == (1, ["t/a/"])
    with pytest.raises(InvalidPathError, match="7 bytes"):
        api.call("download", store, "t", tmp_path)


def test_an_object_beside_others_below_its_name(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    fill(api, store, ["a", "a/b", "c"])
    assert api.consume(obs.walk(store))[0][1] == ["a"]
    done = api.call("download", store, "", tmp_path, on_error="collect")
    assert done.files == 2
    ((name, error),) = done.errors.items()
    assert name in ("a", "a/b")
    assert isinstance(error, OSError)
    assert "either a file or a directory" in str(error)
    assert api.call("delete_prefix", store, "a") == 1
    assert api.paths(store) == ["a", "c"]


def test_a_store_below_a_marker_does_not_list_its_own(api: Api, backend: Backend) -> None:
    backend.require("markers")
    if backend.another is None:
        pytest.skip("n/a: another store")
    fill(api, backend.store, ["pre/", "pre/sub/", "pre/a", "prefix"])
    inner = backend.another(prefix="/".join(filter(None, (backend.prefix, "pre"))))
    assert api.paths(inner) == ["a", "sub/"]
    assert api.call("delete_prefix", inner, "", everything=True) == 2
    assert api.paths(backend.store) == ["pre/", "prefix"]


def test_copies_between_stores_keep_both(api: Api, store: Any) -> None:
    fill(api, store, ["run", "run/"])
    target = MemoryStore()
    for key in ("run", "run/"):
        api.call("copy_to", store, key, target, key)
    assert (api.paths(target), api.read(target, "run")) == (["run", "run/"], b"run")


def test_local_files_have_no_markers(api: Api, tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    api.put(store, "run", b"file")
    for call in (
        lambda: api.put(store, "run/", b""),
        lambda: api.delete(store, "run/"),
        lambda: api.copy(store, "run", "copy/"),
        lambda: api.rename(store, "run/", "b"),
    ):
        with pytest.raises(InvalidPathError, match="slash"):
            call()
    assert api.read(store, "run/") == api.read(store, "run") == b"file"
    assert not api.call("exists", store, "run/")
    assert api.paths(store) == ["run"]


def test_a_folder_of_webdav_is_not_deleted_as_an_object(api: Api, servers: Servers) -> None:
    server: ModDav = servers.get("moddav", ModDav)
    store = HTTPStore(server.create_folder(), **server.store_options())
    fill(api, store, ["run/a", "b"])
    with pytest.raises(InvalidPathError, match="delete_prefix"):
        api.delete(store, "run/")
    with pytest.raises(NotFoundError, match="folder"):
        api.delete(store, "run")
    with pytest.raises(NotFoundError, match="folder"):
        api.rename(store, "run", "c")
    with pytest.raises(InvalidPathError, match="folder"):
        api.copy(store, "b", "run")
    assert api.paths(store) == ["b", "run/a"]
