"""Where a body ends, said in ways that do not agree: an error on every engine."""

from __future__ import annotations

import pytest
import trustme

from object_store_py.exceptions import GenericError
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, response
from tests.client_options.test_clean_connections import FACTS, engines, reached, way
from tests.harness.api import Api

__all__ = ["way"]  # a fixture

LINES = b"".join(f"{name}: {value}\r\n".encode() for name, value in FACTS.items())
CHUNKS = b"3\r\nodd\r\n0\r\n\r\n"
FRAMES = {
    "chunks, and a length of 0": b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
    "a length, and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "packed chunks": b"Transfer-Encoding: gzip, chunked\r\n",
    "packed": b"Transfer-Encoding: gzip\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 2\r\n",
}


@engines
@pytest.mark.row("F23")
@pytest.mark.parametrize("name", FRAMES)
def test_a_body_whose_end_is_not_certain_is_an_error(
    api: Api, way: str, ca: trustme.CA, name: str
) -> None:
    def answers(request: RecordedRequest) -> Answer:
        if request.target.endswith(b"odd"):
            return [b"HTTP/1.1 200 OK\r\n" + LINES + FRAMES[name] + b"\r\n" + CHUNKS, Close()]
        return response(200, b"good", FACTS)

    with reached(way, ca, answers) as (store, _):
        with pytest.raises(GenericError):
            api.read(store, "odd")
        assert api.read(store, "good") == b"good"
