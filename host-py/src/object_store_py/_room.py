"""What this process may have yet: address space, threads, descriptors; asked before it is needed.

Native code ends the whole process where it gets no memory or no thread. So what it is going to need
is tried out here first, and what cannot be had becomes an error of ours that says what to do.
"""

from __future__ import annotations

import errno
import mmap
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from .exceptions import BaseError, GenericError

_SIGNS = ("memory", "segment", "open files", "new thread", "resource temporarily unavailable")
"""Words of the texts in which Python, the dynamic loader and wasmtime say that they lack room."""
_LACKS = (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN)


def is_limited() -> bool:
    """Whether the address space of this process is (`ulimit -v`)."""
    if sys.platform == "win32":
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def require(size: int) -> None:
    """Make sure that so many bytes of memory can be had.

    Raises:
        GenericError: they cannot.
    """
    try:
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError):
        raise lack(f"there are no {size >> 20} MiB of memory") from None


def may_start(count: int) -> bool:
    """Whether so many threads can be started at once."""
    gate = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(count):
            thread = threading.Thread(target=gate.wait, daemon=True)
            thread.start()
            started.append(thread)
    except (RuntimeError, MemoryError):
        return False
    finally:
        gate.set()
        for thread in started:
            thread.join()
    return True


def is_lack(error: BaseException) -> bool:
    """Whether an error says that memory, threads or descriptors are missing."""
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError) or number is not None:
        return number is None or number in _LACKS
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)


@contextmanager
def needed() -> Generator[None, None, None]:
    """Make errors of ours of those that say that memory, threads or descriptors are missing."""
    try:
        yield
    except BaseError:
        raise
    except (MemoryError, OSError, RuntimeError, ImportError) as error:
        if not is_lack(error):
            raise
        raise lack(error) from None


def lack(why: object) -> GenericError:
    """The error for what cannot be had."""
    lines = str(why).strip().splitlines() or ["no memory"]
    return GenericError(
        f"the engine of a store cannot be started: {lines[-1].strip()}; raise the limits of this"
        " process (ulimit -v, -u, -n, or those of its container), or keep fewer stores: an open"
        " one takes 2 MiB. The store can be used as soon as there is room"
    )
