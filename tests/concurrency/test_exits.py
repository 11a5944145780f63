"""Scripts that use a store from tasks and threads, and end with something open, end clean."""

from __future__ import annotations

import pytest

from tests.backends.minio import Minio
from tests.soak.exits import SCRIPTS, runs

RUNS = 10


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_run_ends_with_exit_code_0_and_nothing_on_stderr(minio: Minio, script: str) -> None:
    found = runs(script, RUNS, minio.create_bucket(), minio.store_options())
    assert found["not clean"] == []
    assert found["clean"] == RUNS
