"""Links in local directories (F30, S24): nothing is deleted through them, and listings end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import object_store_py as obs
from object_store_py import _local_root
from object_store_py.exceptions import AlreadyExistsError, BaseError
from object_store_py.store import LocalStore
from object_store_py.zarr import ObjectStoreAdapter
from tests.harness.api import Api

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="left out: POSIX's own files")
FOLLOW = ["inside", "anywhere"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory `run` with links of every kind, and what they lead to."""
    for place in ("outside", "root/kept/below", "root/run/sub"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("outside/k", "root/kept/k", "root/kept/below/k", "root/run/sub/k", "root/run/k"):
        (tmp_path / place).write_bytes(b"data")
    run = tmp_path / "root" / "run"
    (run / "inside").symlink_to("../kept")
    (run / "sub" / "absolute").symlink_to(tmp_path / "root" / "kept")
    (run / "outside").symlink_to(tmp_path / "outside")
    (run / "file").symlink_to("../kept/k")
    (run / "out-file").symlink_to(tmp_path / "outside" / "k")
    (run / "dangling").symlink_to("nowhere")
    (run / "loop").symlink_to("loop")
    (run / "up").symlink_to("..")
    return tmp_path / "root"


@pytest.fixture(params=["by directory", "by path"], autouse=True)
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "by path":
        monkeypatch.setattr(_local_root, "_HAS_DIR_FD", False)


def kept(root: Path) -> bool:
    """Whether all that links lead to is still there."""
    places = [root / "kept" / "k", root / "kept" / "below" / "k", root.parent / "outside" / "k"]
    return all(place.read_bytes() == b"data" for place in places)


def left(root: Path) -> list[str]:
    """The files and links that are left in `run`."""
    found = [Path(top) / name for top, a, b in os.walk(root / "run") for name in a + b]
    return [str(place) for place in found if place.is_symlink() or not place.is_dir()]


def delete_prefix(api: Api, store: Any, prefix: str) -> None:
    api.call("delete_prefix", store, prefix)


def delete_dir(api: Api, store: Any, prefix: str) -> None:
    if api.way == "sync":
        asyncio.run(ObjectStoreAdapter(store).delete_dir(prefix))
    else:
        delete_prefix(api, store, prefix)


@pytest.mark.row("F30")
@pytest.mark.parametrize("delete", [delete_prefix, delete_dir])
@pytest.mark.parametrize("follow", FOLLOW)
def test_a_tree_is_deleted_with_its_links_and_without_what_is_behind_them(
    api: Api, root: Path, follow: Any, delete: Callable[[Api, Any, str], None]
) -> None:
    delete(api, LocalStore(root, follow_symlinks=follow), "run")
    assert kept(root)
    assert left(root) == []


@pytest.mark.row("F30")
@pytest.mark.parametrize("cleanup", [False, True])
@pytest.mark.parametrize("follow", FOLLOW)
def test_a_link_that_is_named_is_deleted_itself(
    api: Api, root: Path, follow: Any, cleanup: bool
) -> None:
    store = LocalStore(root, follow_symlinks=follow, automatic_cleanup=cleanup)
    names = ["inside", "sub/absolute", "outside", "file", "out-file", "dangling", "loop", "up"]
    for name in names[::2]:
        api.delete(store, f"run/{name}")
    for name in names[1::2]:
        assert api.call("delete_prefix", store, f"run/{name}") == 1
    assert kept(root)
    assert sorted(left(root)) == [str(root / "run" / "k"), str(root / "run" / "sub" / "k")]


@pytest.mark.row("F30")
def test_a_path_through_a_link_names_what_is_behind_it(api: Api, root: Path) -> None:
    store = LocalStore(root)
    assert api.call("delete_prefix", store, "run/inside/below") == 1
    assert api.paths(store, "kept") == ["kept/k"]
    assert (root / "run" / "inside").is_symlink()


@pytest.mark.row("F30")
@pytest.mark.parametrize("follow", FOLLOW)
def test_everything_is_deleted_and_nothing_outside(api: Api, root: Path, follow: Any) -> None:
    store = LocalStore(root, follow_symlinks=follow)
    api.call("delete_prefix", store, "", everything=True)
    assert (root.parent / "outside" / "k").read_bytes() == b"data"
    assert left(root) == [] and api.paths(store) == []


@pytest.mark.row("F30")
def test_a_link_that_is_moved_reads_the_same_elsewhere(api: Api, root: Path) -> None:
    store = LocalStore(root)
    api.rename(store, "run/file", "moved")
    assert api.read(store, "moved") == b"data"
    assert not (root / "run" / "file").is_symlink()
    (root / "link").symlink_to("kept/k")
    api.rename(store, "link", "kept/k")  # over what it leads to
    assert api.read(store, "kept/k") == b"data" and not (root / "link").is_symlink()
    (root / "link").symlink_to("kept/k")
    api.rename(store, "kept/k", "link")  # and the other way round
    assert api.read(store, "link") == b"data" and not (root / "link").is_symlink()


@pytest.mark.row("F30")
def test_a_name_of_the_same_file_is_replaced_and_nothing_is_lost(api: Api, root: Path) -> None:
    store = LocalStore(root)
    os.link(root / "kept" / "k", root / "second")
    api.rename(store, "kept/k", "second")
    assert api.read(store, "second") == b"data"
    assert api.paths(store, "kept") == ["kept/below/k"]
    os.link(root / "second", root / "third")
    api.copy(store, "second", "third")
    assert api.read(store, "second") == api.read(store, "third") == b"data"
    with pytest.raises(AlreadyExistsError):
        api.rename(store, "second", "third", overwrite=False)
    assert api.read(store, "second") == b"data"


@pytest.mark.row("F30")
def test_a_file_is_moved_and_copied_onto_itself_in_any_spelling(api: Api, root: Path) -> None:
    store, below = LocalStore(root), LocalStore(root / "kept")
    api.rename(store, "kept/k", "run/inside/k")
    api.copy(store, "kept/k", "run/inside/k")
    api.copy(store, "kept/k", "kept/k")
    api.call("copy_to", store, "kept/k", below, "k")
    api.call("copy_to", below, "k", store, "run/inside/k")
    api.put(store, "run/inside/k", (root / "kept" / "k"))
    assert (root / "kept" / "k").read_bytes() == b"data"
    with pytest.raises(AlreadyExistsError):
        api.rename(store, "kept/k", "run/inside/k", overwrite=False)
    for target in ("kept/k/below", "kept", "kept/below"):
        with pytest.raises((BaseError, OSError)):
            api.rename(store, "kept/k", target)
    assert (root / "kept" / "k").read_bytes() == b"data"


@pytest.mark.row("F30")
def test_a_link_that_is_copied_onto_itself_stays_a_link(api: Api, root: Path) -> None:
    store = LocalStore(root)
    (root / "kept" / "link").symlink_to("k")
    for target in ("kept/link", "run/inside/link"):
        api.copy(store, "kept/link", target)
        assert (root / "kept" / "link").is_symlink()
    with pytest.raises(AlreadyExistsError):
        api.copy(store, "kept/link", "kept/link", overwrite=False)
    with pytest.raises(FileNotFoundError):
        api.copy(store, "kept/none", "kept/none")
    assert api.read(store, "kept/link") == b"data"


@pytest.mark.row("F30")
def test_a_put_replaces_a_link_and_not_what_it_leads_to(api: Api, root: Path) -> None:
    store = LocalStore(root, follow_symlinks="anywhere")
    for name in ("run/file", "run/out-file", "run/dangling"):
        api.put(store, name, b"new")
        assert not (root / name).is_symlink() and api.read(store, name) == b"new"
    assert kept(root)


@pytest.mark.row("F30")
def test_a_tree_goes_to_itself_and_nothing_is_lost(api: Api, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "a" / "k").write_bytes(b"data")
    (source / "l").write_bytes(b"more")
    same = LocalStore(source)
    for _ in range(2):
        api.call("download", same, "", source)
        api.call("upload", same, source, "")
        api.call("download", same, "a", source / "a")
        assert api.paths(same) == ["a/k", "l"]
        assert (api.read(same, "a/k"), api.read(same, "l")) == (b"data", b"more")
    inner = LocalStore(source / "copy", mkdir=True)
    for _ in range(2):  # not a copy of the copy the second time
        done = api.call("upload", inner, source, "x")
        assert api.paths(same) == ["a/k", "copy/x/a/k", "copy/x/l", "l"]
    assert done.ignored == [str(source / "copy" / "x")]
    api.call("download", same, "a", source / "a" / "again")
    assert api.paths(same, "a") == ["a/again/k", "a/k"]


def crossed(place: Path, count: int) -> None:
    """Directories of which each has a link to each other one, and to the directory above."""
    for number in range(count):
        (place / f"d{number}").mkdir(parents=True)
        (place / f"d{number}" / "k").write_bytes(b"")
        (place / f"d{number}" / "up").symlink_to("..")
        for other in range(count):
            (place / f"d{number}" / f"l{other}").symlink_to(f"../d{other}")


@pytest.mark.row("S24")
@pytest.mark.parametrize("follow", FOLLOW)
def test_directories_that_link_to_each_other_end(api: Api, tmp_path: Path, follow: Any) -> None:
    """Each is listed below its own name, and behind one link and two, not behind more."""
    crossed(tmp_path / "r", 8)
    store = LocalStore(tmp_path / "r", follow_symlinks=follow)
    listed = api.paths(store)
    assert len(listed) == 8 + 8 * 7 + 8 * 7 * 6
    assert all(f"d{number}/k" in listed for number in range(8))
    if api.way == "sync":
        walked = [
            f"{top}/{m['path'].rpartition('/')[2]}" for top, _, ms in obs.walk(store) for m in ms
        ]
        assert sorted(walked) == listed
    done = api.call("upload", store, tmp_path / "r", "copy")
    assert done.files == 8


@pytest.mark.row("S24")
def test_a_loop_ends_below_a_prefix_too(api: Api, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "k").write_bytes(b"")
    (tmp_path / "a" / "loop").symlink_to("..")
    (tmp_path / "a" / "self").symlink_to(".")
    store = LocalStore(tmp_path)
    assert api.paths(store) == api.paths(store, "a") == ["a/k"]
    assert api.paths(store, "a/loop") == ["a/loop/a/k"]  # who names it sees it
