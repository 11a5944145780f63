"""Answers that say success and are none (F28): login pages, errors behind a 200, parts, nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.harness.api import Api
from tests.harness.stores import REMOTE, open_scripted_as
from tests.security.test_odd_answers import answer

pytestmark = pytest.mark.row("F28")
kinds = pytest.mark.parametrize("kind", REMOTE)

PAGE = b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="x"><body>Please log in</body></html>'
ERROR = b"<Error><Code>%s</Code><Message>it failed</Message></Error>"
ENTRY = b"<Contents><Key>a</Key><LastModified>2024-01-01T00:00:00Z</LastModified><Size>1</Size>"
NO_LISTINGS = {
    "a login page": PAGE,
    "an error": ERROR % b"AccessDenied",
    "an error that passes": ERROR % b"SlowDown",
    "another document": b"<Envelope/>",
    "a text": b"{}",
    "nothing": b"",
}


def status_of(kind: str) -> int:
    """What a listing of a store comes with."""
    return 207 if kind == "http" else 200


@kinds
@pytest.mark.parametrize("name", NO_LISTINGS)
@pytest.mark.parametrize("verb", ["list", "list_with_delimiter"])
def test_what_is_not_a_listing_is_not_an_empty_one(
    api: Api, kind: str, name: str, verb: str
) -> None:
    given = response(status_of(kind), NO_LISTINGS[name])
    with RawServer(lambda _: given) as server, pytest.raises(BaseError):
        store = open_scripted_as(kind, server)
        api.list(store) if verb == "list" else api.call(verb, store)


@pytest.mark.parametrize("kind", ["s3", "gcs"])
@pytest.mark.parametrize("more", [b"", b"<NextMarker>a</NextMarker>"], ids=["", "a marker"])
def test_a_listing_that_goes_on_nowhere_is_an_error(api: Api, kind: str, more: bytes) -> None:
    page = b"<ListBucketResult><IsTruncated>true</IsTruncated>%s</Contents>%s</ListBucketResult>"
    given = response(200, page % (ENTRY, more))
    with RawServer(lambda _: given) as server, pytest.raises(GenericError, match="goes on"):
        api.list(open_scripted_as(kind, server))


FAILURES: dict[str, tuple[int, bytes]] = {
    "a login page": (200, PAGE),
    "an error": (200, ERROR % b"AccessDenied"),
    "several statuses": (207, b"<multistatus><response/></multistatus>"),
}


@kinds
@pytest.mark.parametrize("name", FAILURES)
def test_the_source_of_a_copy_that_failed_is_not_deleted(api: Api, kind: str, name: str) -> None:
    failure = response(*FAILURES[name])

    def answers(request: RecordedRequest) -> Answer:
        sources = [request.header(f"x-{name}-copy-source") for name in ("amz", "ms", "goog")]
        copies = request.method == "COPY" or any(sources)
        return failure if copies else response(204)

    with RawServer(answers) as server:
        store = open_scripted_as(kind, server)
        with pytest.raises(BaseError):
            api.rename(store, "a", "b")
        assert {request.method for request in server.requests} <= {"PUT", "COPY"}


@pytest.mark.parametrize("kind", ["s3", "azure", "gcs"])
def test_what_a_login_page_answers_is_not_deleted(api: Api, kind: str) -> None:
    with RawServer(lambda _: response(200, PAGE)) as server, pytest.raises(BaseError):
        api.delete(open_scripted_as(kind, server), "k")


def test_a_busy_google_is_asked_again(api: Api) -> None:
    script = [response(200, ERROR % b"InternalError"), response(200, b"<CopyObjectResult/>")]
    with RawServer(script) as server:
        api.copy(open_scripted_as("gcs", server), "a", "b")


NO_OBJECTS: dict[str, dict[str, Any]] = {
    "a part": {"status": 206, "Content_Range": "bytes 0-0/9"},
    "a part in parts": {"status": 206, "Content_Type": "multipart/byteranges; boundary=x"},
    "a part without a range": {"status": 206},
    **{f"status {status}": {"status": status} for status in (201, 202, 205, 207, 226)},
    "no content": {"status": 204, "Content_Length": "0", "body": b""},
}
READS: dict[str, Callable[[Api, Any], Any]] = {
    "bytes": lambda api, store: api.read(store, "some-key"),
    "get_into": lambda api, store: api.call("get_into", store, "some-key", bytearray(9)),
    "stream": lambda api, store: list(api.stream(api.get(store, "some-key"), 1000)),
}


@kinds
@pytest.mark.parametrize("name", NO_OBJECTS)
@pytest.mark.parametrize("how", READS)
def test_a_success_without_the_whole_object_is_not_the_object(
    api: Api, kind: str, name: str, how: str
) -> None:
    given = NO_OBJECTS[name]
    with (
        RawServer(lambda _: answer(**given)) as server,
        pytest.raises(GenericError, match="some-key"),
    ):
        READS[how](api, open_scripted_as(kind, server))


@kinds
def test_a_challenge_is_no_object_that_exists(api: Api, kind: str) -> None:
    with RawServer(lambda _: answer(202, body=b"")) as server, pytest.raises(GenericError):
        api.head(open_scripted_as(kind, server), "k")
