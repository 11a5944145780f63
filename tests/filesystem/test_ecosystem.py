"""The libraries that read and write through fsspec, on MinIO, with the URLs of `register`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import dask
import dask.dataframe
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import pytest
import zarr
from fsspec.registry import _registry

from object_store_py.fsspec import FsspecStore, register
from tests.filesystem.conftest import Filesystem


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """All protocols registered, for this test only."""
    before = dict(_registry)
    register()
    yield
    _registry.clear()
    _registry.update(before)


@pytest.fixture
def url(on_minio: Filesystem) -> str:
    """An empty directory on MinIO."""
    return f"s3://{on_minio.path}/{secrets.token_hex(4)}"


@pytest.fixture
def options(on_minio: Filesystem) -> dict[str, Any]:
    """The storage options for MinIO."""
    return on_minio.options


@pytest.fixture
def frame() -> pd.DataFrame:
    """Ten thousand rows."""
    count = 10_000
    return pd.DataFrame(
        {"id": np.arange(count), "value": np.linspace(0, 1, count), "group": np.arange(count) % 3}
    )


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
def test_pandas_csv(url: str, options: dict[str, Any], frame: pd.DataFrame, name: str) -> None:
    frame.to_csv(f"{url}/{name}", index=False, storage_options=options)
    found = pd.read_csv(f"{url}/{name}", storage_options=options)
    pd.testing.assert_frame_equal(found, frame)
    assert fsspec.filesystem("s3", **options).exists(f"{url}/{name}")


def test_pandas_parquet(url: str, options: dict[str, Any], frame: pd.DataFrame) -> None:
    frame.to_parquet(f"{url}/table.parquet", storage_options=options)
    found = pd.read_parquet(f"{url}/table.parquet", columns=["id"], storage_options=options)
    pd.testing.assert_frame_equal(found, frame[["id"]])
    frame.to_parquet(f"{url}/parts", partition_cols=["group"], storage_options=options)
    found = pd.read_parquet(f"{url}/parts", filters=[("group", "=", 1)], storage_options=options)
    assert sorted(found["id"]) == list(frame[frame["group"] == 1]["id"])


def test_a_pyarrow_dataset_with_partitions(
    url: str, options: dict[str, Any], frame: pd.DataFrame
) -> None:
    fs = pa.fs.PyFileSystem(pa.fs.FSSpecHandler(FsspecStore("s3", **options)))
    path = url.removeprefix("s3://")
    table = pa.Table.from_pandas(frame)
    pa.dataset.write_dataset(
        table, path, format="parquet", filesystem=fs, partitioning=["group"],
        partitioning_flavor="hive",
    )  # fmt: skip
    dataset = pa.dataset.dataset(path, filesystem=fs, partitioning="hive")
    assert len(dataset.files) == 3
    found = dataset.to_table(filter=pa.dataset.field("group") == 2)
    assert sorted(found["id"].to_pylist()) == list(frame[frame["group"] == 2]["id"])
    read = pa.parquet.read_table(path, filesystem=FsspecStore("s3", **options))
    assert read.num_rows == len(frame)


def test_polars(url: str, options: dict[str, Any], frame: pd.DataFrame) -> None:
    # polars opens s3:// itself, in Rust: what goes through fsspec is files and pyarrow's datasets.
    with fsspec.open(f"{url}/table.parquet", "wb", **options) as file:
        pl.from_pandas(frame).write_parquet(file)
    with fsspec.open(f"{url}/table.parquet", **options) as file:
        found = pl.scan_parquet(file).filter(pl.col("group") == 1).select("id").collect()
    assert found["id"].to_list() == list(frame[frame["group"] == 1]["id"])
    fs = FsspecStore("s3", **options)
    dataset = pa.dataset.dataset(url.removeprefix("s3://"), filesystem=fs)
    lazy = pl.scan_pyarrow_dataset(dataset).filter(pl.col("id") < 5).collect()
    assert lazy["id"].to_list() == [0, 1, 2, 3, 4]


# dask's own call of pandas, which the newest pandas deprecates.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_dask_dataframe(url: str, options: dict[str, Any], frame: pd.DataFrame) -> None:
    parts: Any = dask.dataframe.from_pandas(frame, npartitions=4)  # type: ignore[no-untyped-call]  # dask has no types
    with dask.config.set(scheduler="threads"):
        parts.to_parquet(f"{url}/table", storage_options=options)
        found = dask.dataframe.read_parquet(f"{url}/table", storage_options=options)
        assert found["id"].sum().compute() == frame["id"].sum()
        parts.to_csv(f"{url}/csv/*.csv", index=False, storage_options=options)
        read = dask.dataframe.read_csv(
            f"{url}/csv/*.csv", blocksize=20_000, storage_options=options
        )
        assert read.npartitions > 4
        assert len(read) == len(frame)


def test_a_zarr_array_round_trip(url: str, options: dict[str, Any]) -> None:
    data = np.arange(10_000, dtype="i4").reshape(100, 100)
    root = zarr.open_group(f"{url}/root.zarr", mode="w", storage_options=options)
    array = root.create_array("a", shape=data.shape, chunks=(10, 50), shards=(50, 100), dtype="i4")
    array[:] = data
    again = zarr.open_group(f"{url}/root.zarr", mode="r", storage_options=options)
    found: Any = again["a"]
    np.testing.assert_array_equal(found[:], data)
    np.testing.assert_array_equal(found[5:7, 60:], data[5:7, 60:])
    store = zarr.storage.FsspecStore.from_url(f"{url}/root.zarr", storage_options=options)
    assert isinstance(store.fs, FsspecStore)
    opened: Any = zarr.open_group(store, mode="r")["a"]
    np.testing.assert_array_equal(opened[:1], data[:1])
