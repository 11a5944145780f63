"""Directories and what is in them: walking, links, objects beside their directory, plain HTTP."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py.exceptions import BaseError, NotFoundError
from object_store_py.fsspec import FsspecStore
from tests.backends.ministack import Ministack
from tests.filesystem.conftest import Filesystem, open_filesystem
from tests.harness.servers import Servers
from tests.harness.stores import not_applicable


@pytest.mark.row("F31")
def test_an_object_beside_its_directory_is_seen_with_it(
    place: Filesystem, servers: Servers
) -> None:
    fs, top = place.fs, place.path
    if place.protocol == "file":
        not_applicable("a file beside a directory of its name")
    if place.protocol == "s3":  # MinIO lists no `a/b` where there is an `a`
        server: Ministack = servers.get("ministack", Ministack)
        fs, top = FsspecStore("s3", **server.store_options()), f"{server.create_bucket()}/top"
    fs.pipe({f"{top}/{name}": b"1" for name in ("a", "a/b", "c")})
    both = [f"{top}/{name}" for name in ("a", "a/b", "c")]
    assert fs.find(top) == both
    assert list(fs.walk(top)) == [(top, ["a"], ["a", "c"]), (f"{top}/a", [], ["b"])]
    assert list(fs.walk(top, maxdepth=2)) == list(fs.walk(top))
    assert fs.glob(f"{top}/**") == [top, *both]
    assert fs.glob(f"{top}/*") == [f"{top}/a", f"{top}/c"]
    assert [(e["name"][len(top) :], e["type"]) for e in fs.ls(top, detail=True)] == [
        ("/a", "directory"), ("/a", "file"), ("/c", "file")
    ]  # fmt: skip
    assert fs.du(top) == 3
    assert fs.find(top, maxdepth=2) == both
    assert fs.info(f"{top}/a")["type"] == "file"
    assert fs.isfile(f"{top}/a")
    assert fs.isdir(f"{top}/a")
    assert not fs.isdir(f"{top}/c")
    fs.rm(f"{top}/a")
    assert fs.find(top) == both[1:]
    fs.pipe_file(f"{top}/a", b"1")
    fs.rm(f"{top}/a", recursive=True)
    assert fs.find(top) == [f"{top}/c"]


def test_walk_of_what_is_missing_tells_on_error(place: Filesystem) -> None:
    fs, missing = place.fs, f"{place.path}/missing"
    assert list(fs.walk(missing)) == [(missing, [], [])]
    assert list(fs.walk(missing, maxdepth=1)) == [(missing, [], [])]
    for depth in (None, 2):
        with pytest.raises(FileNotFoundError):
            list(fs.walk(missing, maxdepth=depth, on_error="raise"))
        seen: list[Any] = []
        list(fs.walk(missing, maxdepth=depth, on_error=seen.append))
        assert [type(error) for error in seen] == [NotFoundError]


def test_a_walk_through_links_ends(tmp_path: Path) -> None:
    fs: Any = FsspecStore("file")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"1")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    walked = {path: (folders, files) for path, folders, files in fs.walk(str(tmp_path))}
    assert len(walked) <= 5
    assert walked[f"{tmp_path}/a"][1] == walked[f"{tmp_path}/b"][1] == ["file"]
    assert len(list(fs.walk(str(tmp_path), topdown=False))) <= 5
    assert f"{tmp_path}/b/file" in fs.find(str(tmp_path))


def test_a_whole_bucket_is_downloaded(place: Filesystem, servers: Servers, tmp_path: Path) -> None:
    if place.protocol == "file":
        not_applicable("buckets")
    own = open_filesystem(place.protocol, servers, tmp_path)  # a bucket of its own
    fs, bucket = own.fs, own.path.rpartition("/")[0]
    if place.protocol == "memory":
        fs = FsspecStore("memory", skip_instance_cache=True)
    fs.pipe_file(f"{bucket}/top", b"0")
    fs.pipe_file(f"{bucket}/deep/er/file", b"1")
    fs.get(bucket or "/", f"{tmp_path}/new", recursive=True)
    assert (tmp_path / "new" / "top").read_bytes() == b"0"
    assert (tmp_path / "new" / "deep" / "er" / "file").read_bytes() == b"1"
    (tmp_path / "there").mkdir()
    fs.get(f"{bucket}/", f"{tmp_path}/there", recursive=True)
    assert (tmp_path / "there" / "deep" / "er" / "file").read_bytes() == b"1"


class Quiet(SimpleHTTPRequestHandler):
    """Python's own web server, which knows GET and HEAD."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A plain HTTP server, which cannot list, and a file `dir/file` on it."""
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "file").write_bytes(b"0123")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_names_on_a_plain_web_server(web: str) -> None:
    fs: Any = FsspecStore("http", client_options={"allow_http": True})
    file, missing = f"{web}/dir/file", f"{web}/dir/none"
    assert fs.exists(file)
    assert fs.isfile(file)
    assert not fs.isdir(file)
    assert fs.info(file)["size"] == 4
    assert fs.find(file) == [fs._strip_protocol(file)]
    assert fs.ls(file) == [fs._strip_protocol(file)]
    assert fs.cat(file) == b"0123"
    assert not fs.exists(missing)
    assert not fs.isdir(missing)
    assert not fs.isfile(missing)
    assert asyncio.run(fs._exists(missing)) is False
    for verb in (fs.info, fs.find, fs.ls, fs.cat_file, fs.cat, fs.size):
        with pytest.raises(FileNotFoundError):
            verb(missing)
    assert list(fs.walk(missing)) == [(fs._strip_protocol(missing), [], [])]


def _in_child(fs: Any, path: str, results: Any) -> None:
    try:
        fs.pipe({f"{path}/child": b"1"})
        found = [fs.cat(f"{path}/one"), fs.find(path), fs.glob(f"{path}/*"), fs.exists(path)]
        fs.mv(f"{path}/child", f"{path}/moved")
        results.put([*found, list(fs.walk(path))])
    except BaseException as error:
        results.put(repr(error))


@pytest.mark.row("F24")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_sync_methods_work_in_a_forked_child(place: Filesystem) -> None:
    if place.protocol == "memory":
        not_applicable("memory that two processes share")
    fs, path = place.fs, place.path
    fs.pipe({f"{path}/one": b"1"})  # by fsspec's thread, which the child does not have
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_in_child, args=(fs, path, results))
    child.start()
    found = results.get(timeout=60)
    child.join()
    names = [f"{path}/child", f"{path}/one"]
    assert found == [b"1", names, names, True, [(path, [], ["moved", "one"])]]
    assert sorted(fs.cat(f"{path}/*")) == [f"{path}/moved", f"{path}/one"]


def test_what_a_server_cannot_say_is_no_no() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    fs: Any = FsspecStore(
        "s3",
        access_key_id="k",
        secret_access_key="s",
        retry_config={"max_retries": 0},
        transport=httpx.MockTransport(refuse),
        async_transport=httpx.MockTransport(refuse),
    )
    for verb in (fs.exists, fs.isdir, fs.isfile, fs.find, fs.ls, fs.info):
        with pytest.raises(BaseError):
            verb("bucket/key")
    for maxdepth in (None, 1):
        with pytest.raises(BaseError):
            list(fs.walk("bucket/key", maxdepth=maxdepth))
    for verb in (fs.rm, fs.cat):
        with pytest.raises(BaseError):
            verb("bucket/key")
    with pytest.raises(BaseError):
        fs.mv("bucket/a", "bucket/b", recursive=True)
