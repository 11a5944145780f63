"""URLs on a plain web server reach it as they were written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.registry import _registry

from object_store_py.exceptions import BaseError
from object_store_py.fsspec import FsspecStore, register

TARGETS = [
    "/file?download=1",
    "/a/b%2Fc/d",
    "/a%2Bb",
    "/dir/",
    "/dir//file",
    "/",
    "/x?X-Amz-Signature=SECRET&a[]=*",
    "/q%3Fr",
    "/%E4%BD%A0",
    "/plain/file.txt",
]


class Echo(BaseHTTPRequestHandler):
    """Answers with the target of the request."""

    def do_GET(self) -> None:
        """Answer a GET, or the head of one."""
        self.server.targets.append(self.path)  # type: ignore[attr-defined]
        missing = self.path.startswith("/missing")
        body = self.path.encode()
        self.send_response(404 if missing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[Any]:
    """A server that remembers targets."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.targets = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("target", TARGETS)
def test_a_url_reaches_the_server_as_it_is_written(echo: Any, target: str, tmp_path: Path) -> None:
    fs: Any = FsspecStore("http", client_options={"allow_http": True})
    url = f"http://127.0.0.1:{echo.server_port}{target}"
    data = target.encode()
    assert fs.cat_file(url) == data
    assert fs.cat(url) == data
    assert fs.cat_ranges([url], None, None) == [data]
    with fs.open(url) as file:
        assert file.read() == data
    if target != "/":  # that is the directory of all
        assert fs.exists(url)
        assert fs.isfile(url)
        assert fs.info(url)["size"] == len(data)
        assert fs.info(url)["name"] == fs._strip_protocol(url)
    fs.get_file(url, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == data
    assert set(echo.targets) == {target}


def test_the_query_of_a_url_is_in_no_error(echo: Any) -> None:
    fs: Any = FsspecStore("http", client_options={"allow_http": True})
    url = f"http://127.0.0.1:{echo.server_port}/missing/a.csv?X-Amz-Signature=SECRET"
    for verb in (fs.cat_file, fs.info, fs.open, fs.find, fs.ls, fs.cat, fs.rm):
        with pytest.raises((BaseError, FileNotFoundError)) as caught:
            verb(url)
        assert "SECRET" not in str(caught.value)
    assert not fs.exists(url)
    assert not fs.isdir(url)


def test_fsspec_open_sends_the_url_as_it_is(echo: Any) -> None:
    before = dict(_registry)
    register(["http"])
    try:
        url = f"http://127.0.0.1:{echo.server_port}"
        for target in ("/x?download=1", "/dir/", "/a%2Fb"):
            with fsspec.open(f"{url}{target}", client_options={"allow_http": True}) as file:
                assert file.read() == target.encode()
    finally:
        _registry.clear()
        _registry.update(before)
