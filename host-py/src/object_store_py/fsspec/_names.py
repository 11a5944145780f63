"""The names in an `FsspecStore`: info, ls, find, walk, rm, mkdir, sign, sync and async."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from glob import has_magic
from typing import Any, cast

from fsspec.asyn import sync
from fsspec.mapping import FSMap

from .._driver import run, run_async
from .._functions import sign, sign_async
from ..exceptions import BaseError, InvalidPathError, NotFoundError
from ._base import Base
from ._places import without_links
from ._tree import Info
from ._walk import split_level, walk_tree
from ._words import http_method

_NOT_THERE = (FileNotFoundError, NotADirectoryError, PermissionError, InvalidPathError)
"""The errors of what is not there, as far as the caller may see."""


class Names(Base):
    """The methods of `FsspecStore` about names.

    Each sync method stands beside its twin: fsspec would send it through the thread of its loop.
    """

    def _info_plan(self, path: Any, options: Mapping[str, Any]) -> Any:
        version = options.get("version", options.get("version_id"))
        return self._objects.info(self._named(path), version, bool(options.get("refresh")))

    async def _info(self, path: Any, **kwargs: Any) -> Info:
        return cast("Info", await run_async(self._info_plan(path, kwargs)))

    def info(self, path: Any, **kwargs: Any) -> Info:
        """The name, size and type of a file or directory; of files also when it was changed.

        Args:
            path: what to look at.
            **kwargs: `version` (or `version_id`), and `refresh=True` to look past what is
                remembered.
        """
        return cast("Info", run(self._info_plan(path, kwargs)))

    async def _exists(self, path: Any, **_: Any) -> bool:
        return await run_async(self._objects.exists(self._strip(path)))

    def exists(self, path: Any, **_: Any) -> bool:
        """Whether there is a file or directory; one request where there is a file."""
        return run(self._objects.exists(self._strip(path)))

    async def _ls(
        self, path: Any, detail: bool = False, refresh: bool = False, **_: Any
    ) -> list[Any]:
        return _names(await run_async(self._objects.ls(self._strip(path), refresh)), detail)

    def ls(self, path: Any, detail: bool = False, refresh: bool = False, **_: Any) -> list[Any]:
        """What is in a directory, as names or (`detail`) infos; of a file, the file itself."""
        return _names(run(self._objects.ls(self._strip(path), refresh)), detail)

    def _find_plan(self, path: Any, maxdepth: int | None, withdirs: bool, prefix: str) -> Any:
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        return self._objects.find(self._strip(path), maxdepth, withdirs, prefix)

    async def _find(
        self,
        path: Any,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **_: Any,
    ) -> Any:
        found = await run_async(self._find_plan(path, maxdepth, withdirs, prefix))
        return found if detail else list(found)

    def find(
        self,
        path: Any,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **_: Any,
    ) -> Any:
        """All files below a path: a list of names, or (`detail`) a dict of infos."""
        found = run(self._find_plan(path, maxdepth, withdirs, prefix))
        return found if detail else list(found)

    # What a server could not say is an error, and not a no: fsspec's own would hide it.

    async def _isdir(self, path: Any) -> bool:
        try:
            return await run_async(self._objects.is_directory(self._strip(path)))
        except _NOT_THERE:
            return False

    def isdir(self, path: Any) -> bool:
        """Whether a path is a directory; an object of the same name may be beside it."""
        try:
            return run(self._objects.is_directory(self._strip(path)))
        except _NOT_THERE:
            return False

    async def _isfile(self, path: Any) -> bool:
        try:
            return bool((await self._info(path))["type"] == "file")
        except _NOT_THERE:
            return False

    def isfile(self, path: Any) -> bool:
        """Whether a path is a file."""
        try:
            return bool(self.info(path)["type"] == "file")
        except _NOT_THERE:
            return False

    async def _walk(
        self,
        path: Any,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = "omit",
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        top, detail = self._objects.bare(self._strip(path)), bool(kwargs.get("detail"))
        # With maxdepth, or for a caller who may leave directories out, level by level is less.
        if maxdepth is not None or self._objects.is_local:
            async for level in self._walk_levels(top, maxdepth, topdown, on_error, detail, set()):
                yield level
            return
        try:
            found = await run_async(self._objects.flat(top, withdirs=True))
            if not found:
                found = [await self._info(top)]  # a directory, a file, or an error
        except (OSError, BaseError) as error:
            found = _tell(error, on_error)
        for level in walk_tree(top, found, topdown, detail):
            yield level

    async def _walk_levels(
        self,
        path: str,
        maxdepth: int | None,
        topdown: bool,
        on_error: Any,
        detail: bool,
        seen: set[str],
    ) -> AsyncIterator[Any]:
        """Walk with one listing for each directory; links to one that was `seen` are left out."""
        seen.add(os.path.realpath(path))
        try:
            entries = await run_async(self._objects.ls(path))
        except (OSError, BaseError) as error:
            entries = _tell(error, on_error)
        folders, files = split_level(path, entries, detail)
        if topdown:
            yield path, folders, files
        if maxdepth is None or maxdepth > 1:
            below = None if maxdepth is None else maxdepth - 1
            for name in list(folders):
                inner = f"{path.rstrip('/')}/{name}"
                linked = self._objects.is_local and os.path.islink(inner)
                if linked and os.path.realpath(inner) in seen:
                    continue  # links may lead in circles
                async for level in self._walk_levels(inner, below, topdown, on_error, detail, seen):
                    yield level
        if not topdown:
            yield path, folders, files

    async def _du(
        self, path: Any, total: bool = True, maxdepth: int | None = None, **kwargs: Any
    ) -> Any:
        found = await self._find(path, maxdepth=maxdepth, detail=True, **kwargs)
        sizes = {name: entry["size"] for name, entry in found.items()}
        return sum(sizes.values()) if total else sizes

    def modified(self, path: Any) -> datetime:
        """When a file was changed last, in UTC."""
        return cast("datetime", self._only_file(path)["last_modified"])

    def created(self, path: Any) -> datetime:
        """When a file was made, in UTC: objects are written whole, so that is `modified`."""
        if self._objects.is_local:
            found = os.stat(self._strip(path))
            return datetime.fromtimestamp(getattr(found, "st_birthtime", found.st_ctime), UTC)
        return self.modified(path)

    def _only_file(self, path: Any) -> Info:
        found = self.info(path)
        if found["type"] != "file":
            raise IsADirectoryError(f"{found['name']!r} is a directory: it has no time")
        return found

    async def _sign(self, path: Any, expiration: int = 100, method: Any = "GET", **_: Any) -> str:
        store, key = self._objects.locate(self._strip(path))
        return await sign_async(cast("Any", store), method, key, timedelta(seconds=expiration))

    def sign(self, path: Any, expiration: int = 100, method: Any = "GET", **_: Any) -> str:
        """A URL that lets whoever has it read the file (or what `method` says), for a while.

        Args:
            path: the file; it need not be there.
            expiration: for how many seconds.
            method: the HTTP method.
        """
        store, key = self._objects.locate(self._strip(path))
        return sign(cast("Any", store), method, key, timedelta(seconds=expiration))

    async def _url(
        self, path: Any, expires: int = 3600, client_method: str = "get_object", **_: Any
    ) -> str:
        return await self._sign(path, expires, http_method(client_method))

    def url(
        self, path: Any, expires: int = 3600, client_method: str = "get_object", **_: Any
    ) -> str:
        """A URL as s3fs makes it; `sign` in its words.

        Args:
            path: the file.
            expires: for how many seconds.
            client_method: `get_object`, `head_object`, `put_object` or `delete_object`.
        """
        return self.sign(path, expires, http_method(client_method))

    async def _metadata(self, path: Any, **_: Any) -> dict[str, str]:
        return await run_async(self._objects.metadata(self._strip(path)))

    def metadata(self, path: Any, **_: Any) -> dict[str, str]:
        """The user metadata of a file."""
        return run(self._objects.metadata(self._strip(path)))

    async def _getxattr(self, path: Any, attr_name: str, **_: Any) -> str | None:
        return (await self._metadata(path)).get(attr_name.replace("_", "-"))

    def getxattr(self, path: Any, attr_name: str, **_: Any) -> str | None:
        """One value of a file's user metadata; None if there is none of that name."""
        found = self.metadata(path)
        return found.get(attr_name, found.get(attr_name.replace("_", "-")))

    # Directories.

    async def _mkdir(self, path: Any, create_parents: bool = True, **_: Any) -> None:
        await run_async(self._objects.make_directory(self._strip(path), create_parents, False))

    async def _makedirs(self, path: Any, exist_ok: bool = False) -> None:
        await run_async(self._objects.make_directory(self._strip(path), True, exist_ok))

    async def _rmdir(self, path: Any) -> None:
        await run_async(self._objects.remove_directory(self._strip(path)))
        self.invalidate_cache(path)

    def rmdir(self, path: Any) -> None:
        """Remove an empty directory."""
        run(self._objects.remove_directory(self._strip(path)))
        self.invalidate_cache(path)

    async def _rm_file(self, path: Any, **_: Any) -> None:
        await run_async(self._objects.delete([self._named(path)]))
        self.invalidate_cache(path)

    async def _rm(
        self, path: Any, recursive: bool = False, maxdepth: int | None = None, **_: Any
    ) -> None:
        # Names, no patterns: zarr calls this for whatever name an array or chunk has, and what
        # another name matches must stay.
        given = path if isinstance(path, list | tuple) else [path]
        await self._rm_names([self._named(item) for item in given], recursive, maxdepth)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Delete files, or (`recursive`) directories; `_rm` is the same for names alone.

        Args:
            path: a name, a pattern, or a list of such. What exists under a name is meant before
                what the name matches. A slash at the end means a directory, and no file beside it.
            recursive: delete directories with all that is in them.
            maxdepth: how many levels of them.

        Raises:
            FileNotFoundError: there is nothing of that name.
            IsADirectoryError: it is a directory, and `recursive` is False.
        """
        # fsspec's mappings delete a key, or all below their root, by this method.
        mapping = isinstance(sys._getframe(1).f_locals.get("self"), FSMap)
        if mapping and recursive and not self._objects.is_local:
            path = f"{path.rstrip('/')}/"  # an object beside the root is none of the mapping's
        sync(self.loop, self._rm if mapping else self._rm_matching, path, recursive, maxdepth)

    async def _rm_matching(self, path: Any, recursive: bool, maxdepth: int | None) -> None:
        names: list[str] = []
        for item in path if isinstance(path, list | tuple) else [path]:
            name = self._strip(item)
            if self._has_magic(name) and not await self._exists(name):
                names += await self._matching(name, recursive)
            else:
                names.append(self._named(item))
        await self._rm_names(names, recursive, maxdepth)

    async def _rm_names(self, names: list[str], recursive: bool, maxdepth: int | None) -> None:
        await run_async(self._objects.remove(names, recursive, maxdepth))
        for name in names:
            self.invalidate_cache(name)

    async def _matching(self, pattern: str, directories: bool) -> list[str]:
        """What a pattern of things to delete matches: files, or also directories."""
        found = await self._globbed(pattern, None)
        if self._objects.is_local:
            found = {name: found[name] for name in without_links(found, pattern)}
        names = [name for name, item in found.items() if directories or item["type"] == "file"]
        if not names and found:
            raise IsADirectoryError(f"{pattern!r} matches directories: use recursive=True")
        if not names:
            raise NotFoundError(f"{pattern!r} matches nothing", path=pattern)
        # Of a directory with a slash: an object of its name is deleted only if it matched itself.
        return [self._named(f"{n}/") if found[n]["type"] == "directory" else n for n in names]

    async def _globbed(self, pattern: str, maxdepth: int | None) -> dict[str, Info]:
        found: Any = await self._glob(pattern, maxdepth=maxdepth, detail=True)
        return cast("dict[str, Info]", found)

    def _has_magic(self, name: str) -> bool:
        """Whether a name may be a pattern; in a URL `?` begins a query."""
        return has_magic(name.partition("?")[0] if self._objects.is_web else name)

    async def _expand(
        self, path: Any, recursive: bool, maxdepth: int | None
    ) -> dict[str, Info | None]:
        """The names that paths mean, with their infos as far as they are known.

        What exists under a name is meant before what the name matches as a pattern.

        Raises:
            NotFoundError: they mean nothing.
        """
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        found: dict[str, Info | None] = {}
        for item in path if isinstance(path, list | tuple | set) else [path]:
            name = self._strip(item)
            if self._has_magic(name) and not await self._exists(name):
                found |= await self._expand_pattern(name, recursive, maxdepth)
            elif recursive:
                found |= await self._find(name, maxdepth=maxdepth, withdirs=True, detail=True)
            else:
                found[name] = None
        if not found:
            raise NotFoundError(f"{path!r}: there is no such file or directory")
        return dict(sorted(found.items()))

    async def _expand_pattern(
        self, pattern: str, recursive: bool, maxdepth: int | None
    ) -> dict[str, Info]:
        found = await self._globbed(pattern, maxdepth)
        if not recursive or maxdepth == 1:
            return found
        below = None if maxdepth is None else maxdepth - 1
        for name in [name for name, item in found.items() if item["type"] == "directory"]:
            found |= await self._find(name, maxdepth=below, withdirs=True, detail=True)
        return found

    async def _expand_path(
        self,
        path: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        assume_literal: bool = False,
    ) -> list[str]:
        del assume_literal  # what is there is meant literally in any case
        return list(await self._expand(path, recursive, maxdepth))


def _tell(error: Exception, on_error: Any) -> list[Info]:
    """Do with an error of a walk what the caller wants; no failure of a server is omitted."""
    if on_error == "raise" or (on_error == "omit" and not isinstance(error, _NOT_THERE)):
        raise error
    if callable(on_error):
        on_error(error)
    return []


def _names(entries: list[Info], detail: bool) -> list[Any]:
    return [entry if detail else entry["name"] for entry in entries]
