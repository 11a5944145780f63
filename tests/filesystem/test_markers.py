"""Markers of folders and keys that no path can name, as files and directories of fsspec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from object_store_py.exceptions import InvalidPathError
from object_store_py.fsspec import FsspecStore
from object_store_py.types import RawKey
from tests.backends.ministack import Ministack
from tests.filesystem.conftest import Filesystem
from tests.harness.servers import Servers
from tests.harness.stores import not_applicable

pytestmark = pytest.mark.row("F31")

KEYS = {"run": b"object", "run/": b"", "run/a": b"1", "run/sub/": b"not empty", "lone/": b""}


@pytest.fixture(params=["", "beside "])
def marked(request: pytest.FixtureRequest, place: Filesystem, servers: Servers) -> Filesystem:
    """Markers, once with an object that has the name of a folder."""
    if place.protocol == "file":
        not_applicable("markers: directories are real")
    fs, top, keys = place.fs, place.path, dict(KEYS)
    if not request.param:
        keys.pop("run")
    elif place.protocol == "s3":  # MinIO lists nothing below an object
        server: Ministack = servers.get("ministack", Ministack)
        fs, top = FsspecStore("s3", **server.store_options()), f"{server.create_bucket()}/top"
    for key, data in keys.items():
        fs.pipe_file(f"{top}/{key}", data)
    return Filesystem(place.protocol, fs, top, {})


def keys_of(place: Filesystem) -> list[str]:
    """The keys of a place, as the store lists them."""
    store, prefix = place.fs._objects.locate(place.path)
    listed = [meta["path"] for page in store.list(prefix, on_bad_key="keep") for meta in page]
    return sorted(path[len(prefix) + 1 :] for path in listed)


def test_markers_are_directories(marked: Filesystem) -> None:
    fs, top = marked.fs, marked.path
    beside = "run" in keys_of(marked)
    files = [f"{top}/run"] * beside + [f"{top}/run/a"]
    assert fs.find(top) == files
    assert fs.find(top, maxdepth=3) == files
    assert fs.ls(f"{top}/run") == [f"{top}/run/a", f"{top}/run/sub"]
    assert fs.ls(f"{top}/lone") == fs.ls(f"{top}/run/sub") == []
    assert [path for path in fs.find(top, withdirs=True) if path not in files] == [
        top, f"{top}/lone", *[f"{top}/run"] * (not beside), f"{top}/run/sub"
    ]  # fmt: skip
    for name in ("run", "run/sub", "lone"):
        assert fs.isdir(f"{top}/{name}")
        assert fs.exists(f"{top}/{name}")
        assert fs.info(f"{top}/{name}/")["type"] == "directory"
    assert fs.info(f"{top}/run")["type"] == ("file" if beside else "directory")
    walked = {path[len(top) :]: (folders, files) for path, folders, files in fs.walk(top)}
    assert walked == {
        "": (["lone", "run"], ["run"] * beside),
        "/lone": ([], []),
        "/run": (["sub"], ["a"]),
        "/run/sub": ([], []),
    }
    assert fs.glob(f"{top}/*") == [f"{top}/lone", f"{top}/run"]
    assert fs.glob(f"{top}/*/*") == [f"{top}/run/a", f"{top}/run/sub"]
    assert fs.du(top) == 1 + 6 * beside


def test_a_tree_goes_with_its_markers(marked: Filesystem) -> None:
    fs, top = marked.fs, marked.path
    fs.rm(f"{top}/run/", recursive=True)  # with a slash: the directory alone
    assert keys_of(marked) == ["lone/"] + ["run"] * (marked.fs.exists(f"{top}/run"))
    fs.rm(f"{top}/lone", recursive=True)
    assert keys_of(marked) in ([], ["run"])


def test_a_name_without_a_slash_is_the_object_too(marked: Filesystem) -> None:
    fs, top = marked.fs, marked.path
    fs.rm(f"{top}/run", recursive=True)
    assert keys_of(marked) == ["lone/"]
    assert not fs.exists(f"{top}/run")


def test_a_pattern_deletes_the_directories_that_it_matches_alone(marked: Filesystem) -> None:
    before = keys_of(marked)
    marked.fs.rm(f"{marked.path}/run/**", recursive=True)
    assert keys_of(marked) == [key for key in before if not key.startswith("run/")]


def test_a_marker_alone_is_removed(marked: Filesystem) -> None:
    fs, top = marked.fs, marked.path
    before = keys_of(marked)
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{top}/run/")
    with pytest.raises(OSError, match="not empty"):
        fs.rmdir(f"{top}/run")
    assert keys_of(marked) == before
    fs.rm(f"{top}/lone/")
    fs.rmdir(f"{top}/run/sub")
    fs.rm_file(f"{top}/run/")
    assert keys_of(marked) == [key for key in before if key in ("run", "run/a")]
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{top}/lone/")


def test_markers_are_copied_and_moved_as_markers(marked: Filesystem, tmp_path: Path) -> None:
    fs, top = marked.fs, marked.path
    rest = [key for key in keys_of(marked) if key in ("run", "lone/")]
    if "run" in rest:
        fs.rm(f"{top}/run")
        rest.remove("run")
    fs.copy(f"{top}/run", f"{top}/copy", recursive=True)
    assert keys_of(marked) == sorted(
        [*rest, "copy/", "copy/a", "copy/sub/", "run/", "run/a", "run/sub/"]
    )
    fs.rm(f"{top}/copy", recursive=True)
    fs.mv(f"{top}/run", f"{top}/new", recursive=True)
    assert keys_of(marked) == sorted([*rest, "new/", "new/a", "new/sub/"])
    assert fs.cat_file(f"{top}/new/sub/") == b"not empty"
    fs.get(top, f"{tmp_path}/out", recursive=True)
    out = tmp_path / "out"
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*"))
    assert found == ["lone", "new", "new/a", "new/sub"]


def test_a_slash_at_the_end_names_the_marker(marked: Filesystem) -> None:
    fs, top = marked.fs, marked.path
    before = keys_of(marked)
    fs.touch(f"{top}/made/")
    assert keys_of(marked) == sorted([*before, "made/"])
    fs.pipe_file(f"{top}/run/", b"marker")
    assert fs.cat_file(f"{top}/run/") == b"marker"
    if "run" in before:
        assert fs.cat_file(f"{top}/run") == b"object"
        fs.rm_file(f"{top}/run/")
        assert fs.cat_file(f"{top}/run") == b"object"


def test_nothing_is_written_beside_the_directory_that_was_named(
    marked: Filesystem, tmp_path: Path
) -> None:
    fs, top = marked.fs, marked.path
    before = keys_of(marked)
    local = tmp_path / "local"
    local.write_bytes(b"new")
    writes: list[Callable[[str], Any]] = [
        lambda path: fs.open(path, "wb"),
        lambda path: fs.open(path, "w"),
        lambda path: fs.open(path, "ab"),
        lambda path: fs.put_file(str(local), path),
        lambda path: fs.cp_file(f"{top}/run/a", path),
    ]
    for name in ("run/", "new/"):
        for write in writes:
            with pytest.raises(IsADirectoryError):
                write(f"{top}/{name}")
    assert keys_of(marked) == before
    if "run" in before:
        assert fs.cat_file(f"{top}/run") == b"object"


def test_a_mapper_clears_what_is_below_it(marked: Filesystem) -> None:
    before = keys_of(marked)
    marked.fs.get_mapper(f"{marked.path}/run").clear()
    assert keys_of(marked) == [key for key in before if not key.startswith("run/")]
    marked.fs.get_mapper(f"{marked.path}/run").clear()
    assert keys_of(marked) == [key for key in before if not key.startswith("run/")]


@pytest.fixture
def bad(place: Filesystem, servers: Servers) -> Filesystem:
    """Keys with empty segments."""
    if place.protocol in ("file", "abfs"):
        not_applicable("keys with empty segments")
    if place.protocol == "s3":  # MinIO takes none
        server: Ministack = servers.get("ministack", Ministack)
        place = Filesystem(
            "s3",
            FsspecStore("s3", **server.store_options()),
            f"{server.create_bucket()}/top",
            server.store_options(),
        )
    if place.protocol == "memory":
        fs = FsspecStore("memory", on_bad_key="keep", skip_instance_cache=True)
        place = Filesystem("memory", fs, "/top", {})
    store, prefix = place.fs._objects.locate(place.path)
    for key in ("dir//b", "dir/c", "only//x"):
        store.put(RawKey(f"{prefix}/{key}"), key.encode())
    return place


def kept(place: Filesystem) -> Any:
    """A filesystem that takes the keys as they are."""
    if place.protocol == "memory":
        return place.fs
    return FsspecStore(place.protocol, on_bad_key="keep", **place.options)


def test_a_directory_of_bad_keys_exists(bad: Filesystem) -> None:
    for name in ("dir", "only"):
        assert bad.fs.exists(f"{bad.path}/{name}")
        assert bad.fs.isdir(f"{bad.path}/{name}")
        assert bad.fs.info(f"{bad.path}/{name}")["type"] == "directory"


def test_bad_keys_are_files_where_they_are_kept(bad: Filesystem, tmp_path: Path) -> None:
    fs, top = kept(bad), bad.path
    names = [f"{top}/{key}" for key in ("dir//b", "dir/c", "only//x")]
    assert fs.find(top) == names
    assert fs.find(top, maxdepth=2) == names
    assert fs.ls(f"{top}/dir") == names[:2]
    assert fs.ls(f"{top}/only") == names[2:]
    assert fs.cat(names[0]) == b"dir//b"
    assert fs.info(names[0])["size"] == 6
    for maxdepth in (None, 3):
        walked = [
            f"{path}/{name}" for path, _, files in fs.walk(top, maxdepth=maxdepth) for name in files
        ]
        assert sorted(walked) == names
    fs.get(f"{top}/only", f"{tmp_path}/out", recursive=True)
    assert (tmp_path / "out" / "x").read_bytes() == b"only//x"
    fs.rm(names[0])
    assert fs.find(top) == names[1:]
    fs.mv(names[2], f"{top}/good")
    assert fs.find(top) == [names[1], f"{top}/good"]


def test_two_keys_that_would_be_one_file_are_refused(bad: Filesystem, tmp_path: Path) -> None:
    fs, top = kept(bad), bad.path
    fs.pipe_file(f"{top}/dir/b", b"other")
    with pytest.raises(InvalidPathError, match="would both become"):
        fs.get(f"{top}/dir", f"{tmp_path}/out", recursive=True)


def test_bad_keys_are_removed_with_their_directory(bad: Filesystem) -> None:
    bad.fs.rm(f"{bad.path}/dir", recursive=True)
    assert keys_of(bad) == ["only//x"]
    bad.fs.rm(bad.path, recursive=True)
    assert keys_of(bad) == []


def test_bad_keys_are_an_error_or_left_out_if_asked(bad: Filesystem) -> None:
    if bad.protocol == "memory":
        not_applicable("a second filesystem of the same objects")
    fs: Any = FsspecStore(bad.protocol, on_bad_key="skip", **bad.options)
    assert fs.find(bad.path) == [f"{bad.path}/dir/c"]
    assert fs.ls(f"{bad.path}/only") == []
    for verb in (bad.fs.find, bad.fs.ls):
        with pytest.raises(InvalidPathError, match="on_bad_key"):
            verb(f"{bad.path}/dir")
    with pytest.raises(ValueError, match="on_bad_key must be"):
        FsspecStore("s3", on_bad_key=cast("Any", "drop"))
