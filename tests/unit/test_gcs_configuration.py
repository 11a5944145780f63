"""How a GCSStore is configured: spellings, precedence, files, origins, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from object_store_py.config import GCSConfig
from object_store_py.exceptions import GenericError, UnknownConfigurationKeyError
from object_store_py.options import CLIENT_KEYS
from object_store_py.store import GCSStore

STORAGE = "https://storage.googleapis.com"
KEY = json.dumps({"private_key": "CANARY", "private_key_id": "kid", "client_email": "a@b"})
VALUES = {
    "service_account": "key.json",
    "service_account_key": KEY,
    "bucket": "b",
    "base_url": "https://storage.example",
    "application_credentials": "adc.json",
    "bearer_token": "CANARY",
    "skip_signature": "true",
}
ALIASES = {"service_account_path": "service_account", "bucket_name": "bucket"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*VALUES, *ALIASES):
        monkeypatch.delenv(f"GOOGLE_{name.upper()}", raising=False)
    for name in ("SERVICE_ACCOUNT", "GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.chdir(tmp_path)
    for name in ("key.json", "adc.json"):
        (tmp_path / name).write_text(KEY)


@pytest.mark.parametrize("form", ["{}", "google_{}", "GOOGLE_{}", "Google_{}"])
@pytest.mark.parametrize("name", [*VALUES, *ALIASES])
def test_every_key_in_every_spelling_is_read_back_and_pickled(name: str, form: str) -> None:
    key = ALIASES.get(name, name)
    store = GCSStore(config={"bucket": "b", form.format(name): VALUES[key]} if key != "bucket"
                     else {form.format(name): "b"})  # fmt: skip
    assert store.config == {"bucket": "b", key: VALUES[key]}
    assert pickle.loads(pickle.dumps(store)) == store == copy.deepcopy(store)


@pytest.mark.parametrize("name", [*VALUES, *ALIASES])
def test_every_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    key = ALIASES.get(name, name)
    monkeypatch.setenv("GOOGLE_BUCKET", "b")
    monkeypatch.delenv("GOOGLE_BUCKET" if key == "bucket" else "GOOGLE_BUCKET_NAME", raising=False)
    monkeypatch.setenv(f"GOOGLE_{name.upper()}", VALUES[key])
    store = GCSStore.from_env()
    assert store._effective()[key] == VALUES[key]
    assert store.config == {}
    assert repr(store) == 'GCSStore(bucket="b")'


def test_the_variable_with_googles_name_beats_the_one_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SERVICE_ACCOUNT", "plain.json")
    assert GCSStore("b")._effective()["service_account"] == "plain.json"
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", "named.json")
    assert GCSStore("b")._effective()["service_account"] == "named.json"


def test_the_typed_dict_has_every_key() -> None:
    typed = set(get_type_hints(GCSConfig)) - CLIENT_KEYS
    assert typed == {*VALUES, *ALIASES}


def test_config_comes_out_as_text_and_goes_in_again() -> None:
    store = GCSStore("b", skip_signature=True, google_timeout=timedelta(seconds=3))
    assert store.config == {"bucket": "b", "skip_signature": "true", "timeout": "3s"}
    assert GCSStore(config=store.config) == store


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [("gs://b/p/q", "b", "p/q"), ("gs://b", "b", None), ("gs://b_c.d/p%20q/", "b_c.d", "p q")],
)
def test_urls_of_gcs(url: str, bucket: str, prefix: str | None) -> None:
    store = GCSStore.from_url(url, skip_signature=True)
    assert store.config == {"bucket": bucket, "skip_signature": "true"}
    assert store.prefix == prefix


@pytest.mark.parametrize(
    "url", ["gcs://b/p", "s3://b", "gs://", "https://storage.googleapis.com/b"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(GenericError, match="no URL of GCS"):
        GCSStore.from_url(url)


def test_a_subclass_stays_one_and_a_bucket_that_is_given_wins() -> None:
    class Mine(GCSStore):
        """A store of somebody's own."""

    store = Mine.from_url("gs://b/p", bucket="given")
    assert (type(store), store.config) == (Mine, {"bucket": "given"})


def origins(**given: Any) -> frozenset[str]:
    store = GCSStore("b", **given)
    return store._origins(store._complete(store._effective()))


def test_a_store_reaches_what_its_configuration_names_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance = {"http://metadata.google.internal", "http://169.254.169.254"}
    assert origins() == {STORAGE, *instance, "https://iamcredentials.googleapis.com"}
    for own in ("service_account_key", "service_account", "bearer_token", "skip_signature"):
        assert origins(**{own: VALUES[own]}) == {STORAGE}
    assert origins(credential_provider=lambda: None) == {STORAGE}
    base = "http://localhost:4443/storage/"
    assert origins(base_url=base, skip_signature=True) == {"http://localhost:4443"}
    of_key = json.dumps({**json.loads(KEY), "gcs_base_url": "https://storage.example"})
    assert origins(service_account_key=of_key) == {"https://storage.example"}
    monkeypatch.setenv("GCE_METADATA_HOST", "localhost:988")
    assert origins() == {STORAGE, "http://localhost:988"}
    user = {"type": "authorized_user", **dict.fromkeys(("client_id", "client_secret"), "x")}
    (tmp_path / "adc.json").write_text(json.dumps({**user, "refresh_token": "CANARY"}))
    found = origins(application_credentials="adc.json")
    assert found == {STORAGE, "https://oauth2.googleapis.com"}


def test_reprs_show_no_secret() -> None:
    store = GCSStore("b", prefix="p", service_account_key=KEY)
    assert repr(store) == 'GCSStore(bucket="b", prefix="p")'


def test_the_arguments_that_rust_libraries_take() -> None:
    names = {"prefix", "config", "client_options", "retry_config", "credential_provider"}
    positional, keywords = GCSStore("b", prefix="p").__getnewargs_ex__()
    assert (positional, set(keywords)) == ((), names)


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({}, GenericError, "GOOGLE_BUCKET"),
        ({"bucket": "a/b"}, GenericError, "bucket"),
        ({"bucket": ".."}, GenericError, "bucket"),
        ({"bucket": "b", "base_url": "storage:4443"}, GenericError, "base_url"),
        ({"bucket": "b", "base_url": "https://u:CANARY@h"}, GenericError, "user name"),
        ({"bucket": "b", "skip_signature": "maybe"}, GenericError, "skip_signature"),
        ({"bucket": "b", "bearer_token": "CANARY\n"}, GenericError, "bearer_token"),
        ({"bucket": "b", "bearer_token": 3}, TypeError, "bearer_token"),
        ({"bucket": "b", "service_acount": "x"}, UnknownConfigurationKeyError, "service_account"),
        ({"bucket": "b", "config": {"bucket_name": "c"}}, GenericError, "Duplicate key google_b"),
        ({"bucket": "b", "service_account": "none.json"}, GenericError, "none.json.*No such file"),
        ({"bucket": "b", "service_account_key": "CANARY"}, GenericError, "no JSON object"),
        ({"bucket": "b", "service_account_key": '["CANARY"]'}, GenericError, "no JSON object"),
        (
            {"bucket": "b", "service_account_key": '{"private_key": "CANARY"}'},
            GenericError,
            "private_key_id, client_email",
        ),
        (
            {"bucket": "b", "service_account_key": KEY, "service_account": "key.json"},
            GenericError,
            "not both",
        ),
        ({"bucket": "b", "credential_provider": 5}, TypeError, "credential_provider"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        GCSStore(**arguments)
    assert "CANARY" not in str(caught.value)
    assert str(caught.value).count("\n") == 0
