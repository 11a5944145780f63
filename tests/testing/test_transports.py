"""`ScriptedTransport` answers and records; `FaultyTransport` breaks what its plan says."""

from __future__ import annotations

import httpx
import pytest

from object_store_py.exceptions import GenericError, NotFoundError
from object_store_py.store import HTTPStore, S3Store
from object_store_py.testing import FaultyTransport, ScriptedTransport
from tests.harness.api import Api

BACKOFF = {"backoff": {"init_backoff": 0.001, "max_backoff": 0.002, "base": 2}}


def s3(transport: ScriptedTransport | FaultyTransport) -> S3Store:
    """A store whose server is the transport."""
    return S3Store(
        "bucket",
        access_key_id="AKID",
        secret_access_key="secret",
        retry_config={"max_retries": 3},
        transport=transport,
        async_transport=transport,
    )


def test_a_script_answers_and_records(api: Api) -> None:
    script = ScriptedTransport(
        [
            httpx.Response(200, headers={"etag": '"1"'}),
            httpx.Response(404),
            lambda request: httpx.Response(500, text=request.method),
            httpx.ConnectError("down"),
            httpx.Response(404),
        ]
    )
    store = s3(script)
    assert api.put(store, "a", b"data")["e_tag"] == '"1"'
    with pytest.raises(NotFoundError):
        api.head(store, "a")
    with pytest.raises(NotFoundError):
        api.head(store, "b")
    assert [request.method for request in script.requests] == [
        "PUT",
        "HEAD",
        "HEAD",
        "HEAD",
        "HEAD",
    ]
    assert script.requests[0].content == b"data"


def test_a_script_that_ends_says_so() -> None:
    with pytest.raises((AssertionError, GenericError), match="no answer for request 1: GET"):
        s3(ScriptedTransport([])).get("a")


def test_faults_befall_requests_in_order(api: Api) -> None:
    ok = httpx.Response(200, headers={"etag": '"1"', "content-length": "0"})
    inner = ScriptedTransport([ok, ok])
    faulty = FaultyTransport(["refused", 503, "reset"], inner, inner)
    assert api.put(s3(faulty), "a", b"data")["e_tag"] == '"1"'
    assert faulty.count == 4
    assert len(inner.requests) == 2  # the reset one arrived, its answer did not


def test_a_faulty_transport_needs_no_inner_one() -> None:
    faulty = FaultyTransport([404])
    with pytest.raises(NotFoundError):
        HTTPStore("http://127.0.0.1:9", transport=faulty, client_options={"allow_http": True}).get(
            "a"
        )
