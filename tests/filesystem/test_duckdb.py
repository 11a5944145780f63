"""DuckDB reads one handle from many threads, each by a call to seek and a call to read."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from object_store_py.fsspec import FsspecStore
from tests.filesystem.conftest import Filesystem

DATA = random.Random(12).randbytes(2_000_000)
TOTALS = "select count(*), sum(number), max(text), sum(noise)::bigint from"
TABLE = """select i as number, 'row ' || (i * 7919 % {rows}) as text,
                  hash(i) % 1000000000 as noise, md5(i::varchar) as other
           from range({rows}) t(i)"""


CACHES = [None, "none", "readahead", "bytes", "blockcache", "background", "first", "all"]


@pytest.mark.slow
@pytest.mark.parametrize("cache_type", CACHES)
def test_threads_seek_and_read_one_handle(place: Filesystem, cache_type: str | None) -> None:
    path = f"{place.path}/a"
    place.fs.pipe_file(path, DATA)
    with place.fs.open(path, block_size=50_000, cache_type=cache_type) as file:

        def use(seed: int) -> list[int]:
            choose = random.Random(seed)
            wrong: list[int] = []
            for _ in range(30):
                start, size = choose.randrange(len(DATA)), choose.choice([7, 10_000, 300_000])
                file.seek(start)
                if file.read(size) != DATA[start : start + size]:
                    wrong.append(start)
            return wrong

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(use, range(8))) == [[]] * 8


@pytest.mark.parametrize("cache_type", CACHES)
def test_a_file_is_one_of_io_whatever_caches_it(cache_type: str | None) -> None:
    fs: Any = FsspecStore("memory")
    path, data = "/io/a", b"".join(b"%d lines\n" % n for n in range(3000)) + b"the end"
    fs.pipe_file(path, data)
    with fs.open(path, block_size=5000, cache_type=cache_type) as file:
        model = io.BytesIO(data)
        memory = bytearray(7000)
        for call in (
            lambda file: file.readline(),
            lambda file: file.readline(3),
            lambda file: file.readlines(6000),
            lambda file: (file.readinto(memory), bytes(memory)),
            lambda file: file.seek(-20_000, 2),
            lambda file: [next(file), next(file), file.tell()],
            lambda file: file.read(9000),
            list,
            lambda file: [file.readline(), file.read(), file.seek(5), file.read(0), file.read(1)],
        ):
            assert call(file) == call(model)
        assert type(file.read(5)) is type(file.readline()) is type(file.read()) is bytes
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


@pytest.fixture
def connection(place: Filesystem) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.register_filesystem(place.fs)
        yield opened


def totals(connection: Any, source: str) -> Any:
    return connection.execute(f"{TOTALS} {source}").fetchall()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_duckdb_reads_from_every_store(
    place: Filesystem, connection: Any, tmp_path: Path, suffix: str
) -> None:
    local = str(tmp_path / f"a.{suffix}")
    duckdb.sql(f"copy ({TABLE.format(rows=200_000)}) to '{local}'")
    place.fs.put_file(local, f"{place.path}/a.{suffix}")
    url = place.fs.unstrip_protocol(f"{place.path}/a.{suffix}")
    expected = totals(duckdb, f"'{local}'")
    for _ in range(3):
        assert totals(connection, f"'{url}'") == expected


@pytest.mark.big
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_duckdb_reads_three_million_rows(on_minio: Filesystem, tmp_path: Path, suffix: str) -> None:
    local = str(tmp_path / f"a.{suffix}")
    duckdb.sql(f"copy ({TABLE.format(rows=3_000_000)}) to '{local}'")
    size = (tmp_path / f"a.{suffix}").stat().st_size
    on_minio.fs.put_file(local, f"{on_minio.path}/a.{suffix}")
    expected = totals(duckdb, f"'{local}'")
    with duckdb.connect() as connection:
        connection.register_filesystem(on_minio.fs)
        url = f"s3://{on_minio.path}/a.{suffix}"
        found = [totals(connection, f"'{url}'") for _ in range(6)]
    print(f"{size:,} bytes, 6 times: {sum(result == expected for result in found)} right")
    assert found == [expected] * 6
