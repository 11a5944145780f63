"""The verbs as functions: each the store's method of the same name, with the store in front.

The methods' docstrings (`stores/base.py`) say everything about arguments, results and errors.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, overload

from ._driver import run, run_async
from ._progress import ProgressInput
from .bytes import Bytes
from .results import GetResult
from .stores.base import CHUNK_SIZE, COALESCE, MAX_CONCURRENCY, ObjectStoreMethods, known
from .stores.signing import sign as _sign
from .types import (
    HTTP_METHOD,
    Attributes,
    CoreInfo,
    GetOptions,
    ObjectMeta,
    OlderGetOptions,
    PutInput,
    PutMode,
    PutResult,
)

if TYPE_CHECKING:
    pass


def copy(store: ObjectStoreMethods, from_: str, to: str, *, overwrite: bool = True) -> None:
    """Copy an object within a store."""
    known(store).copy(from_, to, overwrite=overwrite)


async def copy_async(
    store: ObjectStoreMethods, from_: str, to: str, *, overwrite: bool = True
) -> None:
    """Copy an object within a store."""
    await known(store).copy_async(from_, to, overwrite=overwrite)


def delete(store: ObjectStoreMethods, paths: str | Sequence[str]) -> None:
    """Delete one object or many."""
    known(store).delete(paths)


async def delete_async(store: ObjectStoreMethods, paths: str | Sequence[str]) -> None:
    """Delete one object or many."""
    await known(store).delete_async(paths)


def get(
    store: ObjectStoreMethods,
    path: str,
    *,
    options: GetOptions | OlderGetOptions | None = None,
    progress: ProgressInput = None,
) -> GetResult:
    """Read an object."""
    return known(store).get(path, options=options, progress=progress)


async def get_async(
    store: ObjectStoreMethods,
    path: str,
    *,
    options: GetOptions | OlderGetOptions | None = None,
    progress: ProgressInput = None,
) -> GetResult:
    """Read an object."""
    return await known(store).get_async(path, options=options, progress=progress)


def get_into(
    store: ObjectStoreMethods,
    path: str,
    buffer: Any,
    *,
    options: GetOptions | OlderGetOptions | None = None,
) -> int:
    """Read an object into memory of yours, without a further copy; how many bytes."""
    return known(store).get_into(path, buffer, options=options)


async def get_into_async(
    store: ObjectStoreMethods,
    path: str,
    buffer: Any,
    *,
    options: GetOptions | OlderGetOptions | None = None,
) -> int:
    """Read an object into memory of yours; how many bytes."""
    return await known(store).get_into_async(path, buffer, options=options)


def get_range(
    store: ObjectStoreMethods,
    path: str,
    offset: int | None = None,
    length: int | None = None,
    *,
    start: int | None = None,
    end: int | None = None,
) -> Bytes:
    """Read a range of an object: from `start` (or `offset`) to `end`, or `length` bytes."""
    return known(store).get_range(path, offset, length, start=start, end=end)


async def get_range_async(
    store: ObjectStoreMethods,
    path: str,
    offset: int | None = None,
    length: int | None = None,
    *,
    start: int | None = None,
    end: int | None = None,
) -> Bytes:
    """Read a range of an object: from `start` (or `offset`) to `end`, or `length` bytes."""
    return await known(store).get_range_async(path, offset, length, start=start, end=end)


def get_ranges(
    store: ObjectStoreMethods,
    path: str,
    offsets: Sequence[int] | None = None,
    lengths: Sequence[int] | None = None,
    *,
    starts: Sequence[int] | None = None,
    ends: Sequence[int] | None = None,
    coalesce: int = COALESCE,
) -> builtins.list[Bytes]:
    """Read many ranges of an object."""
    return known(store).get_ranges(
        path, offsets, lengths, starts=starts, ends=ends, coalesce=coalesce
    )


async def get_ranges_async(
    store: ObjectStoreMethods,
    path: str,
    offsets: Sequence[int] | None = None,
    lengths: Sequence[int] | None = None,
    *,
    starts: Sequence[int] | None = None,
    ends: Sequence[int] | None = None,
    coalesce: int = COALESCE,
) -> builtins.list[Bytes]:
    """Read many ranges of an object."""
    return await known(store).get_ranges_async(
        path, offsets, lengths, starts=starts, ends=ends, coalesce=coalesce
    )


def head(store: ObjectStoreMethods, path: str) -> ObjectMeta:
    """Read an object's metadata."""
    return known(store).head(path)


async def head_async(store: ObjectStoreMethods, path: str) -> ObjectMeta:
    """Read an object's metadata."""
    return await known(store).head_async(path)


def put(
    store: ObjectStoreMethods,
    path: str,
    file: PutInput,
    *,
    attributes: Attributes | None = None,
    tags: dict[str, str] | None = None,
    mode: PutMode | None = None,
    use_multipart: bool | None = None,
    chunk_size: int = CHUNK_SIZE,
    max_concurrency: int = MAX_CONCURRENCY,
    progress: ProgressInput = None,
) -> PutResult:
    """Write an object."""
    return known(store).put(
        path,
        file,
        attributes=attributes,
        tags=tags,
        mode=mode,
        use_multipart=use_multipart,
        chunk_size=chunk_size,
        max_concurrency=max_concurrency,
        progress=progress,
    )


async def put_async(
    store: ObjectStoreMethods,
    path: str,
    file: PutInput,
    *,
    attributes: Attributes | None = None,
    tags: dict[str, str] | None = None,
    mode: PutMode | None = None,
    use_multipart: bool | None = None,
    chunk_size: int = CHUNK_SIZE,
    max_concurrency: int = MAX_CONCURRENCY,
    progress: ProgressInput = None,
) -> PutResult:
    """Write an object."""
    return await known(store).put_async(
        path,
        file,
        attributes=attributes,
        tags=tags,
        mode=mode,
        use_multipart=use_multipart,
        chunk_size=chunk_size,
        max_concurrency=max_concurrency,
        progress=progress,
    )


def rename(store: ObjectStoreMethods, from_: str, to: str, *, overwrite: bool = True) -> None:
    """Move an object within a store."""
    known(store).rename(from_, to, overwrite=overwrite)


def core_info() -> CoreInfo:
    """Which sandboxed core this process runs: its file, size and SHA-256."""
    from hashlib import sha256

    from ._engine import core_path

    path = core_path()
    core = path.read_bytes()
    return {"path": str(path), "size": len(core), "sha256": sha256(core).hexdigest()}


async def rename_async(
    store: ObjectStoreMethods, from_: str, to: str, *, overwrite: bool = True
) -> None:
    """Move an object within a store."""
    await known(store).rename_async(from_, to, overwrite=overwrite)


@overload  # a str is a sequence of str, too; the first overload is the one that counts
def sign(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload] - see above
    store: ObjectStoreMethods, method: HTTP_METHOD, paths: str, expires_in: timedelta
) -> str: ...
@overload
def sign(
    store: ObjectStoreMethods, method: HTTP_METHOD, paths: Sequence[str], expires_in: timedelta
) -> builtins.list[str]: ...
def sign(
    store: ObjectStoreMethods,
    method: HTTP_METHOD,
    paths: str | Sequence[str],
    expires_in: timedelta,
) -> str | builtins.list[str]:
    """Make URLs that let whoever has them do `method` to the objects for `expires_in`.

    Args:
        store: a store whose server checks signatures.
        method: what the URL allows, in upper case.
        paths: one path or many.
        expires_in: how long, from one second to seven days.

    Returns:
        One URL for one path, a list for many. Their repr hides the signature.

    Raises:
        NotSupportedError: the store has no server that checks signatures.
    """
    signed: str | builtins.list[str] = run(_sign(store, method, paths, expires_in))
    return signed


@overload
async def sign_async(  # type: ignore[overload-overlap]  # a str is a sequence
    store: ObjectStoreMethods, method: HTTP_METHOD, paths: str, expires_in: timedelta
) -> str: ...
@overload
async def sign_async(
    store: ObjectStoreMethods, method: HTTP_METHOD, paths: Sequence[str], expires_in: timedelta
) -> builtins.list[str]: ...
async def sign_async(
    store: ObjectStoreMethods,
    method: HTTP_METHOD,
    paths: str | Sequence[str],
    expires_in: timedelta,
) -> str | builtins.list[str]:
    """Make signed URLs; see `sign`."""
    signed: str | builtins.list[str]
    signed = await run_async(_sign(store, method, paths, expires_in))
    return signed
