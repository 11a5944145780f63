"""The names of fsspec: which protocols there are, and what bucket and key a path means."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import quote, unquote

from .. import _azure, _redact

SUPPORTED_PROTOCOLS_T: TypeAlias = Literal[
    "abfs",
    "abfss",
    "adl",
    "az",
    "azure",
    "file",
    "gcs",
    "gs",
    "http",
    "https",
    "memory",
    "s3",
    "s3a",
]
"""The protocols of `FsspecStore`, as a type."""


@dataclass(frozen=True)
class Family:
    """One kind of store, and how its paths are written."""

    store: str
    """The name of the store's class."""
    schemes: tuple[str, ...]
    """What may stand before `://`; the same object, whichever it is."""
    root: str = ""
    bucketed: bool = True
    """Whether the first segment of a path is a bucket."""


_S3 = Family("S3Store", ("s3", "s3a"))
_GCS = Family("GCSStore", ("gs", "gcs"))
_AZURE = Family("AzureStore", ("az", "abfs", "abfss", "adl", "azure"))
FAMILIES: dict[str, Family] = {
    **{scheme: family for family in (_S3, _GCS, _AZURE) for scheme in family.schemes},
    "http": Family("HTTPStore", ("http",)),
    "https": Family("HTTPStore", ("https",)),
    "file": Family("LocalStore", ("file", "local"), "/", bucketed=False),
    "memory": Family("MemoryStore", ("memory",), "/", bucketed=False),
}
SUPPORTED_PROTOCOLS: set[SUPPORTED_PROTOCOLS_T] = set(
    cast("tuple[SUPPORTED_PROTOCOLS_T, ...]", tuple(FAMILIES))
)
"""The protocols of `FsspecStore`."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://|:)")


def family_of(protocol: object) -> Family:
    """The kind of store that a protocol means.

    Raises:
        TypeError: it is no str.
        ValueError: there is no such protocol.
    """
    if not isinstance(protocol, str):
        raise TypeError(f"protocol must be a str, not {type(protocol).__name__}")
    if protocol not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise ValueError(f"{_redact.value(protocol)} is no protocol of FsspecStore; known: {known}")
    return FAMILIES[protocol]


def strip(protocol: str, path: str) -> str:
    """A path without its protocol and without a slash at its end: `bucket/key`, or `/file`.

    Raises:
        ValueError: the path has another protocol.
    """
    family = FAMILIES.get(protocol)
    match = _SCHEME.match(path)
    if match is not None and match[1].lower() in FAMILIES.keys() | {"local"}:
        scheme = match[1].lower()
        if family is not None and scheme not in family.schemes:
            raise ValueError(
                f"{_redact.value(path)} has the protocol {scheme!r}, but this filesystem is of"
                f" {protocol!r}: use fsspec.filesystem({scheme!r})"
            )
        path = path[match.end() :]
    if match is not None or (family is not None and family.store == "HTTPStore"):
        _check_user(family, protocol, path)
    if family is not None and family.store == "HTTPStore":
        host, slash, rest = path.lstrip("/").partition("/")
        return host.lower() + (f"/{rest}" if rest else slash)
    if family is None or family.bucketed:
        path = path.strip("/")
        return _without_account(path) if family is _AZURE else path
    if protocol == "file":
        return os.path.abspath(path.removeprefix("file:") or "/")
    return "/" + path.strip("/")


def _check_user(family: Family | None, protocol: str, path: str) -> None:
    """Refuse a path that was a URL with a password; `container@account.host` is none."""
    place = path.partition("@")[0]
    if family is None or not family.bucketed or (family is _AZURE and ":" not in place):
        return
    if _redact.has_user(f"{protocol}://{path}"):
        shown = _redact.value(f"{protocol}://{path}")
        raise ValueError(f"a URL must not have a user name or password in it: {shown}")


def _without_account(path: str) -> str:
    """`container@account.host/key` is `container/key`."""
    place, slash, key = path.partition("/")
    return place.partition("@")[0] + slash + key


def url_options(protocol: str, url: str) -> dict[str, str]:
    """What a URL says of the store: the account of `abfss://container@account.host/key`."""
    match = _SCHEME.match(url)
    place = url[match.end() :].partition("/")[0] if match else ""
    if FAMILIES.get(protocol) is not _AZURE or "@" not in place:
        return {}
    scheme = "abfss" if match is not None and match[1] == "abfss" else "abfs"
    given = _azure.parse_url(f"{scheme}://{place}")[0]
    return {key: value for key, value in given.items() if key != "container_name"}


def check_account(protocol: str, url: str, given: Mapping[str, Any]) -> None:
    """Refuse a URL that names another account than the filesystem has.

    Raises:
        ValueError: it does.
    """
    account = url_options(protocol, url).get("account_name")
    if account is not None and given.get("account_name", account) != account:
        raise ValueError(
            f"{_redact.value(url)} is of the account {account!r}, but this filesystem is of"
            f" {given['account_name']!r}"
        )


def split(family: Family, path: str) -> tuple[str, str]:
    """The bucket and the key of a stripped path; either may be empty."""
    if not family.bucketed:
        return "", path.lstrip("/")
    bucket, _, key = path.partition("/")
    if family.store == "HTTPStore":
        key = unquote(key.rstrip("/"))
    return bucket, key


def exact(url: str) -> str | None:
    """What a URL without its scheme asks its server for, if no key can say so; else None.

    Keys have no query, no slash at their end, and no way to tell `%2F` from `/`.
    """
    _, slash, given = url.partition("/")
    if slash and not given:
        return ""
    path, mark, query = given.partition("?")
    target = quote(path, safe="%" + _SAFE) + mark + quote(query, safe="%?[]|{}" + _SAFE)
    return target if quote(unquote(target), safe=_SAFE) != target or _BAD.search(target) else None


_SAFE = "/!$&'()*+,;=:@~"
"""What stands in a URL's path as it is."""
_BAD = re.compile(r"[?]|//|/$|^/")


def join(family: Family, bucket: str, key: str) -> str:
    """The path of a bucket and a key; the reverse of `split`."""
    if not family.bucketed:
        return "/" + key
    if family.store == "HTTPStore":
        key = quote(key, safe=_SAFE)
    return f"{bucket}/{key}" if key else bucket


def parent(path: str) -> str:
    """The path of the directory that a path is in."""
    above = path.rstrip("/").rpartition("/")[0]
    return above or path[: path.startswith("/")]
