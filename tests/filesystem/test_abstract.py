"""The suite that fsspec ships for its implementations, on each protocol."""

from __future__ import annotations

from typing import Any

import pytest
from fsspec.tests import abstract

from tests.filesystem.conftest import Filesystem


class Fixtures(abstract.AbstractFixtures):
    """What the suite wants to know of us."""

    @pytest.fixture
    def fs(self, place: Filesystem) -> Any:
        return place.fs

    @pytest.fixture
    def fs_path(self, place: Filesystem) -> str:
        return place.path

    @pytest.fixture
    def supports_empty_directories(self, place: Filesystem) -> bool:
        return place.protocol == "file"


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass
