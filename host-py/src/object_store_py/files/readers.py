"""Files that read an object: `ReadableFile`, an `io` object, and `AsyncReadableFile`."""

from __future__ import annotations

import io
from types import TracebackType
from typing import Any, TypeVar

from .._driver import run, run_async
from .._effects import Plan
from ._reading import Reader
from ._shared import Done, check_open, memory_of

__all__ = ["AsyncReadableFile", "ReadableFile"]

T = TypeVar("T")


class ReadableFile(io.BufferedIOBase):
    """An object that is read as a binary file: buffered, seekable, for everything that takes files.

    Made by `open_reader`. All bytes are of the state that was opened; when the object is replaced
    meanwhile, reading what is not in memory yet raises `PreconditionError`. Methods that read raise
    what `get` raises, all of it `OSError`s, and `ValueError` on a closed file.

    Threads may share it, and fetch at the same time: each call takes its bytes when it begins, and
    a thread reads where it has moved to, though others move meanwhile.
    """

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader
        self._closed = False

    def _run(self, plan: Plan[T]) -> T:
        check_open(self._closed)
        return run(plan)

    @property
    def size(self) -> int:
        """The object's size in bytes."""
        return self._reader.size

    @property
    def name(self) -> str:
        """The object's path."""
        return self._reader.path

    @property
    def mode(self) -> str:
        """`"rb"`."""
        return "rb"

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._closed

    def readable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    def seekable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    def read(self, size: int | None = None, /) -> bytes:
        """Read `size` bytes, fewer only at the end; everything that is left for None or -1."""
        check_open(self._closed)
        data = self._reader.read_now(size)
        return run(self._reader.read(size)) if data is None else data

    def readall(self) -> bytes:
        """Read everything that is left."""
        return self.read()

    def read1(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes with at most one request."""
        check_open(self._closed)
        data = self._reader.read_now(size, some=True)
        return run(self._reader.read_some(size)) if data is None else data

    def readinto(self, buffer: Any, /) -> int:
        """Read into writable memory; returns how many bytes, fewer than it takes at the end."""
        return self._run(self._reader.read_into(memory_of(buffer)))

    def readinto1(self, buffer: Any, /) -> int:
        """Read into writable memory with at most one request; returns how many bytes."""
        view = memory_of(buffer)
        data = self.read1(view.nbytes)
        view[: len(data)] = data
        return len(data)

    def peek(self, size: int = 0, /) -> bytes:
        """What is in memory at the position, at least one byte before the end; it stays unread."""
        del size
        return self._run(self._reader.peek())

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read up to and with the next newline, at most `size` bytes; empty at the end."""
        check_open(self._closed)
        line = self._reader.read_line_now(size)
        return run(self._reader.read_line(size)) if line is None else line

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Read lines until they have `hint` bytes, or all that are left."""
        return self._run(self._reader.read_lines(hint))

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to `offset` from the start (whence 0), from here (1) or from the end (2).

        Nothing is fetched, and what is in memory is kept.

        Returns:
            The new position.

        Raises:
            ValueError: it would be negative.
        """
        check_open(self._closed)
        return self._reader.cursor.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        check_open(self._closed)
        return self._reader.cursor.tell()

    def close(self) -> None:
        """Give up what is open. Closing twice is fine."""
        if getattr(self, "_closed", True):  # also of a file whose making failed
            return
        self._closed = True
        self._reader.abandon()

    def __repr__(self) -> str:
        state = (
            "closed" if self._closed else f"at {self._reader.cursor.position} of {self.size} bytes"
        )
        return f"ReadableFile({self.name!r}, {state})"


class AsyncReadableFile:
    """An object that is read as a file, asynchronously; the methods are those of `ReadableFile`.

    Made by `await open_reader_async(...)`. Use it in `async with`; `async for` yields its
    lines. The tasks of one event loop may share it, and fetch at the same time: each call takes its
    bytes when it begins.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._closed = False

    async def _run(self, plan: Plan[T]) -> T:
        check_open(self._closed)
        return await run_async(plan)

    @property
    def size(self) -> int:
        """The object's size in bytes."""
        return self._reader.size

    @property
    def name(self) -> str:
        """The object's path."""
        return self._reader.path

    @property
    def mode(self) -> str:
        """`"rb"`."""
        return "rb"

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._closed

    def readable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    def writable(self) -> bool:
        """False."""
        check_open(self._closed)
        return False

    def seekable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    async def read(self, size: int | None = None, /) -> bytes:
        """Read `size` bytes, fewer only at the end; everything that is left for None or -1."""
        check_open(self._closed)
        data = self._reader.read_now(size)
        return await run_async(self._reader.read(size)) if data is None else data

    async def readall(self) -> bytes:
        """Read everything that is left."""
        return await self.read()

    async def readinto(self, buffer: Any, /) -> int:
        """Read into writable memory; returns how many bytes, fewer than it takes at the end."""
        return await self._run(self._reader.read_into(memory_of(buffer)))

    async def readline(self, size: int | None = -1, /) -> bytes:
        """Read up to and with the next newline, at most `size` bytes; empty at the end."""
        check_open(self._closed)
        line = self._reader.read_line_now(size)
        return await run_async(self._reader.read_line(size)) if line is None else line

    async def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Read lines until they have `hint` bytes, or all that are left."""
        return await self._run(self._reader.read_lines(hint))

    async def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move the position; see `ReadableFile.seek`."""
        check_open(self._closed)
        return self._reader.cursor.seek(offset, whence)

    async def tell(self) -> int:
        """The position."""
        check_open(self._closed)
        return self._reader.cursor.tell()

    def close(self) -> Done:
        """Give up what is open, at once; the result can be awaited, but need not be."""
        if not self._closed:
            self._closed = True
            self._reader.abandon()
        return Done()

    async def aclose(self) -> None:
        """Give up what is open, and wait for the connection to be free."""
        if not self._closed:
            self._closed = True
            await run_async(self._reader.close())

    def __aiter__(self) -> AsyncReadableFile:
        return self

    async def __anext__(self) -> bytes:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    async def __aenter__(self) -> AsyncReadableFile:
        check_open(self._closed)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._reader.abandon()

    def __repr__(self) -> str:
        state = (
            "closed" if self._closed else f"at {self._reader.cursor.position} of {self.size} bytes"
        )
        return f"AsyncReadableFile({self.name!r}, {state})"
