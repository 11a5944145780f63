"""The wheel: universal, complete, and it runs in a clean environment without Rust (S14)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import object_store_py as obs

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = """
import object_store_py as obs
store = obs.store.MemoryStore()
obs.put(store, "k", b"foo")
assert obs.get(store, "k").bytes() == b"foo"
s3 = obs.store.S3Store("bucket", region="us-east-1", access_key_id="a", secret_access_key="b")
from datetime import timedelta
assert "X-Amz-Signature" in str(obs.sign(s3, "GET", "k", timedelta(hours=1)))
print(obs.__file__)
"""
pytestmark = [pytest.mark.row("S14"), pytest.mark.slow]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `just wheel` builds it."""
    target = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", target, ROOT / "host-py")
    [built] = target.glob("*.whl")
    return built


def pip(python: Path | str, *arguments: Path | str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_universal_and_holds_python_and_one_component(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if ".dist-info/" not in n]
        component = archive.read("object_store_py/core.wasm")
    others = [n for n in names if not n.endswith((".py", ".pyi", "/py.typed"))]
    assert others == ["object_store_py/core.wasm"]
    committed = ROOT / "host-py/src/object_store_py/core.wasm"
    digest = hashlib.sha256(component).hexdigest()
    assert digest == hashlib.sha256(committed.read_bytes()).hexdigest()
    assert obs.core_info()["sha256"] == digest


def test_it_carries_both_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(n).name for n in archive.namelist() if ".dist-info/" in n}
    assert {"LICENSE-APACHE", "LICENSE-MIT"} <= names


def test_it_runs_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=True)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    python = tmp_path / "clean" / scripts / "python"
    pip(python, "install", wheel)
    done = subprocess.run(
        [python, "-I", "-c", PROBE], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "clean") in done.stdout
