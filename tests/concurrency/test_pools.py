"""Stores in the pools that people use: multiprocessing, futures, dask (F18)."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.harness.stores import Backend, not_applicable

SCRIPT = Path(__file__).parent / "dask_session.py"


def round_trip(store: Any, number: int) -> bool:
    """A task: write, read back, delete."""
    key, body = f"pool/{number}", str(number).encode() * 100
    store.put(key, body)
    good = bytes(store.get(key).bytes()) == body
    store.delete(key)
    return good


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(backend: Backend, method: str) -> None:
    if backend.name == "memory":
        not_applicable("pickling")
    if method not in multiprocessing.get_all_start_methods():
        not_applicable(method)
    backend.store.put("before", b"x")  # in use when the children come
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads: that is what is tested here.
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert all(pool.starmap(round_trip, [(backend.store, n) for n in range(8)]))
    assert backend.store.get("before").bytes() == b"x"


@pytest.mark.slow
def test_executors(backend: Backend) -> None:
    if backend.name == "memory":
        not_applicable("pickling")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        futures = [pool.submit(round_trip, backend.store, n) for n in range(8)]
        assert all(future.result(60) for future in futures)


@pytest.mark.slow
def test_dask_with_two_workers(minio: Minio, shared_bucket: str) -> None:
    if find_spec("distributed") is None:
        pytest.skip("left out: pip install distributed")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT],
        input=json.dumps([shared_bucket, minio.store_options() | {"prefix": "dask-test"}]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2"
    store = S3Store(shared_bucket, prefix="dask-test/dask", **minio.store_options())
    assert len(store.list().collect()) == 40
