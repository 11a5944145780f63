"""A gibibyte up and a gibibyte down each raise the process's RSS by less than 100 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.backends.minio import Minio
from tests.harness.api import WAYS

SCRIPT = Path(__file__).parent / "measure.py"
GIB_IN_MIB = 1024
LIMIT = 100_000_000


def measure(what: str, way: str, minio: Minio, bucket: str) -> Any:
    command: list[str | Path] = [sys.executable, SCRIPT, what, way, str(GIB_IN_MIB), bucket]
    done = subprocess.run(
        command,
        input=json.dumps(minio.store_options()),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.big
@pytest.mark.parametrize("way", WAYS)
def test_a_gibibyte_up_and_down(minio: Minio, way: str) -> None:
    bucket = minio.create_bucket()
    rises = {what: measure(what, way, minio, bucket) for what in ("upload", "download")}
    minio.client.delete_object(Bucket=bucket, Key="big")
    print({what: f"{rise['rss_rise'] / 1e6:.1f} MB" for what, rise in rises.items()})
    assert rises["upload"]["rss_rise"] < LIMIT
    assert rises["download"]["rss_rise"] < LIMIT
