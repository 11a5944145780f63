"""Names of local files (F32): what can be listed can be read, however long or odd it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from object_store_py._landing import Landing
from object_store_py._local_listing import stage_name
from object_store_py._local_root import Root
from object_store_py.exceptions import InvalidPathError
from object_store_py.store import LocalStore, MemoryStore
from tests.harness.api import Api

pytestmark = [
    pytest.mark.row("F32"),
    pytest.mark.skipif(sys.platform == "win32", reason="left out: names that Windows refuses"),
]
ODD = [
    "C#7/k",
    "x#1",
    "#1",
    "a#0/b#22/c#333",
    " leading",
    "trailing ",
    "back\\slash",
    ".hidden",
    "a.part",
    ".a.0123456789abcdef.part",
    "~",
    "%2F",
    "K\u00e4se",
    "\u65e5\u672c",
    "x.object_store_py",
]
LONG = ["x" * length for length in (200, 232, 233, 240, 254, 255)]
LONG += ["\u65e5" * 85, "\u00e4" * 127]  # 255 and 254 bytes


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_listed_read_written_copied_and_deleted(
    api: Api, tmp_path: Path, name: str
) -> None:
    store, memory = LocalStore(tmp_path / "r", mkdir=True), MemoryStore()
    (tmp_path / "r" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "r" / name).write_bytes(b"found")
    assert api.paths(store) == [name]
    assert api.read(store, name) == b"found"
    api.put(store, name, b"written")
    api.copy(store, name, f"copy/{name}")
    api.rename(store, f"copy/{name}", f"moved/{name}")
    api.call("upload", memory, tmp_path / "r", "")
    assert api.paths(memory) == api.paths(store) == sorted([name, f"moved/{name}"])
    api.call("download", memory, "", tmp_path / "back")
    assert (tmp_path / "back" / "moved" / name).read_bytes() == b"written"
    assert api.call("delete_prefix", store, "moved") == 1
    api.delete(store, name)
    assert api.paths(store) == []


@pytest.mark.parametrize("name", LONG, ids=lambda name: f"{len(name.encode())} bytes")
@pytest.mark.parametrize("resume", [False, True])
def test_a_name_may_be_as_long_as_the_disk_takes(
    api: Api, tmp_path: Path, name: str, resume: bool
) -> None:
    store = LocalStore(tmp_path / "r", mkdir=True)
    api.put(store, name, b"data")
    api.put(store, name, [b"in ", b"parts"], use_multipart=True, chunk_size=3)
    assert api.read(store, name) == b"in parts"
    api.call("download", store, name, tmp_path / "one" / name, resume=resume)
    api.call("download", store, "", tmp_path / "all", resume=resume)
    memory = MemoryStore()
    api.call("upload", memory, tmp_path / "all", "")
    assert api.read(memory, name) == b"in parts"
    for folder in ("one", "all"):
        assert [place.name for place in (tmp_path / folder).iterdir()] == [name]


def test_parts_of_long_names_are_kept_apart(tmp_path: Path) -> None:
    root = Root(str(tmp_path), False)
    names = ["x" * 254 + last for last in "ab"]
    parts = [Landing(root, name).part_name(None) for name in names]
    assert parts[0] != parts[1] and max(map(len, parts)) <= 255
    for part in parts:
        (tmp_path / part).write_bytes(b"")
    assert [Landing(root, name).parts() for name in names] == [[part] for part in parts]


def test_what_no_path_can_name_is_named(api: Api, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"")
    (tmp_path / "line\nbreak").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"")
    store = LocalStore(tmp_path)
    with pytest.raises(InvalidPathError, match="no path can name the file"):
        api.paths(store)
    assert api.paths(store, on_bad_key="skip") == ["good"]


def test_a_file_that_is_being_written_is_not_listed_and_no_other_has_its_name(
    api: Api, tmp_path: Path
) -> None:
    store, staged = LocalStore(tmp_path), stage_name()
    (tmp_path / staged).write_bytes(b"half")
    (tmp_path / f"d{staged}").write_bytes(b"another")
    assert api.paths(store) == [f"d{staged}"]
    with pytest.raises(InvalidPathError, match="being written"):
        api.put(store, staged, b"x")
    api.put(store, f"{stage_name()}/k", b"x")  # a directory's name
    assert len(api.paths(store)) == 2
