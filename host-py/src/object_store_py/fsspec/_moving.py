"""Copying and moving: what goes where is decided, and checked, before anything is done."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from fsspec.asyn import _run_coros_in_chunks, sync
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.implementations.local import LocalFileSystem, make_path_posix, trailing_sep
from fsspec.utils import other_paths

from .._driver import run_async
from ..exceptions import InvalidPathError
from ._names import Names
from ._places import without_links
from ._tree import Info


class Pair(NamedTuple):
    """One file or directory, and where it goes."""

    source: str
    target: str
    is_directory: bool
    is_marker: bool = False
    """Whether an object stands for the directory."""


class Moving(Names):
    """The methods of `FsspecStore` that copy and move."""

    async def _pairs(
        self, path1: Any, path2: Any, recursive: bool, maxdepth: int | None
    ) -> list[Pair]:
        """What a copy of `path1` to `path2` copies; both are names, or lists of such."""
        if isinstance(path1, list | tuple) and isinstance(path2, list | tuple):
            if len(path1) != len(path2):
                raise ValueError(f"{len(path1)} paths cannot go to {len(path2)}")
            return [Pair(self._strip(a), self._strip(b), False) for a, b in zip(path1, path2)]
        found = await self._sources(path1, recursive, maxdepth)
        single = not isinstance(path1, list | tuple)
        inside = not isinstance(path2, list | tuple) and (
            trailing_sep(path2) or await self._isdir(path2)
        )
        targets = _targets(
            list(found),
            self._strip(path2),
            root=self._root(path1, found),
            flat=not single,
            inside=single and inside and not trailing_sep(path1),
        )
        return [
            Pair(source, self._strip(target), _is_folder(entry), bool(entry.get("marker")))
            for (source, entry), target in zip(found.items(), targets)
        ]

    async def _sources(self, path: Any, recursive: bool, maxdepth: int | None) -> dict[str, Info]:
        """The names that a path means, and their infos.

        Directories that are not gone through are left out, unless nothing else is there.
        """
        found = await self._expand(path, recursive, maxdepth)
        infos: dict[str, Info] = {
            name: await self._info(name) if entry is None else entry
            for name, entry in found.items()
        }
        if isinstance(path, list | tuple) or (recursive and maxdepth is None):
            return infos
        return {name: entry for name, entry in infos.items() if not _is_folder(entry)}

    def _root(self, path: Any, found: Any) -> str | None:
        """What the names below one path are counted from; None for a pattern or several paths."""
        if isinstance(path, list | tuple):
            return None
        name: str = self._strip(path)
        below = any(item == name or item.startswith(f"{name.rstrip('/')}/") for item in found)
        return name if below or not self._has_magic(name) else None

    def _check(self, pairs: Sequence[Pair]) -> None:
        """Refuse what would lose bytes.

        Raises:
            InvalidPathError: a directory goes into itself, or a target is another one's source or
                target.
        """
        objects = self._objects
        for pair in pairs:
            if pair.is_directory and objects.is_inside(pair.target, pair.source):
                raise InvalidPathError(
                    f"{pair.source!r} cannot go to {pair.target!r}: a directory does not go into"
                    " itself"
                )
        going = [pair for pair in pairs if not pair.is_directory]
        sources = {objects.identity(pair.source): pair for pair in going}
        taken: dict[Any, Pair] = {}
        for pair in going:
            target = objects.identity(pair.target)
            other = taken.setdefault(target, pair)
            if other.source != pair.source:
                raise InvalidPathError(
                    f"{other.source!r} and {pair.source!r} would both become {pair.target!r}"
                )
            if target in sources and sources[target].source != pair.source:
                raise InvalidPathError(
                    f"{pair.source!r} cannot go to {pair.target!r}, which is copied itself: do one"
                    " after the other"
                )

    # Copying.

    async def _cp_file(self, path1: Any, path2: Any, directories: bool = True, **_: Any) -> None:
        target = self._for_writing(path2)
        plan = self._objects.copy(self._strip(path1), target, True, directories)
        await run_async(plan)
        self.invalidate_cache(path2)

    async def _copy(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        on_error: str | None = None,
        maxdepth: int | None = None,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        ignore = on_error == "ignore" or (on_error is None and recursive)
        pairs = await self._pairs(path1, path2, recursive, maxdepth)
        self._check(pairs)
        for pair in pairs:
            if self._objects.is_same(pair.source, pair.target):
                raise InvalidPathError(
                    f"{pair.source!r} cannot be copied to {pair.target!r}: that is onto itself"
                )
        await self._copy_pairs(pairs, ignore, batch_size, kwargs)

    async def _copy_pairs(
        self, pairs: Sequence[Pair], ignore: bool, batch_size: int | None, options: dict[str, Any]
    ) -> None:
        results: list[Any] = await _run_coros_in_chunks(
            [self._cp_pair(pair, options) for pair in pairs],
            batch_size=batch_size or self.batch_size,
            return_exceptions=True,
            nofiles=True,
        )
        for error in results:
            if isinstance(error, BaseException) and not (
                ignore and isinstance(error, FileNotFoundError)
            ):
                raise error

    async def _cp_pair(self, pair: Pair, options: dict[str, Any]) -> None:
        if pair.is_marker:
            await run_async(self._objects.copy(f"{pair.source}/", f"{pair.target}/", True))
            self.invalidate_cache(pair.target)
        elif pair.is_directory:
            await self._makedirs(pair.target, exist_ok=True)
        else:
            await self._cp_file(pair.source, pair.target, **options)

    # Moving.

    def mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Move files, or (`recursive`) directories; onto themselves, they stay.

        Args:
            path1: what: a path, a pattern, or a list of paths.
            path2: where to: a path, or as many as there are in `path1`.
            recursive: move directories with all that is in them.
            maxdepth: how many levels of them.
            **kwargs: `batch_size`: how many files are copied at once.

        Raises:
            FileNotFoundError: there is nothing to move.
            IsADirectoryError: it is a directory, and `recursive` is False.
            InvalidPathError: a directory would go into itself, or one file onto another one of
                these. Then, as after any error, nothing was deleted.
        """
        sync(self.loop, self._mv, path1, path2, recursive, maxdepth, **kwargs)

    async def _mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        if await self._stays(path1, path2):
            return
        pairs = await self._pairs(path1, path2, recursive, maxdepth)
        if self._objects.is_local and isinstance(path1, str):
            direct = set(without_links([pair.source for pair in pairs], self._strip(path1)))
            pairs = [pair for pair in pairs if pair.source in direct]
        if not pairs:
            raise IsADirectoryError(f"{path1!r} is a directory: use recursive=True")
        same = self._objects.is_same
        self._check([pair for pair in pairs if not same(pair.source, pair.target)])
        if self._objects.is_local and maxdepth is None:
            await self._mv_local(pairs, recursive)
            return
        for pair in pairs:
            if same(pair.source, pair.target):
                await self._info(pair.source)  # what is not there does not stay
        going = [pair for pair in pairs if not same(pair.source, pair.target)]
        await self._copy_pairs(going, False, batch_size, {**kwargs, "directories": False})
        await run_async(
            self._objects.remove_moved(
                [pair.source for pair in going if not pair.is_directory],
                [pair.source for pair in going if pair.is_directory],
                [f"{pair.source}/" for pair in going if pair.is_marker],
            )
        )
        for pair in going:
            self.invalidate_cache(pair.source)

    async def _stays(self, path1: Any, path2: Any) -> bool:
        """Whether a path is moved onto itself, however it is written."""
        if isinstance(path1, list | tuple) or isinstance(path2, list | tuple):
            return False
        old, new = self._strip(path1), self._strip(path2)
        if not self._objects.is_same(old, new):
            return False
        await self._info(old)
        return True

    async def _mv_local(self, pairs: Sequence[Pair], recursive: bool) -> None:
        """Local directories move as they are, with links and empty directories."""
        for pair in pairs:
            info = await self._info(pair.source)  # all are there, before one is moved
            if info["type"] == "directory" and not recursive:
                raise IsADirectoryError(f"{pair.source!r} is a directory: use recursive=True")
        tops = [
            pair
            for pair in pairs
            if not any(
                other.is_directory and pair.source.startswith(f"{other.source}/") for other in pairs
            )
        ]
        await run_async(self._objects.move_local([(top.source, top.target) for top in tops]))
        for pair in pairs:
            self.invalidate_cache(pair.source)
            self.invalidate_cache(pair.target)

    async def _mv_file(self, path1: Any, path2: Any) -> None:
        await self._mv([path1], [path2])

    # To and from local files.

    async def _get(
        self,
        rpath: Any,
        lpath: Any,
        recursive: bool = False,
        callback: Any = DEFAULT_CALLBACK,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> Any:
        if not (isinstance(rpath, list | tuple) and isinstance(lpath, list | tuple)):
            rpath, lpath = await self._downloads(rpath, lpath, recursive, maxdepth)
        return await super()._get(rpath, lpath, callback=callback, **kwargs)

    async def _downloads(
        self, rpath: Any, lpath: Any, recursive: bool, maxdepth: int | None
    ) -> tuple[list[str], list[str]]:
        """The files below paths, and the local ones that they become; directories are made."""
        found = await self._sources(rpath, recursive, maxdepth)
        single, inside = not isinstance(rpath, list | tuple), False
        if not isinstance(lpath, list | tuple):
            lpath = make_path_posix(os.fspath(lpath))
            inside = trailing_sep(lpath) or os.path.isdir(lpath)
        targets = _targets(
            list(found),
            lpath,
            root=self._root(rpath, found),
            flat=not single,
            inside=single and inside and not trailing_sep(rpath),
        )
        if isinstance(lpath, str):
            _check_contained(lpath, targets)
        for target, entry in zip(targets, found.values()):
            if _is_folder(entry):
                os.makedirs(target, exist_ok=True)
        files = [
            (name, target)
            for (name, entry), target in zip(found.items(), targets)
            if not _is_folder(entry)
        ]
        _check_distinct(files)
        return [name for name, _ in files], [target for _, target in files]

    async def _put(
        self,
        lpath: Any,
        rpath: Any,
        recursive: bool = False,
        callback: Any = DEFAULT_CALLBACK,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> Any:
        both = isinstance(lpath, list) and isinstance(rpath, list)
        if not both and any(map(_is_literal, [lpath] if isinstance(lpath, str) else lpath)):
            lpath, rpath = await self._uploads(lpath, rpath, recursive, maxdepth)
            recursive, maxdepth = False, None
        return await super()._put(lpath, rpath, recursive, callback, batch_size, maxdepth, **kwargs)

    async def _uploads(
        self, lpath: Any, rpath: Any, recursive: bool, maxdepth: int | None
    ) -> tuple[list[str], list[str]]:
        """As fsspec does it, but files whose names are patterns are meant themselves."""
        single = isinstance(lpath, str)
        names: list[str] = [
            cast("str", make_path_posix(name)) for name in ([lpath] if single else lpath)
        ]
        local = LocalFileSystem()
        escaped = [glob.escape(name) if _is_literal(name) else name for name in names]
        sources = local.expand_path(escaped, recursive=recursive, maxdepth=maxdepth)
        if single and (not recursive or maxdepth is not None):
            sources = [name for name in sources if not local.isdir(name)]
        inside = not isinstance(rpath, list) and (trailing_sep(rpath) or await self._isdir(rpath))
        targets = _targets(
            sources,
            self._strip(rpath),
            root=names[0].rstrip("/") if single else None,
            flat=not single,
            inside=single and inside and not trailing_sep(lpath),
        )
        return sources, targets


def _targets(
    sources: list[str], target: Any, *, root: str | None, flat: bool, inside: bool
) -> list[str]:
    """Where files go.

    Args:
        sources: the files.
        target: one path, or one for each.
        root: the path that they are below; None where a pattern or several paths were given.
        flat: their last segments go into the target.
        inside: the directory itself goes into the target, not only what is in it.
    """
    if isinstance(target, list | tuple) and len(target) != len(sources):
        raise ValueError(f"{len(sources)} paths cannot go to {len(target)}")
    if not sources or isinstance(target, list | tuple):
        return list(target) if sources else []
    if root is None:
        inside = not flat and len(sources) == 1  # the one match of a pattern keeps its last segment
        found: list[str] = other_paths(sources, target, exists=inside, flatten=flat)
        return found
    return list(other_paths([root, *sources], target, exists=inside))[1:]


def _is_folder(entry: Info) -> bool:
    return bool(entry["type"] == "directory")


def _check_distinct(files: Sequence[tuple[str, str]]) -> None:
    """Refuse keys such as `a//b` and `a/b`, which would become one local file."""
    taken: dict[str, str] = {}
    for name, target in files:
        other = taken.setdefault(os.path.normpath(target), name)
        if other != name:
            raise InvalidPathError(f"{other!r} and {name!r} would both become {target!r}")


def _check_contained(root: str, targets: Sequence[str]) -> None:
    """Refuse names with `..` of a listing that would be written elsewhere."""
    top = os.path.abspath(root)
    for target in targets:
        path = os.path.abspath(target)
        if path != top and not path.startswith(os.path.join(top, "")):
            raise InvalidPathError(f"{target!r} is not below {root!r}")


def _is_literal(path: Any) -> bool:
    """Whether a local path looks like a pattern, but is there."""
    return isinstance(path, str) and glob.has_magic(path) and os.path.lexists(path)
