"""Names of objects as files and directories: info, ls, find, rm and mkdir, each as a plan.

A directory of an object store is what keys have in front of their last slash: it is there as long
as an object is below it. Local directories are real.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, MutableMapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

from .._backend import Progress
from .._effects import Block, Plan
from .._operations import PARALLEL, Operations, object_metas
from .._together import together
from .._trees import Pages
from ..exceptions import InvalidPathError, NotFoundError, NotSupportedError
from ..stores.base import ObjectStoreMethods
from ..types import ObjectMeta
from ._locations import Family, join, parent, split
from ._places import remove_local

Info: TypeAlias = dict[str, Any]
"""What fsspec wants to know of a file or directory."""

FOLDER_MARK = "hdi_isfolder"
"""The metadata of a directory in Azure's hierarchical namespaces."""


def directory_info(name: str) -> Info:
    """The info of a directory."""
    return {"name": name, "size": 0, "type": "directory"}


class Tree:
    """The files and directories of one filesystem. Paths are stripped of their protocol."""

    def __init__(
        self,
        family: Family,
        make_store: Callable[[str], ObjectStoreMethods],
        max_stores: int,
        cache: MutableMapping[str, list[Info]],
    ) -> None:
        self.family = family
        self.cache = cache
        self.is_local = family.store == "LocalStore"
        self.is_web = family.store == "HTTPStore"
        self._store = lru_cache(max_stores)(make_store)

    def split(self, path: str) -> tuple[str, str]:
        """The bucket and the key of a path."""
        return split(self.family, path)

    def locate(self, path: str) -> tuple[ObjectStoreMethods, str]:
        """The store and the key of a path.

        Raises:
            NotSupportedError: the path has no bucket.
        """
        bucket, key = self.split(path)
        if not bucket and self.family.bucketed:
            raise NotSupportedError(
                f"{path!r} names no bucket, and buckets cannot be listed: paths are 'bucket/key'"
            )
        return self._store(bucket), key

    def verbs(self, path: str) -> tuple[Operations, str]:
        """The verbs of the store, and the key."""
        store, key = self.locate(path)
        return store._verbs(), key

    def _name(self, path: str, key: str) -> str:
        """The path of another key in the same bucket."""
        return join(self.family, self.split(path)[0], key)

    def _file(self, path: str, meta: ObjectMeta) -> Info:
        return {
            "name": self._name(path, meta["path"]),
            "size": meta["size"],
            "type": "file",
            "last_modified": meta["last_modified"],
            "mtime": meta["last_modified"],
            "e_tag": meta["e_tag"],
            "version": meta["version"],
        }

    # One name.

    def info(self, path: str, version: str | None = None, refresh: bool = False) -> Plan[Info]:
        """What is at a path: an object, else a directory.

        Raises:
            NotFoundError: nothing is.
        """
        if version is None and not refresh and (known := self._remembered(path)) is not None:
            return known
        if not self.split(path)[1]:
            return (yield from self._root_info(path))
        verbs, key = self.verbs(path)
        options = {"head": True} if version is None else {"head": True, "version": version}
        try:
            fetched = yield from verbs.get(key, options)
        except NotFoundError:
            if version is not None or not (yield from self._is_directory(path)):
                raise
            return directory_info(path)
        yield from fetched.content.close()
        if fetched.meta.size == 0 and fetched.attributes.get(FOLDER_MARK) == "true":
            return directory_info(path)
        return self._file(path, verbs.meta(fetched))

    def _root_info(self, path: str) -> Plan[Info]:
        if self.family.bucketed and path and self.family.store != "HTTPStore":
            verbs, _ = self.verbs(path)
            yield from verbs.list_page(
                None, True, None, None, max_keys=1
            )  # a bucket that is not there
        return directory_info(path)

    def _remembered(self, path: str) -> Info | None:
        """What the listings that are remembered say of a path; they may say that it is not there.

        Raises:
            FileNotFoundError: its directory was listed without it.
        """
        if path in self.cache:
            return directory_info(path)
        if parent(path) not in self.cache:
            return None
        found = [entry for entry in self.cache[parent(path)] if entry["name"] == path]
        if not found:
            raise NotFoundError(f"{path!r} is not in the listing of its directory", path=path)
        return found[0]

    def _is_directory(self, path: str) -> Plan[bool]:
        """Whether something is below a path."""
        verbs, key = self.verbs(path)
        if self.is_local:
            return bool((yield Block(lambda: os.path.isdir(path))))
        token, progress = None, Progress()
        while True:
            page = yield from verbs.list_page(key, True, None, token, max_keys=1)
            if page.objects or page.prefixes:
                return True
            token = progress.follow(page)
            if token is None:
                return False

    def exists(self, path: str) -> Plan[bool]:
        """Whether an object or a directory is at a path."""
        try:
            yield from self.info(path)
        except (FileNotFoundError, InvalidPathError):
            return False
        return True

    # Many names.

    def ls(self, path: str, refresh: bool = False) -> Plan[list[Info]]:
        """What is in a directory, or the one file that a path names.

        Raises:
            NotFoundError: there is neither.
        """
        if not refresh and path in self.cache:
            return self.cache[path]
        entries = yield from self._children(path)
        if not entries and self.split(path)[1]:
            found = yield from self.info(path, refresh=refresh)
            if found["type"] == "file":
                return [found]
        self.cache[path] = entries
        return entries

    def _children(self, path: str) -> Plan[list[Info]]:
        verbs, key = self.verbs(path)
        page = yield from verbs.list_with_delimiter(key)
        objects = object_metas(page.objects)
        found = [directory_info(self._name(path, prefix)) for prefix in page.prefixes]
        marks = {key, *page.prefixes}
        found += [self._file(path, meta) for meta in objects if not _is_mark(meta, marks)]
        return sorted(found, key=lambda entry: str(entry["name"]))

    def find(
        self, path: str, maxdepth: int | None, withdirs: bool, prefix: str = ""
    ) -> Plan[dict[str, Info]]:
        """All files below a path, by name; the file itself where it names one.

        Without `maxdepth` this is one flat listing, else one listing of each directory.

        Args:
            path: the directory.
            maxdepth: how many levels.
            withdirs: also the directories, and `path` itself.
            prefix: what the names in the first level begin with.
        """
        if maxdepth is None:
            found = yield from self._flat(path, withdirs)
        else:
            found = yield from self._levels(path, maxdepth)
        start = f"{path.rstrip('/')}/{prefix}" if path else prefix
        kept = {
            name: entry
            for name, entry in found.items()
            if name.startswith(start) and (withdirs or entry["type"] == "file")
        }
        if found:
            if withdirs and path and not prefix:
                kept[path] = directory_info(path)
        elif (yield from self.exists(path)):
            root = yield from self.info(path)
            if withdirs or root["type"] == "file":
                kept[path] = root
        return dict(sorted(kept.items()))

    def _flat(self, path: str, withdirs: bool) -> Plan[dict[str, Info]]:
        verbs, key = self.verbs(path)
        metas: list[ObjectMeta] = []
        pages = Pages(verbs, key)
        while (rows := (yield from pages.next())) is not None:
            metas.extend(object_metas(rows))
        above = {key, *_ancestors((meta["path"] for meta in metas), key)}
        found = {
            entry["name"]: entry
            for entry in (self._file(path, meta) for meta in metas if not _is_mark(meta, above))
        }
        if withdirs:
            names = (self._name(path, folder) for folder in above - {key})
            found = {name: directory_info(name) for name in names} | found
        if withdirs and self.is_local:
            empty = yield Block(lambda: _local_directories(path))
            found = {name: directory_info(name) for name in empty} | found
        return found

    def _levels(self, path: str, maxdepth: int) -> Plan[dict[str, Info]]:
        found: dict[str, Info] = {}
        level = [path]
        while level and maxdepth:
            listings = yield from together([self._children(name) for name in level], PARALLEL)
            entries = [entry for listing in listings for entry in listing]
            found.update((entry["name"], entry) for entry in entries)
            level = [entry["name"] for entry in entries if entry["type"] == "directory"]
            maxdepth -= 1
        return found

    # Changing names.

    def make_directory(self, path: str, parents: bool, exist_ok: bool) -> Plan[None]:
        """Make a local directory; in object stores there is nothing to make.

        Raises:
            FileExistsError: it is there, or a file is.
        """
        if not self.is_local:
            return
        if parents:
            yield Block(lambda: os.makedirs(path, exist_ok=exist_ok))
        else:
            yield Block(lambda: os.mkdir(path))

    def remove_directory(self, path: str) -> Plan[None]:
        """Remove an empty directory.

        Raises:
            OSError: it is not empty.
            NotADirectoryError: it is a file.
        """
        if self.is_local:
            yield Block(lambda: os.rmdir(path))
        elif (yield from self.info(path))["type"] == "file":
            raise NotADirectoryError(f"{path!r} is a file: use rm")
        elif self.split(path)[1] or (yield from self._children(path)):
            raise OSError(f"{path!r} is not empty: use rm(recursive=True)")

    def remove(self, paths: list[str], recursive: bool, maxdepth: int | None) -> Plan[None]:
        """Delete files; recursively also what is below directories.

        Raises:
            NotFoundError: one of several is missing and the store tells; or the only one.
            IsADirectoryError: one is a directory, and `recursive` is False.
        """
        if recursive and self.is_local:
            yield from self._remove_local(paths, maxdepth)
            return
        files = paths
        if recursive:
            files = list[str]()
            for path in paths:
                below = yield from self.find(path, maxdepth, withdirs=True)
                if not below:
                    raise NotFoundError(f"{path!r}: there is no file or directory", path=path)
                files += [name for name, entry in below.items() if entry["type"] == "file"]
        elif len(paths) == 1 and (yield from self.info(paths[0]))["type"] == "directory":
            raise IsADirectoryError(f"{paths[0]!r} is a directory: use recursive=True")
        yield from self.delete(files)

    def delete(self, paths: Iterable[str]) -> Plan[None]:
        """Delete objects, in batches."""
        by_bucket: dict[str, list[str]] = {}
        for path in dict.fromkeys(paths):
            self.locate(path)
            bucket, key = self.split(path)
            by_bucket.setdefault(bucket, []).append(key)
        for bucket, keys in by_bucket.items():
            yield from self._store(bucket)._verbs().delete(keys)

    def _remove_local(self, paths: list[str], maxdepth: int | None) -> Plan[None]:
        """Links are deleted, not followed."""
        if maxdepth is not None:
            raise ValueError("rm of local directories takes no maxdepth")
        for path in paths:
            if path == "/":
                raise PermissionError("rm does not delete the root of the file system")
            yield Block(partial(remove_local, path))


def _is_mark(meta: ObjectMeta, directories: set[str]) -> bool:
    """Whether an object is only there to make a directory: `directory/`, with nothing in it."""
    return meta["size"] == 0 and meta["path"] in directories


def _ancestors(keys: Iterable[str], top: str) -> set[str]:
    """The directories that keys are in, below `top`."""
    found: set[str] = set()
    for key in keys:
        above = key.rpartition("/")[0]
        while above and above != top and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def _local_directories(path: str) -> list[str]:
    """The directories below a local one, empty ones too; links are not followed."""
    return [os.path.join(above, name) for above, folders, _ in os.walk(path) for name in folders]
