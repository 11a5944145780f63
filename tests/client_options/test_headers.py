"""Headers that options set: on the wire, signed where something is signed."""

from __future__ import annotations

from typing import Any

from object_store_py import __version__
from object_store_py.store import HTTPStore, S3Store
from tests.backends.faultproxy import FaultProxy
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.wire.sigv4 import signed_header_names


def found(_: RecordedRequest) -> bytes:
    return response(200, b"x")


def sent(api: Api, **options: Any) -> RecordedRequest:
    """The request of a put with these options."""
    with RawServer(found) as server:
        given = {"allow_http": True} | options
        api.put(HTTPStore(server.endpoint, client_options=given), "k.json", b"{}")
    return server.requests[0]


def test_the_user_agent(api: Api) -> None:
    assert sent(api).header("user-agent") == f"object_store_py/{__version__}"
    assert sent(api, user_agent="me/1").header("user-agent") == "me/1"


def test_the_default_content_type(api: Api) -> None:
    assert sent(api, default_content_type="text/x-test").header("content-type") == "text/x-test"


def test_nobody_asks_for_compressed_bodies(api: Api) -> None:
    assert sent(api).header("accept-encoding") is None


def test_default_headers_are_signed_and_accepted(
    api: Api, minio: Minio, shared_bucket: str
) -> None:
    with FaultProxy(minio.port) as proxy:
        options = minio.store_options() | {"endpoint": proxy.endpoint}
        options["client_options"] = {
            "allow_http": True,
            "default_headers": {"X-Amz-Meta-Project": "p", "x-other": b"o"},
            "default_content_type": "text/x-test",
        }
        store = S3Store(shared_bucket, prefix="headers", **options)
        api.put(store, "k", b"x")
        attributes = api.get(store, "k").attributes
    for request in proxy.requests:
        assert request.header("x-amz-meta-project") == "p"
        assert request.header("x-other") == "o"
        assert "x-amz-meta-project" in signed_header_names(request)
    assert attributes["project"] == "p"
    assert attributes["Content-Type"] == "text/x-test"
