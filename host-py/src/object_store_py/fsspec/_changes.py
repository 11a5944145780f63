"""Making and deleting directories, and deleting files, each as a plan."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from functools import partial

from .._effects import Block, Plan
from .._trees import Pages
from ..exceptions import NotFoundError, NotSupportedError
from ._locations import parent
from ._places import remove_local
from ._tree import Tree


class Changes(Tree):
    """The names in one filesystem, and how they change. Paths are stripped of their protocol."""

    def make_directory(self, path: str, parents: bool, exist_ok: bool) -> Plan[None]:
        """Make a local directory; in object stores there is nothing to make below a bucket.

        Raises:
            FileExistsError: it is there, or a file is.
            NotSupportedError: it is a bucket that is not there: the crate makes none.
        """
        if not self.is_local:
            yield from self._check_bucket(path, exist_ok)
            return
        if parents:
            yield Block(lambda: os.makedirs(path, exist_ok=exist_ok))
        else:
            yield Block(lambda: os.mkdir(path))

    def _check_bucket(self, path: str, exist_ok: bool) -> Plan[None]:
        if self.split(path)[1] or not self.family.bucketed or self.is_web:
            return
        if path not in self._buckets:
            try:
                yield from self.info(path, refresh=True)
            except PermissionError:
                pass  # it is there, but its names are not for us
            except FileNotFoundError as error:
                raise NotSupportedError(
                    f"{self.shown(path)!r}: there is no such bucket, and this library makes none:"
                    " make it with the tools of the provider"
                ) from error
            self._buckets.add(path)
        if not exist_ok:
            raise FileExistsError(f"{self.shown(path)!r} is there")

    def remove_directory(self, path: str) -> Plan[None]:
        """Remove an empty directory.

        Raises:
            OSError: it is not empty.
            NotADirectoryError: it is a file.
        """
        if self.is_local:
            yield Block(lambda: os.rmdir(path))
            return
        folder = path.rstrip("/")
        keys = yield from self._keys_below(folder, at_least=2)
        if not keys:
            found = yield from self.info(folder)
            if found["type"] == "file":
                raise NotADirectoryError(f"{self.shown(folder)!r} is a file: use rm")
        elif keys == [f"{self.split(folder)[1]}/"]:  # the marker alone
            yield from self._delete_keys(folder, keys)
        else:
            raise OSError(f"{self.shown(folder)!r} is not empty: use rm(recursive=True)")

    def _keys_below(self, path: str, at_least: int | None = None) -> Plan[list[str]]:
        """The keys of all objects below a directory, its marker too; `at_least` so many if given.

        Keys that no path can name are among them.
        """
        verbs, key = self.folder(path)
        keys: list[str] = []
        pages = Pages(verbs, key, on_bad_key="keep")
        while (rows := (yield from pages.next())) is not None:
            keys.extend(row[0] for row in rows)
            if at_least is not None and len(keys) >= at_least:
                break
        return keys

    def _delete_keys(self, path: str, keys: list[str]) -> Plan[None]:
        """Delete objects of the bucket that a path is in; somebody else may be faster."""
        verbs, _ = self.folder(path)
        try:
            yield from verbs.delete(keys)
        except NotFoundError:
            for key in keys:
                with contextlib.suppress(NotFoundError):
                    yield from verbs.delete(key)

    def remove(self, paths: list[str], recursive: bool, maxdepth: int | None) -> Plan[None]:
        """Delete files; recursively also what is below directories.

        Args:
            paths: what; a slash at the end means the directory alone, and no file of its name.
            recursive: whether directories are deleted.
            maxdepth: how many levels of them; the markers of directories stay then.

        Raises:
            NotFoundError: one of several is missing and the store tells; or the only one.
            IsADirectoryError: one is a directory, and `recursive` is False.
        """
        if recursive and maxdepth is None:
            paths = _tops(paths)
        if recursive and self.is_local:
            yield from self._remove_local(paths, maxdepth)
        elif recursive:
            for path in paths:
                yield from self._remove_tree(path, maxdepth)
        else:
            files = list[str]()
            for path in paths:
                files.append((yield from self._one_file(path, len(paths) == 1)))
            yield from self.delete(files)

    def _one_file(self, path: str, alone: bool) -> Plan[str]:
        """The file that a path to delete means."""
        if path.endswith("/") and self.split(path)[1] and not self.is_web:
            keys = yield from self._keys_below(path.rstrip("/"), at_least=2)
            if keys == [self.split(path)[1]]:
                return path  # the marker alone
            if keys:
                raise IsADirectoryError(f"{path!r} is a directory: use recursive=True")
            path = path.rstrip("/")
        if alone and (yield from self.info(path))["type"] == "directory":
            raise IsADirectoryError(f"{self.shown(path)!r} is a directory: use recursive=True")
        return path

    def _remove_tree(self, path: str, maxdepth: int | None) -> Plan[None]:
        folder = path.rstrip("/") or path
        if maxdepth is not None or self.is_web:
            below = yield from self.find(folder, maxdepth, withdirs=True)
            if not below:
                raise NotFoundError(f"{self.shown(path)!r}: there is no file or directory")
            yield from self.delete(n for n, item in below.items() if item["type"] == "file")
            return
        keys = yield from self._keys_below(folder)
        key = self._checked(folder)[1]
        if not path.endswith("/") and key and (yield from self._is_beside(folder, keys)):
            keys.append(key)
        if not keys:
            raise NotFoundError(f"{self.shown(path)!r}: there is no file or directory")
        yield from self._delete_keys(folder, keys)

    def _is_beside(self, path: str, keys: list[str]) -> Plan[bool]:
        """Whether there is, or may be, an object of the name of a directory with these keys."""
        # S3 does not mind to be asked to delete what is not there: that saves a request.
        if keys and self.family.store == "S3Store":
            return True
        verbs, key = self.verbs(path)
        try:
            return (yield from verbs.exists(key))
        except PermissionError:
            if keys:
                return False
            raise

    def delete(self, paths: Iterable[str]) -> Plan[None]:
        """Delete objects, in batches."""
        by_bucket: dict[str, list[str]] = {}
        for path in dict.fromkeys(paths):
            by_bucket.setdefault(self.split(path)[0], []).append(self.locate(path)[1])
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


def _tops(paths: list[str]) -> list[str]:
    """Directories and files without those that are gone with another one of them."""
    given = set(paths)
    folders = {path.rstrip("/") or path for path in paths}
    return [
        path
        for path in dict.fromkeys(paths)
        if not (path.endswith("/") and path.rstrip("/") in given)
        and not any(above in folders for above in _above(path))
    ]


def _above(path: str) -> Iterator[str]:
    """The directories that a path is in, from the inside out."""
    while (above := parent(path)) != path:
        yield above
        path = above
