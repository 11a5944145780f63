"""What error reporters record (S23): no local of a frame of ours shows a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest

from object_store_py.fsspec import FsspecStore
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store, from_url
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, Close, RawServer, Reset, response
from tests.harness.api import Api
from tests.harness.stores import open_scripted_as
from tests.security.texts import collect

pytestmark = pytest.mark.row("S23")

SECRET = "CaNa/Ry+0123456789abcdefABCDEQ=="
FACTS = {"ETag": '"1"', "Last-Modified": "Tue, 01 Oct 2024 10:00:00 GMT"}


def provide() -> Any:
    until = datetime.now(UTC) + timedelta(hours=1)
    return {
        "access_key_id": "id",
        "secret_access_key": SECRET,
        "token": SECRET,
        "expires_at": until,
    }


WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "keys": ("s3", {"access_key_id": "id", "secret_access_key": SECRET, "session_token": SECRET}),
    "provider": ("s3", {"credential_provider": provide}),
    "account key": ("azure", {"account_key": SECRET}),
    "SAS": ("azure", {"sas_token": f"sv=2025&sig={quote(SECRET, safe='')}"}),
    "bearer": ("gcs", {"bearer_token": SECRET}),
    "header": ("http", {"client_options": {"default_headers": {"X-Api-Key": SECRET}}}),
}
ANSWERS: dict[str, Callable[[RecordedRequest], Answer]] = {
    "refused": lambda request: response(403, request.head),
    "reset": lambda _: [Reset()],
    "cut": lambda _: [response(200, b"x", FACTS, length=100_000), Close()],
    "nonsense": lambda _: response(200, b"nonsense"),
}


def shows(frame: FrameType) -> Iterator[str]:
    """The locals of a frame of ours that show the secret."""
    if "object_store_py" not in frame.f_code.co_filename or "tests" in frame.f_code.co_filename:
        return
    for name, value in list(frame.f_locals.items()):
        text = repr(value)
        if SECRET in text or quote(SECRET, safe="") in text:
            yield f"{frame.f_code.co_qualname}: {name}"


def of_error(error: BaseException | None) -> Iterator[str]:
    """The same for all frames that an error and its causes name."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            yield from shows(trace.tb_frame)
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def calls_of(api: Api, store: Any) -> list[Callable[[], object]]:
    return [
        lambda: api.read(store, "k"),
        lambda: api.put(store, "k", b"x"),
        lambda: api.head(store, "k"),
        lambda: api.delete(store, "k"),
        lambda: api.copy(store, "k", "l"),
        lambda: api.list(store),
        lambda: api.list_with_delimiter(store),
        lambda: api.get_ranges(store, "k", starts=[0, 90_000], ends=[1, 90_001]),
    ]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("way", WAYS)
def test_errors(api: Api, way: str, answer: str) -> None:
    kind, options = WAYS[way]
    found: list[str] = []
    with RawServer(ANSWERS[answer]) as server:
        given = {"skip_signature": False, "retry_config": {"max_retries": 0}} | options
        for call in calls_of(api, open_scripted_as(kind, server, **given)):
            try:
                call()
            except Exception as error:
                found += of_error(error)
    assert found == []


@pytest.mark.parametrize("where", ["on_request", "request_policy"])
@pytest.mark.parametrize("way", WAYS)
def test_hooks(api: Api, way: str, where: str) -> None:
    kind, options = WAYS[way]
    found: list[str] = []

    def hook(*_: Any) -> bool:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            found.extend(shows(frame))
            frame = frame.f_back
        raise RuntimeError("a hook that fails")

    with RawServer(ANSWERS["refused"]) as server:
        given = {"skip_signature": False, "retry_config": {"max_retries": 0}, where: hook}
        for call in calls_of(api, open_scripted_as(kind, server, **(given | options))):
            try:
                call()
            except Exception as error:
                found += of_error(error)
    assert found == []


CONSTRUCTORS: dict[str, Callable[[], object]] = {
    "misspelt": lambda: S3Store("b", secret_acces_key=SECRET),
    "misspelt in config": lambda: S3Store("b", config={"secret_acces_key": SECRET}),
    "beside a key that is not known": lambda: S3Store("b", secret_access_key=SECRET, nonsense=1),
    "no text": lambda: S3Store("b", secret_access_key=[SECRET]),
    "given twice": lambda: S3Store(
        "b", config={"secret_access_key": SECRET}, secret_access_key=f"{SECRET}x"
    ),
    "header": lambda: S3Store(
        "b", client_options={"default_headers": {"Authorization": f"{SECRET}\n"}}
    ),
    "proxy": lambda: S3Store("b", client_options={"proxy_url": f"htp://u:{SECRET}@h"}),
    "provider": lambda: S3Store("b", credential_provider={"token": SECRET}),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    "account key": lambda: AzureStore("c", account_name="a", account_key=f"{SECRET}!"),
    "connection string": lambda: AzureStore("c", account_name=f"a;AccountKey={SECRET}"),
    "SAS": lambda: AzureStore.from_url(f"https://a.blob.core.windows.net/c?x={SECRET}"),
    "two credentials": lambda: from_url(
        f"https://a.blob.core.windows.net/c?sv=1&sig={SECRET}", account_key=SECRET
    ),
    "service account": lambda: GCSStore("b", service_account_key=SECRET),
    "key for a path": lambda: GCSStore(
        "b", service_account_path=json.dumps({"private_key": SECRET})
    ),
    "web": lambda: HTTPStore(f"http://h/?token={SECRET}"),
    "no URL": lambda: from_url(f"b?token={SECRET}"),
    "fsspec": lambda: FsspecStore("s3", secret=SECRET, nonsense=1, skip_instance_cache=True),
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors(name: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011, RUF100 - which one is not the question
        CONSTRUCTORS[name]()
    error: BaseException | None = caught.value
    assert list(of_error(error)) == []
    while error is not None:
        assert SECRET not in f"{error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_what_was_being_handled_keeps_its_frames() -> None:
    try:
        raise KeyError("theirs")
    except KeyError as theirs:
        with pytest.raises(Exception, match="nonsense") as caught:
            S3Store("b", nonsense=1)
        assert caught.value.__context__ is theirs
        assert theirs.__traceback__ is not None


class Looker(logging.Handler):
    """Looks at the frames of whoever logs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            self.found.extend(f"{record.name}: {text}" for text in shows(frame))
            frame = frame.f_back


def test_loggers_while_a_token_is_fetched(api: Api) -> None:
    keys = {"AccessKeyId": "id", "SecretAccessKey": SECRET, "Token": SECRET}
    body = json.dumps(keys | {"Expiration": "2040-01-01T00:00:00Z"}).encode()
    looker, root = Looker(), logging.getLogger()
    before = root.level
    root.addHandler(looker)
    root.setLevel(logging.DEBUG)
    try:
        with RawServer(
            lambda r: response(200, body if b"/token" in r.head else b"", FACTS)
        ) as server:
            store = S3Store(
                "bucket",
                endpoint=server.endpoint,
                region="us-east-1",
                container_credentials_full_uri=f"{server.endpoint}/token",
                client_options={"allow_http": True},
            )
            api.put(store, "k", b"x")
    finally:
        root.removeHandler(looker)
        root.setLevel(before)
    assert looker.found == []


@pytest.mark.parametrize("odd", [" ", "\t", "\0", "\x0b", "\x0c", "€"])
def test_tokens_with_odd_characters(
    api: Api, odd: str, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """Errors of the parts that send requests repeat values that they refuse."""
    caplog.set_level(logging.DEBUG)
    with RawServer(lambda _: response(403)) as server:
        for token in (SECRET + odd, odd + SECRET):
            store = S3Store(
                "bucket",
                endpoint=server.endpoint,
                region="us-east-1",
                container_credentials_full_uri=f"{server.endpoint}/token",
                container_authorization_token=token,
                client_options={"allow_http": True},
                retry_config={"max_retries": 0},
            )
            said = collect(caplog, recwarn, [partial(api.get, store, "k")])
            assert "UnauthenticatedError" in said
            assert SECRET not in said


def test_loggers_while_a_request_is_sent_again(api: Api) -> None:
    looker, root = Looker(), logging.getLogger()
    before = root.level
    root.addHandler(looker)
    root.setLevel(logging.DEBUG)
    try:
        with RawServer([response(503), response(200, b"12345", FACTS)]) as server:
            given = {"skip_signature": False, **WAYS["keys"][1]}
            assert api.read(open_scripted_as("s3", server, **given), "k") == b"12345"
    finally:
        root.removeHandler(looker)
        root.setLevel(before)
    assert looker.found == []
