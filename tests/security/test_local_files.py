"""LocalStore never leaves its directory (S10), and its temporary files are nobody else's (S18)."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from object_store_py import _local_root
from object_store_py._local_listing import is_staged
from object_store_py.exceptions import BaseError
from object_store_py.store import LocalStore
from tests.harness.api import Api

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="left out: POSIX's own files")
SECRET = b"outside"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    (place / "folder").mkdir(parents=True)
    (place / "file").write_bytes(SECRET)
    (place / "folder" / "file").write_bytes(SECRET)
    return place


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    """A store's directory with links of every kind that leads out of it."""
    place = tmp_path / "root"
    (place / "inside").mkdir(parents=True)
    (place / "inside" / "k").write_bytes(b"inside")
    (place / "absolute").symlink_to(outside / "file")
    (place / "relative").symlink_to("../outside/file")
    (place / "folder").symlink_to(outside / "folder")
    (place / "inside" / "up").symlink_to("../../outside")
    (place / "twice").symlink_to("folder/file")
    (place / "loop").symlink_to("loop")
    (place / "good").symlink_to("inside/k")
    return place


@pytest.fixture(params=["by directory", "by path"])
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How files are opened: each part of a path in the one before, or whole, as on Windows."""
    if request.param == "by path":
        monkeypatch.setattr(_local_root, "_HAS_DIR_FD", False)


OUT = ["absolute", "relative", "folder/file", "inside/up/file", "twice", "loop"]


@pytest.mark.row("S10")
@pytest.mark.parametrize("path", OUT)
@pytest.mark.usefixtures("opened")
def test_a_link_that_leads_out_is_not_read(api: Api, root: Path, path: str) -> None:
    store = LocalStore(root)
    for read in (api.read, api.head):
        with pytest.raises((BaseError, OSError)) as caught:
            read(store, path)
        assert SECRET.decode() + "'" not in str(caught.value)
    for listed in api.list(store):
        assert listed["path"] in ("inside/k", "good")
    assert api.read(store, "good") == b"inside"
    for prefix in ("folder", "inside/up", "inside/up/folder"):
        assert api.list(store, prefix) == []


@pytest.mark.row("S10")
@pytest.mark.parametrize("path", ["folder/new", "inside/up/new", "inside/up/folder/new"])
@pytest.mark.usefixtures("opened")
def test_nothing_is_written_deleted_or_moved_outside(
    api: Api, root: Path, outside: Path, path: str
) -> None:
    store = LocalStore(root)
    victim = path.replace("new", "file")
    attempts: list[Any] = [
        lambda: api.put(store, path, b"x"),
        lambda: api.put(store, path, [b"x" * 10], chunk_size=5),
        lambda: api.copy(store, "inside/k", path),
        lambda: api.rename(store, "inside/k", path),
        lambda: api.delete(store, victim),
        lambda: api.copy(store, victim, "stolen"),
        lambda: api.rename(store, victim, "stolen"),
    ]
    for attempt in attempts:
        with pytest.raises((BaseError, OSError)):
            attempt()
    assert sorted(p.relative_to(outside).as_posix() for p in outside.rglob("*")) == [
        "file",
        "folder",
        "folder/file",
    ]
    assert not (root / "stolen").exists()


@pytest.mark.row("S10")
def test_who_wants_it_follows_anywhere(api: Api, root: Path) -> None:
    store = LocalStore(root, follow_symlinks="anywhere")
    assert api.read(store, "absolute") == SECRET
    assert api.read(store, "folder/file") == SECRET
    links = {"absolute", "folder/file", "good", "inside/k", "relative", "twice"}
    up = {"inside/up/file", "inside/up/folder/file"}
    assert {listed["path"] for listed in api.list(store)} == links | up
    assert {listed["path"] for listed in api.list(store, "inside/up")} == up


@pytest.mark.row("S10")
def test_fifos_and_devices_are_refused_at_once(api: Api, root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "null").symlink_to("/dev/zero")
    store = LocalStore(root, follow_symlinks="anywhere")
    for path in ("fifo", "null"):
        with pytest.raises((BaseError, OSError)):
            api.read(store, path)
        with pytest.raises((BaseError, OSError)):
            api.head(store, path)


@pytest.fixture
def swapping(root: Path, outside: Path) -> Iterator[None]:
    """Somebody exchanges a folder for a link that leads out, all the time."""
    (root / "real").mkdir()
    (root / "real" / "file").write_bytes(b"inside")
    (root / "link").symlink_to(outside / "folder")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for name in ("real", "link"):
                with contextlib.suppress(OSError):  # the store made a folder there meanwhile
                    os.rename(root / name, root / "now")  # noqa: PTH104 - the quickest
                    os.rename(root / "now", root / name)  # noqa: PTH104 - the quickest
                if not (root / name).exists() and (root / "now").exists():
                    shutil.rmtree(root / "now")

    thread = threading.Thread(target=swap)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.row("S10")
def test_no_race_leads_out(root: Path, outside: Path, swapping: None) -> None:
    store = LocalStore(root)
    found: set[bytes] = set()
    for number in range(1500):
        try:
            found.add(bytes(store.get("now/file").bytes()))
            store.put(f"now/n{number % 7}", b"x")
        except (BaseError, OSError):
            pass
    assert SECRET not in found
    assert [p.name for p in (outside / "folder").iterdir()] == ["file"]


@pytest.mark.row("S18")
def test_a_file_is_private_until_it_is_complete(root: Path) -> None:
    modes: list[int] = []

    def chunks() -> Iterator[bytes]:
        for _ in range(4):
            yield bytes(6 << 20)
            staged = [path for path in root.iterdir() if is_staged(path.name)]
            modes.extend(stat.S_IMODE(path.stat().st_mode) for path in staged)

    LocalStore(root).put("large", chunks(), chunk_size=5 << 20)
    assert modes and set(modes) == {0o600}
    assert [path.name for path in root.iterdir() if is_staged(path.name)] == []
