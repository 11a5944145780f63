"""Row F22: whatever is wrong with the compile cache, the core is compiled and works."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime

from object_store_py import _cache, _engine

pytestmark = [pytest.mark.row("S13"), pytest.mark.slow]  # each test compiles the core


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


def test_the_second_time_nothing_is_compiled(cache: Path) -> None:
    assert use() > 0
    assert use() == 0
    (file,) = cache.iterdir()
    assert file.suffix == ".cwasm"


def test_the_cache_is_ours_alone(cache: Path) -> None:
    use()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in cache.iterdir()] == [0o600]


@pytest.mark.row("F22")
def test_without_a_cache_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBJECT_STORE_PY_CACHE_DIR", "")
    assert _cache.directory() is None
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


@pytest.mark.parametrize("damage", [corrupt, empty, open_to_others, open_directory, linked])
@pytest.mark.row("F22")
def test_a_cache_that_cannot_be_trusted_is_not_loaded(
    cache: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    use()
    damage(cache)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        assert use() > 0
    assert caplog.records


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


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_cache.os, "fdopen", write)


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(_cache.tempfile, "mkstemp", make)


@pytest.mark.row("F22")
@pytest.mark.parametrize("fault", [full, read_only])
def test_a_cache_that_takes_nothing_costs_one_line(
    cache: Path,
    fault: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "object_store_py.cache"):
        fault(patch)
        assert _cache.store("key", b"code") is None
        assert _cache.load("key") is None
    assert len(caplog.records) == 1
    assert list(cache.iterdir()) == []


@pytest.mark.row("F22")
def test_where_files_may_not_hold_code_it_is_loaded_into_memory(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise wasmtime.WasmtimeError("mmap: Operation not permitted")  # as on a `noexec` mount

    use()
    monkeypatch.setattr(wasmtime.component.Component, "deserialize_file", refuse)
    with caplog.at_level(logging.WARNING, "object_store_py.cache"):
        assert use() == 0
    assert not caplog.records


@pytest.mark.row("F22")
def test_a_file_of_another_user_is_not_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert _cache.store("key", b"code") is not None
    assert _cache.load("key") is not None
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "object_store_py.cache"):
        owned_by_another(patch)
        assert _cache.load("key") is None
    assert len(caplog.records) == 1


def test_a_file_is_named_by_what_was_compiled_and_appears_whole(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        seen.append([file.name for file in cache.glob("*.cwasm")])
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    first = _cache.store("one", b"code")
    second = _cache.store("two", b"code")
    assert first is not None and second is not None and first != second
    assert seen == [[], [first.name]]
    assert _cache.load("one") == first  # another content or version has another key
    assert _cache.load("three") is None


def test_another_core_or_version_has_another_key(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    compiler = _engine._Compiled.__new__(_engine._Compiled)
    compiler.wasmtime = _engine._import_wasmtime()

    def load(key: str) -> None:
        keys.append(key)
        raise KeyboardInterrupt  # before anything is compiled

    monkeypatch.setattr(_cache, "load", load)
    for version, core in (("1", b"a"), ("1", b"a"), ("2", b"a"), ("1", b"b")):
        monkeypatch.setattr("importlib.metadata.version", lambda _, given=version: given)
        with pytest.raises(KeyboardInterrupt):
            compiler._load(core)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
