"""Row F29: a store works for any user and in little memory, or an error of ours says what to do."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import wasmtime.component

from object_store_py import _engine, _room
from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store
from tests.harness.stores import not_applicable

pytestmark = [
    pytest.mark.row("F29"),
    pytest.mark.skipif(sys.platform == "win32", reason="left out: POSIX's limits"),
]

SCRIPT = """
import logging
from datetime import timedelta
logging.basicConfig(format="%(name)s %(levelname)s")
import object_store_py as obs
from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store

def open_one(sign=False):
    keys = {"access_key_id": "x", "secret_access_key": "y", "region": "us-east-1"}
    store = S3Store("b", endpoint="http://127.0.0.1:9", client_options={"allow_http": True},
                    retry_config={"max_retries": 0}, **keys)
    try:
        sign and obs.sign(store, "GET", "k", timedelta(seconds=60)) or store.head("k")
    except GenericError as error:
        if "connection" not in str(error):
            raise
    return store

"""


def run(script: str, limits: str = "", environment: dict[str, str] | None = None) -> list[str]:
    """The lines that a script prints in a process with limits; it must end well."""
    command = f'{limits} exec "$0" -c "$1"'
    bare = {k: v for k, v in os.environ.items() if k != "OBJECT_STORE_PY_CACHE_DIR"}
    done = subprocess.run(
        ["/bin/bash", "-c", command, sys.executable, SCRIPT + script],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**bare, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]


AS_ANOTHER = """
import encodings.idna, importlib, os, pkgutil, object_store_py, wasmtime.component, httpx, anyio
for module in pkgutil.walk_packages(object_store_py.__path__, "object_store_py."):
    if "fsspec" not in module.name and "zarr" not in module.name:
        importlib.import_module(module.name)
os.chdir("/")
os.setgroups([])
os.setgid(54321)
os.setuid(54321)
"""


def as_another(script: str, home: Path, limits: str = "") -> list[str]:
    """What a script prints when a user without a name runs it; the modules are loaded before."""
    if os.geteuid() != 0:
        not_applicable("root, who may run as another")
    with tempfile.TemporaryDirectory() as readable:
        Path(readable).chmod(0o755)
        core = shutil.copy(_engine.core_path(), readable)
        given = {"HOME": str(home), "XDG_CACHE_HOME": "", "OBJECT_STORE_PY_CORE": core}
        return run(AS_ANOTHER + script, limits, given)


@pytest.mark.slow
def test_another_user_has_the_home_of_somebody_else(tmp_path: Path) -> None:
    """As with `docker run --user`: no cache can be read or made there."""
    (tmp_path / ".cache" / "object_store_py").mkdir(parents=True)
    tmp_path.chmod(0o700)
    lines = as_another('open_one(); print("worked")', tmp_path)
    assert lines == ["worked", "object_store_py.cache WARNING"]


@pytest.mark.slow
def test_a_user_who_may_start_no_thread_is_told(tmp_path: Path) -> None:
    script = """
try:
    open_one()
except GenericError as error:
    print(error)
"""
    first = as_another(script, tmp_path, "ulimit -u 1;")[0]
    assert "thread" in first and "ulimit" in first


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [8_000_000, 4_000_000, 2_000_000, 500_000])
def test_a_store_works_in_little_address_space(kilobytes: int, tmp_path: Path) -> None:
    given = {"OBJECT_STORE_PY_CACHE_DIR": str(tmp_path)}
    for _ in ("compiled", "loaded"):
        lines = run('open_one(); print("worked")', f"ulimit -v {kilobytes};", given)
        assert lines == ["worked"]


@pytest.mark.slow
def test_1000_stores_live_in_little_address_space(tmp_path: Path) -> None:
    """And where one has too little, it works as soon as others have ended."""
    script = """
kept = []
try:
    while len(kept) < 2000:
        kept.append(open_one(sign=True))
except GenericError as error:
    print(len(kept), error)
del kept[500:]
kept.append(open_one(sign=True))
print("worked")
"""
    given = {"OBJECT_STORE_PY_CACHE_DIR": str(tmp_path)}
    lines = run(script, "ulimit -v 3000000;", given)
    assert int(lines[0].split()[0]) >= 1000 and "ulimit -v" in lines[0]
    assert lines[1:] == ["worked"]


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [200_000, 100_000, 70_000])
def test_what_cannot_be_had_is_an_error_that_says_what_to_do(
    kilobytes: int, tmp_path: Path
) -> None:
    script = """
for _ in range(2):
    try:
        open_one()
    except GenericError as error:
        print(error)
"""
    given = {"OBJECT_STORE_PY_CACHE_DIR": str(tmp_path)}
    lines = run(script, f"ulimit -v {kilobytes};", given)
    assert len(lines) == 2
    for line in lines:
        assert "ulimit -v" in line and "memory" in line


@pytest.mark.slow
def test_where_there_are_no_descriptors_it_is_told_and_works_later(tmp_path: Path) -> None:
    script = """
import os
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
try:
    open_one()
except GenericError as error:
    print(error)
for each in held:
    os.close(each)
open_one()
print("worked")
"""
    lines = run(script, "ulimit -n 40;", {"OBJECT_STORE_PY_CACHE_DIR": str(tmp_path)})
    assert "open files" in lines[0]
    assert "worked" in lines


def test_what_is_reserved_in_vain_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where nothing is limited, but the machine has no 4 GiB of address space left."""
    monkeypatch.setattr(_engine, "_crowded", False)
    whole = wasmtime.component.Linker.instantiate
    tried: list[bool] = []

    def instantiate(self: Any, store: Any, component: Any) -> Any:
        modest = _engine._compiled(os.getpid(), True).component is component
        tried.append(modest)
        if not modest:
            raise wasmtime.WasmtimeError("mmap failed: Cannot allocate memory (os error 12)")
        return whole(self, store, component)

    monkeypatch.setattr(_room, "is_limited", lambda: False)
    monkeypatch.setattr(wasmtime.component.Linker, "instantiate", instantiate)
    assert _engine.Instance().call("parse-path", "a") == 'done\n"a"'
    assert _engine.Instance().call("parse-path", "a") == 'done\n"a"'
    assert tried == [False, True, True]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.EMFILE, "Too many open files"),
        RuntimeError("can't start new thread"),
    ],
)
def test_a_lack_is_an_error_of_ours_once(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    store = S3Store("b", region="us-east-1", access_key_id="x", secret_access_key="y")
    with monkeypatch.context() as patch:
        patch.setattr(_engine, "_compiled", fail)
        with pytest.raises(GenericError, match="ulimit"):
            store.head("k")
    store._verbs().backend._brain.open()
