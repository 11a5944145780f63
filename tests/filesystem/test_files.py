"""What users see of a filesystem, on each protocol: names, ranges, modes, directories, errors."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fsspec.callbacks import Callback

from object_store_py.exceptions import AlreadyExistsError
from tests.filesystem.conftest import Filesystem
from tests.harness.stores import not_applicable

TEN = b"0123456789"


@pytest.fixture
def ten(place: Filesystem) -> str:
    """A file of ten bytes."""
    path = f"{place.path}/dir/ten"
    place.fs.pipe_file(path, TEN)
    return path


@pytest.mark.parametrize(
    "start, end",
    [
        *((None, None), (3, None), (None, 3), (2, 5), (-4, None), (-4, -2), (2, -2), (None, -3)),
        *((5, 5), (7, 2), (10, None), (20, None), (20, 30), (8, 30), (-30, None), (-30, 4)),
    ],
)
def test_ranges_are_those_of_slices(
    place: Filesystem, ten: str, start: int | None, end: int | None
) -> None:
    assert place.fs.cat_file(ten, start, end) == TEN[start:end]


def test_ranges_of_an_empty_and_of_a_missing_file(place: Filesystem) -> None:
    place.fs.pipe_file(f"{place.path}/empty", b"")
    for start, end in ((None, None), (0, 5), (-5, None), (-5, -1), (3, 3)):
        assert place.fs.cat_file(f"{place.path}/empty", start, end) == b""
        with pytest.raises(FileNotFoundError):
            place.fs.cat_file(f"{place.path}/missing", start, end)


def test_cat_returns_bytes_for_one_path_and_a_dict_for_many(place: Filesystem, ten: str) -> None:
    assert place.fs.cat(ten) == TEN
    assert place.fs.cat([ten]) == {ten: TEN}
    assert place.fs.cat(f"{place.path}/dir/*") == {ten: TEN}
    assert place.fs.cat(place.path, recursive=True) == {ten: TEN}
    assert place.fs.cat([ten, f"{ten}x"], on_error="omit") == {ten: TEN}


def test_cat_ranges_gives_each_range_its_bytes_or_its_error(place: Filesystem, ten: str) -> None:
    paths = [ten, ten, f"{ten}x", ten, ten]
    found = place.fs.cat_ranges(paths, [0, 8, 0, -3, 5], [2, 10, 1, None, 5])
    assert found[:2] + found[3:] == [b"01", b"89", b"789", b""]
    assert isinstance(found[2], FileNotFoundError)
    assert place.fs.cat_ranges([ten, ten, ten], [0, 9, 50], [3, 20, 60]) == [b"012", b"9", b""]
    assert place.fs.cat_ranges([ten, ten], 1, 3, max_gap=0) == [b"12", b"12"]
    with pytest.raises(FileNotFoundError):
        place.fs.cat_ranges(paths, 0, 1, on_error="raise")


def test_info_ls_and_find_agree_on_names(place: Filesystem, ten: str) -> None:
    fs = place.fs
    info = fs.info(ten)
    assert (info["name"], info["size"], info["type"]) == (ten, 10, "file")
    folder = {"name": f"{place.path}/dir", "size": 0, "type": "directory"}
    assert fs.info(f"{place.path}/dir/") == folder
    assert fs.ls(place.path, detail=True) == [folder]
    assert fs.ls(f"{place.path}/dir") == [ten]
    assert fs.ls(ten, detail=True) == [info]
    listed = fs.find(place.path, detail=True)
    assert [(name, entry["size"], entry["e_tag"]) for name, entry in listed.items()] == [
        (ten, 10, info["e_tag"])
    ]
    assert fs.find(ten) == [ten]
    assert fs.find(f"{place.path}/missing") == []
    with pytest.raises(FileNotFoundError):
        fs.ls(f"{place.path}/missing")
    assert fs.unstrip_protocol(ten) == f"{place.protocol}://{ten}"
    assert fs.cat_file(f"{place.protocol}://{ten}") == TEN


def test_find_walk_glob_and_du(place: Filesystem) -> None:
    fs, top = place.fs, place.path
    names = [f"{top}/{name}" for name in ("a", "b/c", "b/d/e", "bb/f")]
    for name in names:
        fs.pipe_file(name, b"12")
    assert fs.find(top) == names
    assert fs.find(top, maxdepth=1) == [f"{top}/a"]
    assert fs.find(top, maxdepth=2) == [f"{top}/a", f"{top}/b/c", f"{top}/bb/f"]
    folders = [f"{top}/{name}" for name in ("b", "b/d", "bb")]
    assert fs.find(top, withdirs=True) == sorted([top, *names, *folders])
    assert fs.find(top, prefix="b") == names[1:]
    walked = [(top, ["b", "bb"], ["a"]), (f"{top}/b", ["d"], ["c"]), (f"{top}/b/d", [], ["e"])]
    walked.append((f"{top}/bb", [], ["f"]))
    assert list(fs.walk(top)) == walked
    assert [path for path, _, _ in fs.walk(top, topdown=False)][-1] == top
    assert list(fs.walk(top, maxdepth=1)) == walked[:1]
    assert fs.glob(f"{top}/b*/*") == [f"{top}/b/c", f"{top}/b/d", f"{top}/bb/f"]
    assert fs.glob(f"{top}/**/e") == [f"{top}/b/d/e"]
    assert fs.du(top) == 8
    for path, dirs, _ in fs.walk(top):
        assert path == top or "/bb" in path
        if path == top:
            dirs.remove("b")


def test_exclusive_append_and_refused_modes(place: Filesystem) -> None:
    fs, path = place.fs, f"{place.path}/file"
    with fs.open(path, "xb") as file:
        file.write(b"one")
    with pytest.raises(FileExistsError):
        fs.open(path, "xb")
    with pytest.raises(FileExistsError):
        fs.pipe_file(path, b"other", mode="create")
    with fs.open(path, "ab") as file:
        file.write(b" two")
    with fs.open(f"{path}2", "a") as file:
        file.write("new")
    assert fs.cat([path, f"{path}2"]) == {path: b"one two", f"{path}2": b"new"}
    with pytest.raises(ValueError, match="mode must be one of rb, wb, xb, ab"):
        fs.open(path, "r+b")


def test_an_exclusive_file_that_came_second_does_not_win(place: Filesystem) -> None:
    fs, path = place.fs, f"{place.path}/file"
    first = fs.open(path, "xb")
    first.write(b"late")
    fs.pipe_file(path, b"early")
    with pytest.raises(AlreadyExistsError):
        first.close()
    assert fs.cat_file(path) == b"early"


def test_text_and_compression(place: Filesystem) -> None:
    fs, path = place.fs, f"{place.path}/text.gz"
    with fs.open(path, "wt", compression="infer", encoding="utf-8", newline="\n") as file:
        file.write("ä\nb\n")
    assert fs.cat_file(path)[:2] == b"\x1f\x8b"
    with fs.open(path, "rt", compression="gzip", encoding="utf-8") as file:
        assert list(file) == ["ä\n", "b\n"]


def test_an_open_file_reads_seeks_and_pickles(place: Filesystem, ten: str) -> None:
    with place.fs.open(ten, block_size=4, cache_type="readahead") as file:
        assert (file.size, file.read(3), file.tell()) == (10, b"012", 3)
        assert file.seek(-2, 2) == 8
        other = pickle.loads(pickle.dumps(file))
        assert file.read() == other.read() == b"89"
        assert file.info()["size"] == 10
    assert file.closed
    assert place.fs.read_block(ten, 2, 3) == b"234"
    assert (place.fs.head(ten, 2), place.fs.tail(ten, 2)) == (b"01", b"89")


def test_a_with_block_that_raises_writes_nothing(place: Filesystem) -> None:
    path = f"{place.path}/file"
    with pytest.raises(KeyError), place.fs.open(path, "wb") as file:
        file.write(b"half")
        raise KeyError
    assert not place.fs.exists(path)


def test_a_transaction_writes_all_or_nothing(place: Filesystem) -> None:
    fs, path = place.fs, f"{place.path}/file"
    with fs.transaction:
        with fs.open(path, "wb") as file:
            file.write(b"done")
        assert not fs.exists(path)
    assert fs.cat_file(path) == b"done"
    with pytest.raises(KeyError), fs.transaction:
        with fs.open(f"{path}2", "wb") as file:
            file.write(b"never")
        raise KeyError
    assert not fs.exists(f"{path}2")


def test_rm_tells_files_from_directories(place: Filesystem, ten: str) -> None:
    fs = place.fs
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{place.path}/dir")
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{place.path}/missing")
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{place.path}/missing", recursive=True)
    fs.pipe_file(f"{place.path}/dir2", b"stays")
    fs.rm(f"{place.path}/dir", recursive=True)
    assert fs.find(place.path) == [f"{place.path}/dir2"]
    assert not fs.exists(ten)


def test_get_put_and_copy_whole_trees_with_progress(place: Filesystem, tmp_path: Path) -> None:
    fs, callback = place.fs, Callback()
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "file").write_bytes(TEN)
    fs.put(f"{tmp_path}/in", f"{place.path}/tree", recursive=True, callback=callback)
    assert (callback.size, callback.value) == (1, 1)
    fs.copy(f"{place.path}/tree", f"{place.path}/copy", recursive=True)
    fs.mv(f"{place.path}/copy", f"{place.path}/moved", recursive=True)
    assert not fs.exists(f"{place.path}/copy")
    fs.get(f"{place.path}/moved", f"{tmp_path}/out", recursive=True)
    assert (tmp_path / "out" / "sub" / "file").read_bytes() == TEN
    bytes_up, bytes_down = Callback(), Callback()
    fs.put_file(f"{tmp_path}/out/sub/file", f"{place.path}/one", callback=bytes_up)
    fs.get_file(f"{place.path}/one", f"{tmp_path}/one", callback=bytes_down)
    assert [(c.size, c.value) for c in (bytes_up, bytes_down)] == [(10, 10), (10, 10)]
    with pytest.raises(FileNotFoundError):
        fs.get_file(f"{place.path}/none", f"{tmp_path}/one")
    assert (tmp_path / "one").read_bytes() == TEN
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".part"] == []


def test_times(place: Filesystem, ten: str) -> None:
    for when in (place.fs.modified(ten), place.fs.created(ten)):
        assert abs(datetime.now(UTC) - when) < timedelta(minutes=5)


def test_sign_lets_others_read(place: Filesystem, ten: str) -> None:
    if place.protocol in ("memory", "file"):
        not_applicable("signing")
    assert httpx.get(place.fs.sign(ten, expiration=60)).content == TEN


def test_listings_are_remembered_only_if_asked(place: Filesystem, ten: str) -> None:
    fs: Any = type(place.fs)(
        place.protocol, use_listings_cache=True, skip_instance_cache=True, **place.options
    )
    if place.protocol == "memory":
        not_applicable("a second filesystem of the same objects")
    folder = f"{place.path}/dir"
    assert fs.ls(folder) == place.fs.ls(folder) == [ten]
    place.fs.pipe_file(f"{folder}/more", b"")
    assert fs.ls(folder) == [ten]
    assert not fs.exists(f"{folder}/more")
    assert fs.ls(folder, refresh=True) == place.fs.ls(folder) == [f"{folder}/more", ten]
    fs.pipe_file(f"{folder}/own", b"")
    assert len(fs.ls(folder)) == 3
    place.fs.rm_file(ten)
    fs.invalidate_cache()
    assert len(fs.ls(folder)) == 2


def test_a_filesystem_pickles(place: Filesystem, ten: str) -> None:
    assert pickle.loads(pickle.dumps(place.fs)).cat_file(ten) == TEN
