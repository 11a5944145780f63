"""The verbs that list, as functions; see `_functions`."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, overload

from .results import ListStream
from .stores.base import ObjectStoreMethods, known
from .types import ListResult, ObjectMeta, OnBadKey

if TYPE_CHECKING:
    from arro3.core import RecordBatch, Table


@overload
def list(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    offset: str | None = None,
    chunk_size: int = 50,
    return_arrow: Literal[False] = False,
    on_bad_key: OnBadKey = "raise",
) -> ListStream[builtins.list[ObjectMeta]]: ...
@overload
def list(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    offset: str | None = None,
    chunk_size: int = 50,
    return_arrow: Literal[True],
    on_bad_key: OnBadKey = "raise",
) -> ListStream[RecordBatch]: ...
@overload
def list(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    offset: str | None = None,
    chunk_size: int = 50,
    return_arrow: bool,
    on_bad_key: OnBadKey = "raise",
) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]: ...
def list(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    offset: str | None = None,
    chunk_size: int = 50,
    return_arrow: bool = False,
    on_bad_key: OnBadKey = "raise",
) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]:
    """List the objects below a prefix: an iterator, also an asynchronous one."""
    return known(store).list(
        prefix,
        offset=offset,
        chunk_size=chunk_size,
        return_arrow=return_arrow,
        on_bad_key=on_bad_key,
    )


@overload
def list_with_delimiter(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: Literal[False] = False,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]]: ...
@overload
def list_with_delimiter(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: Literal[True],
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Table]: ...
@overload
def list_with_delimiter(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: bool,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]: ...
def list_with_delimiter(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: bool = False,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]:
    """List the objects and prefixes directly below a prefix."""
    return known(store).list_with_delimiter(
        prefix, return_arrow=return_arrow, on_bad_key=on_bad_key
    )


@overload
async def list_with_delimiter_async(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: Literal[False] = False,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]]: ...
@overload
async def list_with_delimiter_async(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: Literal[True],
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Table]: ...
@overload
async def list_with_delimiter_async(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: bool,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]: ...
async def list_with_delimiter_async(
    store: ObjectStoreMethods,
    prefix: str | None = None,
    *,
    return_arrow: bool = False,
    on_bad_key: OnBadKey = "raise",
) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]:
    """List the objects and prefixes directly below a prefix."""
    return await known(store).list_with_delimiter_async(
        prefix, return_arrow=return_arrow, on_bad_key=on_bad_key
    )
