"""Secrets that a server writes into its error, encoded somehow (S19): decoded, then hidden."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from object_store_py import _tokens
from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.harness.api import Api
from tests.harness.stores import open_scripted_as
from tests.security.texts import collect

pytestmark = pytest.mark.row("S19")

SECRET = "CaNa/Ry+0123456789abcdefABCDEQ=="
BASIC = base64.b64encode(f"me:{SECRET}".encode()).decode()


def hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(char):x};" for char in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "decimal": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hexadecimal": hexadecimal,
    "some decimal": lambda text: text.replace("/", "&#47;").replace("+", "&#0043;"),
    "named": lambda text: (
        text.replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;")
    ),
    "twice": lambda text: hexadecimal(text).replace("&", "&amp;"),
    "three times": lambda text: hexadecimal(text).replace("&", "&amp;amp;"),
    "percent": lambda text: quote(text, safe=""),
    "percent of all": lambda text: "".join(f"%{ord(char):02x}" for char in text),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent in references": lambda text: quote(text, safe="").replace("%", "&#37;"),
    "escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
}

STORES: dict[str, tuple[str, dict[str, Any], str]] = {
    "secret key": ("s3", {"access_key_id": "id", "secret_access_key": SECRET}, SECRET),
    "session token": (
        "s3",
        {"access_key_id": "id", "secret_access_key": "s", "session_token": SECRET},
        SECRET,
    ),
    "account key": ("azure", {"account_key": SECRET}, SECRET),
    "SAS": ("azure", {"sas_token": f"sv=2025&sig={quote(SECRET, safe='')}"}, SECRET),
    "bearer of Azure": ("azure", {"bearer_token": SECRET}, SECRET),
    "bearer of Google": ("gcs", {"bearer_token": SECRET}, SECRET),
    "bearer of a web server": (
        "http",
        {"client_options": {"default_headers": {"Authorization": f"Bearer {SECRET}"}}},
        SECRET,
    ),
    "basic": (
        "http",
        {"client_options": {"default_headers": {"Authorization": f"Basic {BASIC}"}}},
        BASIC,
    ),
    "basic, decoded": (
        "http",
        {"client_options": {"default_headers": {"Authorization": f"Basic {BASIC}"}}},
        SECRET,
    ),
}


def body_of(form: str, text: str) -> bytes:
    if form == "xml":
        return f"<Error><Code>Bad</Code><Message>no {text} here</Message></Error>".encode()
    return json.dumps({"error": {"code": 403, "message": f"no {text} here"}}).encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("name", STORES)
def test_a_secret_in_an_error_is_hidden(
    name: str,
    form: str,
    encoding: str,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    kind, options, secret = STORES[name]
    written = ENCODINGS[encoding](secret)
    caplog.set_level(logging.DEBUG)

    def answer(request: RecordedRequest) -> Answer:
        return response(403, b"" if request.method == "HEAD" else body_of(form, written))

    with RawServer(answer) as server:
        store = open_scripted_as(kind, server, **{"skip_signature": False} | options)
        said = collect(
            caplog,
            recwarn,
            [lambda: store.get("k"), lambda: store.put("k", b"x"), lambda: store.delete("k")],
        )
    assert "no ***" in said
    assert secret not in said
    assert written not in said


@pytest.mark.parametrize("name", ["X-Amz-Signature", "X-Amz-Security-Token", "sig", "token"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_signature_that_is_named_is_hidden(
    api: Api,
    name: str,
    encoding: str,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    """It is not one of ours: somebody signed a URL, which the server repeats."""
    written = ENCODINGS[encoding](f"https://h/k?a=b&{name}={SECRET}")

    with RawServer(lambda _: response(403, body_of("xml", written))) as server:
        store = open_scripted_as("s3", server)
        said = collect(caplog, recwarn, [lambda: api.get(store, "k")])
    assert "no https://h/k here" in said


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "escapes"])
@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_secret_that_a_token_service_repeats_is_hidden(form: str, encoding: str) -> None:
    text = ENCODINGS[encoding](SECRET)
    body = body_of("xml", text) if form == "xml" else json.dumps({"message": text}).encode()
    said = _tokens.words(body.decode(), [f"Bearer {SECRET}"])
    assert "***" in said
    assert SECRET not in said
    assert text not in said


@pytest.mark.parametrize("status", [200, 403])
def test_a_service_repeats_the_token_that_it_gave(api: Api, status: int) -> None:
    """The token of a session of IMDSv2, which every later request has in its headers."""
    said = json.dumps({"Code": "Failed", "Message": f"no {SECRET} here"}).encode()

    def answer(request: RecordedRequest) -> Answer:
        if request.method == "PUT":
            return response(200, SECRET.encode())
        last = b"/role" in request.request_line
        return response(status, said) if last else response(200, b"role")

    with RawServer(answer) as server:
        store = S3Store(
            "bucket",
            endpoint=server.endpoint,
            region="us-east-1",
            metadata_endpoint=server.endpoint,
            client_options={"allow_http": True},
        )
        with pytest.raises(UnauthenticatedError) as caught:
            api.get(store, "k")
    assert "Failed: no *** here" in str(caught.value)


def test_what_is_no_secret_is_shown_as_it_was_meant(api: Api) -> None:
    text = "a &lt;b&gt; &#8364; 100% %zz &amp;c &quot;d&#34;"
    with RawServer(lambda _: response(403, body_of("xml", text))) as server:
        store = open_scripted_as("s3", server)
        with pytest.raises(PermissionError, match='a <b> € 100% %zz &c "d"'):
            api.get(store, "k")
