"""Conformance: objects are read into memory of the caller's, and never beyond it."""

from __future__ import annotations

import array
import random
from typing import Any

import numpy as np
import pytest

from object_store_py.exceptions import NotFoundError, PreconditionError
from tests.harness.api import Api

SIZE = 5_000_000
BODY = random.Random(7).randbytes(SIZE)


def test_get_into_fills_the_buffer_and_no_more(api: Api, store: Any) -> None:
    api.put(store, "k", BODY)
    for size in (SIZE, SIZE + 3):
        buffer = bytearray(b"\xff") * size
        assert api.call("get_into", store, "k", buffer) == SIZE
        assert buffer == BODY + b"\xff" * (size - SIZE)


def test_get_into_takes_any_writable_memory(api: Api, store: Any) -> None:
    data = BODY[:1600]
    api.put(store, "k", data)
    records = np.zeros(100, dtype=[("name", "S8"), ("value", ">i8")])
    buffers: list[Any] = [
        np.zeros((10, 20)),
        np.zeros(200, dtype=">u8"),
        records,
        array.array("d", bytes(1600)),
        memoryview(bytearray(1610))[10:],
    ]
    for buffer in buffers:
        assert api.call("get_into", store, "k", buffer) == len(data)
        assert bytes(buffer) == data


def test_get_into_reads_ranges_and_checks_conditions(api: Api, store: Any) -> None:
    data = BODY[:10_000]
    api.put(store, "k", data)
    buffer = bytearray(100)
    assert api.call("get_into", store, "k", buffer, options={"range": (50, 150)}) == 100
    assert buffer == data[50:150]
    assert api.call("get_into", store, "k", buffer, options={"range": {"offset": 9_990}}) == 10
    assert buffer == data[9_990:] + data[60:150]
    untouched = bytearray(10_000)
    with pytest.raises(PreconditionError):
        api.call("get_into", store, "k", untouched, options={"if_match": '"no such tag"'})
    assert untouched == bytes(10_000)


def test_get_into_an_empty_object_reads_nothing(api: Api, store: Any) -> None:
    api.put(store, "k", b"")
    assert api.call("get_into", store, "k", bytearray()) == 0
    assert api.call("get_into", store, "k", np.zeros((0, 4))) == 0


def test_get_into_refuses_what_it_cannot_fill(api: Api, store: Any) -> None:
    api.put(store, "k", BODY[:100_000])
    small = bytearray(99_999)
    with pytest.raises(ValueError, match="100000 bytes to read, but the buffer has 99999"):
        api.call("get_into", store, "k", small)
    assert small == bytes(99_999)
    with pytest.raises(TypeError, match="read-only"):
        api.call("get_into", store, "k", bytes(100_000))
    with pytest.raises(TypeError, match="not str"):
        api.call("get_into", store, "k", "text")
    with pytest.raises(ValueError, match="C-contiguous"):
        api.call("get_into", store, "k", np.zeros((200_000,), "u1")[::2])
    with pytest.raises(NotFoundError):
        api.call("get_into", store, "none", bytearray(1))
    buffer = bytearray(100_000)  # and the connection is as good as new
    assert api.call("get_into", store, "k", buffer) == 100_000
    assert buffer == BODY[:100_000]
