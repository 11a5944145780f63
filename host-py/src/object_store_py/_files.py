"""Opening files that somebody names: at once or not at all, and small ones only so far.

A name may lead to a pipe that nobody writes to, to a device without an end, or to gigabytes. So a
file is opened without waiting, and what is no regular file is refused.
"""

from __future__ import annotations

import errno
import os
import stat

from .exceptions import PermissionDeniedError

LIMIT = 1 << 20
"""The most that a file of credentials, certificates or settings may hold, in bytes."""

_FLAGS: int = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnfitFileError(PermissionDeniedError):
    """It is there, but it is no regular file, or it is too large."""


def _unfit(path: str | os.PathLike[str], why: str) -> UnfitFileError:
    name = os.fsdecode(path)
    error = UnfitFileError(f"{name!r}: {why}", path=name)
    error.strerror = why
    return error


def open_regular(path: str | os.PathLike[str], more_flags: int = 0) -> int:
    """Open a regular file for reading; links to one are followed.

    Raises:
        UnfitFileError: it is something else. A pipe's other end does not notice.
        OSError: it cannot be opened.
    """
    if not more_flags:
        status(path)  # to open a pipe or a device already does something
    descriptor = os.open(path, _FLAGS | more_flags)
    try:
        _check(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check(path: str | os.PathLike[str], limit: int = LIMIT) -> None:
    """Refuse what others are going to read as a file, and that is none, or is too large.

    Raises:
        OSError: as `read_text` does.
    """
    if status(path).st_size > limit:
        raise _too_large(path, limit)


def status(path: str | os.PathLike[str]) -> os.stat_result:
    """The status of a regular file.

    Raises:
        OSError: as `open_regular` does.
    """
    found = os.stat(path)
    _check(found, path)
    return found


def read_bytes(path: str | os.PathLike[str], limit: int = LIMIT) -> bytes:
    """Read a small file.

    Raises:
        UnfitFileError: it is no regular file, or holds more than `limit` bytes.
        OSError: it cannot be read.
    """
    with open(open_regular(path), "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def read_text(path: str | os.PathLike[str], limit: int = LIMIT) -> str:
    """Read a small file of UTF-8; a mark of byte order at its beginning is left out.

    Raises:
        OSError: as `read_bytes` does.
        UnicodeDecodeError: it is no UTF-8.
    """
    return read_bytes(path, limit).decode("utf-8-sig")


def reason(error: OSError | UnicodeError) -> str:
    """Why a file could not be read, in a few words that show nothing of it."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is no UTF-8 text"


def _check(found: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a directory", os.fspath(path))
    if not stat.S_ISREG(found.st_mode):
        raise _unfit(path, "it is no regular file")


def _too_large(path: str | os.PathLike[str], limit: int) -> UnfitFileError:
    return _unfit(path, f"it holds more than {limit:,} bytes")
