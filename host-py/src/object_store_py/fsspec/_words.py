"""The words of others: what s3fs, gcsfs and adlfs call the options of files, in ours."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

Given = dict[str, Any]

_HEADERS = {
    "ContentType": "Content-Type",
    "content_type": "Content-Type",
    "ContentEncoding": "Content-Encoding",
    "content_encoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "content_language": "Content-Language",
    "ContentDisposition": "Content-Disposition",
    "content_disposition": "Content-Disposition",
    "CacheControl": "Cache-Control",
    "cache_control": "Cache-Control",
    "StorageClass": "Storage-Class",
}
"""Attributes of what is written."""

_OURS = {"version_id": "version", "generation": "version", "chunksize": "chunk_size"}
"""Other names of our options."""

_NOTHING = frozenset(
    {
        "default_cache",  # dask's word for the cache that a file shall have if nobody says
        "fill_cache",
        "consistency",  # gcsfs: checksums, which are of its own making
        "overwrite",  # adlfs: it is always
    }
)
"""Words that can mean nothing here: accepted, whatever they say."""

_OF_STORE = {
    "ServerSideEncryption": "server_side_encryption",
    "SSEKMSKeyId": "sse_kms_key_id",
    "BucketKeyEnabled": "sse_bucket_key_enabled",
    "requester_pays": "request_payer",
    "RequestPayer": "request_payer",
    "ChecksumAlgorithm": "checksum_algorithm",
}
"""Options that are the store's: such a file is one of another store of the same bucket."""

_OWN = frozenset(
    "attributes tags mode max_concurrency chunk_size buffer_size use_multipart version size"
    " cache_type refresh".split()
)
"""What `BufferedFile`, `put` and `get` know themselves."""

KNOWN = (
    frozenset(_HEADERS) | frozenset(_OURS) | _NOTHING | frozenset(_OF_STORE) | _OWN
    | {"acl", "ACL", "Metadata", "metadata", "fixed_key_metadata", "Tagging", "IfNoneMatch"}
)  # fmt: skip
"""All words for files."""


@dataclass
class FileWords:
    """Options of a file, in our words."""

    options: Given = field(default_factory=dict[str, Any])
    store: Given = field(default_factory=dict[str, Any])
    """Options of the store that the file is to be of; mostly none."""


def file_words(
    given: Mapping[str, Any], also: Iterable[str] = (), defaults: Mapping[str, Any] | None = None
) -> FileWords:
    """Read the options of a file.

    Args:
        given: the options, in anybody's words.
        also: further words that the caller knows.
        defaults: options that count where nothing is given, in anybody's words.

    Raises:
        TypeError: a word is not known; the error names the nearest.
        ValueError: it is known, but what it asks for cannot be done.
    """
    found = FileWords()
    if not given and not defaults:
        return found
    attributes: dict[str, str] = {}
    known = KNOWN | set(also)
    for name, value in ({**defaults, **given} if defaults else given).items():
        if name not in known:
            raise unknown_word(name, known)
        if name in _OF_STORE:
            _of_store(found.store, name, value)
        elif name in _HEADERS:
            if value is not None:
                attributes[_HEADERS[name]] = value
        elif name in _SPECIAL:
            _SPECIAL[name](name, value, found.options, attributes)
        elif name not in _NOTHING and value is not None:
            found.options[_OURS.get(name, name)] = value
    if attributes:
        found.options["attributes"] = {**attributes, **found.options.get("attributes", {})}
    return found


def unknown_word(name: str, known: Iterable[str]) -> TypeError:
    """The error for an option that nobody knows."""
    nearest = difflib.get_close_matches(name, list(known), 1, 0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return TypeError(f"{name!r} is no option of a file{hint}")


def _of_store(store: Given, name: str, value: Any) -> None:
    if name in ("requester_pays", "RequestPayer"):
        if value:
            store["request_payer"] = True
    elif value is not None:
        store[_OF_STORE[name]] = value


def check_acl(name: str, value: Any) -> None:
    """Refuse access control lists but the default one: the crate cannot send any.

    Raises:
        ValueError: it is another.
    """
    if value not in (None, False, "", "private"):
        raise ValueError(
            f"{name}={value!r} cannot be sent: objects are written with the bucket's own rules;"
            " give others access by a policy of the bucket"
        )


def _acl(name: str, value: Any, _: Given, __: dict[str, str]) -> None:
    check_acl(name, value)


def _metadata(name: str, value: Any, _: Given, attributes: dict[str, str]) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    for key, item in cast("Mapping[str, Any]", value).items():
        attributes[_HEADERS.get(key, key) if name == "fixed_key_metadata" else key] = item


def _tagging(name: str, value: Any, options: Given, _: dict[str, str]) -> None:
    if value is not None:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str such as 'a=1&b=2', not {type(value).__name__}")
        options["tags"] = dict(parse_qsl(value, keep_blank_values=True))


def _if_none_match(name: str, value: Any, options: Given, _: dict[str, str]) -> None:
    if value == "*":
        options["mode"] = "create"
    elif value is not None:
        raise ValueError(f"{name} must be '*'")


_SPECIAL: dict[str, Callable[[str, Any, Given, dict[str, str]], None]] = {
    "acl": _acl,
    "ACL": _acl,
    "Metadata": _metadata,
    "metadata": _metadata,
    "fixed_key_metadata": _metadata,
    "Tagging": _tagging,
    "IfNoneMatch": _if_none_match,
}


@dataclass
class Defaults:
    """What a filesystem's files have if nobody says otherwise."""

    block_size: int | None = None
    cache_type: str | None = None
    cache_options: dict[str, Any] | None = None
    max_concurrency: int | None = None
    written: Given = field(default_factory=dict[str, Any])
    """Options of what is written: s3fs's `s3_additional_kwargs`."""


_SIZES = ("default_block_size", "block_size", "blocksize")
_MEAN_NOTHING = (
    "default_fill_cache version_aware cache_regions fixed_upload_size local_expiry_check"
    " assume_container_exists location_mode secure_serialize check_connection default_location"
    " access consistency simple_links same_scheme size_policy encoded".split()
)
WORDS = frozenset(
    (*_SIZES, *_MEAN_NOTHING, "default_cache_type", "cache_type", "cache_options",
     "max_concurrency")
)  # fmt: skip
"""What filesystems of every kind take."""


def take_defaults(wanted: Given) -> Defaults:
    """Take out of storage options what they say of files.

    Raises:
        TypeError, ValueError: a value cannot be used.
    """
    for name in _MEAN_NOTHING:
        wanted.pop(name, None)
    sizes = [wanted.pop(name) for name in _SIZES if name in wanted]
    types = [wanted.pop(name) for name in ("default_cache_type", "cache_type") if name in wanted]
    limit = wanted.pop("max_concurrency", None)
    for name, value in (("default_block_size", (sizes or [None])[0]), ("max_concurrency", limit)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} must be a number from 1 on, not {value!r}")
    return Defaults(
        block_size=sizes[0] if sizes else None,
        cache_type=types[0] if types else None,
        cache_options=wanted.pop("cache_options", None),
        max_concurrency=limit,
    )


def http_method(client_method: str) -> str:
    """The HTTP method of boto3's name for it."""
    method = client_method.removesuffix("_object").upper()
    if method not in ("GET", "HEAD", "PUT", "DELETE"):
        raise ValueError(f"client_method must be one such as 'get_object', not {client_method!r}")
    return method
