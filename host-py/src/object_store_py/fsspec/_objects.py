"""The bytes of files: cat, pipe, get, put and copy, each as a plan."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fsspec.callbacks import NoOpCallback  # pyright: ignore[reportMissingTypeStubs] - it has none

from .. import _files
from .._backend import Content, Fetched
from .._effects import Block, Plan
from .._filling import read_all
from .._operations import PARALLEL
from .._together import together
from ..exceptions import GenericError, InvalidPathError, NotFoundError
from ..results import GetResult
from ..stores.base import CHUNK_SIZE, COALESCE, MAX_CONCURRENCY
from ..types import PutResult
from . import _places
from ._changes import Changes

STANDARD_ATTRIBUTES = frozenset(
    "Content-Disposition Content-Encoding Content-Language Content-Type Cache-Control"
    " Storage-Class".split()
)
"""What is no user metadata among attributes."""
WRITE_BYTES = 1 << 20
"""How many bytes are gathered for each write to a local file."""


class Objects(Changes):
    """The bytes of one filesystem's files. Paths are stripped of their protocol."""

    max_concurrency = MAX_CONCURRENCY
    """How many parts of a file are under way at once, where nobody says otherwise."""

    @property
    def _has_suffixes(self) -> bool:
        """Whether the store knows ranges of the last bytes."""
        return self.family.store != "AzureStore"

    # Reading.

    def cat_file(
        self,
        path: str,
        start: int | None = None,
        end: int | None = None,
        version: str | None = None,
        if_match: str | None = None,
    ) -> Plan[bytes]:
        """The bytes of a file from `start` to `end`, as slices of Python's have them.

        Raises:
            PreconditionError: it has another e_tag than `if_match`.
            NotFoundError: there is no such file.
        """
        verbs, key = self.verbs(path)
        from_end = start is not None and start < 0
        if (end is not None and (from_end or end < 0)) or (from_end and not self._has_suffixes):
            start, end = yield from self._from_start(path, start, end, version)
        given = {"version": version, "if_match": if_match}
        options: dict[str, Any] = {name: item for name, item in given.items() if item is not None}
        if start is not None and start < 0:
            options["range"] = {"suffix": -start}
        elif end is not None:
            if end <= (start or 0):
                yield from self.info(path, version)  # a file that is not there is an error
                return b""
            options["range"] = (start or 0, end)
        elif start:
            options["range"] = {"offset": start}
        try:
            fetched = yield from verbs.get(key, options)
        except GenericError as error:
            # Beyond the end there is nothing. Servers say 416, or answer what the crate refuses.
            if "range" not in options or (error.status or 0) >= 500:
                raise
            size = (yield from self.info(path, version, refresh=True))["size"]
            if size > max(start or 0, 0):
                raise
            return b""
        return (yield from read_all(fetched, bytes))

    def _from_start(
        self, path: str, start: int | None, end: int | None, version: str | None
    ) -> Plan[tuple[int, int]]:
        """A range that counts from the end, counted from the start."""
        size = (yield from self.info(path, version, refresh=True))["size"]
        first, last, _ = slice(start, end).indices(size)
        return first, last

    def cat_ranges(
        self,
        paths: Sequence[str],
        starts: Sequence[int | None],
        ends: Sequence[int | None],
        max_gap: int | None,
    ) -> Plan[list[Any]]:
        """The bytes of many ranges, or the error of each; near ones are read with one request."""
        results: list[Any] = [None] * len(paths)
        by_path: dict[str, list[int]] = {}
        for index, path in enumerate(paths):
            by_path.setdefault(path, []).append(index)
        plans: list[Plan[None]] = []
        for path, indices in by_path.items():
            near: list[tuple[int, int, int]] = []
            for index in indices:
                start, end = starts[index] or 0, ends[index]
                if end is not None and 0 <= start < end and len(indices) > 1:
                    near.append((index, start, end))
                else:
                    plans.append(self._one_range(results, index, path, starts[index], end))
            if near:
                gap = COALESCE if max_gap is None else max_gap
                plans.append(self._near_ranges(results, path, near, gap))
        if plans:
            yield from together(plans, PARALLEL)
        return results

    def _one_range(
        self, results: list[Any], index: int, path: str, start: int | None, end: int | None
    ) -> Plan[None]:
        try:
            results[index] = yield from self.cat_file(path, start, end)
        except Exception as error:
            results[index] = error

    def _near_ranges(
        self, results: list[Any], path: str, near: list[tuple[int, int, int]], gap: int
    ) -> Plan[None]:
        """Ranges of one file at once; one by one where one of them cannot be read."""
        verbs, key = self.verbs(path)
        starts, ends = [item[1] for item in near], [item[2] for item in near]
        try:
            found = yield from verbs.get_ranges(key, starts, ends, None, gap, bytes)
        except Exception:
            for index, start, end in near:
                yield from self._one_range(results, index, path, start, end)
        else:
            for (index, _, _), data in zip(near, found):
                results[index] = data

    def get_file(
        self, path: str, target: Any, callback: Any, version: str | None = None
    ) -> Plan[None]:
        """Write an object to a local file, which is there when it is complete, not before.

        Args:
            path: the object; for a directory, a directory is made.
            target: the local path, or an open binary file.
            callback: fsspec's callback, told of bytes.
            version: the version to read.
        """
        verbs, key = self.verbs(path)
        try:
            fetched = yield from verbs.get(key, {} if version is None else {"version": version})
        except NotFoundError:
            if version is not None or not (yield from self._is_directory(path)):
                raise
            yield Block(lambda: os.makedirs(target, exist_ok=True))
            return
        callback.set_size(fetched.meta.size)
        if hasattr(target, "write"):
            yield from _save(fetched.content, target, callback)
            return
        yield from _save_whole(fetched.content, str(target), callback)

    def metadata(self, path: str) -> Plan[dict[str, str]]:
        """The user metadata of a file."""
        verbs, key = self.verbs(path)
        fetched = yield from verbs.get(key, {"head": True})
        yield from fetched.content.close()
        named = fetched.attributes.items()
        return {name: item for name, item in named if name not in STANDARD_ATTRIBUTES}

    # Writing.

    def pipe_file(
        self, path: str, value: Any, asynchronous: bool, **options: Any
    ) -> Plan[PutResult]:
        """Write bytes to a file. Options are those of `put`.

        Raises:
            AlreadyExistsError: the mode is `"create"` and there is one.
        """
        verbs, key = self.verbs(path)
        options.setdefault("chunk_size", CHUNK_SIZE)
        options.setdefault("max_concurrency", self.max_concurrency)
        return (yield from verbs.put(key, value, asynchronous=asynchronous, **options))

    def put_file(
        self, source: Any, path: str, callback: Any, asynchronous: bool, **options: Any
    ) -> Plan[None]:
        """Write a local file to an object; of a directory a directory is made."""
        source = str(source)
        if os.path.isdir(source):
            yield from self.make_directory(path, parents=True, exist_ok=True)
            return
        callback.set_size(os.path.getsize(source))
        if isinstance(callback, NoOpCallback):
            yield from self.pipe_file(path, Path(source), asynchronous, **options)
            return
        with open(_files.open_regular(source), "rb") as file:
            yield from self.pipe_file(path, _Watched(file, callback), asynchronous, **options)

    def copy(
        self, source: str, target: str, asynchronous: bool, directories: bool = True
    ) -> Plan[None]:
        """Copy a file: on the server within a bucket, else through this process, in parts.

        Raises:
            InvalidPathError: onto itself: who moves by copying would delete it then.
            IsADirectoryError: it is one; with `directories`, only a directory is made.
        """
        if self.is_same(source, target):
            raise InvalidPathError(
                f"{self.shown(source)!r} cannot be copied to {self.shown(target)!r}: that is onto"
                " itself"
            )
        verbs, key = self.verbs(source)
        _, new = self.verbs(target)
        try:
            if self.split(source)[0] == self.split(target)[0]:
                yield from verbs.copy(key, new, True)
                return
            fetched = yield from verbs.get(key, None)
        except NotFoundError:
            if not (yield from self._is_directory(source)):
                raise
            if not directories:
                raise IsADirectoryError(
                    f"{self.shown(source)!r} is a directory: use recursive=True"
                ) from None
            yield from self.make_directory(target, parents=True, exist_ok=True)
            return
        stream = _stream(fetched, CHUNK_SIZE)
        yield from self.pipe_file(target, stream, asynchronous, attributes=fetched.attributes)

    # Places.

    def identity(self, path: str) -> Any:
        """What is equal for all spellings of a path."""
        return _places.identity(self.family, path)

    def is_same(self, source: str, target: str) -> bool:
        """Whether two paths are one object."""
        return _places.is_same(self.family, source, target)

    def is_inside(self, path: str, directory: str) -> bool:
        """Whether a path is a directory, or below it."""
        return _places.is_inside(self.family, path, directory)

    def move_local(self, pairs: Sequence[tuple[str, str]]) -> Plan[None]:
        """Move local files and directories."""
        for source, target in pairs:
            yield Block(partial(_places.move_local, source, target))

    def remove_moved(
        self, files: list[str], directories: list[str], markers: list[str]
    ) -> Plan[None]:
        """Delete files that were copied, and the local directories that are empty then."""
        once = {self.identity(path): path for path in (*files, *markers)}
        yield from self.delete(once.values())
        if self.is_local:
            yield Block(partial(_places.remove_empty, directories))


def _stream(fetched: Fetched, size: int) -> Any:
    meta: Any = {"size": fetched.meta.size}
    return GetResult(fetched, meta).stream(size)


class _Watched:
    """A file that tells a callback how many bytes were read of it."""

    def __init__(self, file: Any, callback: Any) -> None:
        self._file = file
        self._callback = callback
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        data: bytes = self._file.read(size)
        self._callback.relative_update(len(data))
        return data


def _save_whole(content: Content, path: str, callback: Any) -> Plan[None]:
    """Write to a new file beside the path and move it there."""
    real = os.path.realpath(path)
    if os.path.exists(real) and not os.path.isfile(real):
        if os.path.isdir(real):
            raise IsADirectoryError(f"{path!r} is a directory")
        with open(real, "wb") as device:
            yield from _save(content, device, callback)
        return
    staged = os.path.join(os.path.dirname(real), f".{secrets.token_hex(8)}.part")
    try:
        with open(staged, "xb") as file:
            yield from _save(content, file, callback)
        os.replace(staged, real)
    except BaseException:
        if os.path.exists(staged):
            os.unlink(staged)
        raise


def _save(content: Content, file: Any, callback: Any) -> Plan[None]:
    try:
        more = True
        while more:
            chunks: list[bytes] = []
            size = 0
            while more and size < WRITE_BYTES:
                chunk = yield from content.read()
                more = bool(chunk)
                chunks.append(chunk)
                size += len(chunk)
            yield Block(partial(file.write, b"".join(chunks)))
            callback.relative_update(size)
    except BaseException:
        content.abandon()
        raise
