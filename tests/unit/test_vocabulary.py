"""Bytes, exceptions, durations, redaction: the small types that users meet everywhere."""

from __future__ import annotations

import copy
import io
import json
import pickle
from datetime import timedelta

import pytest

import object_store_py as obs
from object_store_py import _redact, exceptions
from object_store_py.bytes import Bytes
from object_store_py.durations import format_duration, parse_duration


def test_bytes_are_bytes() -> None:
    data = Bytes(b'{"a": [1, 2]}')
    assert isinstance(data, bytes)
    assert json.loads(data) == {"a": [1, 2]}
    assert hash(data) == hash(bytes(data))
    assert data.decode() == '{"a": [1, 2]}'


def test_bytes_keep_their_type() -> None:
    data = Bytes(b"abcDEF")
    for other in (data[1:3], data + b"x", data * 2, data.lower(), data.removeprefix(b"a")):
        assert type(other) is Bytes
    assert type(data.to_bytes()) is bytes
    assert type(data.as_bytes()) is bytes
    assert data[0] == ord("a")


@pytest.mark.parametrize("content", [b"", b"abc", b"it's", b'say "x"', b"\x00\\\xff", b"'\""])
def test_the_repr_of_bytes_makes_them_again(content: bytes) -> None:
    assert eval(repr(Bytes(content))) == content  # noqa: S307, RUF100 - our own repr


def test_bytes_pickle_and_copy() -> None:
    data = Bytes(b"x")
    for again in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data)):
        assert type(again) is Bytes
        assert again == data


BUILTINS: dict[type[exceptions.BaseError], type[Exception]] = {
    exceptions.GenericError: OSError,
    exceptions.PreconditionError: OSError,
    exceptions.NotModifiedError: OSError,
    exceptions.NotSupportedError: OSError,
    exceptions.UnauthenticatedError: PermissionError,
    exceptions.NotFoundError: FileNotFoundError,
    exceptions.AlreadyExistsError: FileExistsError,
    exceptions.PermissionDeniedError: PermissionError,
    exceptions.NotImplementedError: NotImplementedError,
    exceptions.InvalidPathError: ValueError,
}


@pytest.mark.parametrize("kind", BUILTINS)
def test_an_exception_is_the_builtin_that_fits(kind: type[exceptions.BaseError]) -> None:
    assert issubclass(kind, BUILTINS[kind])
    assert issubclass(kind, exceptions.BaseError)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_exceptions_keep_their_facts_when_pickled(name: str) -> None:
    error = getattr(exceptions, name)("text", path="a/b", status=404, retries=2)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.path, again.status, again.retries) == ("text", "a/b", 404, 2)


@pytest.mark.parametrize("name", obs.__all__)
def test_all_is_honest(name: str) -> None:
    assert hasattr(obs, name)


def test_stores_import_by_star() -> None:
    names: dict[str, object] = {}
    exec("from object_store_py.store import *", names)  # noqa: S102, RUF100 - as users import
    assert {"S3Store", "LocalStore", "MemoryStore", "S3Config"} <= names.keys()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("2h 37min", 9420), ("32ms", 0.032), ("1day", 86400), ("5m", 300)],
)
def test_durations_are_read_as_humantime_reads_them(text: str, seconds: float) -> None:
    assert parse_duration(text, "timeout") == pytest.approx(seconds)


@pytest.mark.row("I12")
@pytest.mark.parametrize("text", ["30", "", "s", "-5s", "1 parsec", "nan"])
def test_a_duration_without_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="timeout"):
        parse_duration(text, "timeout")


@pytest.mark.parametrize("seconds", [0, 1, 0.25, 90, 12.000345])
def test_a_duration_survives_its_text(seconds: float) -> None:
    delta = timedelta(seconds=seconds)
    assert parse_duration(format_duration(delta), "x") == pytest.approx(delta.total_seconds())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://h/b/k?X-Amz-Signature=abc failed", "GET https://h/b/k failed"),
        ("see http://user:pw@h/x", "see http://h/x"),
        ("'https://h/k?sig=1'", "'https://h/k'"),
        ("nothing here", "nothing here"),
    ],
)
def test_no_query_and_no_password_is_shown(text: str, shown: str) -> None:
    assert _redact.url(text) == shown


def test_a_signed_url_hides_its_signature() -> None:
    store = obs.store.S3Store("bucket", access_key_id="AKID", secret_access_key="secret")
    url = obs.sign(store, "GET", "key", timedelta(hours=1))
    assert "X-Amz-Signature=" in url
    assert "Signature" not in repr(url)
    assert io.StringIO(url).read() == url
