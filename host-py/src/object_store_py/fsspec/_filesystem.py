"""`FsspecStore`: the stores as a filesystem of fsspec, and its classes for protocols."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.compression import compr
from fsspec.core import get_compression

from .. import files
from .. import store as stores
from .._driver import run, run_async
from .._effects import Plan
from . import _locations
from ._file import BufferedFile, closes_both
from ._moving import Moving
from ._words import file_words


class FsspecStore(Moving):
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
        on_bad_key: what listings do with keys that no path can name, such as `a//b`: `"raise"`,
            `"skip"`, or `"keep"`, which takes them for files.
        **store_kwargs: more configuration, also in the words of s3fs, gcsfs and adlfs: see
            docs/fsspec.md.

    Raises:
        UnknownConfigurationKeyError: a key is not known; the error names the nearest one.
        ValueError: there is no such protocol.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = {"protocol": self.protocol, **self.storage_options}
        if self.storage_args:
            arguments["protocol"] = self.storage_args[0]
        return _remake, (arguments, type(self) is FsspecStore, self._asynchronous)

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
    ) -> Plan[bytes]:
        fs, given = self._with_words(options, writes=False)
        return fs._objects.cat_file(self._named(path), start, end, given.get("version"))

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
        found = await run_async(self._objects.cat_ranges(names, firsts, lasts, max_gap))
        failures = [item for item in found if isinstance(item, BaseException)]
        if failures and on_error != "return":
            raise failures[0]
        return found

    async def _pipe_file(
        self, path: Any, value: Any, mode: Any = "overwrite", **kwargs: Any
    ) -> Any:
        """Write bytes; `mode="create"` only where there is no file. Options are those of `put`."""
        done = await run_async(self._pipe_plan(path, value, mode, True, kwargs))
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
        done = run(self._pipe_plan(path, value, mode, False, kwargs))
        self.invalidate_cache(path)
        return done

    def touch(self, path: Any, truncate: bool = True, **kwargs: Any) -> None:
        """Make an empty file; with a slash at the end of its name, the marker of a folder.

        Args:
            path: the file.
            truncate: also where there is a file; else that is an error.
            **kwargs: options of what is written, as for `pipe_file`.

        Raises:
            NotImplementedError: there is a file, and objects have no time that could be changed.
        """
        if not truncate and self.exists(path):
            raise NotImplementedError("the time of an object cannot be changed")
        self.pipe_file(path, b"", **kwargs)

    def _pipe_plan(
        self, path: Any, value: Any, mode: Any, asynchronous: bool, options: Mapping[str, Any]
    ) -> Plan[Any]:
        fs, given = self._with_words({"mode": mode, **options}, writes=True)
        return fs._objects.pipe_file(self._named(path), value, asynchronous, **given)

    def _with_words(
        self, options: Mapping[str, Any], writes: bool
    ) -> tuple[FsspecStore, dict[str, Any]]:
        """The options of a file in our words, and the filesystem that it is of."""
        words = file_words(options, _OF_FILES, self._defaults.written if writes else None)
        return (self._like(words.store) if words.store else self), words.options

    def _like(self, options: Mapping[str, Any]) -> FsspecStore:
        """This filesystem with further options of the store."""
        table = getattr(stores, self._objects.family.store, None)
        known = getattr(table, "_table", None)
        for name in options:
            if known is None or known.canonical(name) is None:
                raise ValueError(f"{name} is no option of {self.protocol!r}")
        kind, (arguments, plain, asynchronous) = self.__reduce__()
        same: FsspecStore = kind({**arguments, **options}, plain, asynchronous)
        return same

    async def _put_file(
        self,
        lpath: Any,
        rpath: Any,
        mode: Any = "overwrite",
        callback: Any = DEFAULT_CALLBACK,
        **kwargs: Any,
    ) -> None:
        fs, given = self._with_words({"mode": mode, **kwargs}, writes=True)
        directory = os.path.isdir(lpath)
        name: str = self._strip(rpath) if directory else self._for_writing(rpath)
        await run_async(fs._objects.put_file(lpath, name, callback, True, **given))
        self.invalidate_cache(rpath)

    async def _get_file(
        self, rpath: Any, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any
    ) -> None:
        fs, given = self._with_words(kwargs, writes=False)
        plan = fs._objects.get_file(self._named(rpath), lpath, callback, given.get("version"))
        await run_async(plan)

    def _open(
        self,
        path: Any,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> BufferedFile:
        fs, given = self._with_words(kwargs, writes=mode != "rb")
        defaults = self._defaults
        if mode == "rb":
            given.setdefault("cache_type", defaults.cache_type)
            cache_options = defaults.cache_options if cache_options is None else cache_options
        else:
            given.setdefault("max_concurrency", defaults.max_concurrency)
        block_size = defaults.block_size if block_size is None else block_size
        return BufferedFile(
            fs, path, mode, block_size, autocommit, cache_options=cache_options, **given
        )

    def open(self, path: Any, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        """Open a file, binary or text (without `b` in the mode); see `BufferedFile` for the modes.

        Args:
            path: the file.
            mode: `rb`, `wb`, `xb` or `ab`, or the same with `t`.
            *args: `block_size`, `cache_options` and `compression`, as of fsspec's `open`.
            **kwargs: the same; `encoding`, `errors` and `newline` of a text; the arguments of
                `BufferedFile`.
        """
        if "r" not in mode:
            self._for_writing(path)
        # fsspec leaves the file below a compression open, to be closed when it is collected.
        compression = kwargs.pop("compression", None)
        if compression is None or "b" not in mode:
            more = {} if compression is None else {"compression": compression}
            return super().open(path, mode, *args, **kwargs, **more)
        raw: Any = super().open(path, mode, *args, **kwargs)
        codec = get_compression(self._strip(path), compression)
        return raw if codec is None else closes_both(compr[codec](raw, mode=mode[0]), raw)

    async def open_async(self, path: Any, mode: str = "rb", **kwargs: Any) -> Any:
        """Open a file for coroutines: an `AsyncReadableFile` or an `AsyncWritableFile`.

        Args:
            path: the file.
            mode: `rb`, `wb` or `xb`.
            **kwargs: the options of `open_reader_async` or `open_writer_async`.
        """
        name: str = self._strip(path) if mode == "rb" else self._for_writing(path)
        store, key = self._objects.locate(name)
        if mode == "rb":
            return await files.open_reader_async(store, key, **kwargs)
        if mode not in ("wb", "xb"):
            raise ValueError(f"mode must be rb, wb or xb, not {mode!r}")
        if mode == "xb":
            kwargs["mode"] = "create"
        return files.open_writer_async(store, key, **kwargs)


_OF_FILES = frozenset({"block_size", "callback", "batch_size"})


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
            "_get_kwargs_from_urls": staticmethod(partial(_locations.url_options, protocol)),
        }
        suffix = "_async" if asynchronous else ""
        _classes[key] = type(f"FsspecStore_{protocol}{suffix}", (FsspecStore,), namespace)
    return _classes[key]


_classes: dict[tuple[str, bool], type[FsspecStore]] = {}


def _remake(arguments: dict[str, Any], plain: bool, asynchronous: bool) -> FsspecStore:
    protocol = arguments.pop("protocol")
    if plain:
        return FsspecStore(protocol, **arguments)
    return class_of(protocol, asynchronous)(**arguments)
