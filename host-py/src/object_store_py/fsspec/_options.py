"""The storage options of fsspec: our configuration, and the names that s3fs, gcsfs, adlfs use."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from .. import options
from ._locations import Family

Given = dict[str, Any]

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
_TRANSPORTS = frozenset({"transport", "async_transport"})
_LOCAL = frozenset({"automatic_cleanup", "follow_symlinks"})


def store_arguments(family: Family, given: Mapping[str, Any]) -> Given:
    """The arguments of a store's constructor that storage options mean.

    Args:
        family: the kind of store.
        given: `config`, `client_options`, `retry_config`, `credential_provider`, and all others.

    Raises:
        UnknownConfigurationKeyError: an option is not known; the error names the nearest one.
        TypeError, ValueError: an option cannot be used.
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    if family.store in ("LocalStore", "MemoryStore"):
        wanted.pop("auto_mkdir", None)  # directories are made as they are needed
        allowed = _LOCAL if family.store == "LocalStore" else frozenset[str]()
        _refuse_others(wanted, allowed)
        return wanted
    if family.store == "HTTPStore":
        _refuse_others(wanted, _TRANSPORTS | {"client_options", "retry_config"})
        return wanted
    _TRANSLATE[family.store](wanted)
    for usual, ours in _RENAMED[family.store].items():
        if usual in wanted:
            wanted[ours] = wanted.pop(usual)
    _check(family, wanted)
    return wanted


def _refuse_others(wanted: Given, allowed: frozenset[str]) -> None:
    for name in wanted:
        if name not in allowed:
            raise options.unknown_key(name, allowed)


def _check(family: Family, wanted: Given) -> None:
    from .. import store

    table: options.KeyTable = getattr(store, family.store)._table
    ours = {"config", "client_options", "retry_config", "credential_provider"} | _TRANSPORTS
    usual = set(_RENAMED[family.store]) | {"client_kwargs", "connection_string", "token"}
    for name in wanted:
        if name not in ours and table.canonical(name) is None:
            raise options.unknown_key(name, table.keys | options.CLIENT_KEYS | ours | usual)


def _s3(wanted: Given) -> None:
    """`client_kwargs`, `endpoint_url` and `use_ssl` as s3fs has them."""
    client = wanted.pop("client_kwargs", {})
    if not isinstance(client, Mapping):
        raise TypeError(f"client_kwargs must be a dict, not {type(client).__name__}")
    for name, value in cast("Mapping[str, Any]", client).items():
        if name == "verify" and value is False:
            _client(wanted, "allow_invalid_certificates", True)
        elif name == "verify" and value is not True:
            raise ValueError(
                "client_kwargs['verify'] must be True or False: give certificates in"
                " client_options={'root_certificate': ...}"
            )
        elif name != "verify" and value is not None:
            wanted[name] = value
    if wanted.pop("use_ssl", True) is False:
        _client(wanted, "allow_http", True)
    _allow_given_http(wanted, "endpoint_url")


def _gcs(wanted: Given) -> None:
    """`token` and `project` as gcsfs has them."""
    wanted.pop("project", None)  # of meaning only for making buckets
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
    _allow_given_http(wanted, "endpoint_url")


def _azure(wanted: Given) -> None:
    """`connection_string`, `account_host` and `credential` as adlfs has them."""
    text = wanted.pop("connection_string", None)
    if text is not None:
        for name, value in _connection(text).items():
            wanted.setdefault(name, value)
        _allow_given_http(wanted, "endpoint")
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


def _allow_given_http(wanted: Given, name: str) -> None:
    """Who writes out `http://` as s3fs, gcsfs and adlfs want it need not allow it once more."""
    if isinstance(url := wanted.get(name), str) and url.lower().startswith("http://"):
        _client(wanted, "allow_http", True)


def _client(wanted: Given, name: str, value: object) -> None:
    """Add a client option that is not given otherwise."""
    given = dict(wanted.get("client_options") or {})
    known = {key.lower() for source in (given, wanted) for key in source}
    if name not in known:
        wanted["client_options"] = {**given, name: value}


_TRANSLATE: dict[str, Callable[[Given], None]] = {
    "S3Store": _s3,
    "GCSStore": _gcs,
    "AzureStore": _azure,
}
