"""Files that read through one of fsspec's caches, for who asks for one by `cache_type`."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import io
import threading
from typing import Any

from fsspec.caching import caches
from fsspec.spec import AbstractBufferedFile

from .._driver import run
from ..files._cursor import Cursor
from ..files._shared import check_open
from ._objects import Objects

BLOCK = 5 << 20
S3_BLOCK = 50 << 20
"""The default sizes of a block in bytes: those of fsspec and of s3fs."""
LINE = 8 << 10
"""How many bytes are looked through for the end of a line at once."""


class CachedFile(AbstractBufferedFile):
    """A file whose reads go through a cache of fsspec's, as those of s3fs do.

    Threads may share it, as they may a `ReadableFile`, but wait for each other's bytes.

    Args:
        fs: the filesystem.
        objects: its objects.
        path: the file.
        cache_type: a name of `fsspec.caching.caches`: `readahead`, `blockcache`, `bytes`, `mmap`,
            `first`, `all`, `parts`, `background`, `none`.
        cache_options: what the cache takes.
        block_size: the size of a block in bytes.
        size: the file's size, if it is known; else it is asked for.
        version: the version to read.

    Raises:
        ValueError: there is no such cache.
    """

    def __init__(
        self,
        fs: Any,
        objects: Objects,
        path: str,
        *,
        cache_type: str,
        cache_options: dict[str, Any] | None,
        block_size: int | None,
        size: int | None,
        version: str | None,
    ) -> None:
        name = None if cache_type == "none" else cache_type
        if cache_type not in caches and name not in caches:
            known = ", ".join(sorted(str(item) for item in caches if item))
            raise ValueError(f"cache_type must be one of {known}, not {cache_type!r}")
        self._objects, self._version, self._e_tag = objects, version, None
        if size is None:
            found = run(objects.info(path, version))
            size, self._e_tag = found["size"], found["e_tag"]
        usual = S3_BLOCK if objects.family.store == "S3Store" else BLOCK
        given: dict[str, Any] = {
            "block_size": usual if block_size is None else block_size,
            "cache_type": cache_type if cache_type in caches else name,
            "cache_options": cache_options,
            "size": size,
        }
        self._cursor = Cursor(given["size"])
        self._turns = threading.RLock()  # the caches of fsspec know no threads
        super().__init__(fs, path, **given)

    @property
    def loc(self) -> int:
        """The position."""
        return self._cursor.tell()

    @loc.setter
    def loc(self, position: int) -> None:
        self._cursor.seek(position, 0)

    def _fetch_range(self, start: int, end: int) -> bytes:
        # A weak e_tag never satisfies If-Match (RFC 9110, 13.1.1).
        strong = self._e_tag is not None and not self._e_tag.startswith("W/")
        data = run(
            self._objects.cat_file(
                self.path, start, end, self._version, self._e_tag if strong else None
            )
        )
        return bytes(data)

    def _cached(self, start: int, end: int) -> bytes:
        check_open(self.closed)
        if start == end:
            return b""
        cache: Any = self.cache
        self._cursor.begin()
        try:
            with self._turns:
                return bytes(cache._fetch(start, end))
        finally:
            self._cursor.done()

    def seek(self, loc: int, whence: int = 0) -> int:
        """Move the position; see `io.IOBase.seek`."""
        check_open(self.closed)
        return self._cursor.seek(loc, whence)

    def read(self, length: int | None = -1) -> bytes:
        """Read that many bytes, or all that are left."""
        taken = run(self._cursor.take(length))
        try:
            return self._cached(taken.start, taken.end)
        except BaseException:
            self._cursor.give_back(taken)
            raise

    def read1(self, length: int | None = -1) -> bytes:
        """Read up to that many bytes."""
        return self.read(length)

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next newline, at most `size` bytes."""
        claim = object()
        end = start = run(self._cursor.claim(claim))
        try:
            limit = self._cursor.end(start, size)
            pieces: list[bytes] = []
            while end < limit and not (pieces and pieces[-1].endswith(b"\n")):
                piece = self._cached(end, min(end + LINE, limit))
                pieces.append(piece[: piece.find(b"\n") + 1 or len(piece)])
                end += len(pieces[-1])
            return b"".join(pieces)
        finally:
            self._cursor.settle(claim, end)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read lines until they have `hint` bytes, or all that are left."""
        return io.IOBase.readlines(self, -1 if hint is None else hint)
