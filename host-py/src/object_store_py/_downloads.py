"""Downloading an object or a tree of objects to local files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import _arguments, _paths
from ._backend import Fetched
from ._driver import run, run_async
from ._effects import Block, Plan
from ._landing import Landing
from ._local_root import Root
from ._operations import Operations
from ._progress import Progress, ProgressInput, make_progress
from ._states import difference, is_strong
from ._transfers import AT_ONCE, OnError, SideBySide, Tally, TransferResult
from ._trees import Pages
from .exceptions import GenericError, InvalidPathError, NotFoundError, PreconditionError
from .stores.base import ObjectStoreMethods, known
from .types import RawKey

RESUMABLE = 8 << 20
"""Objects of at least so many bytes leave a part behind where their download breaks off."""


def download(
    store: ObjectStoreMethods,
    source: str,
    target: str | os.PathLike[str],
    *,
    resume: bool = False,
    max_concurrency: int = AT_ONCE,
    progress: ProgressInput = None,
    on_error: OnError = "raise",
) -> TransferResult:
    """Download an object to a file, or all objects below a prefix to a directory.

    Each file is written beside its place, under a name that begins with a dot and ends with
    `.part`, and moved there when it is whole; it gets the object's time of modification. Nothing
    is written outside the target: keys with `..` are refused, symbolic links that lead out of it
    are not followed.

    Args:
        store: where the objects are.
        source: an object's path; or a prefix, if no object has this path, or it ends with a slash.
            The empty prefix means the whole store. A folder's marker below it makes a directory.
        target: the file to write, or, where it is a directory or ends with a slash, the directory
            to write it to. For a prefix, the directory, which is made if it is not there.
        resume: leave out files that have the object's size and time of modification (in seconds)
            already, and go on with objects of 8 MiB or more where an earlier download broke off,
            if they have a strong e_tag, and it, their size and time are still the same.
        max_concurrency: how many objects are read at once.
        progress: who is told how many bytes are done, those that need not be read included; see
            `put`. How many there are in all is known when the listing has ended.
        on_error: `"raise"` stops at the first error, `"collect"` goes on and reports all.

    Returns:
        What was done.

    Raises:
        NotFoundError: there is neither such an object nor one below such a prefix.
        InvalidPathError: a key cannot be a file below the target.
        PermissionDeniedError: a symbolic link leads out of the target.
        OSError: the file system refuses.
    """
    return run(_download(store, source, target, resume, max_concurrency, progress, on_error))


async def download_async(
    store: ObjectStoreMethods,
    source: str,
    target: str | os.PathLike[str],
    *,
    resume: bool = False,
    max_concurrency: int = AT_ONCE,
    progress: ProgressInput = None,
    on_error: OnError = "raise",
) -> TransferResult:
    """Download an object or a tree of objects; see `download`."""
    return await run_async(
        _download(store, source, target, resume, max_concurrency, progress, on_error)
    )


def _download(
    store: ObjectStoreMethods,
    source: str,
    target: str | os.PathLike[str],
    resume: bool,
    max_concurrency: int,
    progress: ProgressInput,
    on_error: OnError,
) -> Plan[TransferResult]:
    limit = _arguments.positive(max_concurrency, "max_concurrency")
    place, tally, verbs = os.fspath(target), Tally(on_error), known(store)._verbs()
    prefix = _paths.parse(source, "source")
    single = None if not prefix or source.endswith("/") else (yield from _single(verbs, prefix))
    told = make_progress(progress, None if single is None else single[2], source)
    try:
        if single is not None:
            yield from _to_file(verbs, single, place, resume, tally, told)
        else:
            yield from _to_directory(verbs, prefix, place, resume, limit, tally, told)
    finally:
        if told is not None:
            told.close()
    return tally.result


def _single(verbs: Operations, path: str) -> Plan[Sequence[Any] | None]:
    """The metadata of the one object that is meant, in the order of `RawMeta`."""
    try:
        fetched = yield from verbs.get(path, {"head": True})
    except NotFoundError:
        return None
    yield from fetched.content.close()
    return (path, *fetched.meta[1:])


def _to_file(
    verbs: Operations,
    row: Sequence[Any],
    place: str,
    resume: bool,
    tally: Tally,
    told: Progress | None,
) -> Plan[None]:
    if place.endswith(("/", os.sep)) or os.path.isdir(place):
        folder, name = place, row[0].rpartition("/")[2]
    else:
        folder, name = os.path.split(place)
    yield Block(lambda: os.makedirs(folder or os.curdir, exist_ok=True))
    download = _Download(verbs, Root(folder or os.curdir, False), resume, tally, told)
    yield from tally.guard(row[0], download.one(row, name))


def _to_directory(
    verbs: Operations,
    prefix: str,
    place: str,
    resume: bool,
    limit: int,
    tally: Tally,
    told: Progress | None,
) -> Plan[None]:
    side_by_side = SideBySide(limit)

    def each_page() -> Plan[None]:
        pages, total, any_there = Pages(verbs, prefix, on_bad_key="keep"), 0, False
        download: _Download | None = None
        while (rows := (yield from pages.next())) is not None:
            if not rows:
                continue
            any_there = True
            if download is None:
                yield Block(lambda: os.makedirs(place, exist_ok=True))
                download = _Download(verbs, Root(place, False), resume, tally, told)
            total += sum(row[2] for row in rows)
            yield from side_by_side.add(download.each(rows, len(prefix) + 1 if prefix else 0))
        if prefix and not any_there:
            raise NotFoundError(
                f"there is no object {prefix!r}, and none below that prefix", path=prefix
            )
        if told is not None:
            told.expect(total)

    yield from side_by_side.over(each_page())


class _Download:
    """One call's downloads to one directory."""

    def __init__(
        self, verbs: Operations, root: Root, resume: bool, tally: Tally, told: Progress | None
    ) -> None:
        self._verbs = verbs
        self._root = root
        self._resume = resume
        self._tally = tally
        self._told = told

    def each(self, rows: Sequence[Sequence[Any]], cut: int) -> Iterator[Plan[None]]:
        """The downloads of a page of a listing."""
        for row in rows:
            name = row[0][cut:]
            if isinstance(row[0], RawKey) or _paths.is_marker(row[0]):
                plan = self._folder(row, name.removesuffix("/"))
            else:
                plan = self._placed(row, name)
            yield self._tally.guard(row[0], plan)

    def _folder(self, row: Sequence[Any], name: str) -> Plan[None]:
        """A marker of a folder is a directory here; what it holds could be in no file."""
        path, size = row[0], row[2]
        _paths.check_folder(path, "source")
        if size:
            raise InvalidPathError(
                f"{path!r} has {size} bytes, but a name with a slash at its end is that of a"
                " directory: get it by itself",
                path=path,
            )
        if name:
            yield Block(Landing(self._root, name).make_folder)

    def _placed(self, row: Sequence[Any], name: str) -> Plan[None]:
        try:
            yield from self.one(row, name)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise type(error)(
                error.errno,
                "cannot be a file here: a file system has either a file or a directory of a name,"
                f" and the other one is there ({error.strerror})",
                row[0],
            ) from error

    def one(self, row: Sequence[Any], name: str) -> Plan[None]:
        """Download one object."""
        path, modified, size = row[:3]
        landing = Landing(self._root, name)
        if self._resume:
            if (yield Block(lambda: landing.holds(size, modified))):
                self._tally.add(skipped=1)
                self._tell(size)
                return
            if size >= RESUMABLE and (yield from self._went_on(path, landing)):
                return
        fetched = yield from self._verbs.get(path, None)
        yield from self._write(landing, fetched, 0)

    def _went_on(self, path: str, landing: Landing) -> Plan[bool]:
        """Go on with a part, if there is one of the object as it is now; whether it did."""
        parts: list[str] = yield Block(landing.parts)
        if not parts:
            return False
        now = yield from self._verbs.get(path, {"head": True})
        yield from now.content.close()
        size = now.meta.size
        part = landing.part_name(now.meta)
        for other in parts:
            if other != part:
                yield Block(_remover(landing, other))
        start = (yield Block(lambda: _length(landing, part))) if part in parts else 0
        if not is_strong(now.meta.e_tag):
            return False
        if not 0 < start < size:
            return False  # nothing, or too much; all of it is rare, and read again
        try:
            fetched = yield from self._verbs.get(
                path, {"if_match": now.meta.e_tag, "range": {"offset": start}}
            )
        except PreconditionError:
            return False  # it changed at this moment
        if fetched.start != start or difference(now.meta, fetched.meta):
            fetched.content.abandon()
            return False  # the server does not know ranges, or no conditions
        self._tally.add(resumed=start)
        self._tell(start)
        yield from self._write(landing, fetched, start)
        return True

    def _write(self, landing: Landing, fetched: Fetched, start: int) -> Plan[None]:
        """Write what is read to a part, from `start` on, and move it to its place."""
        size = fetched.meta.size
        keep = self._resume and is_strong(fetched.meta.e_tag) and size >= RESUMABLE
        part = landing.part_name(fetched.meta if keep else None)
        descriptor: int | None = None
        try:
            descriptor = yield Block(lambda: landing.open(part))
            assert descriptor is not None
            yield Block(_cutter(descriptor, start))
            position = start
            while chunk := (yield from fetched.content.read()):
                yield Block(_writer(descriptor, chunk))
                position += len(chunk)
                self._tell(len(chunk))
            if position != size:
                raise GenericError(f"{position} of {size} bytes arrived", path=fetched.meta.path)
            whole, descriptor = descriptor, None
            yield Block(lambda: landing.publish(part, whole, fetched.meta.modified))
        except BaseException:
            # No effects here: a plan that is closed may not yield.
            fetched.content.abandon()
            if descriptor is not None:
                os.close(descriptor)
            if not keep:
                landing.remove(part)
            raise
        self._tally.add(files=1, count=size - start)

    def _tell(self, count: int) -> None:
        if self._told is not None:
            self._told.add(count)


def _remover(landing: Landing, part: str) -> Callable[[], None]:
    return lambda: landing.remove(part)


def _length(landing: Landing, part: str) -> int:
    descriptor = landing.open(part)
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _cutter(descriptor: int, start: int) -> Callable[[], None]:
    def cut() -> None:
        os.ftruncate(descriptor, start)
        os.lseek(descriptor, start, os.SEEK_SET)

    return cut


def _writer(descriptor: int, chunk: bytes) -> Callable[[], None]:
    def write() -> None:
        view = memoryview(chunk)
        while view.nbytes:
            view = view[os.write(descriptor, view) :]

    return write
