"""Fixtures: another component in the place of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from object_store_py import _engine

Install = Callable[[bytes], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a component in the place of ours."""

    def put(component: bytes) -> None:
        path = tmp_path / "core.wasm"
        path.write_bytes(component)
        monkeypatch.setenv("OBJECT_STORE_PY_CORE", str(path))
        _engine._compiled.cache_clear()

    yield put
    monkeypatch.undo()
    _engine._compiled.cache_clear()
