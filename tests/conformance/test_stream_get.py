"""Conformance: writes of any shape, read back as streams; a failed write leaves nothing."""

from __future__ import annotations

import io
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import object_store_py as obs
from tests.harness.api import Api
from tests.harness.stores import Backend

MIB = 1024 * 1024


def chunks(length: int, count: int) -> list[bytes]:
    """Chunks that differ from each other, so that a mix-up shows."""
    source = random.Random(length)
    return [source.randbytes(64) + bytes(length - 64) for _ in range(count)]


def test_an_iterator_is_written_in_parts(api: Api, store: Any) -> None:
    data = chunks(5 * MIB, 3)
    api.put(store, "dir/file", api.source(data))
    assert api.read(store, "dir/file") == b"".join(data)


def test_chunks_need_not_be_parts(api: Api, store: Any) -> None:
    data = chunks(3_200_000, 5)
    api.put(store, "dir/file", b"old")
    api.put(store, "dir/file", api.source(data))
    assert api.read(store, "dir/file") == b"".join(data)


def test_a_small_iterator_makes_a_small_object(api: Api, store: Any) -> None:
    api.put(store, "k", api.source([b"\0\0", b"\1\2\3", b"", b"\4\5\6\7"]))
    assert api.read(store, "k") == b"\0\0\1\2\3\4\5\6\7"


def test_an_empty_iterator_makes_an_empty_object(api: Api, store: Any) -> None:
    api.put(store, "k", api.source([]))
    assert api.head(store, "k")["size"] == 0


def test_a_file_object_and_a_path_are_read_to_the_end(
    api: Api, store: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = b"".join(chunks(6 * MIB, 2))
    api.put(store, "file", io.BytesIO(data))
    source: Path = tmp_path_factory.mktemp("source") / "data"
    source.write_bytes(data)
    api.put(store, "path", source)
    assert api.read(store, "file") == data
    assert api.read(store, "path") == data


@pytest.mark.parametrize("minimum", [1, MIB, 10 * MIB])
def test_a_stream_yields_chunks_of_the_minimum_size(api: Api, store: Any, minimum: int) -> None:
    data = b"".join(chunks(5 * MIB, 3))
    api.put(store, "k", data)
    pieces = api.stream(api.get(store, "k"), minimum)
    assert b"".join(pieces) == data
    assert all(len(piece) >= minimum for piece in pieces[:-1])


def test_a_result_can_be_iterated(api: Api, store: Any) -> None:
    api.put(store, "k", b"some bytes")
    assert b"".join(api.consume(api.get(store, "k"))) == b"some bytes"


def test_a_body_is_read_once(api: Api, store: Any) -> None:
    api.put(store, "k", b"x")
    result = api.get(store, "k")
    api.bytes(result)
    with pytest.raises(ValueError, match="already"):
        api.bytes(result)
    assert result.meta["size"] == 1


def test_nothing_is_there_until_the_write_is_complete(api: Api, store: Any) -> None:
    seen: list[Any] = []
    watching = _watch_sync if api.way == "sync" else _watch_async
    api.put(store, "dir/file", watching(store, seen))
    assert seen == [[], [], []]
    assert api.paths(store) == ["dir/file"]


def _watch_sync(store: Any, seen: list[Any]) -> Iterator[bytes]:
    for piece in chunks(5 * MIB, 3):
        yield piece
        seen.append(obs.list(store).collect())


async def _watch_async(store: Any, seen: list[Any]) -> AsyncIterator[bytes]:
    for piece in chunks(5 * MIB, 3):
        yield piece
        seen.append(await obs.list(store).collect_async())


def test_a_source_that_fails_leaves_no_object(api: Api, backend: Backend) -> None:
    def source() -> Iterator[bytes]:
        yield from chunks(5 * MIB, 2)
        raise ArithmeticError("the source broke")

    with pytest.raises(Exception, match="the source broke"):
        api.put(backend.store, "dir/file", api.source(source()))
    with pytest.raises(FileNotFoundError):
        api.get(backend.store, "dir/file")
    assert api.list(backend.store) == []
    if backend.server is not None:
        uploads = backend.s3().client.list_multipart_uploads(
            Bucket=backend.bucket, Prefix=f"{backend.prefix}/dir/file"
        )
        assert uploads.get("Uploads", []) == []
