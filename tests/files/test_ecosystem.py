"""Libraries that take files take ours: each writes an object on MinIO, and reads it again."""

from __future__ import annotations

import csv
import gzip
import io
import pickle
import random
import tarfile
import zipfile
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import object_store_py as obs
from object_store_py.store import S3Store
from tests.backends.minio import Minio

TABLE = pa.table({"number": list(range(50_000)), "text": [f"row {n}" for n in range(50_000)]})
NOISE = random.Random(8).randbytes(3_000_000)


@pytest.fixture
def store(minio: Minio, shared_bucket: str, request: pytest.FixtureRequest) -> Any:
    return S3Store(shared_bucket, prefix=f"files/{request.node.name}", **minio.store_options())


def test_pandas_writes_and_reads_csv(store: Any) -> None:
    frame = TABLE.to_pandas()
    with obs.open_writer(store, "a.csv") as file:
        frame.to_csv(file, index=False)
    with obs.open_reader(store, "a.csv") as file:
        pd.testing.assert_frame_equal(pd.read_csv(file), frame)


def test_pandas_writes_and_reads_parquet(store: Any) -> None:
    frame = TABLE.to_pandas()
    with obs.open_writer(store, "a.parquet") as file:
        frame.to_parquet(file)
    with obs.open_reader(store, "a.parquet") as file:
        pd.testing.assert_frame_equal(pd.read_parquet(file), frame)


def test_pyarrow_writes_and_reads_parquet(store: Any) -> None:
    with obs.open_writer(store, "a.parquet") as file:
        pq.write_table(TABLE, file, row_group_size=10_000)
    with obs.open_reader(store, "a.parquet") as file:
        assert pq.read_table(file, columns=["text"]) == TABLE.select(["text"])
    with obs.open_reader(store, "a.parquet") as file:
        assert pq.ParquetFile(file).read_row_group(3) == TABLE.slice(30_000, 10_000)


def test_zipfile_writes_and_reads(store: Any) -> None:
    with obs.open_writer(store, "a.zip") as target, zipfile.ZipFile(target, "w") as archive:
        archive.writestr("noise", NOISE)
        archive.writestr("text", "hello", zipfile.ZIP_DEFLATED)
    with obs.open_reader(store, "a.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert (archive.read("text"), archive.read("noise")) == (b"hello", NOISE)


@pytest.mark.parametrize("kind", ["w|", "w|gz"])
def test_tarfile_writes_and_reads(store: Any, kind: Any) -> None:
    member = tarfile.TarInfo("noise")
    member.size = len(NOISE)
    # A stream: an object is written from its start to its end.
    with (
        obs.open_writer(store, "a.tar") as target,
        tarfile.open(fileobj=target, mode=kind) as archive,
    ):
        archive.addfile(member, io.BytesIO(NOISE))
    with obs.open_reader(store, "a.tar") as file, tarfile.open(fileobj=file, mode="r:*") as archive:
        found = archive.extractfile("noise")
        assert found is not None
        assert found.read() == NOISE


def test_text_csv_and_gzip(store: Any) -> None:
    rows = [[str(n), f"ä{n}"] for n in range(20_000)]
    with (
        obs.open_writer(store, "a.csv.gz") as target,
        gzip.GzipFile(fileobj=target, mode="wb") as packed,
        io.TextIOWrapper(packed, "utf-8", newline="") as text,
    ):
        csv.writer(text).writerows(rows)
    with obs.open_reader(store, "a.csv.gz") as file, gzip.open(file, "rt", newline="") as text:
        assert list(csv.reader(text)) == rows


def test_a_text_wrapper_seeks(store: Any) -> None:
    obs.put(store, "a.txt", "".join(f"línea {n}\n" for n in range(9_000)).encode())
    with io.TextIOWrapper(obs.open_reader(store, "a.txt", buffer_size=10_000), "utf-8") as text:
        for _ in range(4_000):
            text.readline()
        here = text.tell()
        assert text.readline() == "línea 4000\n"
        assert text.read().endswith("línea 8999\n")
        text.seek(here)
        assert text.readline() == "línea 4000\n"


def test_pickle(store: Any) -> None:
    value = {"noise": NOISE, "list": [list(range(1000))] * 3, "lines": ["a\nb"] * 100}
    for protocol in (0, 5):
        with obs.open_writer(store, "a.pickle") as file:
            pickle.dump(value, file, protocol)
        with obs.open_reader(store, "a.pickle", buffer_size=9_999) as file:
            assert pickle.load(file) == value  # noqa: S301, RUF100 - we wrote it


def test_a_buffered_reader_and_writer_of_io_wrap_it(store: Any) -> None:
    raw: Any = obs.open_writer(store, "a")
    with raw, io.BufferedWriter(raw, 1_000) as file:
        file.write(NOISE[:12_345])
    raw = obs.open_reader(store, "a")
    with io.BufferedReader(raw, 1_000) as file:
        assert file.read() == NOISE[:12_345]


def test_random_reads_like_h5py(store: Any) -> None:
    obs.put(store, "a", NOISE)
    choose = random.Random(5)
    with obs.open_reader(store, "a", buffer_size=100_000) as file:
        for _ in range(200):
            start, length = choose.randrange(len(NOISE)), choose.choice([4, 512, 8_192, 150_000])
            memory = bytearray(length)
            file.seek(start)
            count = file.readinto(memory)
            assert memory[:count] == NOISE[start : start + length]
