"""One API for object stores: S3 and its likes, local files, memory; sync and async.

`import object_store_py as obs`, make a store (`obs.store`), and call the functions here or the
store's methods of the same names.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

from . import exceptions, store
from ._functions import (
    copy,
    copy_async,
    core_info,
    delete,
    delete_async,
    get,
    get_async,
    get_into,
    get_into_async,
    get_range,
    get_range_async,
    get_ranges,
    get_ranges_async,
    head,
    head_async,
    put,
    put_async,
    rename,
    rename_async,
    sign,
    sign_async,
)
from ._list_functions import list, list_with_delimiter, list_with_delimiter_async
from ._metrics import OnRequest, RequestInfo, StoreStats
from ._progress import ProgressInput
from ._urls import parse_scheme
from .bytes import Bytes
from .results import BytesStream, GetResult, ListStream
from .types import (
    HTTP_METHOD,
    Attribute,
    Attributes,
    CoreInfo,
    GetOptions,
    ListChunkType,
    ListResult,
    ObjectMeta,
    OffsetRange,
    OlderGetOptions,
    PutMode,
    PutResult,
    RawKey,
    SuffixRange,
    UpdateVersion,
)

if TYPE_CHECKING:
    from ._copying import copy_to, copy_to_async
    from ._downloads import download, download_async
    from ._policy import RequestPolicy
    from ._transfers import TransferResult
    from ._trees import (
        ItemStream,
        WalkStep,
        delete_prefix,
        delete_prefix_async,
        exists,
        exists_async,
        glob,
        walk,
    )
    from ._uploads import upload, upload_async
    from .files import (
        AsyncReadableFile,
        AsyncWritableFile,
        ReadableFile,
        WritableFile,
        open_reader,
        open_reader_async,
        open_writer,
        open_writer_async,
    )
    from .store import SignCapableStore

_object_store_version = "0.14.2"
"""The version of the crate `object_store` in the core, as obstore says it."""
_object_store_source = "registry+https://github.com/rust-lang/crates.io-index"
"""Where that crate is from, in the words of Cargo.lock."""

__all__ = [
    "HTTP_METHOD",
    "AsyncReadableFile",
    "AsyncWritableFile",
    "Attribute",
    "Attributes",
    "Bytes",
    "BytesStream",
    "CoreInfo",
    "GetOptions",
    "GetResult",
    "ItemStream",
    "ListChunkType",
    "ListResult",
    "ListStream",
    "ObjectMeta",
    "OffsetRange",
    "OlderGetOptions",
    "OnRequest",
    "ProgressInput",
    "PutMode",
    "PutResult",
    "RawKey",
    "ReadableFile",
    "RequestInfo",
    "RequestPolicy",
    "SignCapableStore",
    "StoreStats",
    "SuffixRange",
    "TransferResult",
    "UpdateVersion",
    "WalkStep",
    "WritableFile",
    "__version__",
    "_object_store_source",
    "_object_store_version",
    "copy",
    "copy_async",
    "copy_to",
    "copy_to_async",
    "core_info",
    "delete",
    "delete_async",
    "delete_prefix",
    "delete_prefix_async",
    "download",
    "download_async",
    "exceptions",
    "exists",
    "exists_async",
    "get",
    "get_async",
    "get_into",
    "get_into_async",
    "get_range",
    "get_range_async",
    "get_ranges",
    "get_ranges_async",
    "glob",
    "head",
    "head_async",
    "list",
    "list_with_delimiter",
    "list_with_delimiter_async",
    "open_reader",
    "open_reader_async",
    "open_writer",
    "open_writer_async",
    "parse_scheme",
    "put",
    "put_async",
    "rename",
    "rename_async",
    "sign",
    "sign_async",
    "store",
    "upload",
    "upload_async",
    "walk",
]

_LATER = {
    "_copying": ("copy_to", "copy_to_async"),
    "_downloads": ("download", "download_async"),
    "_trees": (
        "ItemStream",
        "WalkStep",
        "delete_prefix",
        "delete_prefix_async",
        "exists",
        "exists_async",
        "glob",
        "walk",
    ),
    "_uploads": ("upload", "upload_async"),
    "_policy": ("RequestPolicy",),
    "store": ("SignCapableStore",),
    "_transfers": ("TransferResult",),
    "files": (
        "AsyncReadableFile",
        "AsyncWritableFile",
        "ReadableFile",
        "WritableFile",
        "open_reader",
        "open_reader_async",
        "open_writer",
        "open_writer_async",
    ),
}
"""Modules that are loaded when something of theirs is used first, and what they have."""


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            from importlib import import_module

            found = import_module(f"{__name__}.{module}")
            globals().update({each: getattr(found, each) for each in names})
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> builtins.list[str]:
    return sorted({*globals(), *__all__})
