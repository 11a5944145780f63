"""Using a store when the interpreter ends, after wasmtime was closed, is an error and no crash."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import atexit
import httpx
from object_store_py.store import S3Store

def use(store):
    try:
        store.head("a")
    except Exception as error:
        print(type(error).__name__, error)

def make():
    keys = {"access_key_id": "x", "secret_access_key": "y", "region": "us-east-1"}
    answer = httpx.Response(404)
    return S3Store("b", transport=httpx.MockTransport(lambda request: answer), **keys)

old = make()
atexit.register(lambda: (use(old), use(make())))
use(old)
"""


def test_a_store_in_an_exit_handler_that_was_registered_before_its_first_use() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = done.stdout.splitlines()
    assert first.startswith("NotFoundError")
    for line in (second, third):
        assert line.startswith("GenericError"), line
        assert "the interpreter is ending" in line


UPLOAD = """
import atexit
from object_store_py.store import MemoryStore

def upload():
    try:
        MemoryStore().put("k", iter([bytes(5 << 20)] * 2), use_multipart=True)
    except Exception as error:
        print(type(error).__name__, error)

atexit.register(upload)
"""


def test_an_upload_in_an_exit_handler_when_no_thread_can_be_started_any_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UPLOAD], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GenericError no thread could be started: ")


DAEMONS = """
import threading, time
import httpx
from object_store_py.store import S3Store

keys = {"access_key_id": "x", "secret_access_key": "y", "region": "us-east-1"}
answer = httpx.MockTransport(lambda request: httpx.Response(200, headers={"ETag": '"1"'}))

def use():
    store = S3Store("b", transport=answer, **keys)
    try:
        while True:
            store.put("k", b"x")
    except Exception as error:
        assert "the interpreter is ending" in str(error), error

for _ in range(4):
    threading.Thread(target=use, daemon=True).start()
time.sleep(0.3)
"""


@pytest.mark.slow
def test_daemon_threads_that_use_stores_when_the_interpreter_ends() -> None:
    for _ in range(10):
        done = subprocess.run(
            [sys.executable, "-c", DAEMONS], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
