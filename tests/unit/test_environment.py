"""Variables of the environment: without a value they are not set; what is given beats them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from object_store_py import _environment, _google
from object_store_py.auth import _shared, earthdata, planetary_computer
from object_store_py.options import CLIENT_KEYS
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store

KEYS: dict[str, Any] = {"access_key_id": "AK", "secret_access_key": "SK"}
ACCOUNT_KEY = "c2VjcmV0"
MAKERS: dict[str, Callable[[], Any]] = {
    "S3": lambda: S3Store("b", **KEYS),
    "S3 without keys": lambda: S3Store("b"),
    "GCS": lambda: GCSStore("b", bearer_token="t"),
    "GCS without a token": lambda: GCSStore("b"),
    "Azure": lambda: AzureStore("c", account_name="a", account_key=ACCOUNT_KEY),
    "Azure without a key": lambda: AzureStore("c", account_name="a"),
    "HTTP": lambda: HTTPStore("https://example.com"),
}
OTHERS = {
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_TOKEN",
    "AWS_BUCKET_NAME",
    "AWS_ROLE_ARN",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_USE_EMULATOR",
    "AZURE_CLIENT_ID",
    "AZURITE_BLOB_STORAGE_URL",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_BUCKET_NAME",
    "SERVICE_ACCOUNT",
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "GCE_METADATA_ROOT",
    "GCE_METADATA_IP",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
}


def variables() -> list[str]:
    """Every variable that is read."""
    found = [*OTHERS]
    for kind in (S3Store, GCSStore, AzureStore):
        table = kind._table
        names = {*table.keys, *table.aliases, *CLIENT_KEYS}
        prefix = table.prefixes[0]
        found += [n.upper() if n.startswith(prefix) else f"{prefix}{n}".upper() for n in names]
    return sorted(set(found))


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in variables():
            monkeypatch.delenv(name)


def state(store: Any) -> Any:
    """What a store makes of the environment."""
    if isinstance(store, HTTPStore):
        return store._client_settings()
    config = store._effective()
    return config, store._client_settings(), store._origins(config)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("nothing", ["", " ", "\n", "\t \r\n"])
def test_variables_without_a_value_are_not_set(
    kind: str, nothing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = state(MAKERS[kind]())
    for name in variables():
        monkeypatch.setenv(name, nothing)
    assert state(MAKERS[kind]()) == expected


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [("AWS_REGION", "eu-west-1", "region"), ("AWS_ENDPOINT_URL", "https://e.example", "endpoint"),
     ("AWS_SESSION_TOKEN", "tok", "session_token")],
)  # fmt: skip
def test_white_space_around_a_value_is_not_meant(
    name: str, value: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f" {value}\r\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK\n")
    assert S3Store("b")._effective() == {"bucket": "b", key: value, "access_key_id": "AK"}


def test_an_empty_name_does_not_hide_another_for_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "")
    monkeypatch.setenv("AZURE_STORAGE_ACCESS_KEY", ACCOUNT_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    monkeypatch.setenv("AWS_TOKEN", "tok")
    monkeypatch.setenv("GCE_METADATA_HOST", " ")
    monkeypatch.setenv("GCE_METADATA_ROOT", "127.0.0.1:9")
    assert AzureStore("c", account_name="a")._effective()["account_key"] == ACCOUNT_KEY
    assert S3Store("b")._effective()["session_token"] == "tok"
    assert "http://127.0.0.1:9" in state(GCSStore("b"))[2]


def test_the_longest_name_of_a_key_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for first, second in (("AWS_ENDPOINT_URL", "AWS_ENDPOINT"),) * 2:
        monkeypatch.delenv(first, raising=False)
        monkeypatch.setenv(second, "https://short.example")
        monkeypatch.setenv(first, "https://long.example")
        assert S3Store("b")._effective()["endpoint"] == "https://long.example"
        monkeypatch.delenv(second)
        monkeypatch.setenv(second, "https://short.example")  # in whatever order they were set
        assert S3Store("b")._effective()["endpoint"] == "https://long.example"


def test_an_empty_home_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pwd = pytest.importorskip("pwd")
    monkeypatch.setenv("HOME", "")
    usual = pwd.getpwuid(os.getuid()).pw_dir
    assert _environment.expand_user("~/x/y") == str(Path(usual, "x/y"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _environment.expand_user("~/x/y") == str(tmp_path / "x/y")


def test_a_home_that_cannot_be_read_has_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(path: Any, *_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert _google.default_file({}) is None
    assert not _shared.has_files()
    assert S3Store("b", **KEYS)._complete({"bucket": "b", **KEYS}) == {"bucket": "b", **KEYS}
    assert planetary_computer._setting("PC_SDK_SUBSCRIPTION_KEY") is None
    assert earthdata.NasaEarthdataCredentialProvider("https://e.example")._of_netrc() is None


# What is given beats the environment.

GIVEN: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "keys, a token": (KEYS, {"AWS_SESSION_TOKEN": "x"}),
    "keys, unsigned": (KEYS, {"AWS_SKIP_SIGNATURE": "true"}),
    "keys, a role": (KEYS, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "a"}),
    "a role, keys": (
        {"web_identity_token_file": "/t", "role_arn": "a"},
        {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"},
    ),
    "a container, keys": (
        {"container_credentials_full_uri": "http://127.0.0.1/c"},
        {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SKIP_SIGNATURE": "1"},
    ),
    "a container, another": (
        {"container_credentials_full_uri": "http://127.0.0.1/c"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2"},
    ),
    "unsigned, keys": ({"skip_signature": True}, {"AWS_ACCESS_KEY_ID": "x"}),
    "a provider, unsigned": ({"credential_provider": print}, {"AWS_SKIP_SIGNATURE": "true"}),
    "a provider, keys": ({"credential_provider": print}, {"AWS_ACCESS_KEY_ID": "x"}),
}


@pytest.mark.parametrize("case", GIVEN)
def test_credentials_that_are_given_beat_those_of_the_environment(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, environment = GIVEN[case]
    before = S3Store("b", **given)
    expected = before._effective(), before._access(before._effective()).way
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    store = S3Store("b", **given)
    assert (store._effective(), store._access(store._effective()).way) == expected


def test_what_belongs_to_a_way_that_is_given_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SK")
    assert S3Store("b", role_arn="a")._effective()["web_identity_token_file"] == "/token"
    assert S3Store("b", access_key_id="AK")._effective()["secret_access_key"] == "SK"
    assert S3Store("b", skip_signature=False)._effective()["secret_access_key"] == "SK"


@pytest.mark.parametrize("name", ["AZURE_SKIP_SIGNATURE", "AZURE_CREDENTIAL_TYPE"])
@pytest.mark.parametrize(
    "given",
    [
        {"account_key": ACCOUNT_KEY},
        {"sas_token": "sig=x"},
        {"bearer_token": "t"},
        {"client_secret": "s", "client_id": "i", "tenant_id": "t"},
        {"credential_provider": print},
    ],
)
def test_an_azure_credential_that_is_given_counts(
    given: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = state(AzureStore("c", account_name="a", **given))
    value = "true" if "SKIP" in name else "managed_identity"
    monkeypatch.setenv(name, value)
    assert state(AzureStore("c", account_name="a", **given)) == expected
