"""Files that read through one of fsspec's caches, for who asks for one by `cache_type`."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

from typing import Any

from fsspec.caching import caches
from fsspec.spec import AbstractBufferedFile

from .._driver import run
from ._objects import Objects

BLOCK = 5 << 20
S3_BLOCK = 50 << 20
"""The default sizes of a block in bytes: those of fsspec and of s3fs."""


class CachedFile(AbstractBufferedFile):
    """A file whose reads go through a cache of fsspec's, as those of s3fs do.

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
        super().__init__(fs, path, **given)

    def _fetch_range(self, start: int, end: int) -> bytes:
        # A weak e_tag never satisfies If-Match (RFC 9110, 13.1.1).
        strong = self._e_tag is not None and not self._e_tag.startswith("W/")
        data = run(
            self._objects.cat_file(
                self.path, start, end, self._version, self._e_tag if strong else None
            )
        )
        return bytes(data)

    def read1(self, length: int = -1) -> bytes:
        """Read up to that many bytes."""
        data: bytes = self.read(length)
        return data
