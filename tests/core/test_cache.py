"""Rows F22, F29, S21: whatever is wrong with the compile cache, the core is compiled and works."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from object_store_py import _cache, _engine

pytestmark = pytest.mark.row("S13")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of this test's own, and a process that has loaded nothing yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", str(folder))
    monkeypatch.setattr(_engine, "_compiled", _engine._compiled.__wrapped__)
    return folder


def use() -> float:
    """Load the core and use it; how long compiling took."""
    compiled = _engine._compiled(os.getpid())
    assert compiled.component is not None
    return compiled.compile_seconds


@pytest.mark.slow
def test_the_second_time_nothing_is_compiled(cache: Path) -> None:
    assert use() > 0
    assert use() == 0
    (file,) = cache.iterdir()
    assert file.suffix == ".cwasm"


@pytest.mark.slow
def test_the_cache_is_ours_alone(cache: Path) -> None:
    use()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in cache.iterdir()] == [0o600]


@pytest.mark.slow
@pytest.mark.row("F22")
def test_without_a_cache_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", "")
    assert _cache.directory() is None  # and nothing is made elsewhere
    assert _engine._Compiled().compile_seconds > 0


def corrupt(folder: Path) -> None:
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-100] + bytes(100))


def empty(folder: Path) -> None:
    (file,) = folder.iterdir()
    file.write_bytes(b"")


def open_to_others(folder: Path) -> None:
    (file,) = folder.iterdir()
    file.chmod(0o666)


def open_directory(folder: Path) -> None:
    folder.chmod(0o777)


def linked(folder: Path) -> None:
    (file,) = folder.iterdir()
    moved = folder.parent / "elsewhere"
    file.rename(moved)
    file.symlink_to(moved)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [corrupt, empty, open_to_others, open_directory, linked])
@pytest.mark.row("F22")
def test_a_cache_that_cannot_be_trusted_is_not_loaded(
    cache: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    use()
    damage(cache)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        assert use() > 0
    assert len(caplog.records) == 1


@pytest.mark.slow
@pytest.mark.row("F22")
def test_a_cache_that_cannot_be_made_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        assert _engine._Compiled().compile_seconds > 0
    assert len(caplog.records) == 1


def owned_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)


ERRNOS = (
    *(errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EROFS),
    *(errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EIO, errno.EMFILE, errno.ENOMEM),
)
CALLS = ("mkdir", "open", "fstat", "stat", "listdir", "replace", "close")


@pytest.mark.row("F22", "F29")
@pytest.mark.parametrize("number", ERRNOS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("call", CALLS)
def test_an_error_of_any_call_costs_one_line(
    cache: Path,
    call: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _cache.Cache().store("there", b"code")
    whole = getattr(os, call)

    def fail(*given: object, **more: object) -> object:
        if str(cache) in str(given) or more or call in ("fstat", "close", "listdir"):
            raise OSError(number, os.strerror(number))
        return whole(*given, **more)

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "object_store_py.cache"):
        patch.setattr(_cache.os, call, fail)
        opened = _cache.Cache()
        opened.load("there")
        opened.store("key", b"code")
    assert len(caplog.records) <= 1
    assert [file.name for file in cache.iterdir() if file.suffix == ".tmp"] == []


@pytest.mark.row("F22")
def test_a_file_of_another_user_is_not_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _cache.Cache().store("key", b"code")
    assert _cache.Cache().load("key") == b"code"
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "object_store_py.cache"):
        owned_by_another(patch)
        assert _cache.Cache().load("key") is None
    assert len(caplog.records) == 1


@pytest.mark.row("S21")
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_every_directory_above_is_ours_or_roots(
    cache: Path, mode: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Others could exchange the cache in it; they cannot where it is sticky, as /tmp is."""
    above = cache / "a" / "b"
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", str(above / "cache"))
    _cache.Cache().store("key", b"code")
    assert [stat.S_IMODE(each.stat().st_mode) for each in (above.parent, above)] == [0o700] * 2
    above.parent.chmod(mode)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        opened = _cache.Cache()
        assert (opened.load("key") == b"code") is (mode == 0o1777)
        opened.store("other", b"code")
    assert len(caplog.records) == (mode != 0o1777)
    assert len(list((above / "cache").iterdir())) == (2 if mode == 0o1777 else 1)


@pytest.mark.slow
@pytest.mark.row("S21")
def test_what_is_loaded_are_the_bytes_that_were_checked(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever exchanges the file or the directory after the check changes nothing."""
    assert use() > 0
    evil = cache.parent / "evil"
    digest, swapped = _cache._digest, list[str]()

    def swap(code: bytes) -> str:
        (file,) = cache.iterdir()
        evil.mkdir()
        (evil / file.name).write_bytes(b"other code")
        cache.rename(cache.parent / "moved")
        evil.rename(cache)
        swapped.append(file.name)
        return digest(code)

    monkeypatch.setattr(_cache, "_digest", swap)
    assert use() == 0
    assert len(swapped) == 1


@pytest.mark.row("S21")
def test_the_cache_may_be_reached_by_a_link_of_ours(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache.parent / "link").symlink_to(cache)
    _cache.Cache().store("key", b"code")
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", str(cache.parent / "link"))
    assert _cache.Cache().load("key") == b"code"


@pytest.mark.row("S21")
@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse"])
def test_what_is_no_file_of_the_cache_is_not_read(
    cache: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache.mkdir(mode=0o700)
    place = cache / f"key-{'0' * 32}.cwasm"
    if kind == "pipe":
        os.mkfifo(place, 0o600)
    elif kind == "folder":
        place.mkdir(mode=0o700)
    else:
        place.touch(mode=0o600)
        os.truncate(place, 1 << 40)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        assert _cache.Cache().load("key") is None
    assert len(caplog.records) == 1


HOMES = {
    "nowhere": "LOOP/../nowhere/at/all",
    "relative": "here",
    "empty": "",
    "a file": os.devnull,
    "too long": "/tmp/" + "x" * 300,
    "far too long": "/" + "x/" * 3000,
    "a loop": "LOOP",
    "of the system": "/proc",
}


@pytest.mark.row("F29")
@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
@pytest.mark.parametrize("name", ["HOME", "XDG_CACHE_HOME", "OBJECT_STORE_PY_CACHE_DIR"])
def test_no_place_of_the_cache_costs_an_operation(
    name: str,
    home: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "LOOP").symlink_to("LOOP")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for other in ("XDG_CACHE_HOME", "OBJECT_STORE_PY_CACHE_DIR"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, home.replace("LOOP", str(tmp_path / "LOOP")))
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        opened = _cache.Cache()
        opened.load("key")
        opened.store("key", b"code")
    assert len(caplog.records) <= 1
    made = {place.relative_to(tmp_path).parts[0] for place in tmp_path.rglob("*.cwasm")}
    assert made <= {"here" if name == "OBJECT_STORE_PY_CACHE_DIR" else "home", "nowhere"}


@pytest.mark.row("F29")
def test_there_may_be_no_home_at_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nobody(_: object) -> object:
        raise KeyError

    for name in ("HOME", "XDG_CACHE_HOME", "OBJECT_STORE_PY_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        opened = _cache.Cache()
        assert opened.load("key") is None
        opened.store("key", b"code")
    assert ["no home directory" in record.getMessage() for record in caplog.records] == [True]


def test_a_file_is_named_by_what_was_compiled_and_appears_whole(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    rename = os.replace

    def replace(*given: Any, **more: Any) -> None:
        seen.append([file.name for file in cache.glob("*.cwasm")])
        rename(*given, **more)

    monkeypatch.setattr(os, "replace", replace)
    opened = _cache.Cache()
    opened.store("one", b"code")
    opened.store("two", b"code")
    assert [len(names) for names in seen] == [0, 1]
    assert len(list(cache.iterdir())) == 2
    assert opened.load("one") == b"code"  # another content or version has another key
    assert opened.load("three") is None


def test_another_core_or_version_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    compiler = _engine._Compiled.__new__(_engine._Compiled)
    for version, core, modest in (
        ("1", b"a", False),
        ("1", b"a", False),
        ("2", b"a", False),
        ("1", b"b", False),
        ("1", b"a", True),
    ):
        monkeypatch.setattr("importlib.metadata.version", lambda _, given=version: given)
        compiler.modest = modest
        keys.append(compiler._key(core))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
