"""The storage options of fsspec: our configuration, and the names that s3fs, gcsfs, adlfs use."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from .. import options
from ._botocore import allow_given_http, client_option, s3_words
from ._locations import Family
from ._words import WORDS, Defaults, Given, take_defaults

_RENAMED: dict[str, dict[str, str]] = {
    "S3Store": {
        "key": "access_key_id",
        "secret": "secret_access_key",
        "anon": "skip_signature",
        "region_name": "region",
    },
    "GCSStore": {"endpoint_url": "base_url", "anon": "skip_signature"},
    "AzureStore": {"anon": "skip_signature"},
}
_USUAL = {
    "S3Store": frozenset(_RENAMED["S3Store"])
    | frozenset(
        "client_kwargs config_kwargs s3_additional_kwargs session username password token use_ssl"
        " endpoint_url".split()
    ),
    "GCSStore": frozenset(_RENAMED["GCSStore"]) | {"token", "project", "requests_timeout"},
    "AzureStore": frozenset(
        "anon connection_string account_host credential request_session connection_timeout"
        " socket_timeout read_timeout".split()
    ),
}
"""The words of s3fs, gcsfs and adlfs that are not ours."""
_TRANSPORTS = frozenset({"transport", "async_transport"})
_LOCAL = frozenset({"automatic_cleanup", "follow_symlinks"})


def store_arguments(family: Family, given: Mapping[str, Any]) -> tuple[Given, Defaults]:
    """What storage options mean: a store's constructor's arguments, and defaults of files.

    Args:
        family: the kind of store.
        given: `config`, `client_options`, `retry_config`, `credential_provider`, and all others.

    Raises:
        UnknownConfigurationKeyError: an option is not known; the error names the nearest one.
        TypeError, ValueError: an option cannot be used.
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    defaults = take_defaults(wanted)
    if family.store in ("LocalStore", "MemoryStore"):
        wanted.pop("auto_mkdir", None)  # directories are made as they are needed
        allowed = _LOCAL if family.store == "LocalStore" else frozenset[str]()
        _refuse_others(wanted, allowed)
        return wanted, defaults
    if family.store == "HTTPStore":
        _http(wanted)
        _refuse_others(wanted, _TRANSPORTS | {"client_options", "retry_config", "headers"})
        return wanted, defaults
    defaults.written = _TRANSLATE[family.store](wanted) or {}
    for usual, ours in _RENAMED[family.store].items():
        if usual in wanted:
            wanted[ours] = wanted.pop(usual)
    _check(family, wanted)
    return wanted, defaults


def take_bucket(family: Family, wanted: Given) -> str | None:
    """Take out a bucket that the configuration names: paths have it, too."""
    if family.store not in _RENAMED:
        return None
    from .. import store

    kind = getattr(store, family.store)
    found: list[str] = []
    config: Any = dict(wanted.get("config") or {})
    for source in (wanted, config):
        for name in list(source):
            if kind._table.canonical(name) == kind._bucket_key:
                found.append(source.pop(name))
    if "config" in wanted:
        wanted["config"] = config
    return found[0] if found else None


def _refuse_others(wanted: Given, allowed: frozenset[str]) -> None:
    for name in wanted:
        if name not in allowed:
            raise options.unknown_key(name, allowed | WORDS)


def _check(family: Family, wanted: Given) -> None:
    from .. import store

    table: options.KeyTable = getattr(store, family.store)._table
    ours = {"config", "client_options", "retry_config", "credential_provider"} | _TRANSPORTS
    for name in wanted:
        if name not in ours and table.canonical(name) is None:
            ours |= table.keys | set(table.aliases) | options.CLIENT_KEYS
            known = ours | _USUAL[family.store] | WORDS
            raise options.unknown_key(name, known)


def _http(wanted: Given) -> None:
    """`headers` and `client_kwargs` as fsspec's own filesystem of HTTP has them."""
    client = dict(wanted.pop("client_kwargs", {}))
    headers = {**client.pop("headers", {}), **wanted.pop("headers", {})}
    if headers:
        client_option(wanted, "default_headers", headers)
    if "timeout" in client and isinstance(client["timeout"], int | float):
        client_option(wanted, "timeout", timedelta(seconds=client.pop("timeout")))
    for name in client:
        if name != "trust_env":
            raise options.unknown_key(name, {"headers", "timeout", "trust_env"})


def _timeouts(wanted: Given, names: Mapping[str, str]) -> None:
    for name, ours in names.items():
        value = wanted.pop(name, None)
        if isinstance(value, int | float):
            client_option(wanted, ours, timedelta(seconds=value))


def _gcs(wanted: Given) -> None:
    """`token` and `project` as gcsfs has them."""
    for name in ("project", "session_kwargs", "cache_timeout"):
        wanted.pop(name, None)  # buckets are not made, sessions are ours
    _timeouts(wanted, {"requests_timeout": "timeout"})
    if wanted.pop("requester_pays", False):
        raise ValueError("requester_pays cannot be had of Google: the crate sends no userProject")
    token: Any = wanted.pop("token", None)
    if token == "anon":  # noqa: S105 - gcsfs's word for nobody, no secret
        wanted["skip_signature"] = True
    elif isinstance(token, Mapping):
        wanted["service_account_key"] = json.dumps(dict(cast("Mapping[str, Any]", token)))
    elif isinstance(token, str | Path) and os.path.exists(token):
        wanted["application_credentials"] = str(token)
    elif hasattr(token, "refresh"):
        from ..auth.google import GoogleCredentialProvider

        wanted["credential_provider"] = GoogleCredentialProvider(credentials=token)
    elif token not in (None, "google_default", "cloud"):
        raise ValueError(
            "token must be 'anon', 'google_default', 'cloud', the path of a file of credentials, a"
            " dict with a service account's key, or google-auth credentials; an access token is"
            " given as bearer_token"
        )
    allow_given_http(wanted, "endpoint_url")


def _azure(wanted: Given) -> None:
    """`connection_string`, `account_host` and `credential` as adlfs has them."""
    wanted.pop("request_session", None)
    _timeouts(
        wanted,
        {"connection_timeout": "connect_timeout", "socket_timeout": "read_timeout",
         "read_timeout": "read_timeout"},
    )  # fmt: skip
    text = wanted.pop("connection_string", None)
    if text is not None:
        for name, value in _connection(text).items():
            wanted.setdefault(name, value)
        allow_given_http(wanted, "endpoint")
    host = wanted.pop("account_host", None)
    if host is not None:
        wanted["endpoint"] = f"https://{host}"
    credential = wanted.pop("credential", None)
    if hasattr(credential, "get_token"):
        from ..auth.azure import AzureCredentialProvider

        wanted["credential_provider"] = AzureCredentialProvider(credential=credential)
    elif credential is not None:
        raise ValueError(
            "credential must be a credential of azure-identity; a key is given as account_key, a"
            " SAS as sas_token"
        )


def _connection(text: object) -> dict[str, Any]:
    """What an Azure connection string says; errors do not show it, for it has a key."""
    if not isinstance(text, str):
        raise TypeError(f"connection_string must be a str, not {type(text).__name__}")
    fields = [item.partition("=") for item in text.split(";") if item.strip()]
    lowered = {name.strip().lower(): value for name, _, value in fields}
    if lowered.get("usedevelopmentstorage", "").lower() == "true":
        return {"use_emulator": True}
    names = {"accountname": "account_name", "accountkey": "account_key"}
    names |= {"sharedaccesssignature": "sas_token", "blobendpoint": "endpoint"}
    found: dict[str, Any] = {ours: lowered[name] for name, ours in names.items() if name in lowered}
    if "account_name" not in found:
        raise ValueError("connection_string has no AccountName")
    if "endpoint" not in found and "endpointsuffix" in lowered:
        scheme = lowered.get("defaultendpointsprotocol", "https")
        suffix = lowered["endpointsuffix"]
        found["endpoint"] = f"{scheme}://{found['account_name']}.blob.{suffix}"
    return found


_TRANSLATE: dict[str, Callable[[Given], Given | None]] = {
    "S3Store": s3_words,
    "GCSStore": _gcs,
    "AzureStore": _azure,
}
