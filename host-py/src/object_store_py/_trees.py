"""Whole trees of objects: whether one is there, deleting, walking and searching them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from . import _paths, _redact
from ._backend import Progress
from ._driver import run, run_async
from ._effects import Plan
from ._operations import Operations, object_metas
from .exceptions import NotFoundError
from .stores.base import ObjectStoreMethods, known
from .types import ObjectMeta, OnBadKey

T = TypeVar("T")

Rows: TypeAlias = list[Any]
WalkStep: TypeAlias = tuple[str, list[str], list[ObjectMeta]]
"""A prefix, the names of the prefixes directly below it, and the objects directly below it."""

OnBadWalk: TypeAlias = Literal["raise", "skip"]
"""What a walk does with keys that no path can name, and that it could not go below."""

DONE: Any = object()
"""What an `ItemStream`'s plan answers when there is nothing more."""


class ItemStream(Generic[T]):
    """Items that are found as they are wanted: an iterator, and an asynchronous one."""

    def __init__(self, advance: Callable[[], Plan[T]]) -> None:
        self._advance = advance

    def __iter__(self) -> ItemStream[T]:
        return self

    def __aiter__(self) -> ItemStream[T]:
        return self

    def __next__(self) -> T:
        item = run(self._advance())
        if item is DONE:
            raise StopIteration
        return item

    async def __anext__(self) -> T:
        item = await run_async(self._advance())
        if item is DONE:
            raise StopAsyncIteration
        return item


def exists(store: ObjectStoreMethods, path: str) -> bool:
    """Whether there is an object at a path: at `run/`, whether there is a folder's marker.

    A prefix with objects below it is no object. Some servers answer 403 to who may read objects but
    not list them, where there is none: that is a `PermissionDeniedError`, and not False.
    """
    return run(_exists(store, path))


async def exists_async(store: ObjectStoreMethods, path: str) -> bool:
    """Whether there is an object at a path; see `exists`."""
    return await run_async(_exists(store, path))


def _exists(store: ObjectStoreMethods, path: str) -> Plan[bool]:
    return (yield from known(store)._verbs().exists(path))


def delete_prefix(store: ObjectStoreMethods, prefix: str, *, everything: bool = False) -> int:
    """Delete all objects below a prefix, page by page, so that memory stays small.

    Args:
        store: where.
        prefix: whole segments of a path: `a` deletes `a/b`, and the marker `a/`, but neither `a`
            itself nor `ab`. Keys below it that no path can name, such as `a//b`, are deleted, too.
        everything: allow an empty prefix, which deletes all objects of the store.

    Returns:
        How many objects were deleted. What is written meanwhile may stay. Empty directories of a
        `LocalStore` stay, too, unless it has `automatic_cleanup`.

    Raises:
        ValueError: the prefix is empty, and `everything` is not True.
    """
    return run(_delete_prefix(store, prefix, everything))


async def delete_prefix_async(
    store: ObjectStoreMethods, prefix: str, *, everything: bool = False
) -> int:
    """Delete all objects below a prefix; see `delete_prefix`."""
    return await run_async(_delete_prefix(store, prefix, everything))


def _delete_prefix(store: ObjectStoreMethods, prefix: str, everything: bool) -> Plan[int]:
    if not _paths.parse(prefix, "prefix") and everything is not True:
        raise ValueError(
            "prefix is empty, which means all objects of the store: give a prefix, or"
            " everything=True"
        )
    return (yield from delete_below(known(store)._verbs(), prefix))


def delete_below(verbs: Operations, prefix: str) -> Plan[int]:
    """Delete all objects below a prefix, and of local links the links; how many."""
    count, pages = 0, Pages(verbs, prefix, on_bad_key="keep", unlinking=True)
    while (rows := (yield from pages.next())) is not None:
        paths = [row[0] for row in rows]
        try:
            yield from verbs.delete(paths)
            count += len(paths)
        except NotFoundError:  # somebody else deleted one of them
            for path in paths:
                count += yield from _delete_if_there(verbs, path)
    return count


def _delete_if_there(verbs: Operations, path: str) -> Plan[int]:
    try:
        yield from verbs.delete(path)
    except NotFoundError:
        return 0
    return 1


class Pages:
    """The pages of a listing, one after the other."""

    def __init__(
        self,
        verbs: Operations,
        prefix: str | None,
        delimiter: bool = False,
        on_bad_key: OnBadKey = "raise",
        unlinking: bool = False,
    ) -> None:
        self._verbs = verbs
        self._unlinking = unlinking
        self._on_bad_key: OnBadKey = on_bad_key
        self._prefix = prefix
        self._delimiter = delimiter
        self._token: str | None = None
        self._progress = Progress()
        self._ended = False
        self.prefixes: list[str] = []
        """The prefixes of the page that was read last."""

    def next(self) -> Plan[Rows | None]:
        """The next page's objects, as they cross the border; None after the last page."""
        if self._ended:
            return None
        page = yield from self._verbs.list_page(
            self._prefix,
            self._delimiter,
            None,
            self._token,
            self._on_bad_key,
            unlinking=self._unlinking,
        )
        self._token = self._progress.follow(page)
        self._ended = self._token is None
        self.prefixes = page.prefixes
        return list(page.objects)


def walk(
    store: ObjectStoreMethods, prefix: str | None = None, *, on_bad_key: OnBadWalk = "raise"
) -> ItemStream[WalkStep]:
    """Walk a tree of objects from the top down, as `os.walk` does.

    Args:
        store: where.
        prefix: where to begin; the whole store if None.
        on_bad_key: what to do with keys that no path can name: end the walk, or leave them out.

    Returns:
        An iterator, also an asynchronous one, of `(prefix, names, objects)`: a prefix, the names of
        the prefixes directly below it, sorted, and the metadata of the objects directly below it.
        Take names out of the list, and the walk does not go there. A folder's marker is no object
        of it: its name is among those of the prefixes.
    """
    steps = _Walk(store, _paths.parse(prefix or "", "prefix"), _checked(on_bad_key))
    return ItemStream(steps.next)


def _checked(on_bad_key: object) -> OnBadWalk:
    if on_bad_key in ("raise", "skip"):
        return on_bad_key
    raise ValueError(f"on_bad_key must be 'raise' or 'skip' here, not {_redact.value(on_bad_key)}")


class _Walk:
    def __init__(self, store: ObjectStoreMethods, prefix: str, on_bad_key: OnBadWalk) -> None:
        self._store = known(store)
        self._on_bad_key: OnBadWalk = on_bad_key
        self._ahead = [prefix]
        self._last: tuple[str, list[str]] = (prefix, [])

    def next(self) -> Plan[WalkStep]:
        above, names = self._last
        self._ahead.extend(_paths.join(above, name) for name in reversed(names))
        self._last = (above, [])
        if not self._ahead:
            return DONE  # type: ignore[no-any-return] # the one mark that is no step
        prefix = self._ahead.pop()
        pages = Pages(self._store._verbs(), prefix, True, self._on_bad_key)
        below: set[str] = set()
        objects: list[ObjectMeta] = []
        while (rows := (yield from pages.next())) is not None:
            below.update(path.rpartition("/")[2] for path in pages.prefixes)
            objects.extend(object_metas(row for row in rows if not _paths.is_marker(row[0])))
        self._last = (prefix, sorted(below))
        return prefix, self._last[1], objects


def glob(
    store: ObjectStoreMethods, pattern: str, *, on_bad_key: OnBadWalk = "raise"
) -> ItemStream[ObjectMeta]:
    """Find the objects whose paths match a pattern.

    Args:
        store: where.
        pattern: `*` stands for any characters but `/`, `?` for one, `[a-z]` for one of these,
            `[!a-z]` for one that is none of these, and a segment `**` for any number of segments,
            also none. What these characters mean otherwise is written `[*]`.
        on_bad_key: what to do with keys that no path can name: end the search, or leave them out.

    Returns:
        An iterator, also an asynchronous one, of metadata; markers of folders are left out. Only
        what is below the pattern's segments without such characters is listed, and only that level
        where nothing but the last segment has any.
    """
    found = _Glob(store, pattern, _checked(on_bad_key))
    return ItemStream(found.next)


_MAGIC = re.compile(r"[*?\[]")


class _Glob:
    def __init__(self, store: ObjectStoreMethods, pattern: str, on_bad_key: OnBadWalk) -> None:
        if not isinstance(pattern, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
            raise TypeError(f"pattern must be a str, not {type(pattern).__name__}")
        segments = pattern.removeprefix("/").split("/")
        magic = [index for index, part in enumerate(segments) if _MAGIC.search(part)]
        fixed = magic[0] if magic else len(segments)
        self._prefix = _paths.parse("/".join(segments[:fixed]), "pattern")
        self._store = known(store)
        self._rest = [_compile(part) for part in segments[fixed:]]
        self._flat = magic == [len(segments) - 1] and self._rest != [None]
        verbs = self._store._verbs()
        self._pages = Pages(verbs, self._prefix, self._flat, on_bad_key) if magic else None
        self._ready: list[ObjectMeta] = []
        self._ended = False

    def next(self) -> Plan[ObjectMeta]:
        while not self._ready and not self._ended:
            self._ready = (yield from self._more())[::-1]
        return self._ready.pop() if self._ready else DONE

    def _more(self) -> Plan[list[ObjectMeta]]:
        if self._pages is None:
            self._ended = True
            return (yield from self._single())
        rows = yield from self._pages.next()
        if rows is None:
            self._ended = True
            return []
        found = (row for row in rows if not _paths.is_marker(row[0]))
        return object_metas(row for row in found if self._matches(row[0]))

    def _single(self) -> Plan[list[ObjectMeta]]:
        """A pattern without special characters names one object."""
        try:
            return [(yield from self._store._verbs().head(self._prefix))]
        except NotFoundError:
            return []

    def _matches(self, path: str) -> bool:
        below = path[len(self._prefix) + 1 :] if self._prefix else path
        # How many of the pattern's segments may be used up after each of the path's.
        used = self._skip({0})
        for segment in below.split("/"):
            after: set[int] = set()
            for index in used:
                if index == len(self._rest):
                    continue
                part = self._rest[index]
                if part is None:
                    after.add(index)
                elif part.match(segment):
                    after.add(index + 1)
            used = self._skip(after)
        return len(self._rest) in used

    def _skip(self, used: set[int]) -> set[int]:
        """`**` may also stand for no segment."""
        for index, part in enumerate(self._rest):
            if index in used and part is None:
                used.add(index + 1)
        return used


def _compile(segment: str) -> re.Pattern[str] | None:
    """What a segment matches; None for `**`."""
    return None if segment == "**" else re.compile(fnmatch.translate(segment))
