"""The stores as filesystems of fsspec: `FsspecStore`, and `register` for URLs in other libraries.

Needs the package fsspec: `pip install 'object-store-py[fsspec]'`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

try:
    import fsspec as _fsspec  # pyright: ignore[reportMissingTypeStubs] - it has none
except ImportError as error:
    raise ImportError(
        "object_store_py.fsspec needs fsspec: pip install 'object-store-py[fsspec]'"
    ) from error

from ._file import BufferedFile
from ._filesystem import FsspecStore, class_of
from ._locations import FAMILIES, SUPPORTED_PROTOCOLS, SUPPORTED_PROTOCOLS_T, family_of

__all__ = [
    "SUPPORTED_PROTOCOLS",
    "SUPPORTED_PROTOCOLS_T",
    "BufferedFile",
    "FsspecStore",
    "register",
]


def register(
    protocol: SUPPORTED_PROTOCOLS_T | str | Iterable[SUPPORTED_PROTOCOLS_T | str] | None = None,
    *,
    asynchronous: bool = False,
) -> None:
    """Let fsspec open URLs of these protocols with this library, in the place of any other.

    Args:
        protocol: one or several of `SUPPORTED_PROTOCOLS`; all but `file` and `memory` if None.
        asynchronous: the filesystems are made for coroutines of a loop that runs.

    Raises:
        TypeError, ValueError: there is no such protocol.
    """
    if protocol is None:
        names: list[Any] = sorted(set(FAMILIES) - {"file", "memory"})
    else:
        names = [protocol] if isinstance(protocol, str) else list(cast("Iterable[Any]", protocol))
    if not names:
        raise ValueError("register: no protocol is given")
    for name in names:
        family_of(name)
    for name in names:
        _fsspec.register_implementation(name, class_of(name, asynchronous), clobber=True)  # pyright: ignore[reportUnknownMemberType] - no types


def __getattr__(name: str) -> Any:
    """The class of a protocol, such as `FsspecStore_s3`, by which its pickles name it."""
    protocol = name.removeprefix("FsspecStore_")
    if protocol != name and protocol.removesuffix("_async") in FAMILIES:
        return class_of(protocol.removesuffix("_async"), protocol.endswith("_async"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
