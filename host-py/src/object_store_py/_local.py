"""The backend of local files: objects are files below a root, written beside and renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NoReturn, TypeVar

from . import exceptions
from ._backend import (
    Fetched,
    GetRequest,
    ListRequest,
    Page,
    PutRequest,
    RawMeta,
    Written,
    check_conditions,
    resolve_range,
)
from ._bad_keys import WAY_OUT
from ._effects import Block, Plan
from ._http import Payload
from ._limits import UNLIMITED
from ._local_content import CHUNK, FileContent, is_as_it_was, read_file, state_of, write_at
from ._local_listing import Listing, file_meta, is_staged, stage_name
from ._local_root import EscapeError, Root, create_file, replace, umask
from ._memory import BytesContent

T = TypeVar("T")

_READINGS = 4
"""How often a small file is read anew, because it was written to while it was read."""


class LocalBackend:
    """Files below a directory."""

    delete_batch = 1_000
    min_part_size = 0
    max_put = sys.maxsize - 1
    multipart = True
    any_key = False
    has_root = False
    limits = UNLIMITED

    def __init__(self, root: Root, label: str, automatic_cleanup: bool) -> None:
        self._root = root
        self._label = label
        self._cleanup = automatic_cleanup
        self._uploads: dict[str, int] = {}
        self._lock = threading.RLock()

    def _block(self, path: str, function: Callable[[], T]) -> Plan[T]:
        """Do file work, in a thread when async; what it throws gets our classes."""
        try:
            result: T = yield Block(function)
        except OSError as error:
            if isinstance(error, exceptions.BaseError):
                raise
            self._throw(path, error)
        return result

    def _throw(self, path: str, error: OSError) -> NoReturn:
        kind: type[exceptions.BaseError] = exceptions.GenericError
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            kind = exceptions.NotFoundError
        elif isinstance(error, FileExistsError):
            kind = exceptions.AlreadyExistsError
        elif isinstance(error, PermissionError | EscapeError):
            kind = exceptions.PermissionDeniedError
        elif error.errno == errno.ENAMETOOLONG:  # what a disk takes is its own rule
            kind = exceptions.InvalidPathError
        reason = error.strerror or str(error)
        if kind is exceptions.GenericError and error.errno is not None:
            reason = f"{reason} ({errno.errorcode.get(error.errno, error.errno)})"
        raise kind(f"{self._label}, {path!r}: {reason}", store=self._label, path=path) from error

    # Reading.

    def get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        """Read a file or a part of it."""
        if options.version is not None:
            raise exceptions.NotImplementedError(f"{self._label}: it keeps no versions")
        return (yield from self._block(path, lambda: self._get(path, options)))

    def _get(self, path: str, options: GetRequest) -> Fetched:
        for _ in range(_READINGS):
            fetched = self._get_once(path, options)
            if fetched is not None:
                return fetched
        raise exceptions.GenericError(
            f"{self._label}, {path!r}: the file is written to again and again while it is read",
            store=self._label,
            path=path,
        )

    def _get_once(self, path: str, options: GetRequest) -> Fetched | None:
        """Open a file, and read it if it is small; None if it was written to meanwhile."""
        descriptor = self._root.open_file(path)
        keep = False
        try:
            status = os.fstat(descriptor)
            meta, state = file_meta(path, status), state_of(status)
            check_conditions(meta, options, self._label)
            start, end = resolve_range(options.range, meta.size, path)
            content: Any
            if options.head:
                content = BytesContent(b"")
            elif end - start <= CHUNK:
                try:
                    content = BytesContent(read_file(descriptor, start, end))
                except exceptions.GenericError:
                    return None  # it became shorter
                if not is_as_it_was(descriptor, state):
                    return None
            else:
                block, keep = partial(self._block, path), True
                content = FileContent(block, descriptor, state, start, end)
            return Fetched(meta, start, end, {}, content)
        finally:
            if not keep:
                os.close(descriptor)

    # Writing.

    def put(self, path: str, payload: Payload, options: PutRequest) -> Plan[Written]:
        """Write a file beside its place and move it there."""
        self._check(path, options)
        return (yield from self._block(path, lambda: self._put(path, payload, options)))

    def _put(self, path: str, payload: Payload, options: PutRequest) -> Written:
        with self._staged(path) as (descriptor, publish):
            offset = 0
            for view in payload.views:
                _write(descriptor, view, offset)
                offset += view.nbytes
            return publish(options.mode != "create")

    def _check_name(self, path: str) -> None:
        if is_staged(path.rpartition("/")[2]):
            raise exceptions.InvalidPathError(
                f"{self._label}, {path!r}: such names are those of files that are being written:"
                " choose another one",
                path=path,
            )

    def _check(self, path: str, options: PutRequest) -> None:
        self._check_name(path)
        if options.attributes:
            raise exceptions.NotImplementedError(f"{self._label}: files have no attributes")
        if isinstance(options.mode, dict):
            raise exceptions.NotImplementedError(f"{self._label}: files have no conditional update")

    @contextlib.contextmanager
    def _staged(self, path: str) -> Generator[tuple[int, Callable[[bool], Written]], None, None]:
        """A new file beside `path`, and a function that puts it there; removed if that fails."""
        with self._root.parent(path, create=True) as (folder, name):
            staged = _beside(name, stage_name())
            left = [create_file(folder, staged)]
            try:
                yield left[0], lambda over: _publish(path, left.pop(), folder, staged, name, over)
            except BaseException:
                for descriptor in left:
                    os.close(descriptor)
                with contextlib.suppress(OSError):
                    os.unlink(staged, dir_fd=folder)
                raise

    def create_upload(self, path: str, options: PutRequest) -> Plan[str]:
        """Begin a file that is written in parts."""
        self._check(path, options)
        return (yield from self._block(path, lambda: self._create_upload(path)))

    def _create_upload(self, path: str) -> str:
        with self._root.parent(path, create=True) as (folder, name):
            upload = stage_name()
            self._uploads[upload] = create_file(folder, _beside(name, upload))
        return upload

    def put_part(
        self, path: str, upload: str, index: int, offset: int, payload: Payload
    ) -> Plan[str]:
        """Write one part at its place in the file."""

        def write() -> str:
            position = offset
            for view in payload.views:
                _write(self._uploads[upload], view, position)
                position += view.nbytes
            return str(index)

        return (yield from self._block(path, write))

    def complete_upload(self, path: str, upload: str, parts: list[str]) -> Plan[Written]:
        """Move the file to its place."""
        del parts
        return (yield from self._block(path, lambda: self._complete_upload(path, upload)))

    def _complete_upload(self, path: str, upload: str) -> Written:
        with self._root.parent(path, create=True) as (folder, name):
            descriptor, staged = self._uploads.pop(upload), _beside(name, upload)
            return _publish(path, descriptor, folder, staged, name, overwrite=True)

    def abort_upload(self, path: str, upload: str) -> Plan[None]:
        """Remove a file that was begun."""
        yield from self._block(path, lambda: self._abort_upload(path, upload))

    def _abort_upload(self, path: str, upload: str) -> None:
        descriptor = self._uploads.pop(upload, None)
        if descriptor is not None:
            os.close(descriptor)
        with self._root.parent(path) as (folder, name), contextlib.suppress(FileNotFoundError):
            os.unlink(_beside(name, upload), dir_fd=folder)

    # The rest.

    def list_page(self, request: ListRequest) -> Plan[Page]:
        """Read the whole listing."""
        return (yield from self._block(request.prefix, lambda: self._list(request)))

    def _list(self, request: ListRequest) -> Page:
        found: list[RawMeta] = []
        prefixes: list[str] = []
        listing = Listing(self._root, request.unlinking)
        for entry in listing.scan(request.prefix, not request.delimiter):
            if isinstance(entry, str):
                prefixes.append(entry)
            elif request.offset is None or entry.path > request.offset:
                found.append(entry)
        bad = sorted(listing.bad)
        if bad and request.on_bad_key != "skip":
            raise exceptions.InvalidPathError(
                f"{self._label}: no path can name the file {bad[0]!r}: {WAY_OUT}"
            )
        return Page(sorted(found), sorted(prefixes), None, bad)

    def delete(self, paths: list[str]) -> Plan[None]:
        """Delete files; one that is not there is an error."""
        for path in paths:
            yield from self._block(path, partial(self._delete, path))

    def _delete(self, path: str) -> None:
        with self._root.parent(path) as (folder, name):
            try:
                os.unlink(name, dir_fd=folder)
            except (IsADirectoryError, PermissionError):
                if _is_directory(folder, name):
                    raise FileNotFoundError(errno.ENOENT, "it is a directory") from None
                raise
        while self._cleanup and (path := path.rpartition("/")[0]):
            with self._root.parent(path) as (folder, name):
                try:
                    os.rmdir(name, dir_fd=folder)
                except OSError:
                    return  # not empty

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy a file."""
        self._check_name(target)
        yield from self._block(source, lambda: self._copy(source, target, overwrite))

    def _copy(self, source: str, target: str, overwrite: bool) -> None:
        descriptor = self._root.open_file(source)
        with open(descriptor, "rb", buffering=0) as file:
            if overwrite and self._is_one(source, target):
                return  # a link, of which the file would take the place
            with self._staged(target) as (new, publish):
                with open(new, "wb", buffering=0, closefd=False) as copy:
                    shutil.copyfileobj(file, copy, CHUNK)
                file.close()  # it may be what is replaced
                publish(overwrite)

    def _is_one(self, source: str, target: str) -> bool:
        """Whether two paths lead to one entry of one directory."""
        if source.rpartition("/")[2] != target.rpartition("/")[2]:
            return False
        try:
            with (
                self._root.parent(source) as (old_folder, old),
                self._root.parent(target) as (folder, name),
            ):
                return _is_same_place(old_folder, old, folder, name)
        except FileNotFoundError:
            return False

    def rename(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Move a file, in one step."""
        self._check_name(target)
        yield from self._block(source, lambda: self._rename(source, target, overwrite))

    def _rename(self, source: str, target: str, overwrite: bool) -> None:
        os.close(self._root.open_file(source))
        with (
            self._root.parent(source) as (old_folder, old),
            self._root.parent(target, create=True) as (folder, name),
        ):
            if overwrite and _is_same_place(old_folder, old, folder, name):
                return
            if _is_link(old_folder, old):  # elsewhere it may lead nowhere
                self._copy(source, target, overwrite)
                os.unlink(old, dir_fd=old_folder)
                return
            _move(old_folder, old, folder, name, overwrite)
            # To a name of the same file (a hard link) rename does nothing.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(old, dir_fd=old_folder)

    def sign(self, method: str, paths: list[str], seconds: int) -> Plan[list[str]]:
        """Refuse: there is no server."""
        raise exceptions.NotSupportedError(f"{self._label} has no server, so it cannot sign URLs")
        yield


def _beside(name: str, other: str) -> str:
    """Another name in the directory of a name, which may be a whole path."""
    return os.path.join(os.path.dirname(name), other)


def _is_directory(folder: int | None, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _is_link(folder: int | None, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _is_same_place(old_folder: int | None, old: str, folder: int | None, name: str) -> bool:
    """Whether two names are one entry of one directory, which links may spell in two ways."""
    if os.path.basename(old) != os.path.basename(name):
        return False
    above = [os.path.dirname(old) if old_folder is None else old_folder]
    above.append(os.path.dirname(name) if folder is None else folder)
    return os.path.samestat(*map(os.stat, above))


def _write(descriptor: int, view: memoryview, offset: int) -> None:
    while view.nbytes:
        count = write_at(descriptor, view, offset)
        view, offset = view[count:], offset + count


def _publish(
    path: str, descriptor: int, folder: int | None, staged: str, name: str, overwrite: bool
) -> Written:
    """Close a file and move it to its place: Windows moves no open one."""
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o666 & ~umask())
    finally:
        os.close(descriptor)
    meta = file_meta(path, os.stat(staged, dir_fd=folder, follow_symlinks=False))
    _move(folder, staged, folder, name, overwrite)
    return Written(meta.e_tag, None)


def _move(old_folder: int | None, old: str, folder: int | None, name: str, overwrite: bool) -> None:
    if overwrite:
        replace(old_folder, old, folder, name)
        return
    # A link fails if the name is taken, which a rename does not.
    os.link(old, name, src_dir_fd=old_folder, dst_dir_fd=folder)
    os.unlink(old, dir_fd=old_folder)
