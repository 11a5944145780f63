"""The backends of the conformance suite: those of all tests, and second opinions for it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.servers import Servers
from tests.harness.stores import NAMES, Backend, make_backend


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Backend:
    """A fresh and empty store of each backend."""
    return make_backend(request.param, tmp_path, servers)
