"""Texts in answers: dates in any form, what is not ASCII, tokens, references, and hrefs (F28)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.security.test_hostile_servers import STORES
from tests.security.test_odd_answers import DATE, KEY, MOMENT, answer

DATED = [
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    DATE.replace("Sun", "Mon"),
    "06 Nov 1994 08:49:37 GMT",
]


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("date", DATED)
def test_every_form_of_a_date_is_read(api: Api, store: str, date: str) -> None:
    with RawServer(lambda _: answer(Last_Modified=date)) as server:
        assert api.head(STORES[store](server), KEY)["last_modified"] == MOMENT
        assert api.get(STORES[store](server), KEY).meta["last_modified"] == MOMENT


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("year", ["0000", "10000", "99999999999"])
def test_a_date_that_python_has_not_is_named(api: Api, store: str, year: str) -> None:
    date = f"Sun, 06 Nov {year} 08:49:37 GMT"
    with (
        RawServer(lambda _: answer(Last_Modified=date)) as server,
        pytest.raises(GenericError, match=f"{KEY}.*{year}"),
    ):
        api.head(STORES[store](server), KEY)


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
def test_a_leap_second_of_the_last_year_is_read(api: Api, store: str) -> None:
    with RawServer(lambda _: answer(Last_Modified="Fri, 31 Dec 9999 23:59:60 GMT")) as server:
        assert api.head(STORES[store](server), KEY)["last_modified"].year == 9999


TEXTS = {
    "UTF-8": ("attachment; filename=ü.txt".encode(), "attachment; filename=ü.txt"),
    "Latin-1": ("attachment; filename=ü.txt".encode("latin-1"), "attachment; filename=ü.txt"),
}
META = {"S3": "x-amz-meta-a", "GCS": "x-goog-meta-a", "Azure": "x-ms-meta-a"}


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", TEXTS)
def test_attributes_that_are_not_ascii_are_read(api: Api, store: str, name: str) -> None:
    raw, meant = TEXTS[name]
    headers: dict[str, Any] = {
        "Content-Disposition": raw,
        "Content-Type": raw,
        "Content-Language": raw,
        "Cache-Control": raw,
    }
    expected = dict.fromkeys(headers, meant)
    if store in META:
        headers[META[store]] = raw
        expected["a"] = meant
    with RawServer(lambda _: answer(**headers)) as server:
        result = api.get(STORES[store](server), KEY)
        assert {key: result.attributes[key] for key in expected} == expected
        assert api.bytes(result) == b"x"


# Listings.


def listed(store: str, date: str, key: str = KEY, more: str = "") -> bytes:
    """A page of a listing with one object."""
    if store == "Azure":
        return response(
            200,
            f"<EnumerationResults><Blobs><Blob><Name>{key}</Name><Properties><Last-Modified>{date}"
            "</Last-Modified><Content-Length>1</Content-Length><Content-Type>a/b</Content-Type>"
            "<Etag>0x1</Etag></Properties></Blob>"
            f"</Blobs><NextMarker>{more}</NextMarker></EnumerationResults>".encode(),
        )
    if store == "HTTP":
        return response(
            207,
            '<D:multistatus xmlns:D="DAV:">'
            f"<D:response><D:href>{key}</D:href><D:propstat><D:prop><D:getlastmodified>{date}"
            "</D:getlastmodified><D:getcontentlength>1</D:getcontentlength><D:resourcetype/>"
            "<D:getetag>1</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            "</D:response></D:multistatus>".encode(),
        )
    token = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    return response(
        200,
        f"<ListBucketResult><IsTruncated>{'true' if more else 'false'}</IsTruncated><Contents><Key>"
        f"{key}</Key><LastModified>{date}</LastModified><ETag>1</ETag><Size>1</Size></Contents>"
        f"{token}</ListBucketResult>".encode(),
    )


def key_of(store: str) -> str:
    """The key as the listing of a store spells it."""
    return f"/{KEY}" if store == "HTTP" else KEY


FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DATES = {
    DATE: MOMENT,
    "Sunday, 06-Nov-94 08:49:37 GMT": MOMENT,
    "Sun Nov  6 08:49:37 1994": MOMENT,
    "1994-11-06T08:49:37Z": MOMENT,
    "1994-11-06T08:49:37.000000000Z": MOMENT,
    "Sat, 01 Jan 0000 00:00:00 GMT": FIRST,
    "0000-01-01T00:00:00Z": FIRST,
    "-0044-03-15T00:00:00Z": FIRST,
    "Sat, 01 Jan 10000 00:00:00 GMT": LAST,
    "10000-01-01T00:00:00Z": LAST,
    "+99999-01-01T00:00:00.000Z": LAST,
    "9999-12-31T23:59:60Z": LAST,
    "1960-01-01T00:00:00Z": datetime(1960, 1, 1, tzinfo=UTC),
}


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("date", DATES)
def test_dates_of_a_listing_are_read_or_the_nearest_that_python_has(
    api: Api, store: str, date: str
) -> None:
    with RawServer(lambda _: listed(store, date, key_of(store))) as server:
        [meta] = api.list(STORES[store](server))
    assert meta["path"] == KEY
    assert abs(meta["last_modified"] - DATES[date]).total_seconds() < 1


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("date", ["soon", "", "1994-13-06T08:49:37Z", "9" * 5000])
def test_a_date_of_a_listing_that_is_not_one_is_an_error_with_its_key(
    api: Api, store: str, date: str
) -> None:
    with (
        RawServer(lambda _: listed(store, date, key_of(store))) as server,
        pytest.raises(GenericError, match=f"{KEY}.*not a date"),
    ):
        api.list(STORES[store](server))


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", ["S3", "GCS", "Azure"])
@pytest.mark.parametrize("size", [4096, 4097, 16_000])
def test_a_long_token_is_sent_back_as_it_came(api: Api, store: str, size: int) -> None:
    token = "t" * size

    def pages(request: RecordedRequest) -> bytes:
        more = "" if token in request.target.decode() else token
        return listed(store, "1994-11-06T08:49:37Z", "b" if not more else "a", more)

    with RawServer(pages) as server:
        assert api.paths(STORES[store](server)) == ["a", "b"]


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", ["S3", "GCS", "Azure"])
@pytest.mark.parametrize("token", ["t" * 200_000, "a&#10;b"])
def test_a_token_that_no_url_can_carry_is_an_error_of_ours(
    api: Api, store: str, token: str
) -> None:
    with (
        RawServer(lambda _: listed(store, "1994-11-06T08:49:37Z", "a", token)) as server,
        pytest.raises((BaseError, ValueError)) as caught,
    ):
        api.list(STORES[store](server))
    assert isinstance(caught.value, BaseError)


HREFS = [
    "http://[bad",
    "http://h:99999999/",
    "http://[::1/x",
    "",
    "%ff",
    "//",
    "?",
    "a\nb",
    "mailto:x",
]


@pytest.mark.row("F28")
@pytest.mark.parametrize("href", HREFS)
@pytest.mark.parametrize("bad", ["raise", "skip"])
def test_an_href_that_is_not_a_url_is_skipped_or_an_error_of_ours(
    api: Api, href: str, bad: str
) -> None:
    with RawServer(lambda _: listed("HTTP", DATE, href)) as server:
        try:
            api.list(STORES["HTTP"](server), on_bad_key=bad)
        except BaseError as error:
            assert len(str(error)) < 4096


REFERENCES = [
    "&#" + "9" * 5000 + ";",
    "&#x" + "f" * 5000 + ";",
    "&#0;",
    "&#xD800;",
    "&bad;",
    "&",
    "&#;",
]


@pytest.mark.row("F28")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("bad", ["raise", "skip"])
@pytest.mark.parametrize("text", REFERENCES)
def test_references_in_keys_and_errors_end_in_an_error_of_ours(
    api: Api, store: str, text: str, bad: str
) -> None:
    pages = [
        listed(store, "1994-11-06T08:49:37Z", f"{key_of(store)}{text}//a"),
        response(400, f"<Error><Code>Bad{text}</Code><Message>{text}</Message></Error>".encode()),
    ]
    for page in pages:
        with RawServer(lambda _, page=page: page) as server:  # type: ignore[misc]
            try:
                api.list(STORES[store](server), on_bad_key=bad)
            except BaseError as error:
                assert len(str(error)) < 4096
