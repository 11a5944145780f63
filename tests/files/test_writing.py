"""Writers: when the object is there, and what is given up; on every backend."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.exceptions import AlreadyExistsError
from tests.backends.minio import Minio
from tests.files.facade import open_writer
from tests.harness.api import Api
from tests.harness.stores import Backend

MIB = 1024 * 1024
PART = bytes(range(256)) * (5 * MIB // 256)


def left_over(backend: Backend, tmp_path: Path) -> Any:
    """Uploads that were begun and not ended, where the test can see them."""
    if backend.server is not None:
        prefix = f"{backend.prefix}/a"
        found = backend.s3().client.list_multipart_uploads(Bucket=backend.bucket, Prefix=prefix)
        return found.get("Uploads", [])
    return list(tmp_path.rglob(".*.object_store_py"))


@pytest.fixture
def part(backend: Backend) -> bytes:
    """A part of an upload, as small as the backend takes it."""
    return PART if backend.name == "minio" else PART[: MIB // 4]


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds soon."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_the_object_is_there_when_the_file_is_closed(api: Api, store: Any, part: bytes) -> None:
    with open_writer(api, store, "a", buffer_size=len(part), max_concurrency=2) as file:
        for _ in range(3):
            file.write(part)
        file.write(b"rest")
        with pytest.raises(FileNotFoundError):
            api.head(store, "a")
        file.close()
        assert api.read(store, "a") == part * 3 + b"rest"
        file.close()
    with pytest.raises(ValueError, match="closed file"):
        file.write(b"x")


def test_an_empty_file_is_an_empty_object(api: Api, store: Any) -> None:
    with open_writer(api, store, "a"):
        pass
    assert api.read(store, "a") == b""


def test_a_block_that_raises_leaves_nothing(
    api: Api, backend: Backend, tmp_path: Path, part: bytes
) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        open_writer(api, backend.store, "a", buffer_size=len(part), max_concurrency=1) as file,
    ):
        file.write(part * 2 + b"x")
        _ = 1 / 0
    assert file.closed
    assert api.list(backend.store) == []
    assert left_over(backend, tmp_path) == []


def test_abort_leaves_nothing(api: Api, backend: Backend, tmp_path: Path, part: bytes) -> None:
    with open_writer(api, backend.store, "a", buffer_size=len(part), max_concurrency=1) as file:
        file.write(part * 2 + b"x")
        file.abort()
    assert api.list(backend.store) == []
    assert left_over(backend, tmp_path) == []


@pytest.mark.slow
def test_a_file_that_is_dropped_warns_and_leaves_nothing(
    api: Api, backend: Backend, tmp_path: Path, part: bytes
) -> None:
    file = open_writer(api, backend.store, "a", buffer_size=len(part), max_concurrency=1)
    file.write(part * 2 + b"x")
    if backend.capabilities.multipart and backend.name in ("minio", "local"):
        assert left_over(backend, tmp_path) != []
    with pytest.warns(
        ResourceWarning, match=r"WritableFile\('a', \d+ bytes written\) was never closed"
    ):
        del file
        gc.collect()
    assert eventually(lambda: left_over(backend, tmp_path) == [])
    assert api.list(backend.store) == []


@pytest.mark.parametrize("kind", ["local", "minio"])
def test_a_process_that_ends_with_open_writers_ends_soon_and_leaves_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    where, options = str(tmp_path), None
    if kind == "minio":
        server: Minio = request.getfixturevalue("minio")
        where, options = server.create_bucket(), server.store_options()
    done = subprocess.run(
        [sys.executable, "-W", "always", Path(__file__).with_name("unclosed.py")],
        input=json.dumps([where, options]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.count("ResourceWarning: WritableFile('a/") == 2, done.stderr
    if kind == "minio":
        assert "Uploads" not in server.client.list_multipart_uploads(Bucket=where)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_create_keeps_what_is_there(api: Api, backend: Backend) -> None:
    backend.require("conditional_put")
    with open_writer(api, backend.store, "a", mode="create", buffer_size=5) as file:
        assert file.mode == "xb"
        file.write(b"first and longer than the buffer")
    file = open_writer(api, backend.store, "a", mode="create")
    file.write(b"second")
    with pytest.raises(AlreadyExistsError):
        file.close()
    assert file.closed
    assert api.read(backend.store, "a") == b"first and longer than the buffer"


@pytest.mark.parametrize("in_parts", [False, True])
def test_attributes_and_tags(api: Api, backend: Backend, part: bytes, in_parts: bool) -> None:
    backend.require("attributes")
    options: Any = {"attributes": {"Content-Type": "text/x-test", "who": "me"}}
    if backend.capabilities.tags:
        options["tags"] = {"color": "red"}
    with open_writer(api, backend.store, "a", buffer_size=len(part), **options) as file:
        file.write(part + b"x" if in_parts else b"x")
    found = api.get(backend.store, "a").attributes
    assert (found["Content-Type"], found["who"]) == ("text/x-test", "me")
    if backend.capabilities.tags:
        assert backend.tags_of("a") == {"color": "red"}


def test_arguments_are_refused_before_anything_is_sent() -> None:
    store = obs.store.MemoryStore()
    for bad, error in (
        ({"buffer_size": 0}, ValueError),
        ({"max_concurrency": -1}, ValueError),
        ({"mode": "append"}, ValueError),
        ({"attributes": {"a b": "c"}}, ValueError),
    ):
        with pytest.raises(error):
            obs.open_writer(store, "a", **bad)
    with pytest.raises(ValueError, match="empty segment"):
        obs.open_writer(store, "a//b")
    refused = pytest.raises(TypeError, match=r"encode it, or use io\.TextIOWrapper")
    with refused, obs.open_writer(store, "a") as file:
        file.write("text")


def test_many_tasks_write_whole_pieces() -> None:
    store = obs.store.MemoryStore()

    async def main() -> None:
        async with (
            obs.open_writer_async(store, "a", buffer_size=25, max_concurrency=2) as file,
            anyio.create_task_group() as group,
        ):
            for number in range(100):
                group.start_soon(file.write, b"%09d\n" % number)

    anyio.run(main)
    lines = obs.get(store, "a").bytes().splitlines()
    assert sorted(lines) == [b"%09d" % number for number in range(100)]
