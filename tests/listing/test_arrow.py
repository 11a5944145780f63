"""Arrow listings: obstore's schema, the same facts as the dicts, for pyarrow and polars."""

from __future__ import annotations

import sys
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from arro3.core import RecordBatch, Table

import object_store_py as obs
from object_store_py.store import MemoryStore
from tests.harness.api import Api

SCHEMA = pa.schema(
    [
        pa.field("path", pa.utf8(), nullable=False),
        pa.field("last_modified", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("size", pa.uint64(), nullable=False),
        pa.field("e_tag", pa.utf8()),
        pa.field("version", pa.utf8()),
    ]
)
KEYS = ["a/b", "a/ü", "c", "d"]


@pytest.fixture
def filled(api: Api, store: Any) -> Any:
    for size, key in enumerate(KEYS):
        api.put(store, key, bytes(size))
    return store


def test_batches_hold_what_the_dicts_hold(api: Api, filled: Any) -> None:
    batches = api.pages(filled, chunk_size=3, return_arrow=True)
    assert all(type(batch) is RecordBatch for batch in batches)
    assert [batch.num_rows for batch in batches] == [3, 1]
    table = pa.Table.from_batches([pa.record_batch(batch) for batch in batches])
    assert table.schema == SCHEMA
    assert table.to_pylist() == api.list(filled)


def test_collect_gives_one_batch_and_then_an_empty_one(api: Api, filled: Any) -> None:
    listing = obs.list(filled, chunk_size=1, return_arrow=True)
    assert api.collect(listing).num_rows == len(KEYS)
    assert pa.record_batch(api.collect(listing)).schema == SCHEMA


def test_one_level_is_a_table(api: Api, filled: Any) -> None:
    found = api.call("list_with_delimiter", filled, return_arrow=True)
    assert type(found["objects"]) is Table
    assert found["common_prefixes"] == ["a"]
    table = pa.table(found["objects"])
    assert table.schema == SCHEMA
    assert table.to_pylist() == api.list_with_delimiter(filled)["objects"]
    empty = api.call("list_with_delimiter", filled, "nothing", return_arrow=True)
    assert pa.table(empty["objects"]).schema == SCHEMA


def test_polars_takes_batches_and_tables() -> None:
    store = MemoryStore()
    store.put("a", b"12")
    frames = [
        pl.DataFrame(store.list(return_arrow=True).collect()),
        pl.DataFrame(store.list_with_delimiter(return_arrow=True)["objects"]),
    ]
    for frame in frames:
        assert frame.rows() == [tuple(store.head("a").values())]


def test_without_arro3_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    store = MemoryStore()
    for verb in (store.list, store.list_with_delimiter):
        with pytest.raises(ImportError, match=r"object-store-py\[arrow\]"):
            verb(return_arrow=True)
