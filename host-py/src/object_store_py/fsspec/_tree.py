"""Names of objects as files and directories: info, ls and find, each as a plan.

A directory of an object store is what keys have in front of their last slash: it is there as long
as an object is below it. Local directories are real.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, MutableMapping
from functools import lru_cache
from typing import Any, TypeAlias

from .. import _paths
from .._backend import Progress
from .._effects import Block, Plan
from .._operations import PARALLEL, Operations, object_metas
from .._together import together
from .._trees import Pages
from ..exceptions import InvalidPathError, NotFoundError, NotSupportedError
from ..stores.base import ObjectStoreMethods
from ..stores.http import HTTPStore
from ..types import ObjectMeta, OnBadKey, RawKey
from ._keys import ancestors, key_of
from ._locations import Family, exact, join, parent, split

Info: TypeAlias = dict[str, Any]
"""What fsspec wants to know of a file or directory."""

FOLDER_MARK = "hdi_isfolder"
"""The metadata of a directory in Azure's hierarchical namespaces."""


def directory_info(name: str) -> Info:
    """The info of a directory."""
    return {"name": name, "size": 0, "type": "directory"}


def marker_info(name: str) -> Info:
    """The info of a directory that an object stands for, whose key ends in a slash."""
    return {**directory_info(name), "marker": True}


class Tree:
    """The files and directories of one filesystem. Paths are stripped of their protocol."""

    def __init__(
        self,
        family: Family,
        make_store: Callable[[str], ObjectStoreMethods],
        max_stores: int,
        cache: MutableMapping[str, list[Info]],
        on_bad_key: OnBadKey = "raise",
    ) -> None:
        self.family = family
        self.on_bad_key: OnBadKey = on_bad_key
        self.cache = cache
        self.is_local = family.store == "LocalStore"
        self.is_web = family.store == "HTTPStore"
        self._buckets: set[str] = set()
        """Those that were seen to be there."""
        self._store = lru_cache(max_stores)(make_store)

    def split(self, path: str) -> tuple[str, str]:
        """The bucket and the key of a path."""
        return split(self.family, path)

    def locate(self, path: str) -> tuple[ObjectStoreMethods, str]:
        """The store and the key of a path.

        Raises:
            NotSupportedError: the path has no bucket.
        """
        bucket, key = self._checked(path)
        store = self._store(bucket)
        if isinstance(store, HTTPStore) and (target := exact(path)) is not None:
            key = store._exact.path_of(target)
        return store, key

    def _checked(self, path: str) -> tuple[str, str]:
        bucket, key = self.split(path)
        if self.on_bad_key == "keep":
            key = key_of(key)
        elif key.startswith("/") and not self.is_web:  # the verbs would take it for another key
            raise InvalidPathError(
                f"{path!r}: a key that begins with a slash is no path: use on_bad_key='keep'"
            )
        if not bucket and self.family.bucketed:
            raise NotSupportedError(
                f"{path!r} names no bucket, and buckets cannot be listed: paths are 'bucket/key'"
            )
        return bucket, key

    def folder(self, path: str) -> tuple[Operations, str]:
        """The verbs of the store, and the key of a directory.

        Raises:
            NotSupportedError: it is a URL with a query: that is no directory.
        """
        bucket, key = self._checked(path)
        if self.is_web and "?" in path:
            raise NotSupportedError("a URL with a query is no directory")
        return self._store(bucket)._verbs(), key

    def bare(self, path: str) -> str:
        """The name of a directory; URLs may have a slash at their end."""
        return path.rstrip("/") if self.is_web else path

    def shown(self, path: str) -> str:
        """A path in an error: without a URL's query, which may hold a signature."""
        return path.partition("?")[0] if self.is_web else path

    def verbs(self, path: str) -> tuple[Operations, str]:
        """The verbs of the store, and the key."""
        store, key = self.locate(path)
        return store._verbs(), key

    def _name(self, path: str, key: str) -> str:
        """The path of another key in the same bucket."""
        return join(self.family, self.split(path)[0], key)

    def _file(self, path: str, meta: ObjectMeta) -> Info:
        """The info of a file, in our words and in s3fs's."""
        name = self._name(path, meta["path"]) if meta["path"] else path
        size, modified, e_tag = meta["size"], meta["last_modified"], meta["e_tag"]
        return {
            "name": name,
            "size": size,
            "type": "file",
            "last_modified": modified,
            "mtime": modified,
            "e_tag": e_tag,
            "version": meta["version"],
            "Key": name,
            "Size": size,
            "LastModified": modified,
            "ETag": e_tag,
            "VersionId": meta["version"],
        }

    # One name.

    def info(self, path: str, version: str | None = None, refresh: bool = False) -> Plan[Info]:
        """What is at a path: an object, else a directory.

        Raises:
            NotFoundError: nothing is.
        """
        if (
            version is None
            and not refresh
            and (known := self._remembered(path.rstrip("/") or path)) is not None
        ):
            return known
        if not self.split(path)[1]:
            return (yield from self._root_info(self.bare(path)))
        if path.endswith("/"):
            if (yield from self._is_directory(path.rstrip("/"))):
                return directory_info(path.rstrip("/"))
            path = path if self.is_web else path.rstrip("/")
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
        meta = verbs.meta(fetched)
        if self.is_web:
            meta["path"] = ""  # the name is the URL, however it is written
        found = self._file(path, meta)
        return {
            **found,
            "ContentType": fetched.attributes.get("Content-Type"),
            "StorageClass": fetched.attributes.get("Storage-Class"),
        }

    def _root_info(self, path: str) -> Plan[Info]:
        if self.family.bucketed and path and self.family.store != "HTTPStore":
            verbs, _ = self.folder(path)
            yield from verbs.list_page(
                None, True, None, None, "keep", max_keys=1
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

    def is_directory(self, path: str) -> Plan[bool]:
        """Whether a path is a directory, maybe beside an object of the same name."""
        if path in self.cache:
            return True
        if parent(path) in self.cache:
            known = self.cache[parent(path)]
            return any(item["name"] == path and item["type"] == "directory" for item in known)
        if not self.split(path)[1] or self.family.store == "AzureStore":
            found = yield from self._info_or_none(path)
            if found is None or found["type"] == "directory" or not self.split(path)[1]:
                return found is not None
        return (yield from self._is_directory(path))

    def _info_or_none(self, path: str) -> Plan[Info | None]:
        try:
            return (yield from self.info(path))
        except (FileNotFoundError, InvalidPathError):
            return None

    def _is_directory(self, path: str) -> Plan[bool]:
        """Whether something is below a path; no, where the server cannot tell."""
        if self.is_local:
            return bool((yield Block(lambda: os.path.isdir(path))))
        try:
            return (yield from self._has_something(path))
        except (NotSupportedError, InvalidPathError):
            if self.is_web:
                return False
            raise

    def _has_something(self, path: str) -> Plan[bool]:
        verbs, key = self.folder(path)
        token, progress = None, Progress()
        while True:
            page = yield from verbs.list_page(key, True, None, token, "keep", max_keys=1)
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
        whole, path = path, self.bare(path)
        if not refresh and path in self.cache:
            return self.cache[path]
        try:
            entries = yield from self._children(whole)
        except NotSupportedError:
            if not (self.is_web and self.split(path)[1]):
                raise
            entries = []  # a plain HTTP server: it is a file, or nothing that can be told
        if not entries and self.split(path)[1]:
            found = yield from self.info(whole, refresh=refresh)
            if found["type"] == "file":
                return [found]
        self.cache[path] = entries
        return entries

    def _children(self, path: str) -> Plan[list[Info]]:
        verbs, key = self.folder(path)
        page = yield from verbs.list_with_delimiter(key, self.on_bad_key)
        metas = object_metas(page.objects)
        folders: list[str] = []
        for prefix in page.prefixes:
            if isinstance(prefix, RawKey):  # no directory that could be walked, but files here
                metas += yield from self._metas(verbs, prefix)
            else:
                folders.append(prefix)
        found = [directory_info(self._name(path, folder)) for folder in folders]
        found += self._files(path, metas, {key, *folders})
        return sorted(found, key=lambda entry: str(entry["name"]))

    def _files(
        self, path: str, metas: Iterable[ObjectMeta], directories: Container[str]
    ) -> list[Info]:
        """The infos of objects that do not stand for a directory."""
        return [
            self._file(path, meta)
            for meta in metas
            if not (_paths.is_marker(meta["path"]) or self._is_mark(meta, directories))
        ]

    def _is_mark(self, meta: ObjectMeta, directories: Container[str]) -> bool:
        """Whether an object is a directory of Azure's hierarchical namespaces."""
        azure = self.family.store == "AzureStore"
        return azure and meta["size"] == 0 and meta["path"] in directories

    def _metas(self, verbs: Operations, prefix: str) -> Plan[list[ObjectMeta]]:
        """What is known of all objects below a prefix."""
        metas: list[ObjectMeta] = []
        pages = Pages(verbs, prefix, on_bad_key=self.on_bad_key)
        while (rows := (yield from pages.next())) is not None:
            metas.extend(object_metas(rows))
        return metas

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
        whole, path = path, self.bare(path)
        if maxdepth is None:
            listed = yield from self.flat(whole, withdirs)
        else:
            listed = yield from self._levels(path, maxdepth)
        start = f"{path.rstrip('/')}/{prefix}" if path else prefix
        if listed:
            wanted = [entry for entry in listed if entry["name"].startswith(start)]
            if withdirs and path and not prefix:  # its marker, too
                own = [entry for entry in listed if entry["name"] == path]
                wanted += own or [directory_info(path)]
        else:
            root = yield from self._info_or_none(whole)
            wanted = [] if root is None else [root]
        # Of a file and a directory of the same name, it is the file.
        order = sorted(wanted, key=lambda entry: (str(entry["name"]), str(entry["type"])))
        kept = {entry["name"]: entry for entry in order}
        return {name: entry for name, entry in kept.items() if withdirs or entry["type"] == "file"}

    def flat(self, path: str, withdirs: bool) -> Plan[list[Info]]:
        """All files below a path, of one listing, and the directories that they are in."""
        verbs, key = self.folder(path)
        try:
            metas = yield from self._metas(verbs, key)
        except NotSupportedError as error:
            if not self.is_web:
                raise
            if (yield from self._info_or_none(path)) is None:
                raise NotFoundError(
                    f"{self.shown(path)!r}: there is no such file, and {error}"
                ) from error
            metas = []
        marked = {
            meta["path"][:-1]
            for meta in metas
            if _paths.is_marker(meta["path"]) and not isinstance(meta["path"], RawKey)
        }
        above = {key, *marked, *ancestors((meta["path"] for meta in metas), key)}
        found = self._files(path, metas, above)
        if withdirs:
            found += [marker_info(self._name(path, folder)) for folder in marked]
            names = {self._name(path, folder) for folder in above - marked - {key}}
            if self.is_local:
                names.update((yield Block(lambda: _local_directories(path))))
            found += [directory_info(name) for name in names]
        return found

    def _levels(self, path: str, maxdepth: int) -> Plan[list[Info]]:
        found: list[Info] = []
        level = [path]
        while level and maxdepth:
            listings = yield from together([self._children(name) for name in level], PARALLEL)
            entries = [entry for listing in listings for entry in listing]
            found += entries
            level = [entry["name"] for entry in entries if entry["type"] == "directory"]
            maxdepth -= 1
        return found


def _local_directories(path: str) -> list[str]:
    """The directories below a local one, empty ones too; links are not followed."""
    return [os.path.join(above, name) for above, folders, _ in os.walk(path) for name in folders]
