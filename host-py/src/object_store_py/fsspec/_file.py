"""`BufferedFile`: an object as the file that `FsspecStore.open` returns."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import contextlib
import io
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from fsspec.spec import AbstractBufferedFile

from .. import files
from ..exceptions import AlreadyExistsError
from ..types import Attributes
from ._cached import CachedFile

if TYPE_CHECKING:
    from ._filesystem import FsspecStore

_MODES = ("rb", "wb", "xb", "ab")
_COPY_BYTES = 8 << 20


class BufferedFile(AbstractBufferedFile):
    """A file of an `FsspecStore`: what reads and writes is `open_reader` and `open_writer`.

    Objects cannot be changed, so `ab` copies what is there into the new object, and `r+b` is
    refused. `xb` fails at once where there is an object, and at `close` where one has come since;
    it keeps what is written in memory until then. A with-block that raises gives up what was
    written.

    Args:
        fs: the filesystem.
        path: the file, with or without protocol.
        mode: `rb`, `wb`, `xb` or `ab`.
        block_size: how many bytes are fetched at least, or gathered for a part; the same as
            `buffer_size`.
        autocommit: make the object when the file is closed; else at `commit`.
        cache_type: one of fsspec's caches, such as `readahead` or `blockcache`. Without one, the
            reader itself knows sequential from random reads.
        cache_options: what that cache takes.
        size: the file's size, if you know it: it saves a request.
        buffer_size: how many bytes are fetched at least, or gathered for a part.
        attributes: Content-Type and the like, and user metadata, of what is written.
        tags: tags of what is written.
        max_concurrency: how many parts are under way at once.
        version: the version to read; it is read whole, into memory.

    Raises:
        NotFoundError: there is nothing to read.
        AlreadyExistsError: the mode is `xb`, and there is an object.
        ValueError: there is no such mode.
    """

    def __init__(
        self,
        fs: FsspecStore,
        path: str,
        mode: str = "rb",
        block_size: int | str | None = None,
        autocommit: bool = True,
        cache_type: str | None = None,
        cache_options: dict[str, Any] | None = None,
        size: int | None = None,
        *,
        buffer_size: int | None = None,
        attributes: Attributes | None = None,
        tags: dict[str, str] | None = None,
        max_concurrency: int | None = None,
        version: str | None = None,
    ) -> None:
        if mode not in _MODES:
            known = ", ".join(_MODES)
            raise ValueError(
                f"mode must be one of {known}, not {mode!r}: objects are written whole"
            )
        self.fs, self.path, self.mode = fs, fs._strip_protocol(path), mode
        self.autocommit = autocommit
        self.kwargs: dict[str, Any] = {}
        self._version = version
        sized = buffer_size if buffer_size is not None else block_size
        self._buffer: int | None = sized if isinstance(sized, int) else None
        options: dict[str, Any] = {} if self._buffer is None else {"buffer_size": self._buffer}
        self._file: Any = None
        if mode == "rb":
            self._file = (
                self._reader(size, options)
                if cache_type is None
                else self._cached(cache_type, cache_options, size)
            )
            self.blocksize = self._buffer or files.READ_BUFFER
        else:
            given = {"attributes": attributes, "tags": tags, "max_concurrency": max_concurrency}
            options |= {name: value for name, value in given.items() if value is not None}
            self.blocksize = options.get("buffer_size", files.WRITE_BUFFER)
            self._file = self._writer(options)
        self._closed = False

    def __repr__(self) -> str:
        web = self.fs.protocol in ("http", "https")  # whose paths are URLs, maybe signed
        path = self.path.partition("?")[0] if web else self.path
        return f"<File-like object {type(self.fs).__name__}, {path}>"

    def _cached(
        self, cache_type: str, cache_options: dict[str, Any] | None, size: int | None
    ) -> CachedFile:
        file = CachedFile(
            self.fs,
            self.fs._objects,
            self.path,
            cache_type=cache_type,
            cache_options=cache_options,
            block_size=self._buffer,
            size=size,
            version=self._version,
        )
        self.size, self.cache = file.size, file.cache
        self._buffer = cast("int", file.blocksize)
        return file

    def _reader(self, size: int | None, options: dict[str, Any]) -> Any:
        if self._version is not None:
            data = self.fs.cat_file(self.path, version=self._version)
            self.size = len(data)
            return io.BytesIO(data)
        store, key = self.fs._objects.locate(self.path)
        reader = files.open_reader(store, key, size=size, **options)
        self.size = reader.size
        return reader

    def _writer(self, options: dict[str, Any]) -> Any:
        store, key = self.fs._objects.locate(self.path)
        if self.mode == "xb":
            if self.fs.exists(self.path):
                raise AlreadyExistsError(f"{store!r}, {key!r}: it is there", path=key)
            options["mode"] = "create"
        old = self._old() if self.mode == "ab" else None
        writer = files.open_writer(store, key, **options)
        if old is not None:
            try:
                with old:
                    while data := old.read(_COPY_BYTES):
                        writer.write(data)
            except BaseException:
                writer.abort()
                raise
        return writer

    def _old(self) -> Any:
        """What an append begins with."""
        store, key = self.fs._objects.locate(self.path)
        try:
            return files.open_reader(store, key)
        except FileNotFoundError:
            return None

    @property
    def loc(self) -> int:
        """The position."""
        return self.tell()

    def readable(self) -> bool:
        """Whether the mode is `rb`."""
        return bool(self.mode == "rb") and not self.closed

    def seekable(self) -> bool:
        """Whether the mode is `rb`."""
        return self.readable()

    def writable(self) -> bool:
        """Whether the mode is another."""
        return bool(self.mode != "rb") and not self.closed

    def tell(self) -> int:
        """The position in bytes."""
        return int(self._file.tell())

    def seek(self, loc: int, whence: int = 0) -> int:
        """Move the position; see `io.IOBase.seek`."""
        return int(self._file.seek(loc, whence))

    def read(self, length: int | None = -1) -> bytes:
        """Read that many bytes, or all that are left."""
        data: bytes = self._file.read(-1 if length is None else length)
        return data

    def read1(self, length: int = -1) -> bytes:
        """Read up to that many bytes with at most one request."""
        data: bytes = self._file.read1(length)
        return data

    def readinto(self, b: Any) -> int:
        """Read into memory; returns how many bytes."""
        return int(self._file.readinto(b))

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next newline."""
        line: bytes = self._file.readline(-1 if size is None else size)
        return line

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read lines."""
        lines: list[bytes] = self._file.readlines(-1 if hint is None else hint)
        return lines

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def write(self, data: Any) -> int:
        """Write bytes."""
        return int(self._file.write(data))

    def flush(self, force: bool = False) -> None:
        """Raise what went wrong with earlier writes; the object is made by `close`."""
        if self.writable():
            self._file.flush()

    def close(self) -> None:
        """Make the object, unless that is left to `commit`."""
        if self.closed:
            return
        self._closed = True
        if self.mode == "rb":
            self._file.close()
        elif self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Make the object."""
        self._file.close()
        self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Give up what was written."""
        self._closed = True
        self._file.abort()

    def __enter__(self) -> BufferedFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and self.mode != "rb" and not self.closed:
            self.discard()
        else:
            self.close()

    def __del__(self) -> None:
        """What was written and not closed is given up, with a warning, by the writer itself."""

    def __reduce__(self) -> tuple[Any, ...]:
        if self.mode != "rb":
            raise TypeError("a file that is written cannot be pickled")
        return _reopen, (self.fs, self.path, self._buffer, self._version, self.tell())


def _reopen(
    fs: FsspecStore, path: str, buffer_size: int | None, version: str | None, position: int
) -> BufferedFile:
    file = BufferedFile(fs, path, buffer_size=buffer_size, version=version)
    file.seek(position)
    return file


def closes_both(file: Any, raw: BufferedFile) -> Any:
    """Make a file that compresses close the file that it writes to, too."""
    close = file.close

    def close_both() -> None:
        close()
        raw.close()

    with contextlib.suppress(AttributeError):  # zstandard's: they close what is below themselves
        file.close = close_both
    return file
