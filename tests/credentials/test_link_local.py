"""The metadata addresses of AWS as they are: with real link-local addresses, and without any."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.minio_build import build_minio

SCRIPT = Path(__file__).parent / "link_local.py"
ROOT = Path(__file__).parents[2]


def can_unshare() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return (
        subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0
    )


@pytest.mark.slow
def test_link_local_addresses(tmp_path: Path) -> None:
    if not can_unshare():
        pytest.skip("left out: no network namespaces here (unshare -rn, ip)")
    build_minio()  # there is no network inside
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, SCRIPT, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    steps = {fact.pop("step"): fact for fact in map(json.loads, done.stdout.splitlines())}
    for step in steps.keys() & {"unreachable", "silent"}:
        assert steps[step]["seconds"] < 4
        assert "this machine has no instance credentials: give" in steps[step]["error"]
    assert "unreachable" in steps
    hosts = {"imds": "169.254.169.254", "ecs": "169.254.170.2", "pod": "169.254.170.23"}
    for way, host in hosts.items():
        assert steps[way] == {"body": "x", "hosts": [host]}
