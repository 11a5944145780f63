"""Servers that refuse HEAD, and presigned URLs, which are for GET alone: what is there is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import object_store_py as obs
from object_store_py.exceptions import NotFoundError, PermissionDeniedError
from object_store_py.fsspec import FsspecStore
from object_store_py.store import HTTPStore, S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api

FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
DATA = bytes(range(256)) * 400


def whole(status: int) -> bytes:
    return response(status, DATA, FACTS)


def ranged(request: RecordedRequest) -> bytes:
    """What a server that knows ranges answers to a GET."""
    wanted = request.header("range")
    if wanted is None:
        return whole(200)
    assert wanted == "bytes=0-0"
    return response(206, DATA[:1], {**FACTS, "Content-Range": f"bytes 0-0/{len(DATA)}"})


def unknown(request: RecordedRequest) -> bytes:
    """What a server answers that knows parts, but does not say of how much."""
    if request.header("range") is None:
        return whole(200)
    return response(206, DATA[:1], {**FACTS, "Content-Range": "bytes 0-0/*"})


def server_of(get: Any, status: int) -> RawServer:
    def answer(request: RecordedRequest) -> bytes:
        if not request.target.endswith(b"/here"):
            return response(404)
        found: bytes = response(status) if request.method == "HEAD" else get(request)
        return found

    return RawServer(answer)


def opened(server: RawServer) -> HTTPStore:
    return HTTPStore(
        server.endpoint, client_options={"allow_http": True}, retry_config={"max_retries": 0}
    )


GETS = {"ranges": ranged, "no ranges": lambda _: whole(200), "no sizes": unknown}


@pytest.mark.row("F28")
@pytest.mark.parametrize("status", [403, 405, 501])
@pytest.mark.parametrize("get", GETS)
def test_what_is_there_is_found_without_head(api: Api, status: int, get: str) -> None:
    with server_of(GETS[get], status) as server:
        store = opened(server)
        meta = api.head(store, "here")
        assert (meta["size"], meta["e_tag"], meta["path"]) == (len(DATA), '"1"', "here")
        assert meta["last_modified"].year == 2026
        assert api.call("exists", store, "here") is True
        assert api.call("exists", store, "gone") is False
        with pytest.raises(NotFoundError):
            api.head(store, "gone")
        assert api.read(store, "here") == DATA


@pytest.mark.row("F28")
@pytest.mark.parametrize("status", [403, 405, 501])
def test_an_empty_object_is_found_without_head(api: Api, status: int) -> None:
    def empty(request: RecordedRequest) -> bytes:
        if request.header("range") is None:
            return response(200, b"", FACTS)
        return response(416, b"", {"Content-Range": "bytes */0"})

    with server_of(empty, status) as server:
        assert api.head(opened(server), "here")["size"] == 0


@pytest.mark.row("F28")
def test_what_get_refuses_too_is_refused(api: Api) -> None:
    with server_of(lambda _: response(403), 403) as server, pytest.raises(PermissionDeniedError):
        api.head(opened(server), "here")


@pytest.fixture
def filesystem() -> Any:
    """The filesystem of plain web servers."""
    return FsspecStore("http", client_options={"allow_http": True}, skip_instance_cache=True)


@pytest.mark.row("F28")
def test_fsspec_finds_what_is_there(filesystem: Any) -> None:
    with server_of(ranged, 403) as server:
        there = f"{server.endpoint}/here"
        assert filesystem.exists(there)
        assert filesystem.info(there)["size"] == len(DATA)
        assert not filesystem.exists(f"{server.endpoint}/gone")


@pytest.mark.row("F28")
def test_a_presigned_url_of_a_real_server_is_read(
    filesystem: Any, minio: Minio, shared_bucket: str
) -> None:
    store = S3Store(shared_bucket, prefix="presigned", **minio.store_options())
    obs.put(store, "here", DATA)
    signed = str(obs.sign(store, "GET", "here", timedelta(minutes=1)))
    assert filesystem.exists(signed)
    assert filesystem.info(signed)["size"] == len(DATA)
    assert filesystem.cat_file(signed) == DATA
