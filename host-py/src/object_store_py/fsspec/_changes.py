"""Making and deleting directories, and deleting files, each as a plan."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial

from .._effects import Block, Plan
from ..exceptions import NotFoundError, NotSupportedError
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
        elif (yield from self.info(path))["type"] == "file":
            raise NotADirectoryError(f"{self.shown(path)!r} is a file: use rm")
        elif self.split(path)[1] or (yield from self._children(path)):
            raise OSError(f"{self.shown(path)!r} is not empty: use rm(recursive=True)")

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
                files += yield from self._tree_of(path, maxdepth)
        elif len(paths) == 1 and (yield from self.info(paths[0]))["type"] == "directory":
            raise IsADirectoryError(f"{self.shown(paths[0])!r} is a directory: use recursive=True")
        yield from self.delete(files)

    def _tree_of(self, path: str, maxdepth: int | None) -> Plan[list[str]]:
        """The files below a path, and one of that name itself."""
        below = yield from self.find(path, maxdepth, withdirs=True)
        if not below:
            raise NotFoundError(f"{self.shown(path)!r}: there is no file or directory")
        files = [name for name, entry in below.items() if entry["type"] == "file"]
        if path in files or not self.split(path)[1]:
            return files
        # S3 does not mind to be asked to delete what is not there: that saves a request.
        if self.family.store == "S3Store" or (yield from self._is_file(path)):
            files.append(path)
        return files

    def _is_file(self, path: str) -> Plan[bool]:
        try:
            return bool((yield from self.info(path, refresh=True))["type"] == "file")
        except (FileNotFoundError, PermissionError):
            return False

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
