"""`progress=` on put and get: a function, or a bar of tqdm that a terminal shows."""

from __future__ import annotations

import os
import pty
import random
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

import object_store_py
from object_store_py.store import MemoryStore, S3Store
from tests.backends.faultproxy import FaultProxy, answer_status
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5 << 20
DATA = random.Random(3).randbytes(2 * PART + 9)

Told = list[tuple[int, int | None]]


class Telling:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: Told = []

    def __call__(self, done: int, total: int | None) -> None:
        self.told.append((done, total))


def check(told: Told, total: int | None) -> None:
    """Progress begins at nothing, never goes back, and ends with everything."""
    done = [count for count, _ in told]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[-1] == len(DATA)
    assert {said for _, said in told} == {total}


def test_put_tells_how_far_it_is(api: Api, backend: Backend) -> None:
    told: Told = []
    api.put(backend.store, "a", DATA, progress=lambda *x: told.append(x))
    check(told, len(DATA))
    assert api.read(backend.store, "a") == DATA


def test_put_of_an_iterator_has_no_total(api: Api, store: Any) -> None:
    told: Told = []
    pieces = [DATA[:PART], DATA[PART:]]
    api.put(store, "a", api.source(pieces), progress=lambda *x: told.append(x))
    check(told, None)


def test_get_tells_while_the_result_is_read(api: Api, store: Any) -> None:
    api.put(store, "a", DATA)
    for read in (api.bytes, lambda result: b"".join(api.stream(result, PART))):
        telling = Telling()
        result = api.call("get", store, "a", progress=telling)
        assert telling.told == [(0, len(DATA))]
        assert read(result) == DATA
        check(telling.told, len(DATA))


def test_a_repeated_part_is_told_once(api: Api, minio: Minio, shared_bucket: str) -> None:
    told: Told = []
    with FaultProxy(minio.port) as proxy:
        options = minio.store_options() | {"endpoint": proxy.endpoint}
        store = S3Store(shared_bucket, prefix=f"told-{api.way}", **options)
        proxy.add(answer_status(503))
        api.put(store, "a", DATA, use_multipart=False, progress=lambda *x: told.append(x))
        assert [request.method for request in proxy.requests] == ["PUT", "PUT"]
    check(told, len(DATA))


def test_only_functions_and_true_are_progress(api: Api) -> None:
    for wrong in (5, "yes"):
        with pytest.raises(TypeError, match="progress must be a function or True"):
            api.put(MemoryStore(), "a", b"data", progress=wrong)
    api.put(MemoryStore(), "a", b"data", progress=False)


def test_without_tqdm_the_error_says_what_to_install(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"object-store-py\[progress\]"):
        api.put(MemoryStore(), "a", b"data", progress=True)


SESSION = """
import object_store_py as obs
store = obs.store.MemoryStore()
data = bytes(12 << 20)
obs.put(store, "data/big.bin", data, progress=True)
obs.get(store, "data/big.bin", progress=True).bytes()
print("done")
"""


def test_a_terminal_shows_a_bar() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    source = str(Path(object_store_py.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": source}
    with subprocess.Popen(
        [sys.executable, "-c", SESSION], stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(60) == 0
    os.close(ours)
    text = shown.decode()
    assert text.count("big.bin: 100%|") == 2
    assert "12.0M/12.0M" in text
    assert text.rstrip().endswith("done")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the other end was closed
        return b""
