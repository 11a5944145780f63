"""Uploading a local file or a tree of files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from . import _arguments, _files, _paths
from ._driver import run, run_async
from ._effects import Block, Plan
from ._operations import Operations
from ._progress import ProgressInput, make_progress, watched
from ._transfers import AT_ONCE, OnError, SideBySide, Tally, TransferResult
from ._trees import Pages
from .exceptions import NotFoundError
from .stores.base import CHUNK_SIZE, MAX_CONCURRENCY, ObjectStoreMethods, known
from .stores.local import LocalStore

_PARTS_OF_EACH = 2
"""How many parts of each file are under way at once, where there are many files."""
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)


def upload(
    store: ObjectStoreMethods,
    source: str | os.PathLike[str],
    target: str,
    *,
    resume: bool = False,
    max_concurrency: int = AT_ONCE,
    progress: ProgressInput = None,
    on_error: OnError = "raise",
) -> TransferResult:
    """Upload a file to an object, or all files below a directory to below a prefix.

    Symbolic links and what is no regular file are left out, and so is the target itself where it
    is a directory below the source; `ignored` names them.

    Args:
        store: where to.
        source: the file or the directory.
        target: for a file the object's path, or, if it is empty or ends with a slash, the prefix
            below which it keeps its name. For a directory the prefix, which may be empty.
        resume: leave out files whose object has the same size and is not older.
        max_concurrency: how many files are sent at once. With many files at most
            `max_concurrency` times 15 MiB are in memory.
        progress: who is told how many bytes are done, those that need not be sent included; see
            `put`.
        on_error: `"raise"` stops at the first error, `"collect"` goes on and reports all.

    Returns:
        What was done.

    Raises:
        NotFoundError: there is no such file or directory.
        InvalidPathError: a file's name cannot be a path.
        OSError: a file cannot be read.
    """
    return run(_upload(store, source, target, resume, max_concurrency, progress, on_error))


async def upload_async(
    store: ObjectStoreMethods,
    source: str | os.PathLike[str],
    target: str,
    *,
    resume: bool = False,
    max_concurrency: int = AT_ONCE,
    progress: ProgressInput = None,
    on_error: OnError = "raise",
) -> TransferResult:
    """Upload a file or a tree of files; see `upload`."""
    return await run_async(
        _upload(store, source, target, resume, max_concurrency, progress, on_error)
    )


@dataclass(frozen=True, slots=True)
class _File:
    place: str
    path: str
    """The object's path."""
    size: int
    modified: int
    """In microseconds since 1970."""


def _upload(
    store: ObjectStoreMethods,
    source: str | os.PathLike[str],
    target: str,
    resume: bool,
    max_concurrency: int,
    progress: ProgressInput,
    on_error: OnError,
) -> Plan[TransferResult]:
    limit = _arguments.positive(max_concurrency, "max_concurrency")
    place, tally, verbs = os.fspath(source), Tally(on_error), known(store)._verbs()
    prefix = _paths.parse(target, "target")
    single: bool = yield Block(lambda: _is_file(place))
    if single and (not prefix or target.endswith("/")):
        prefix = _paths.join(prefix, os.path.basename(place))
    ignored, own = tally.result.ignored, _place_of(store, prefix)
    files: list[_File] = yield Block(lambda: _scan(place, prefix, single, ignored, own))
    there: dict[str, tuple[int, int]] = {}
    if resume:
        there = yield from _there(verbs, prefix, single)
    told = make_progress(progress, sum(file.size for file in files), place)
    sender = verbs if told is None else watched(verbs, told)
    parts = MAX_CONCURRENCY if len(files) == 1 else _PARTS_OF_EACH
    side_by_side = SideBySide(limit)

    def each() -> Iterator[Plan[None]]:
        for file in files:
            if _unchanged(file, there.get(file.path)):
                tally.add(skipped=1)
                if told is not None:
                    told.add(file.size)
            else:
                yield tally.guard(file.path, _one(sender, file, single, parts, tally))

    try:
        yield from side_by_side.over(side_by_side.add(each()))
    finally:
        if told is not None:
            told.close()
    return tally.result


def _unchanged(file: _File, found: tuple[int, int] | None) -> bool:
    """Whether an object of this size and time is the file; many servers count in seconds."""
    if found is None or found[0] != file.size:
        return False
    return found[1] // 10**6 >= file.modified // 10**6


def _is_file(place: str) -> bool:
    if not os.path.exists(place):
        raise NotFoundError(f"there is no file or directory {place!r}", path=place)
    return not os.path.isdir(place)


def _place_of(store: ObjectStoreMethods, prefix: str) -> str | None:
    """The directory that a local store writes to."""
    if not isinstance(store, LocalStore) or store.prefix is None:
        return None
    return os.path.realpath(store.prefix / prefix)


def _scan(
    place: str, prefix: str, single: bool, ignored: list[str], own: str | None
) -> list[_File]:
    """The files to send, sorted; what is none is put in `ignored`, and the target below them."""
    if single:
        return [_file(place, prefix, _files.status(place))]
    files: list[_File] = []
    for folder, folders, names in os.walk(place, onerror=_throw):
        if own is not None and folder != place and os.path.realpath(folder) == own:
            ignored.append(folder)
            folders.clear()
            continue
        folders.sort()
        for name in sorted(names + folders):
            full = os.path.join(folder, name)
            found = os.lstat(full)
            if stat.S_ISREG(found.st_mode):
                inner = os.path.relpath(full, place).replace(os.sep, "/")
                files.append(_file(full, f"{prefix}/{inner}" if prefix else inner, found))
            elif not stat.S_ISDIR(found.st_mode):
                ignored.append(full)
    return files


def _throw(error: OSError) -> None:
    raise error


def _file(place: str, path: str, found: os.stat_result) -> _File:
    return _File(place, path, found.st_size, found.st_mtime_ns // 1000)


def _there(verbs: Operations, prefix: str, single: bool) -> Plan[dict[str, tuple[int, int]]]:
    """The sizes and times of the objects that are there."""
    if single:
        try:
            fetched = yield from verbs.get(prefix, {"head": True})
        except NotFoundError:
            return {}
        yield from fetched.content.close()
        return {prefix: (fetched.meta.size, fetched.meta.modified)}
    pages, there = Pages(verbs, prefix, on_bad_key="skip"), dict[str, tuple[int, int]]()
    while (rows := (yield from pages.next())) is not None:
        there.update((row[0], (row[2], row[1])) for row in rows)
    return there


def _one(verbs: Operations, file: _File, follow: bool, parts: int, tally: Tally) -> Plan[None]:
    opened: IO[bytes] = yield Block(lambda: _open(file.place, follow))
    try:
        yield from verbs.put(
            file.path, opened, asynchronous=True, chunk_size=CHUNK_SIZE, max_concurrency=parts
        )
    finally:
        opened.close()
    tally.add(files=1, count=file.size)


def _open(place: str, follow: bool) -> IO[bytes]:
    """Open a file; a link that took its place in a tree meanwhile is not followed."""
    return open(_files.open_regular(place, 0 if follow else _NOFOLLOW), "rb", buffering=0)
