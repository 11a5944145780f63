"""Reads and writes through one store from two workers of dask; prints how many there were."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import distributed

from object_store_py.store import S3Store


def write(store: Any, number: int) -> int:
    """A task: write an object, and say from which process."""
    store.put(f"dask/{number}", str(number).encode() * 1000)
    return os.getpid()


def read(store: Any, number: int) -> bool:
    """A task: read what another worker may have written."""
    return bytes(store.get(f"dask/{number}").bytes()) == str(number).encode() * 1000


def main(bucket: str, options: dict[str, Any]) -> None:
    store = S3Store(bucket, **options)
    numbers = range(40)
    place = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": ":0"}
    dask: Any = distributed
    with dask.LocalCluster(processes=True, **place) as cluster, dask.Client(cluster) as client:
        writers = client.gather([client.submit(write, store, n, pure=False) for n in numbers])
        good = client.gather([client.submit(read, store, n, pure=False) for n in numbers])
    assert all(good)
    assert os.getpid() not in writers
    print(len(set(writers)))


if __name__ == "__main__":
    main(*json.loads(sys.stdin.read()))
