"""C libraries that read files: rasterio, h5py, Pillow, NumPy and pyarrow, from objects on MinIO."""

from __future__ import annotations

import io
import secrets
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import rasterio
from PIL import Image
from rasterio.io import MemoryFile

import object_store_py as obs
from object_store_py import Bytes
from object_store_py.fsspec import FsspecStore
from object_store_py.store import S3Store
from tests.backends.minio import Minio

PIXELS = np.random.default_rng(1).integers(0, 255, (3, 2000, 2000), dtype="u1")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


def reader(store: Any, path: str) -> Any:
    return obs.open_reader(store, path)


def writer(store: Any, path: str) -> Any:
    return obs.open_writer(store, path)


@pytest.fixture
def store(minio: Minio, shared_bucket: str) -> Any:
    return S3Store(shared_bucket, prefix=secrets.token_hex(4), **minio.store_options())


@pytest.fixture
def tiff(store: Any) -> bytes:
    """A tiled GeoTIFF of 12 MB, which is also the object `a.tif`."""
    layout: dict[str, Any] = {"height": 2000, "width": 2000, "count": 3, "dtype": "uint8"}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", tiled=True, blockxsize=512, blockysize=512, **layout) as d:
            d.write(PIXELS)
        data: bytes = memory.read()
    obs.put(store, "a.tif", data)
    return data


def check(image: Any) -> None:
    assert (image.read(2) == PIXELS[1]).all()
    assert (image.read(1, window=((900, 1100), (30, 40))) == PIXELS[0, 900:1100, 30:40]).all()


def test_rasterio_reads_files(store: Any, tiff: bytes, minio: Minio) -> None:
    fs = FsspecStore("s3", **minio.store_options())
    path = f"{store.config['bucket']}/{store.prefix}/a.tif"
    with reader(store, "a.tif") as file, rasterio.open(file) as image:
        check(image)
    with fs.open(path) as file, rasterio.open(file) as image:
        check(image)
    with rasterio.open(f"s3://{path}", opener=fs) as image:
        check(image)

    def opener(path: str, mode: str = "rb") -> Any:
        assert mode == "rb"
        return reader(store, path)

    with rasterio.open("a.tif", opener=opener) as image:
        check(image)
    for data in (obs.get(store, "a.tif").bytes(), Bytes(tiff)):
        with MemoryFile(data) as memory, memory.open() as image:
            check(image)


def test_h5py_reads_files(store: Any) -> None:
    values, target = np.arange(2_000_000).reshape(2000, 1000), io.BytesIO()
    with h5py.File(target, "w") as file:
        file.create_dataset("x", data=values, chunks=(100, 100), compression="gzip")
    obs.put(store, "a.h5", target.getvalue())
    with reader(store, "a.h5") as source, h5py.File(source) as file:
        assert (file["x"][500:510, 20:40] == values[500:510, 20:40]).all()
        assert (file["x"][:] == values).all()


def test_numpy_and_pillow_write_and_read_files(store: Any) -> None:
    with writer(store, "a.npy") as file:
        np.save(file, PIXELS)
    with reader(store, "a.npy") as file:
        assert (np.load(file) == PIXELS).all()
    packed = io.BytesIO()
    np.savez(packed, one=PIXELS[0], two=PIXELS[1])
    obs.put(store, "a.npz", packed.getvalue())
    with reader(store, "a.npz") as file, np.load(file) as found:
        assert (found["two"] == PIXELS[1]).all()
    with writer(store, "a.png") as file:
        Image.fromarray(PIXELS[0]).save(file, "PNG")
    with reader(store, "a.png") as file, Image.open(file) as image:
        assert (np.asarray(image) == PIXELS[0]).all()


def test_pyarrow_reads_ranges_ahead(store: Any) -> None:
    table = pa.table({"a": np.arange(1_000_000), "b": np.random.default_rng(2).random(1_000_000)})
    with writer(store, "a.parquet") as file:
        pa.parquet.write_table(table, file, row_group_size=50_000)
    for options in ({"pre_buffer": True}, {"pre_buffer": False, "use_threads": True}):
        with reader(store, "a.parquet") as file:
            assert pa.parquet.read_table(file, **options) == table
