"""What files and results give is exactly `bytes` where C code looks at the type."""

from __future__ import annotations

import hashlib
import json
import pickle
import zlib
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

import object_store_py as obs
from object_store_py import Bytes
from tests.files.facade import open_reader
from tests.harness.api import Api

TEXT = json.dumps({"a": ["line\n"] * 30_000}).encode() + b"\n"
SIZES = [10, 70_000, len(TEXT)]
"""In a block, beyond it, and all."""


def is_exact(*found: Any) -> bool:
    return all(type(data) is bytes for data in found)


def test_whatever_a_reader_returns_is_exactly_bytes(api: Api, store: Any) -> None:
    obs.put(store, "k", TEXT)
    for buffer_size in (1000, 1 << 20):
        with open_reader(api, store, "k", buffer_size=buffer_size) as file:
            found = [file.read(size) for size in SIZES if file.seek(0) == 0]
            assert file.seek(3) == 3
            found += [file.readline(5), file.readline(), file.read(), file.readall(), file.read(0)]
            assert file.seek(0) == 0
            found += file.readlines()
            if api.way == "sync":
                file.seek(0)
                found += [file.peek(), file.read1(), file.read1(0), *file]
            assert is_exact(*found)


def test_the_bytes_of_a_result_are_exactly_bytes(api: Api, store: Any) -> None:
    for size in SIZES:
        obs.put(store, "k", TEXT[:size])
        result = api.get(store, "k")
        found = result.bytes() if api.way == "sync" else api.wait(result.bytes_async)
        assert (found, type(found)) == (TEXT[:size], bytes)
        assert is_exact(*api.stream(api.get(store, "k"), 1000))
    assert orjson.loads(found) == json.loads(TEXT)


def test_buffers_and_ranges_have_the_methods_of_obstore(api: Api, store: Any) -> None:
    for size in SIZES:
        obs.put(store, "k", TEXT[:size])
        whole = api.get(store, "k")
        found = whole.buffer() if api.way == "sync" else api.wait(whole.buffer_async)
        one = api.get_range(store, "k", start=0, length=size)
        many = api.get_ranges(store, "k", starts=[0, 1], ends=[size, size])
        for data in (found, one, *many):
            assert type(data) is Bytes
            assert type(data.to_bytes()) is bytes
        assert found == one == many[0] == TEXT[:size]


@pytest.mark.parametrize("kind", [bytes, Bytes])
def test_both_kinds_go_where_bytes_go(kind: type[bytes]) -> None:
    data = kind(TEXT)
    assert json.loads(data) == json.loads(TEXT)
    assert orjson.loads(memoryview(data)) == json.loads(TEXT)
    assert np.frombuffer(data, "u1").tobytes() == TEXT
    assert pa.py_buffer(data).to_pybytes() == TEXT
    assert zlib.decompress(zlib.compress(data)) == TEXT
    assert hashlib.sha256(data).digest() == hashlib.sha256(TEXT).digest()
    assert pickle.loads(pickle.dumps(data)) == TEXT
    assert (hash(data), {data: 1}[TEXT]) == (hash(TEXT), 1)
