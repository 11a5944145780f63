"""Row F19: disks that are full, forbidden or broken, and a crash before the rename."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError, PermissionDeniedError
from object_store_py.store import LocalStore
from tests.harness.api import Api

pytestmark = pytest.mark.row("F19")
WRITES: dict[str, Callable[[Api, Any], Any]] = {
    "put": lambda api, store: api.put(store, "a", b"new" * 1000),
    "put in parts": lambda api, store: api.put(store, "a", [b"x" * 10], chunk_size=3),
    "copy": lambda api, store: api.copy(store, "other", "a"),
}
STEPS = {"put": ["pwrite", "replace"], "put in parts": ["pwrite", "replace"], "copy": ["replace"]}


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES])
@pytest.mark.parametrize(("verb", "step"), [(v, s) for v, steps in STEPS.items() for s in steps])
def test_a_write_that_fails_is_typed_and_leaves_nothing(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, step: str, number: int
) -> None:
    store = LocalStore(tmp_path)
    api.put(store, "a", b"old")
    api.put(store, "other", b"other")
    kind = PermissionDeniedError if number == errno.EACCES else GenericError
    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing(number))
        with pytest.raises(kind, match=os.strerror(number)) as caught:
            WRITES[verb](api, store)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == number
    assert api.read(store, "a") == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "other"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_read_that_fails_is_typed(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = LocalStore(tmp_path)
    api.put(store, "a", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing(number))
        with pytest.raises(BaseError, match=os.strerror(number)):
            api.read(store, "a")
    assert api.read(store, "a") == b"old"


CRASH = """
import os, sys
from object_store_py.store import LocalStore
os.replace = lambda *_, **__: os._exit(7)
LocalStore(sys.argv[1]).put("a", b"new" * 1000)
"""


def test_a_crash_before_the_rename_leaves_the_old_object(api: Api, tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    api.put(store, "a", b"old")
    done = subprocess.run([sys.executable, "-c", CRASH, tmp_path], timeout=60, check=False)
    assert done.returncode == 7
    assert len(list(tmp_path.iterdir())) == 2  # what was staged is there, and shown to nobody
    assert api.paths(store) == ["a"]
    assert api.read(store, "a") == b"old"
    api.put(store, "a", b"newer")
    assert api.read(store, "a") == b"newer"
