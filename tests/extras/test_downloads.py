"""`download`: files and trees, resumed where they broke off, never outside the target."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import object_store_py
from object_store_py._backend import PutRequest
from object_store_py._driver import run
from object_store_py._http import Payload
from object_store_py.exceptions import BaseError, InvalidPathError, NotFoundError
from object_store_py.store import LocalStore, MemoryStore, S3Store
from tests.backends.faultproxy import Fault, FaultProxy
from tests.backends.minio import Minio
from tests.harness.api import Api

LARGE = random.Random(5).randbytes((8 << 20) + 11)
CUT = 5 << 20


def files(folder: Path) -> dict[str, bytes]:
    """All files below a directory, hidden ones too."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_tree_is_downloaded_and_only_what_changed_again(
    api: Api, store: Any, tmp_path: Path
) -> None:
    tree = {"a": b"1", "b/c": b"22", "b/d/e": b"", "b/d/ä x": b"333"}
    for path, data in tree.items():
        api.put(store, f"tree/{path}", data)
    api.put(store, "other", b"not this")
    target = tmp_path / "to" / "here"
    told: list[tuple[int, int | None]] = []
    done = api.call("download", store, "tree", target, progress=lambda *x: told.append(x))
    assert files(target) == tree
    assert (done.files, done.skipped, done.bytes, done.errors) == (4, 0, 6, {})
    assert told[0] == (0, None)
    assert told[-1] == (6, 6)
    api.put(store, "tree/b/c", b"other")
    done = api.call("download", store, "tree/", target, resume=True)
    assert (done.files, done.skipped, done.bytes) == (1, 3, 5)
    assert files(target) == tree | {"b/c": b"other"}
    modified = api.head(store, "tree/a")["last_modified"].timestamp()
    assert int((target / "a").stat().st_mtime) == int(modified)


def test_one_object_goes_to_a_file_or_into_a_directory(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    api.put(store, "a/b.txt", b"data")
    api.call("download", store, "a/b.txt", tmp_path / "new" / "name")
    api.call("download", store, "a/b.txt", tmp_path)
    api.call("download", store, "a/b.txt", f"{tmp_path}/made/")
    expected = {"new/name": b"data", "b.txt": b"data", "made/b.txt": b"data"}
    assert files(tmp_path) == expected
    assert (tmp_path / "b.txt").stat().st_mode & 0o777 == 0o666 & ~_umask()
    with pytest.raises(NotFoundError, match="none below that prefix"):
        api.call("download", store, "none", tmp_path)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@pytest.fixture
def proxy(minio: Minio) -> Any:
    with FaultProxy(minio.port) as running:
        yield running


@pytest.fixture
def brittle(api: Api, minio: Minio, shared_bucket: str, proxy: FaultProxy) -> S3Store:
    """A store that never tries again, with a large object, behind a proxy."""
    options = minio.store_options() | {"endpoint": proxy.endpoint}
    store = S3Store(
        shared_bucket, prefix=f"dl-{api.way}", retry_config={"max_retries": 0}, **options
    )
    api.put(store, "large", LARGE)
    return store


def break_off(api: Api, store: Any, proxy: FaultProxy, target: Path) -> int:
    """Download until the connection breaks; how much is there then."""
    proxy.add(Fault(cut_body_at=CUT, when=lambda request: request.method == "GET"))
    with pytest.raises(BaseError, match="broke off"):
        api.call("download", store, "large", target, resume=True)
    (part,) = target.parent.iterdir()
    assert part.name.startswith(f".{target.name}.")
    assert part.name.endswith(".part")
    assert part.stat().st_mode & 0o777 == 0o600
    assert part.read_bytes() == LARGE[: part.stat().st_size]
    return part.stat().st_size


def test_a_broken_download_goes_on_where_it_was(
    api: Api, brittle: S3Store, proxy: FaultProxy, tmp_path: Path
) -> None:
    there = break_off(api, brittle, proxy, tmp_path / "file")
    assert there == CUT
    told: list[tuple[int, int | None]] = []
    done = api.call(
        "download",
        brittle,
        "large",
        tmp_path / "file",
        resume=True,
        progress=lambda *x: told.append(x),
    )
    last = proxy.requests[-1]
    assert last.method == "GET"
    assert last.header("range") == f"bytes={there}-"
    assert last.header("if-match") == api.head(brittle, "large")["e_tag"]
    assert files(tmp_path) == {"file": LARGE}
    assert (done.resumed, done.bytes) == (there, len(LARGE) - there)
    assert told[-1] == (len(LARGE), len(LARGE))


def test_a_part_of_another_state_is_thrown_away(
    api: Api, brittle: S3Store, proxy: FaultProxy, tmp_path: Path
) -> None:
    break_off(api, brittle, proxy, tmp_path / "file")
    other = LARGE[::-1]
    api.put(brittle, "large", other)
    done = api.call("download", brittle, "large", tmp_path / "file", resume=True)
    assert files(tmp_path) == {"file": other}
    assert (done.resumed, done.bytes) == (0, len(other))


def test_without_resume_nothing_is_left_behind(
    api: Api, brittle: S3Store, proxy: FaultProxy, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"as it was")
    proxy.add(Fault(cut_body_at=CUT, when=lambda request: request.method == "GET"))
    with pytest.raises(BaseError, match="broke off"):
        api.call("download", brittle, "large", tmp_path / "file")
    assert files(tmp_path) == {"file": b"as it was"}


def hostile(key: str) -> MemoryStore:
    """A store with a key that no put of ours would take, and one that is fine."""
    store = MemoryStore()
    store.put("fine", b"fine")
    run(store._verbs().backend.put(key, Payload([memoryview(b"evil")]), PutRequest()))
    return store


@pytest.mark.parametrize("key", ["../evil", "a/../../evil", "/evil", "a//evil", "a/.."])
def test_a_hostile_key_is_never_written(api: Api, key: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(InvalidPathError):
        api.call("download", hostile(key), "", target)
    done = api.call("download", hostile(key), "", target, on_error="collect")
    (error,) = done.errors.values()
    assert isinstance(error, InvalidPathError)
    assert files(tmp_path) == {"target/fine": b"fine"}


def test_links_that_lead_out_of_the_target_are_not_followed(api: Api, tmp_path: Path) -> None:
    outside, target = tmp_path / "outside", tmp_path / "target"
    outside.mkdir()
    target.mkdir()
    (outside / "file").write_bytes(b"precious")
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "file")
    store = MemoryStore()
    for path in ("folder/evil", "file"):
        api.put(store, path, b"new")
    done = api.call("download", store, "", target, on_error="collect")
    assert isinstance(done.errors["folder/evil"], PermissionError)
    assert done.files == 1
    assert files(outside) == {"file": b"precious"}
    assert (target / "file").read_bytes() == b"new"
    assert not (target / "file").is_symlink()


def test_one_error_ends_all_or_is_reported(api: Api, tmp_path: Path) -> None:
    store = MemoryStore()
    for path in ("a", "b", "c"):
        api.put(store, path, path.encode())
    (tmp_path / "b").mkdir()
    with pytest.raises(OSError, match="directory"):
        api.call("download", store, "", tmp_path, max_concurrency=1)
    done = api.call("download", store, "", tmp_path, on_error="collect")
    assert list(done.errors) == ["b"]
    assert files(tmp_path) == {"a": b"a", "c": b"c"}
    with pytest.raises(ValueError, match="on_error"):
        api.call("download", store, "", tmp_path, on_error="ignore")


SESSION = """
import os, sys
import object_store_py as obs
store = obs.store.LocalStore(sys.argv[1])

def die(done, total):
    if done > 5 << 20:
        os.kill(os.getpid(), 9)

obs.download(store, "large", sys.argv[2], resume=True, progress=die)
"""


def test_a_killed_process_leaves_a_part_that_the_next_one_uses(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "large").write_bytes(LARGE)
    target = tmp_path / "to" / "file"
    arguments = [sys.executable, "-c", SESSION, str(tmp_path / "store"), str(target)]
    environment = os.environ | {"PYTHONPATH": str(Path(object_store_py.__file__).parent.parent)}
    assert subprocess.run(arguments, env=environment, check=False, timeout=60).returncode == -9
    (part,) = target.parent.iterdir()
    there = part.stat().st_size
    done = object_store_py.download(LocalStore(tmp_path / "store"), "large", target, resume=True)
    assert (done.resumed, done.bytes) == (there, len(LARGE) - there)
    assert 0 < there < len(LARGE)
    assert files(target.parent) == {"file": LARGE}
