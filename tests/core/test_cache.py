"""Row F22: whatever is wrong with the compile cache, the core is compiled and works."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

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
