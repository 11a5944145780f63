"""Fixtures of the properties of arguments: an event loop, and objects to call methods of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.api import Api, open_api
from tests.properties.targets import Objects


@pytest.fixture(scope="module")
def loop() -> Iterator[Api]:
    """An event loop for all calls, sync ones too."""
    with open_api("asyncio") as api:
        yield api


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Objects to call methods of; relative paths are those of a directory of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "x").write_bytes(b"local")
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    return Objects(tmp_path)
