"""How an S3Store is configured: spellings, precedence, equality, pickling, and what is refused."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from object_store_py.exceptions import GenericError, UnknownConfigurationKeyError
from object_store_py.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_BUCKET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("key", ["region", "REGION", "aws_region", "AWS_REGION", "Aws_Region"])
def test_every_spelling_of_a_key_is_one_key(key: str) -> None:
    assert S3Store("b", config={key: "eu-west-1"}).config == {"bucket": "b", "region": "eu-west-1"}


def test_config_comes_out_as_text_and_goes_in_again() -> None:
    store = S3Store("b", skip_signature=True, aws_allow_http=True, timeout=timedelta(seconds=3))
    assert store.config == {
        "bucket": "b",
        "skip_signature": "true",
        "allow_http": "true",
        "timeout": "3s",
    }
    assert S3Store(config=store.config) == store


@pytest.mark.row("I6")
def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(UnknownConfigurationKeyError, match=r"'regoin'.*'region'"):
        S3Store("b", regoin="x")


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(GenericError, match="Duplicate key aws_region"):
        S3Store("b", config={"AWS_REGION": "x"}, region="y")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_BUCKET", "from-environment")
    store = S3Store()
    assert store._effective()["region"] == "eu-north-1"
    assert repr(store) == 'S3Store(bucket="from-environment")'
    assert store.config == {}


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_what_is_given_beats_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "https://environment.example")
    store = S3Store("b", endpoint="https://given.example")
    assert store._effective()["endpoint"] == "https://given.example"
    assert "endpoint_url_s3" not in store._effective()


@pytest.mark.parametrize(
    ("url", "config", "prefix"),
    [
        ("s3://b/p/q", {"bucket": "b"}, "p/q"),
        ("s3a://b", {"bucket": "b"}, None),
        ("s3://b/p%20q", {"bucket": "b"}, "p q"),
        ("https://s3.eu-west-1.amazonaws.com/b/p", {"bucket": "b", "region": "eu-west-1"}, "p"),
        (
            "https://b.s3.us-west-2.amazonaws.com/p",
            {"bucket": "b", "region": "us-west-2", "virtual_hosted_style_request": "true"},
            "p",
        ),
        (
            "https://acct.r2.cloudflarestorage.com/b/p",
            {
                "bucket": "b",
                "region": "auto",
                "endpoint": "https://acct.r2.cloudflarestorage.com",
            },
            "p",
        ),
    ],
)
def test_urls_of_s3(url: str, config: dict[str, str], prefix: str | None) -> None:
    store = S3Store.from_url(url)
    assert (store.config, store.prefix) == (config, prefix)


def test_stores_that_are_configured_alike_are_equal() -> None:
    one, two = (S3Store("b", prefix="p", region="x") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != S3Store("b", prefix="q", region="x")
    assert MemoryStore() != MemoryStore()


def test_stores_pickle_and_copy(tmp_path: Any) -> None:
    retry = {"max_retries": 2, "retry_timeout": timedelta(seconds=9)}
    options = {"timeout": "5s", "default_headers": {"x-test": "1"}}
    remote = S3Store("b", prefix="p", region="x", retry_config=retry, client_options=options)
    for store in (remote, LocalStore(tmp_path)):
        assert pickle.loads(pickle.dumps(store)) == store
        assert copy.deepcopy(store) == store
    assert remote.retry_config is not None
    assert remote.retry_config["max_retries"] == 2
    with pytest.raises(TypeError, match="cannot pickle 'MemoryStore' object"):
        pickle.dumps(MemoryStore())


def test_the_arguments_that_rust_libraries_take() -> None:
    store = S3Store("b", prefix="p", region="x")
    assert store.__getnewargs_ex__() == (
        (),
        {
            "prefix": "p",
            "config": {"bucket": "b", "region": "x"},
            "client_options": None,
            "retry_config": None,
            "credential_provider": None,
        },
    )


def test_reprs_show_no_secret() -> None:
    store = S3Store("b", prefix="p", access_key_id="AKIDCANARY", secret_access_key="CANARY")
    assert repr(store) == 'S3Store(bucket="b", prefix="p")'


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({}, GenericError, "bucket"),
        ({"bucket": "a/b"}, GenericError, "bucket"),
        ({"bucket": "b", "endpoint": "minio:9000"}, GenericError, "endpoint"),
        ({"bucket": "b", "endpoint": "https://u:CANARY@h"}, GenericError, "user name"),
        ({"bucket": "b", "endpoint": "https://h/?a=CANARY"}, GenericError, "query"),
        ({"bucket": "b", "region": "x y"}, GenericError, "region"),
        ({"bucket": "b", "region": None}, TypeError, "region"),
        ({"bucket": "b", "max_keys": 3}, UnknownConfigurationKeyError, "max_keys"),
        ({"bucket": "b", "skip_signature": "maybe"}, GenericError, "skip_signature"),
        ({"bucket": "b", "client_options": {"foo": "1"}}, ValueError, "Invalid key: foo"),
        ({"bucket": "b", "client_options": {"timeout": 30}}, TypeError, "timeout"),
        ({"bucket": "b", "client_options": {"timeout": "30"}}, ValueError, "timeout"),
        ({"bucket": "b", "client_options": {"root_certificate": "x"}}, ValueError, "No cert"),
        ({"bucket": "b", "retry_config": {"max_retries": -1}}, ValueError, "max_retries"),
        ({"bucket": "b", "retry_config": {"retry_timeout": 3}}, TypeError, "retry_timeout"),
        ({"bucket": "b", "credential_provider": 5}, TypeError, "credential_provider"),
        ({"bucket": "b", "prefix": "a/../b"}, ValueError, "prefix"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        S3Store(**arguments)
    assert "CANARY" not in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("make", [S3Store, GCSStore, partial(AzureStore, account_name="a")])
def test_a_retry_config_is_shown_whole_goes_in_again_and_pickles(make: Any) -> None:
    store = make("b", retry_config={"max_retries": 2, "backoff": {"base": 3}})
    assert store.retry_config == {
        "max_retries": 2,
        "retry_timeout": timedelta(seconds=180),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=15),
            "base": 3,
        },
    }
    assert make("b", retry_config=store.retry_config) == store
    assert pickle.loads(pickle.dumps(store)).retry_config == store.retry_config
