"""Every protocol of obspec, asked of every store: checkers must find no error."""

from __future__ import annotations

from typing import Protocol

import obspec

from object_store_py import GetResult, ListStream, ObjectMeta
from object_store_py.store import (
    AzureStore,
    GCSStore,
    HTTPStore,
    LocalStore,
    MemoryStore,
    ObjectStoreMethods,
    S3Store,
)


class Sync(
    obspec.Copy,
    obspec.Delete,
    obspec.Get,
    obspec.GetRange,
    obspec.GetRanges,
    obspec.Head,
    obspec.List,
    obspec.ListWithDelimiter,
    obspec.Put,
    obspec.Rename,
    Protocol,
):
    """The ten blocking protocols."""


class Async(
    obspec.CopyAsync,
    obspec.DeleteAsync,
    obspec.GetAsync,
    obspec.GetRangeAsync,
    obspec.GetRangesAsync,
    obspec.HeadAsync,
    obspec.ListAsync,
    obspec.ListWithDelimiterAsync,
    obspec.PutAsync,
    obspec.RenameAsync,
    Protocol,
):
    """The ten asynchronous protocols."""


def blocking(
    s3: S3Store, gcs: GCSStore, azure: AzureStore, http: HTTPStore, local: LocalStore,
    memory: MemoryStore, any_store: ObjectStoreMethods,
) -> list[Sync]:  # fmt: skip
    return [s3, gcs, azure, http, local, memory, any_store]


def awaiting(
    s3: S3Store, gcs: GCSStore, azure: AzureStore, http: HTTPStore, local: LocalStore,
    memory: MemoryStore, any_store: ObjectStoreMethods,
) -> list[Async]:  # fmt: skip
    return [s3, gcs, azure, http, local, memory, any_store]


def result(found: GetResult) -> tuple[obspec.GetResult, obspec.GetResultAsync]:
    return found, found


def shapes(store: MemoryStore) -> None:
    """The types of listings follow `return_arrow`."""
    lists: ListStream[list[ObjectMeta]] = store.list()
    one_level: list[ObjectMeta] = list(store.list_with_delimiter()["objects"])
    rows: int = store.list(return_arrow=True).collect().num_rows
    columns: int = store.list_with_delimiter(return_arrow=True)["objects"].num_columns
    del lists, one_level, rows, columns
