"""Leaves two writers unclosed at its end, one of them in a cycle: run by a test, with a bucket."""

from __future__ import annotations

import json
import sys
from typing import Any

import object_store_py as obs
from object_store_py.store import LocalStore, S3Store

PART = bytes(5 * 1024 * 1024)


class Cycle:
    """Something that only the garbage collector frees."""

    file: Any

    def __init__(self) -> None:
        self.own = self


def begin(path: str) -> Any:
    file = obs.open_writer(store, path, buffer_size=len(PART), max_concurrency=1)
    file.write(PART * 3)
    return file


where, options = json.loads(sys.stdin.read())
store: Any = S3Store(where, **options) if options else LocalStore(where)
kept = begin("a/kept")
cycle = Cycle()
cycle.file = begin("a/cycle")
