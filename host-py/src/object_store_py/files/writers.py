"""Files that write an object: `WritableFile`, an `io` object, and `AsyncWritableFile`."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from .._driver import run, run_async
from .._effects import Plan
from ._shared import check_open
from ._writing import Writer

if TYPE_CHECKING:
    import anyio

__all__ = ["AsyncWritableFile", "WritableFile"]

T = TypeVar("T")
ABORT_SECONDS = 30.0
"""How long giving an upload up may take while a task is being cancelled."""


def _view(buffer: Any) -> memoryview:
    if isinstance(buffer, str):
        raise TypeError("a binary file takes bytes, not str: encode it, or use io.TextIOWrapper")
    view = memoryview(buffer)
    if not view.c_contiguous:
        view = memoryview(view.tobytes())
    return view.cast("B") if view.nbytes else memoryview(b"")


def _drop(file: WritableFile | AsyncWritableFile) -> None:
    """Give a writer up that nobody closed, from its destructor."""
    try:
        warnings.warn(
            f"{file!r} was never closed: what was written to it is given up; use it in a"
            " with-block, or close it",
            ResourceWarning,
            stacklevel=3,
            source=file,
        )
    finally:
        file._closed = True
        # Destructors run anywhere, also where this thread holds a lock that the abort needs. No
        # thread starts any more when the interpreter ends; the writer sees to that itself.
        if file._writer.begun and not sys.is_finalizing():
            with contextlib.suppress(RuntimeError):
                threading.Thread(target=file._writer.give_up, name="object_store_py").start()


class WritableFile(io.BufferedIOBase):
    """An object that is written as a binary file, for everything that takes files.

    Made by `open_writer`. The object is there, whole, when `close` has returned, not before. A
    with-block that raises gives up what was written, and so does a file that is dropped unclosed,
    with a `ResourceWarning`. Methods raise what `put` raises, and `ValueError` on a closed file.
    After an error the upload is given up, and later calls raise, too.
    """

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer
        self._lock = threading.RLock()
        self._closed = False

    def _run(self, plan: Plan[T]) -> T:
        with self._lock:
            check_open(self._closed)
            return run(plan)

    @property
    def name(self) -> str:
        """The object's path."""
        return self._writer.path

    @property
    def mode(self) -> str:
        """`"wb"`, or `"xb"` for a file that must not be there yet."""
        return self._writer.mode

    @property
    def closed(self) -> bool:
        """Whether the file was closed, or given up."""
        return self._closed

    def writable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    def write(self, buffer: Any, /) -> int:
        """Write bytes; they are sent when there are enough, so an error may be of earlier ones.

        Returns:
            How many: all of them.
        """
        stays = type(buffer) is bytes
        with self._lock:
            check_open(self._closed)
            if stays and self._writer.take(buffer):
                return len(buffer)
            return run(self._writer.write(_view(buffer), stays))

    def flush(self) -> None:
        """Raise what went wrong with bytes that were sent. It makes no object: `close` does."""
        self._run(self._writer.flush())

    def tell(self) -> int:
        """How many bytes were written."""
        check_open(self._closed)
        return self._writer.position

    def close(self) -> None:
        """Send the rest and make the object. Closing twice is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                run(self._writer.finish())

    def abort(self) -> None:
        """Give up what was written; the file is closed, and no object is made."""
        with self._lock:
            if not self._closed:
                self._closed = True
                run(self._writer.abort())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        # Not io's own, which would close the file, and make an object of half of the bytes.
        if not getattr(self, "_closed", True):
            _drop(self)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self._writer.position} bytes written"
        return f"WritableFile({self.name!r}, {state})"


class AsyncWritableFile:
    """An object that is written as a file, asynchronously; the methods are those of `WritableFile`.

    Made by `open_writer_async(...)`, which is not awaited; use it in `async with`. A call that is
    cancelled while it sends gives the upload up. No task outlives the call that began it: parts are
    gathered, `max_concurrency` of them, and sent together.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lock: anyio.Lock | None = None
        self._closed = False

    async def _run(self, plan: Plan[T], *, closing: bool = False) -> T:
        if self._lock is None:
            import anyio

            self._lock = anyio.Lock(fast_acquire=True)
        async with self._lock:
            check_open(self._closed)
            self._closed = closing
            return await run_async(plan)

    @property
    def name(self) -> str:
        """The object's path."""
        return self._writer.path

    @property
    def mode(self) -> str:
        """`"wb"`, or `"xb"` for a file that must not be there yet."""
        return self._writer.mode

    @property
    def closed(self) -> bool:
        """Whether the file was closed, or given up."""
        return self._closed

    def readable(self) -> bool:
        """False."""
        check_open(self._closed)
        return False

    def writable(self) -> bool:
        """True."""
        check_open(self._closed)
        return True

    def seekable(self) -> bool:
        """False."""
        check_open(self._closed)
        return False

    async def write(self, buffer: Any, /) -> int:
        """Write bytes; see `WritableFile.write`."""
        check_open(self._closed)
        stays = type(buffer) is bytes
        free = self._lock is None or not self._lock.locked()
        if stays and free and self._writer.take(buffer):
            return len(buffer)
        return await self._run(self._writer.write(_view(buffer), stays))

    async def writelines(self, lines: Iterable[Any], /) -> None:
        """Write many, one after the other."""
        for line in lines:
            await self.write(line)

    async def flush(self) -> None:
        """Send the whole parts that were gathered. It makes no object: `close` does."""
        await self._run(self._writer.flush())

    async def tell(self) -> int:
        """How many bytes were written."""
        check_open(self._closed)
        return self._writer.position

    async def close(self) -> None:
        """Send the rest and make the object. Closing twice is fine."""
        if not self._closed:
            await self._run(self._writer.finish(), closing=True)

    async def abort(self) -> None:
        """Give up what was written, also in a task that is being cancelled; no object is made."""
        if self._closed:
            return
        import anyio

        with anyio.move_on_after(ABORT_SECONDS, shield=True):
            await self._run(self._writer.abort(), closing=True)

    aclose = close

    async def __aenter__(self) -> AsyncWritableFile:
        check_open(self._closed)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            await self.close()
        else:
            await self.abort()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            _drop(self)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self._writer.position} bytes written"
        return f"AsyncWritableFile({self.name!r}, {state})"
