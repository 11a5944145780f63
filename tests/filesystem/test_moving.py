"""Moving, copying and deleting: nothing is deleted that was not named, on each protocol."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.fs
import pytest
import zarr
from fsspec.generic import GenericFileSystem
from fsspec.implementations.dirfs import DirFileSystem

from object_store_py.exceptions import BaseError, InvalidPathError
from object_store_py.fsspec import FsspecStore
from tests.filesystem.conftest import Filesystem
from tests.harness.stores import not_applicable

pytestmark = pytest.mark.row("F30")

TREE = {"d/a": b"1", "d/sub/b": b"2", "d2/c": b"3", "e": b"4"}


@pytest.fixture
def tree(place: Filesystem) -> Filesystem:
    """A small tree."""
    place.fs.pipe({f"{place.path}/{name}": data for name, data in TREE.items()})
    return place


def content(place: Filesystem) -> dict[str, bytes]:
    """All files of a place, by their names in it."""
    found = place.fs.find(place.path)
    return {name[len(place.path) + 1 :]: place.fs.cat_file(name) for name in found}


def spellings(place: Filesystem, name: str) -> list[str]:
    """A path, written in every way that means the same."""
    path = f"{place.path}/{name}"
    found = [path, f"{path}/", place.fs.unstrip_protocol(path)]
    family = {"s3": ("S3://", "s3a://"), "gs": ("gcs://",), "abfs": ("az://", "abfss://")}
    found += [scheme + path for scheme in family.get(place.protocol, ())]
    if place.protocol == "file":
        above, last = path.rsplit("/", 1)
        found += [f"{above}/./{last}", f"{above}//{last}", f"{above}/../{Path(above).name}/{last}"]
    return found


@pytest.mark.parametrize("verb", ["mv", "rename", "move", "mv_async", "mv_list", "mv_file"])
def test_a_file_moved_onto_itself_stays(tree: Filesystem, verb: str) -> None:
    fs: Any = tree.fs

    def run(source: str, target: str) -> None:
        if verb == "mv_async":
            asyncio.run(fs._mv(source, target))
        elif verb == "mv_file":
            asyncio.run(fs._mv_file(source, target))
        elif verb == "mv_list":
            fs.mv([source], [target])
        else:
            getattr(fs, verb)(source, target)

    for target in spellings(tree, "d/a"):
        run(f"{tree.path}/d/a", target)
        run(target, f"{tree.path}/d/a")
        assert content(tree) == TREE, target
    if verb not in ("mv_list", "mv_file"):
        run(f"{tree.path}/d/a", f"{tree.path}/d/")
        run(f"{tree.path}/d/a", f"{tree.path}/d")
        assert content(tree) == TREE


def test_a_key_that_begins_with_a_slash_is_not_the_one_without(tree: Filesystem) -> None:
    if tree.protocol in ("file", "memory"):
        not_applicable("their paths begin with slashes")
    bucket, _, rest = tree.path.partition("/")
    odd = f"{bucket}//{rest}"
    for verb in ("mv", "cp", "rename"):
        for source, target in (("e", "e"), ("e", "d/a"), ("d", "d"), ("d", "d/sub")):
            for old, new in ((odd, tree.path), (tree.path, odd)):
                with pytest.raises((BaseError, OSError)):
                    getattr(tree.fs, verb)(f"{old}/{source}", f"{new}/{target}", recursive=True)
    for name in ("e", "d", "d/a"):
        for recursive in (False, True):
            with pytest.raises(InvalidPathError):
                tree.fs.rm(f"{odd}/{name}", recursive=recursive)
        assert not tree.fs.exists(f"{odd}/{name}")
    assert content(tree) == TREE


def test_a_directory_moved_onto_itself_stays(tree: Filesystem) -> None:
    for target in [*spellings(tree, "d"), tree.path, f"{tree.path}/"]:
        tree.fs.mv(f"{tree.path}/d", target, recursive=True)
        assert content(tree) == TREE, target


@pytest.mark.parametrize("verb", ["mv", "rename", "copy", "cp"])
@pytest.mark.parametrize("target", ["d/new", "d/sub", "d/sub/", "d/sub/deep/er", "d//x/../sub"])
def test_a_directory_does_not_go_into_itself(tree: Filesystem, verb: str, target: str) -> None:
    if "//" in target and tree.protocol != "file":
        not_applicable("other spellings of one directory")
    with pytest.raises((BaseError, OSError), match="into itself"):
        getattr(tree.fs, verb)(f"{tree.path}/d", f"{tree.path}/{target}", recursive=True)
    assert content(tree) == TREE


def test_a_pattern_that_matches_its_own_target_is_refused(tree: Filesystem) -> None:
    with pytest.raises((BaseError, OSError), match="into itself"):
        tree.fs.mv(f"{tree.path}/d*", f"{tree.path}/d2/", recursive=True)
    assert content(tree) == TREE


def test_a_file_is_not_copied_onto_itself(tree: Filesystem) -> None:
    for target in spellings(tree, "e"):
        if target.endswith("/"):
            continue  # that is e/e
        with pytest.raises((BaseError, OSError), match="onto itself"):
            tree.fs.copy(f"{tree.path}/e", target)
        with pytest.raises((BaseError, OSError), match="onto itself"):
            tree.fs.cp_file(f"{tree.path}/e", target)
    assert content(tree) == TREE


def test_a_move_moves(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    fs.mv(f"{top}/e", f"{top}/f")
    fs.mv(f"{top}/f", f"{top}/d/")
    fs.mv(f"{top}/d", f"{top}/x", recursive=True)
    assert content(tree) == {"x/a": b"1", "x/sub/b": b"2", "d2/c": b"3", "x/f": b"4"}
    fs.mv(f"{top}/x", f"{top}/d2", recursive=True)
    assert content(tree) == {"d2/x/a": b"1", "d2/x/sub/b": b"2", "d2/c": b"3", "d2/x/f": b"4"}
    assert not fs.exists(f"{top}/x")
    fs.mv(f"{top}/d2/x/", f"{top}/d2", recursive=True)
    assert content(tree) == {"d2/a": b"1", "d2/sub/b": b"2", "d2/c": b"3", "d2/f": b"4"}
    fs.mv([f"{top}/d2/a", f"{top}/d2/c"], f"{top}/list/")
    fs.mv(f"{top}/d2/?", f"{top}/glob/")
    assert content(tree) == {"list/a": b"1", "d2/sub/b": b"2", "list/c": b"3", "glob/f": b"4"}


def test_a_move_that_fails_deletes_nothing(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    with pytest.raises(FileNotFoundError):
        fs.mv([f"{top}/e", f"{top}/missing"], [f"{top}/new/e", f"{top}/new/m"])
    with pytest.raises(FileNotFoundError):
        fs.mv(f"{top}/missing", f"{top}/x")
    with pytest.raises(FileNotFoundError):
        fs.mv(f"{top}/none*", f"{top}/x")
    for source, target in ((f"{top}/d", f"{top}/x"), ([f"{top}/d"], [f"{top}/x"])):
        with pytest.raises(IsADirectoryError):
            fs.mv(source, target)
    assert content(tree).items() >= TREE.items()


def test_targets_that_would_overwrite_each_other_are_refused(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    fs.pipe_file(f"{top}/d2/a", b"other")
    before = content(tree)
    for sources, target in (
        ([f"{top}/d/a", f"{top}/d2/a"], f"{top}/new/"),
        ([f"{top}/d/a", f"{top}/e"], [f"{top}/e", f"{top}/f"]),
    ):
        for verb in (fs.mv, fs.copy):
            with pytest.raises((BaseError, OSError), match=r"would both become|is copied itself"):
                verb(sources, target)
            assert content(tree) == before


def test_only_what_maxdepth_copies_is_deleted(tree: Filesystem) -> None:
    tree.fs.mv(f"{tree.path}/d", f"{tree.path}/new", recursive=True, maxdepth=1)
    assert content(tree) == {"new/a": b"1", "d/sub/b": b"2", "d2/c": b"3", "e": b"4"}


ODD = {"a[1]": b"odd", "a1": b"1", "q?": b"odd", "qx": b"2", "s*": b"odd", "st": b"3"}


@pytest.fixture
def odd(place: Filesystem) -> Filesystem:
    """Names that are patterns, beside what they match."""
    place.fs.pipe({f"{place.path}/{name}": data for name, data in ODD.items()})
    return place


@pytest.mark.parametrize("name", ["a[1]", "q?", "s*"])
def test_a_name_is_meant_before_a_pattern(odd: Filesystem, name: str, tmp_path: Path) -> None:
    fs, top = odd.fs, odd.path
    rest = {key: data for key, data in ODD.items() if key != name}
    assert fs.cat(f"{top}/{name}") == b"odd"
    assert fs.expand_path(f"{top}/{name}") == [f"{top}/{name}"]
    fs.get(f"{top}/{name}", f"{tmp_path}/out")
    assert (tmp_path / "out").read_bytes() == b"odd"
    fs.get(f"{top}/{name}", f"{tmp_path}/in/")
    assert [file.name for file in (tmp_path / "in").iterdir()] == [name]
    fs.put(f"{tmp_path}/in/{name}", f"{top}/put")
    fs.cp(f"{top}/put", f"{top}/copied")
    fs.mv(f"{top}/{name}", f"{top}/moved")
    assert content(odd) == {**rest, "put": b"odd", "copied": b"odd", "moved": b"odd"}
    fs.cp(f"{top}/moved", f"{top}/{name}")
    fs.rm(f"{top}/{name}")
    assert content(odd) == {**rest, "put": b"odd", "copied": b"odd", "moved": b"odd"}


def test_a_directory_is_meant_before_a_pattern(place: Filesystem, tmp_path: Path) -> None:
    fs, top = place.fs, place.path
    fs.pipe({f"{top}/d[1]/x": b"1", f"{top}/d1/x": b"2", f"{top}/d1/y": b"3"})
    fs.get(f"{top}/d[1]", f"{tmp_path}/out", recursive=True)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["x"]
    (tmp_path / "out").rename(tmp_path / "d[2]")
    (tmp_path / "d2").mkdir()
    fs.put(f"{tmp_path}/d[2]", f"{top}/up", recursive=True)
    fs.mv(f"{top}/d[1]", f"{top}/m[1]", recursive=True)
    assert content(place) == {"m[1]/x": b"1", "d1/x": b"2", "d1/y": b"3", "up/x": b"1"}
    fs.rm(f"{top}/m[1]", recursive=True)
    assert content(place) == {"d1/x": b"2", "d1/y": b"3", "up/x": b"1"}


def test_a_mapper_deletes_what_is_named(odd: Filesystem) -> None:
    mapper = odd.fs.get_mapper(odd.path)
    del mapper["a[1]"]
    mapper.delitems(["q?", "s*"])
    assert content(odd) == {"a1": b"1", "qx": b"2", "st": b"3"}
    other = odd.fs.get_mapper(f"{odd.path}/a")
    other.clear()
    assert content(odd) == {"a1": b"1", "qx": b"2", "st": b"3"}
    mapper.clear()
    assert content(odd) == {}


def test_a_pattern_deletes_the_files_that_it_matches(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{top}/none*")
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{top}/d?")
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{top}/d")
    assert content(tree) == TREE
    fs.rm(f"{top}/*")
    assert sorted(content(tree)) == ["d/a", "d/sub/b", "d2/c"]
    fs.rm(f"{top}/d?", recursive=True)
    assert sorted(content(tree)) == ["d/a", "d/sub/b"]


def test_what_is_named_with_its_directory_is_deleted_with_it(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    fs.rm(f"{top}/d/**", recursive=True)
    assert sorted(content(tree)) == ["d2/c", "e"]
    fs.pipe(f"{top}/d/sub/b", b"2")
    fs.rm([f"{top}/d/sub/b", *fs.find(f"{top}/d", withdirs=True), f"{top}/d"], recursive=True)
    assert sorted(content(tree)) == ["d2/c", "e"]
    with pytest.raises(FileNotFoundError):
        fs.rm([f"{top}/e", f"{top}/none/a"], recursive=True)


def test_moving_through_filesystems_that_wrap_ours(tree: Filesystem) -> None:
    if tree.protocol == "file":
        not_applicable("GenericFileSystem of a path")
    below = DirFileSystem(path=tree.path, fs=tree.fs)
    below.mv("e", "e")
    below.mv("d/a", "d/")
    assert content(tree) == TREE
    generic: Any = GenericFileSystem()
    fsspec.generic._generic_fs[tree.protocol] = tree.fs
    generic.method = "generic"
    path = tree.fs.unstrip_protocol(f"{tree.path}/e")
    for target in (path, f"{path}/"):
        with contextlib.suppress(BaseError, OSError):
            generic.mv(path, target)
        assert content(tree) == TREE


@pytest.fixture
def links(tmp_path: Path) -> Any:
    """Local files, a directory, and links to both."""
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "file").write_bytes(b"1")
    (tmp_path / "d" / "sub" / "x").write_bytes(b"2")
    (tmp_path / "to_file").symlink_to(tmp_path / "d" / "file")
    (tmp_path / "to_d").symlink_to(tmp_path / "d")
    (tmp_path / "hard").hardlink_to(tmp_path / "d" / "file")
    return FsspecStore("file"), tmp_path


def test_links_are_the_file_that_they_lead_to(links: Any) -> None:
    fs, top = links
    for source, target in (
        ("to_file", "d/file"),
        ("d/file", "to_file"),
        ("to_d/file", "d/file"),
        ("d/file", "to_d/"),
        ("hard", "d/file"),
    ):
        fs.mv(f"{top}/{source}", f"{top}/{target}")
        assert (top / "d" / "file").read_bytes() == b"1"
        assert (top / "to_file").read_bytes() == b"1"
    for target in ("to_d/new", "to_d/sub", "to_d/sub/x/y"):
        with pytest.raises((BaseError, OSError), match="into itself"):
            fs.mv(f"{top}/d", f"{top}/{target}", recursive=True)
    assert (top / "d" / "sub" / "x").read_bytes() == b"2"


def test_links_move_with_their_directory(links: Any) -> None:
    fs, top = links
    (top / "d" / "out").symlink_to(top / "elsewhere")
    (top / "elsewhere").mkdir()
    (top / "elsewhere" / "kept").write_bytes(b"k")
    (top / "d" / "empty").mkdir()
    fs.mv(f"{top}/d", f"{top}/moved", recursive=True)
    assert sorted(item.name for item in (top / "moved").iterdir()) == [
        "empty",
        "file",
        "out",
        "sub",
    ]
    assert (top / "moved" / "out").is_symlink()
    fs.rm(f"{top}/moved", recursive=True)
    assert (top / "elsewhere" / "kept").read_bytes() == b"k"
    fs.rm(f"{top}/to_d", recursive=True)
    assert not (top / "to_d").is_symlink()


def test_a_pattern_of_any_depth_takes_nothing_from_behind_links(links: Any) -> None:
    fs, top = links
    (top / "elsewhere").mkdir()
    (top / "elsewhere" / "kept").write_bytes(b"k")
    (top / "d" / "sub" / "out").symlink_to(top / "elsewhere")
    for pattern in ("d/**/kept", "to_*/**/kept"):
        for recursive in (False, True):
            with pytest.raises(OSError):
                fs.rm(f"{top}/{pattern}", recursive=recursive)
            with pytest.raises(OSError):
                fs.mv(f"{top}/{pattern}", f"{top}/new/", recursive=recursive)
    fs.mv(f"{top}/d/**", f"{top}/new/")
    assert sorted(fs.find(f"{top}/new")) == [f"{top}/new/file", f"{top}/new/sub/x"]
    (top / "d" / "sub" / "y").write_bytes(b"3")
    fs.rm(f"{top}/d/**")
    assert fs.find(f"{top}/d") == [f"{top}/d/sub/out/kept"]
    fs.rm(f"{top}/d/**", recursive=True)
    assert (top / "elsewhere" / "kept").read_bytes() == b"k"
    fs.rm(f"{top}/elsewhere/**")
    assert list((top / "elsewhere").iterdir()) == []


def test_a_key_of_a_mapper_is_no_pattern(tree: Filesystem) -> None:
    mapper = tree.fs.get_mapper(tree.path)
    for key in ("?", "d/*", "[e]", "d", "gone"):
        with pytest.raises(KeyError):
            del mapper[key]
    with pytest.raises(FileNotFoundError):
        mapper.delitems(["d/?"])
    assert content(tree) == TREE
    copy = pickle.loads(pickle.dumps(mapper)) if tree.protocol != "memory" else mapper
    del copy["e"]
    copy.delitems(["d/a", "d2/c"])
    assert content(tree) == {"d/sub/b": b"2"}


def test_what_a_missing_name_matches_stays(odd: Filesystem) -> None:
    fs, top = odd.fs, odd.path
    fs.pipe_file(f"{top}/z1/x", b"1")
    before = content(odd)
    mapper = fsspec.FSMap(top, fs)  # as fsspec.get_mapper makes it
    for key in ("z[1]/x", "z?/x", "*", "a[1]/x"):
        with pytest.raises(KeyError):
            del mapper[key]
    fsspec.FSMap(f"{top}/z[1]", fs).clear()
    for name in ("z[1]", "z?", "z*"):
        with contextlib.suppress(FileNotFoundError):
            asyncio.run(fs._rm(f"{top}/{name}", recursive=True))
    assert content(odd) == before


def test_pyarrow_deletes_and_moves_what_is_named(tree: Filesystem) -> None:
    fs, top = tree.fs, tree.path
    arrow: Any = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fs))
    for name in ("d/a", "d"):
        arrow.move(f"{top}/{name}", f"{top}/{name}")
        arrow.move(f"{top}/{name}", f"{top}/{name}/")
    with pytest.raises((BaseError, OSError)):
        arrow.move(f"{top}/d", f"{top}/d/sub/x")
    assert content(tree) == TREE
    arrow.move(f"{top}/d/sub", f"{top}/moved")
    arrow.delete_file(f"{top}/e")
    assert sorted(content(tree)) == ["d/a", "d2/c", "moved/b"]
    fs.pipe({f"{top}/d/[x]": b"1", f"{top}/d/x": b"1", f"{top}/x": b"1"})
    arrow.delete_file(f"{top}/d/[x]")
    arrow.delete_dir_contents(f"{top}/d")
    arrow.delete_dir(f"{top}/moved")
    assert sorted(content(tree)) == ["d2/c", "x"]


@pytest.mark.filterwarnings("ignore:fs .* was not created with")
def test_zarr_overwrites_the_array_that_is_named(place: Filesystem) -> None:
    store = zarr.storage.FsspecStore(place.fs, path=place.path)
    for name in ("a1", "a[1]", "a?"):
        zarr.create_array(store, name=name, shape=(4,), chunks=(2,), dtype="i4", overwrite=True)[
            :
        ] = 7
    root: Any = zarr.open_group(store, mode="r")
    assert [root[name][:].tolist() for name in ("a1", "a[1]", "a?")] == [[7] * 4] * 3
