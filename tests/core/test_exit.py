"""Using a store when the interpreter ends, after wasmtime was closed, is an error and no crash."""

from __future__ import annotations

import subprocess
import sys

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
