"""What filesystems do on a server: requests, versions, buckets, marks, coroutines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from object_store_py.fsspec import FsspecStore
from tests.backends.faultproxy import FaultProxy
from tests.backends.minio import Minio
from tests.backends.moddav import ModDav
from tests.filesystem.conftest import Filesystem
from tests.harness.servers import Servers


def test_coroutines_on_a_running_loop(on_minio: Filesystem) -> None:
    async def work() -> Any:
        fs: Any = FsspecStore("s3", asynchronous=True, **on_minio.options)
        top = f"{on_minio.path}/async"
        await fs._pipe({f"{top}/a": b"1", f"{top}/b/c": b"23"})
        assert await fs._cat_file(f"{top}/b/c", -1) == b"3"
        assert await fs._find(top) == [f"{top}/a", f"{top}/b/c"]
        assert [path async for path, _, _ in fs._walk(top)] == [top, f"{top}/b"]
        assert await fs._cat_ranges([f"{top}/a", f"{top}/b/c"], 0, 1) == [b"1", b"2"]
        async with await fs.open_async(f"{top}/d", "wb") as file:
            await file.write(b"4")
        async with await fs.open_async(f"{top}/d") as file:
            assert await file.read() == b"4"
        await fs._rm(top, recursive=True)
        return await fs._exists(top)

    assert asyncio.run(work()) is False


def test_how_many_requests_are_sent(minio: Minio, on_minio: Filesystem) -> None:
    top = f"{on_minio.path}/count"
    for index in range(20):
        on_minio.fs.pipe_file(f"{top}/{index % 4}/{index}", b"x" * 10)
    with FaultProxy(minio.port) as proxy:
        options = on_minio.options | {"endpoint": f"http://127.0.0.1:{proxy.port}"}
        fs: Any = FsspecStore("s3", **options)

        def requests(verb: Any) -> int:
            proxy.requests.clear()
            verb()
            return len(proxy.requests)

        assert requests(lambda: fs.exists(f"{top}/0/0")) == 1
        assert requests(lambda: fs.find(top)) == 1
        assert requests(lambda: list(fs.walk(top))) == 1
        assert requests(lambda: fs.du(top)) == 1
        assert requests(lambda: fs.glob(f"{top}/**")) == 1
        assert requests(lambda: fs.cat_file(f"{top}/0/0", -2)) == 1
        assert requests(lambda: fs.cat_ranges([f"{top}/0/0"] * 3, [0, 4, 6], [2, 5, 8])) == 1
        assert requests(lambda: fs.rm(top, recursive=True)) == 2  # one listing, one bulk delete


def test_versions(minio: Minio, on_minio: Filesystem) -> None:
    bucket = minio.create_bucket(versioned=True)
    fs, path = on_minio.fs, f"{bucket}/key"
    first = fs.pipe_file(path, b"first")["version"]
    fs.pipe_file(path, b"second one")
    assert fs.cat_file(path, version_id=first) == b"first"
    assert fs.info(path, version_id=first)["size"] == 5
    assert fs.info(path)["version"] != first
    with fs.open(path, version_id=first) as file:
        assert (file.size, file.read()) == (5, b"first")
    fs.rm(path)
    assert not fs.exists(path)
    assert fs.cat_file(path, 1, version_id=first) == b"irst"


def test_a_copy_to_another_bucket_keeps_attributes(minio: Minio, on_minio: Filesystem) -> None:
    fs, source, target = on_minio.fs, f"{on_minio.path}/typed", f"{minio.create_bucket()}/typed"
    data = bytes(range(256)) * 4096 * 7  # more than one part
    fs.pipe_file(source, data, attributes={"Content-Type": "text/x"})
    fs.copy(source, target)
    assert fs.cat_file(target) == data
    bucket, key = target.split("/")
    assert minio.client.head_object(Bucket=bucket, Key=key)["ContentType"] == "text/x"


def test_marks_of_directories_are_no_files(minio: Minio, on_minio: Filesystem) -> None:
    bucket = minio.create_bucket()
    for key in ("made/", "full/", "full/file"):
        minio.client.put_object(Bucket=bucket, Key=key, Body=b"")
    fs = on_minio.fs
    assert fs.ls(bucket) == [f"{bucket}/full", f"{bucket}/made"]
    assert fs.ls(f"{bucket}/full") == fs.find(f"{bucket}/full") == [f"{bucket}/full/file"]
    assert fs.isdir(f"{bucket}/made")
    assert fs.ls(f"{bucket}/made") == []


def test_a_bucket_that_is_missing(on_minio: Filesystem) -> None:
    assert not on_minio.fs.exists("no-such-bucket")
    for verb in (on_minio.fs.ls, on_minio.fs.info):
        with pytest.raises(FileNotFoundError, match="no-such-bucket"):
            verb("no-such-bucket")


def test_bad_names_do_not_exist(on_minio: Filesystem) -> None:
    assert not on_minio.fs.exists(f"{on_minio.path}//a")
    with pytest.raises(ValueError, match="empty segment"):
        on_minio.fs.cat_file(f"{on_minio.path}//a")


def test_names_on_a_web_server_are_urls(servers: Servers) -> None:
    dav: ModDav = servers.get("moddav", ModDav)
    fs: Any = FsspecStore("http", **dav.store_options())
    top = dav.create_folder().partition("://")[2].rstrip("/")
    fs.pipe_file(f"http://{top}/a%20b/c%3Fd", b"hello")
    assert fs.find(top) == [f"{top}/a%20b/c%3Fd"]
    assert fs.ls(top) == [f"{top}/a%20b"]
    assert fs.cat_file(fs.find(top)[0], -2) == b"lo"
    assert fs.cat_file(f"http://{top}/a%20b/c%3Fd?query=1") == b"hello"
    assert fs.info(f"http://{top}/a%20b/")["type"] == "directory"
    assert fs.ls(f"http://{top}/a%20b/") == fs.find(f"http://{top}/a%20b/") == fs.find(top)
    fs.rm(top, recursive=True)
    assert fs.find(top) == []
