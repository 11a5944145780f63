"""DuckDB reads one handle from many threads, each by a call to seek and a call to read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.filesystem.conftest import Filesystem

DATA = random.Random(12).randbytes(2_000_000)
TOTALS = "select count(*), sum(number), max(text), sum(noise)::bigint from"
TABLE = """select i as number, 'row ' || (i * 7919 % {rows}) as text,
                  hash(i) % 1000000000 as noise, md5(i::varchar) as other
           from range({rows}) t(i)"""


def test_threads_seek_and_read_one_handle(place: Filesystem) -> None:
    path = f"{place.path}/a"
    place.fs.pipe_file(path, DATA)
    with place.fs.open(path, block_size=50_000) as file:

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
