"""`FsspecStore`: the stores as a filesystem of fsspec."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportUntypedBaseClass=false - fsspec has no types.

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

from fsspec.asyn import AsyncFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import stringify_path
from glob import has_magic

from .. import store as stores
from .._driver import run, run_async
from .._functions import sign, sign_async
from ..config import ClientConfig, RetryConfig
from ..exceptions import NotFoundError
from ..stores.base import ObjectStoreMethods
from . import _locations
from ._file import BufferedFile
from ._objects import Objects
from ._options import store_arguments
from ._tree import Info
from ._walk import walk_tree


class FsspecStore(AsyncFileSystem):
    """A filesystem of fsspec over this library's stores, one store for each bucket.

    Paths are `bucket/key`, with or without `s3://` or the like in front; for local files and memory
    they begin with a slash. What object stores have no use for is not there: directories exist as
    long as something is in them, so `mkdir` of one has no effect.

    The sync methods run in the caller's thread and need no event loop. The asynchronous ones
    (`_cat_file`, ...) work on any asyncio loop; make the filesystem with `asynchronous=True` there.

    Args:
        protocol: one of `SUPPORTED_PROTOCOLS`; classes made by `register` have theirs.
        *args: none; fsspec's signature.
        config: configuration of an `S3Store`, `GCSStore` or `AzureStore`.
        client_options: the HTTP client's options, see `ClientConfig`.
        retry_config: when to try again, see `RetryConfig`.
        credential_provider: a function that returns a credential.
        asynchronous: the filesystem is used by coroutines of a loop that runs.
        max_cache_size: how many stores (of buckets) are kept.
        loop: the loop for fsspec's own sync methods; fsspec's thread by default.
        batch_size: how many files fsspec handles at once in get, put and copy.
        use_listings_cache: remember listings until `invalidate_cache`; not by default, for others
            may write, too. `listings_expiry_time` and `max_paths` go with it.
        **store_kwargs: more configuration, also in the words of s3fs, gcsfs and adlfs: see
            docs/fsspec.md.

    Raises:
        UnknownConfigurationKeyError: a key is not known; the error names the nearest one.
        ValueError: there is no such protocol.
    """

    protocol: str | tuple[str, ...] = "abstract"
    cachable = True
    _asynchronous: ClassVar[bool] = False
    """Whether `register` was told so."""

    def __init__(
        self,
        protocol: str | None = None,
        *args: Any,
        config: Mapping[str, Any] | None = None,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        credential_provider: Callable[[], Any] | None = None,
        asynchronous: bool = False,
        max_cache_size: int = 10,
        loop: Any = None,
        batch_size: int | None = None,
        use_listings_cache: bool = False,
        listings_expiry_time: float | None = None,
        max_paths: int | None = None,
        **store_kwargs: Any,
    ) -> None:
        own = cast("str", type(self).protocol)
        name = protocol if protocol is not None else own
        if name == "abstract":
            raise ValueError("FsspecStore needs a protocol, such as FsspecStore('s3')")
        family = _locations.family_of(name)
        if own != "abstract" and name not in family.schemes + (own,):
            raise ValueError(f"this class is of the protocol {own!r}, not {name!r}")
        self.protocol = name
        given = {**store_kwargs, "config": config, "client_options": client_options}
        given |= {"retry_config": retry_config, "credential_provider": credential_provider}
        self._arguments = store_arguments(family, given)
        super().__init__(
            *args,
            asynchronous=asynchronous or self._asynchronous,
            loop=loop,
            batch_size=batch_size,
            use_listings_cache=use_listings_cache,
            listings_expiry_time=listings_expiry_time,
            max_paths=max_paths,
        )
        self.root_marker = family.root
        # fsspec has this as a class method, but here it depends on the protocol.
        self._strip_protocol = self._strip
        kind = getattr(stores, family.store)

        def make_store(bucket: str) -> ObjectStoreMethods:
            if family.store == "HTTPStore":
                bucket = f"{name}://{bucket}"
            made: ObjectStoreMethods = kind(*([bucket] if family.bucketed else []), **self._arguments)
            return made

        self.tree = Objects(family, make_store, max_cache_size, self.dircache)

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = {"protocol": self.protocol, **self.storage_options}
        if self.storage_args:
            arguments["protocol"] = self.storage_args[0]
        return _remake, (arguments, type(self) is FsspecStore, self._asynchronous)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(item) for item in cast("list[Any]", path)]
        return _locations.strip(cast("str", cls.protocol), stringify_path(path))

    def _strip(self, path: Any) -> Any:
        if isinstance(path, list):
            return [self._strip(item) for item in cast("list[Any]", path)]
        text: str = stringify_path(path)
        name = cast("str", self.protocol)
        if "@" in text:
            _locations.check_account(name, text, self._arguments)
        return _locations.strip(name, text)

    def unstrip_protocol(self, name: str) -> str:
        """A path with its protocol in front."""
        return f"{self.protocol}://{self._strip(name)}"

    @classmethod
    def _parent(cls, path: Any) -> str:
        return _locations.parent(cls._strip_protocol(path))

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings: all, or those that a change at `path` makes wrong."""
        super().invalidate_cache(path)
        if path is None:
            self.dircache.clear()
            return
        gone = self._strip(path)
        for known in list(self.dircache):
            if known.startswith(gone) or gone.startswith(known):
                self.dircache.pop(known, None)

    # Names. Each sync method beside its twin: fsspec would send it through its loop's thread.

    def _info_plan(self, path: Any, options: Mapping[str, Any]) -> Any:
        version = options.get("version", options.get("version_id"))
        return self.tree.info(self._strip(path), version, bool(options.get("refresh")))

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
        return await run_async(self.tree.exists(self._strip(path)))

    def exists(self, path: Any, **_: Any) -> bool:
        """Whether there is a file or directory; one request where there is a file."""
        return run(self.tree.exists(self._strip(path)))

    async def _ls(
        self, path: Any, detail: bool = False, refresh: bool = False, **_: Any
    ) -> list[Any]:
        return _names(await run_async(self.tree.ls(self._strip(path), refresh)), detail)

    def ls(self, path: Any, detail: bool = False, refresh: bool = False, **_: Any) -> list[Any]:
        """What is in a directory, as names or (`detail`) infos; of a file, the file itself."""
        return _names(run(self.tree.ls(self._strip(path), refresh)), detail)

    def _find_plan(self, path: Any, maxdepth: int | None, withdirs: bool, prefix: str) -> Any:
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        return self.tree.find(self._strip(path), maxdepth, withdirs, prefix)

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

    async def _walk(
        self, path: Any, maxdepth: int | None = None, topdown: bool = True, **kwargs: Any
    ) -> AsyncIterator[Any]:
        # With maxdepth, or for a caller who may leave directories out, level by level is less.
        if maxdepth is not None or self.tree.is_local:
            async for level in super()._walk(path, maxdepth, topdown, **kwargs):
                yield level
            return
        top = self._strip(path)
        found = await run_async(self.tree.find(top, None, withdirs=True))
        for level in walk_tree(top, found, topdown, bool(kwargs.get("detail"))):
            yield level

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
        if self.tree.is_local:
            found = os.stat(self._strip(path))
            return datetime.fromtimestamp(getattr(found, "st_birthtime", found.st_ctime), UTC)
        return self.modified(path)

    def _only_file(self, path: Any) -> Info:
        found = self.info(path)
        if found["type"] != "file":
            raise IsADirectoryError(f"{found['name']!r} is a directory: it has no time")
        return found

    async def _sign(
        self, path: Any, expiration: int = 100, method: Any = "GET", **_: Any
    ) -> str:
        store, key = self.tree.locate(self._strip(path))
        return await sign_async(cast("Any", store), method, key, timedelta(seconds=expiration))

    def sign(self, path: Any, expiration: int = 100, method: Any = "GET", **_: Any) -> str:
        """A URL that lets whoever has it read the file (or what `method` says), for a while.

        Args:
            path: the file; it need not be there.
            expiration: for how many seconds.
            method: the HTTP method.
        """
        store, key = self.tree.locate(self._strip(path))
        return sign(cast("Any", store), method, key, timedelta(seconds=expiration))

    # Directories.

    async def _mkdir(self, path: Any, create_parents: bool = True, **_: Any) -> None:
        await run_async(self.tree.make_directory(self._strip(path), create_parents, False))

    async def _makedirs(self, path: Any, exist_ok: bool = False) -> None:
        await run_async(self.tree.make_directory(self._strip(path), True, exist_ok))

    async def _rmdir(self, path: Any) -> None:
        await run_async(self.tree.remove_directory(self._strip(path)))
        self.invalidate_cache(path)

    def rmdir(self, path: Any) -> None:
        """Remove an empty directory."""
        run(self.tree.remove_directory(self._strip(path)))
        self.invalidate_cache(path)

    async def _rm_file(self, path: Any, **_: Any) -> None:
        await run_async(self.tree.delete([self._strip(path)]))
        self.invalidate_cache(path)

    async def _rm(
        self, path: Any, recursive: bool = False, maxdepth: int | None = None, **_: Any
    ) -> None:
        given = path if isinstance(path, list) else [path]
        paths: list[str] = []
        for item in cast("list[Any]", given):
            name = self._strip(item)
            paths += await self._glob(name) if has_magic(name) else [name]
        if not paths:
            raise NotFoundError(f"{path!r} matches nothing")
        await run_async(self.tree.remove(paths, recursive, maxdepth))
        for name in paths:
            self.invalidate_cache(name)

    # Bytes.

    async def _cat_file(
        self, path: Any, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        return await run_async(self._cat_plan(path, start, end, kwargs))

    def cat_file(
        self, path: Any, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        """The bytes of a file from `start` to `end`; negative numbers count from its end.

        Args:
            path: the file.
            start: the first byte; the file's first if None.
            end: where to stop; the file's end if None.
            **kwargs: `version` (or `version_id`).
        """
        return run(self._cat_plan(path, start, end, kwargs))

    def _cat_plan(
        self, path: Any, start: int | None, end: int | None, options: Mapping[str, Any]
    ) -> Any:
        version = options.get("version", options.get("version_id"))
        return self.tree.cat_file(self._strip(path), start, end, version)

    async def _cat(self, path: Any, recursive: bool = False, **kwargs: Any) -> Any:
        if recursive:  # of directories there is nothing to read
            names = await self._expand_path(path, recursive=True)
            path = [name for name in names if not await self._isdir(name)]
        return await super()._cat(path, **kwargs)

    async def _cat_ranges(
        self,
        paths: list[Any],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        batch_size: int | None = None,
        on_error: str = "return",
        **_: Any,
    ) -> list[Any]:
        """Many ranges; those of one file that are at most `max_gap` apart with one request."""
        if not isinstance(paths, list):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
            raise TypeError(f"paths must be a list, not {type(paths).__name__}")
        count = len(paths)
        firsts = [starts] * count if starts is None or isinstance(starts, int) else list(starts)
        lasts = [ends] * count if ends is None or isinstance(ends, int) else list(ends)
        if len(firsts) != count or len(lasts) != count:
            raise ValueError(f"{count} paths, but {len(firsts)} starts and {len(lasts)} ends")
        names = [self._strip(path) for path in paths]
        found = await run_async(self.tree.cat_ranges(names, firsts, lasts, max_gap))
        failures = [item for item in found if isinstance(item, BaseException)]
        if failures and on_error != "return":
            raise failures[0]
        return found

    async def _pipe_file(self, path: Any, value: Any, mode: Any = "overwrite", **kwargs: Any) -> Any:
        """Write bytes; `mode="create"` only where there is no file. Options are those of `put`."""
        done = await run_async(self.tree.pipe_file(self._strip(path), value, True, mode=mode, **kwargs))
        self.invalidate_cache(path)
        return done

    def pipe_file(self, path: Any, value: Any, mode: Any = "overwrite", **kwargs: Any) -> Any:
        """Write bytes to a file.

        Args:
            path: the file.
            value: the bytes.
            mode: `"overwrite"`, `"create"`, or what `put` takes.
            **kwargs: the other options of `put`: `attributes`, `tags`, ...
        """
        done = run(self.tree.pipe_file(self._strip(path), value, False, mode=mode, **kwargs))
        self.invalidate_cache(path)
        return done

    async def _cp_file(self, path1: Any, path2: Any, **_: Any) -> None:
        await run_async(self.tree.copy(self._strip(path1), self._strip(path2), True))
        self.invalidate_cache(path2)

    async def _put_file(
        self,
        lpath: Any,
        rpath: Any,
        mode: Any = "overwrite",
        callback: Any = DEFAULT_CALLBACK,
        **kwargs: Any,
    ) -> None:
        plan = self.tree.put_file(lpath, self._strip(rpath), callback, True, mode=mode, **kwargs)
        await run_async(plan)
        self.invalidate_cache(rpath)

    async def _get_file(
        self, rpath: Any, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any
    ) -> None:
        version = kwargs.get("version", kwargs.get("version_id"))
        await run_async(self.tree.get_file(self._strip(rpath), lpath, callback, version))

    def _open(
        self,
        path: Any,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> BufferedFile:
        if "version_id" in kwargs:
            kwargs["version"] = kwargs.pop("version_id")
        return BufferedFile(self, path, mode, block_size, autocommit, **kwargs)

    async def open_async(self, path: Any, mode: str = "rb", **kwargs: Any) -> Any:
        """Open a file for coroutines: an `AsyncReadableFile` or an `AsyncWritableFile`.

        Args:
            path: the file.
            mode: `rb`, `wb` or `xb`.
            **kwargs: the options of `open_reader_async` or `open_writer_async`.
        """
        from .. import files

        store, key = self.tree.locate(self._strip(path))
        if mode == "rb":
            return await files.open_reader_async(store, key, **kwargs)
        if mode not in ("wb", "xb"):
            raise ValueError(f"mode must be rb, wb or xb, not {mode!r}")
        if mode == "xb":
            kwargs["mode"] = "create"
        return files.open_writer_async(store, key, **kwargs)


def _names(entries: list[Info], detail: bool) -> list[Any]:
    return [entry if detail else entry["name"] for entry in entries]


def class_of(protocol: str, asynchronous: bool = False) -> type[FsspecStore]:
    """The class of a protocol, always the same one: it is `register`ed, and pickles by its name."""
    _locations.family_of(protocol)
    key = (protocol, asynchronous)
    if key not in _classes:
        namespace = {
            "protocol": protocol,
            "root_marker": _locations.FAMILIES[protocol].root,
            "_asynchronous": asynchronous,
            "__module__": (__package__ or ""),  # where its pickles and fsspec find it
            "__doc__": FsspecStore.__doc__,
            "_get_kwargs_from_urls": staticmethod(
                lambda url: _locations.url_options(protocol, str(url))
            ),
        }
        _classes[key] = type(f"FsspecStore_{protocol}", (FsspecStore,), namespace)
    return _classes[key]


_classes: dict[tuple[str, bool], type[FsspecStore]] = {}


def _remake(arguments: dict[str, Any], plain: bool, asynchronous: bool) -> FsspecStore:
    protocol = arguments.pop("protocol")
    if plain:
        return FsspecStore(protocol, **arguments)
    return class_of(protocol, asynchronous)(**arguments)
