"""Every key of `client_options`: set under any spelling, read back, pickled, refused when wrong."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest
import trustme

from object_store_py.exceptions import GenericError
from object_store_py.options import CLIENT_KEYS, ClientSettings
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store

CA = trustme.CA().cert_pem.bytes()
# key: what is given, what the property shows, what the settings hold (None where no effect).
KEYS: dict[str, tuple[Any, Any, Any]] = {
    "allow_http": (True, "true", True),
    "allow_invalid_certificates": ("yes", "yes", True),
    "connect_timeout": (timedelta(milliseconds=250), "250ms", 0.25),
    "default_content_type": ("text/plain", "text/plain", "text/plain"),
    "default_headers": ({"X-A": b"\xe9"}, {"X-A": b"\xe9"}, {"X-A": "\xe9"}),
    "disable_system_certificates": (True, "true", True),
    "http1_only": (False, "false", False),
    "http2_keep_alive_interval": ("30s", "30s", None),
    "http2_keep_alive_timeout": (timedelta(seconds=20), "20s", None),
    "http2_keep_alive_while_idle": (True, "true", None),
    "http2_max_frame_size": ("16384", "16384", None),
    "http2_only": (True, "true", True),
    "pool_idle_timeout": ("2m", "2m", 120.0),
    "pool_max_idle_per_host": ("4", "4", 4),
    "proxy_ca_certificate": (CA, CA, CA.decode()),
    "proxy_excludes": ("localhost,10.0.0.0/8", "localhost,10.0.0.0/8", "localhost,10.0.0.0/8"),
    "proxy_url": ("http://u:p@proxy:3128", "http://u:p@proxy:3128", "http://u:p@proxy:3128"),
    "randomize_addresses": (False, "false", None),
    "read_timeout": ("2h 37min", "2h 37min", 9420.0),
    "root_certificate": (CA.decode(), CA.decode(), CA.decode()),
    "timeout": ("32ms", "32ms", 0.032),
    "user_agent": ("me/1", "me/1", "me/1"),
}


def test_every_key_is_here() -> None:
    assert KEYS.keys() == CLIENT_KEYS


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("spelling", [str, str.upper], ids=["lower", "upper"])
def test_a_key_is_set_read_back_and_pickled(key: str, spelling: Any) -> None:
    given, shown, held = KEYS[key]
    stores: list[Any] = [
        S3Store("b", client_options={spelling(key): given}),
        GCSStore("b", client_options={spelling(key): given}),
        AzureStore("c", account_name="a", client_options={spelling(key): given}),
        HTTPStore("https://e.com", client_options={spelling(key): given}),
    ]
    for store in stores:
        assert store.client_options == {key: shown}
        again = pickle.loads(pickle.dumps(store))
        assert again == store
        assert again.client_options == {key: shown}
    if held is not None:
        assert getattr(ClientSettings.parse({spelling(key): given}), key) == held


def test_the_defaults_are_those_of_the_crate() -> None:
    settings = ClientSettings.parse({})
    assert (settings.timeout, settings.connect_timeout, settings.read_timeout) == (30.0, 5.0, None)
    assert settings.pool_idle_timeout == 90.0
    assert settings.pool_max_idle_per_host is None
    assert not settings.allow_http
    assert not settings.http2
    assert settings.user_agent.startswith("object_store_py/")


def test_what_the_property_shows_is_a_copy() -> None:
    store = S3Store("b", client_options={"timeout": "3s"})
    shown: Any = store.client_options
    shown["timeout"] = "4s"
    assert store.client_options == {"timeout": "3s"}


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"timout": "3s"}, ValueError, r"Invalid key: timout\. Did you mean 'timeout'\?"),
        ({"foo": "3s"}, ValueError, r"Invalid key: foo\."),
        ({"timeout": "3s", "TIMEOUT": "4s"}, GenericError, "Duplicate key timeout"),
        ({"timeout": 3}, TypeError, "timeout"),
        ({"timeout": "30"}, ValueError, "units"),
        ({"timeout": "-3s"}, ValueError, "timeout"),
        ({"timeout": timedelta(seconds=-1)}, ValueError, "timeout"),
        ({"allow_http": "perhaps"}, GenericError, "allow_http"),
        ({"allow_http": 1}, TypeError, "allow_http"),
        ({"pool_max_idle_per_host": "many"}, GenericError, "pool_max_idle_per_host"),
        ({"pool_max_idle_per_host": "-1"}, GenericError, "pool_max_idle_per_host"),
        ({"pool_max_idle_per_host": 4}, TypeError, "pool_max_idle_per_host"),
        ({"http2_max_frame_size": "big"}, GenericError, "http2_max_frame_size"),
        ({"http2_keep_alive_interval": "often"}, ValueError, "http2_keep_alive_interval"),
        ({"http1_only": True, "http2_only": True}, GenericError, "exclude each other"),
        ({"default_headers": "X-A: 1"}, TypeError, "dict"),
        ({"default_headers": {"X A": "1"}}, ValueError, "no name of a header"),
        ({"default_headers": {"X-A": 1}}, TypeError, "str or bytes"),
        ({"default_headers": {"X-A": "1\r\nX-B: 2"}}, ValueError, "X-A"),
        ({"default_headers": {"X-A": b"1\x00"}}, ValueError, "X-A"),
        ({"default_headers": {"Host": "e.com"}}, ValueError, "cannot set Host"),
        ({"default_headers": {"content-length": "1"}}, ValueError, "cannot set"),
        ({"user_agent": "a\nb"}, ValueError, "user_agent"),
        ({"default_content_type": "a\rb"}, ValueError, "default_content_type"),
        ({"root_certificate": "nothing"}, ValueError, "No certificates found"),
        ({"root_certificate": b""}, ValueError, "No certificates found"),
        ({"root_certificate": 7}, TypeError, "root_certificate"),
        (
            {"root_certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
            GenericError,
            "cannot be read",
        ),
        ({"proxy_ca_certificate": "nothing"}, ValueError, "No certificates found"),
        ({"proxy_url": "proxy:3128"}, ValueError, "proxy_url"),
        ({"proxy_url": "ftp://proxy"}, ValueError, "proxy_url"),
        ({"proxy_url": "http://"}, ValueError, "proxy_url"),
    ],
)
def test_what_is_wrong_is_refused_when_the_store_is_made(
    options: dict[str, Any], error: type[Exception], match: str
) -> None:
    for make in (
        lambda: S3Store("b", client_options=options),
        lambda: HTTPStore("https://e.com", client_options=options),
    ):
        with pytest.raises(error, match=match):
            make()


def test_no_error_and_no_repr_shows_a_secret() -> None:
    for options in (
        {"proxy_url": "s3cr3t:s3cr3t@proxy"},
        {"default_headers": {"Authorization": "s3cr3t\n"}},
    ):
        with pytest.raises(ValueError) as refused:
            S3Store("b", client_options=options)
        assert "s3cr3t" not in str(refused.value)
    settings = ClientSettings.parse(
        {"proxy_url": "http://u:s3cr3t@proxy", "default_headers": {"A": "s3cr3t"}}
    )
    assert "s3cr3t" not in repr(settings)


def test_http2_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("object_store_py.options._has_h2", lambda: False)
    with pytest.raises(ImportError, match=r"object-store-py\[http2\]"):
        S3Store("b", client_options={"http2_only": True})
    S3Store("b", client_options={"http1_only": False})  # may speak it, need not


def test_client_keys_of_the_environment_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_TIMEOUT", "7s")
    monkeypatch.setenv("AWS_PROXY_URL", "http://proxy:3128")
    settings = S3Store("b", client_options={"connect_timeout": "1s"})._client_settings()
    assert (settings.timeout, settings.connect_timeout) == (7.0, 1.0)
    assert settings.proxy_url == "http://proxy:3128"
    assert S3Store("b", client_options={"timeout": "2s"})._client_settings().timeout == 2.0
