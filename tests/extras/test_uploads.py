"""`upload`: files and trees, what is unchanged left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from object_store_py.exceptions import InvalidPathError, NotFoundError
from object_store_py.store import MemoryStore
from tests.harness.api import Api


def fill(folder: Path, tree: dict[str, bytes]) -> None:
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_a_tree_is_uploaded_and_only_what_changed_again(
    api: Api, store: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    local = tmp_path_factory.mktemp("local")
    tree = {"a": b"1", "b/c": b"22", "b/d/e": b"", "b/d/ä x": b"333"}
    fill(local, tree)
    told: list[tuple[int, int | None]] = []
    done = api.call("upload", store, local, "tree", progress=lambda *x: told.append(x))
    assert {path: api.read(store, f"tree/{path}") for path in tree} == tree
    assert len(api.paths(store)) == len(tree)
    assert (done.files, done.bytes, done.ignored) == (4, 6, [])
    assert (told[0], told[-1]) == ((0, 6), (6, 6))
    (local / "b/c").write_bytes(b"other")
    done = api.call("upload", store, local, "tree/", resume=True)
    assert (done.files, done.skipped, done.bytes) == (1, 3, 5)
    assert api.read(store, "tree/b/c") == b"other"


def test_a_file_newer_than_its_object_is_sent_again(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    (tmp_path / "a").write_bytes(b"old")
    api.call("upload", store, tmp_path / "a", "a")
    (tmp_path / "a").write_bytes(b"new")
    assert api.call("upload", store, tmp_path / "a", "a", resume=True).skipped == 1  # same second
    ahead = (tmp_path / "a").stat().st_mtime + 10
    os.utime(tmp_path / "a", (ahead, ahead))
    assert api.call("upload", store, tmp_path / "a", "a", resume=True).files == 1
    assert api.read(store, "a") == b"new"


def test_a_file_gets_the_path_or_keeps_its_name(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    (tmp_path / "x.txt").write_bytes(b"data")
    for target in ("a/b", "c/", ""):
        api.call("upload", store, str(tmp_path / "x.txt"), target)
    assert api.paths(store) == ["a/b", "c/x.txt", "x.txt"]
    with pytest.raises(NotFoundError, match="no file or directory"):
        api.call("upload", store, tmp_path / "none", "a")


def test_links_and_pipes_are_left_out_and_named(api: Api, tmp_path: Path) -> None:
    outside, local = tmp_path / "outside", tmp_path / "local"
    fill(outside, {"secret": b"secret"})
    fill(local, {"a": b"1"})
    (local / "folder").symlink_to(outside)
    (local / "link").symlink_to(outside / "secret")
    os.mkfifo(local / "pipe")
    store = MemoryStore()
    done = api.call("upload", store, local, "")
    assert api.paths(store) == ["a"]
    assert sorted(done.ignored) == [str(local / name) for name in ("folder", "link", "pipe")]


def test_a_name_that_is_no_path_ends_all_or_is_reported(api: Api, tmp_path: Path) -> None:
    fill(tmp_path, {"a": b"1", "b\nc": b"2", "d": b"3"})
    store = MemoryStore()
    with pytest.raises(InvalidPathError):
        api.call("upload", store, tmp_path, "")
    done = api.call("upload", store, tmp_path, "", on_error="collect")
    assert list(done.errors) == ["b\nc"]
    assert api.paths(store) == ["a", "d"]
