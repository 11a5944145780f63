"""Streams of a gibibyte or two raise the process's RSS by less than 100 MB each."""

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


def measure(what: str, way: str, minio: Minio, bucket: str, count: int = GIB_IN_MIB) -> Any:
    command: list[str | Path] = [sys.executable, SCRIPT, what, way, str(count), bucket]
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
@pytest.mark.parametrize("pair", [("upload", "download"), ("write", "read")], ids="/".join)
def test_a_gibibyte_up_and_down(minio: Minio, way: str, pair: tuple[str, str]) -> None:
    bucket = minio.create_bucket()
    rises = {what: measure(what, way, minio, bucket)["rss_rise"] for what in pair}
    minio.client.delete_object(Bucket=bucket, Key="big")
    print({what: f"{rise / 1e6:.1f} MB" for what, rise in rises.items()})
    assert max(rises.values()) < LIMIT


@pytest.mark.big
@pytest.mark.parametrize("way", WAYS[1:])
def test_two_gibibytes_of_an_async_stream(minio: Minio, way: str) -> None:
    bucket = minio.create_bucket()
    rise = measure("stream", way, minio, bucket, 2 * GIB_IN_MIB)["rss_rise"]
    minio.client.delete_object(Bucket=bucket, Key="big")
    print(f"{rise / 1e6:.1f} MB")
    assert rise < LIMIT
