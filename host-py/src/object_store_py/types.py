"""The types of arguments and results, all importable at run time."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from os import PathLike
from typing import (
    IO,
    TYPE_CHECKING,
    Generic,
    Literal,
    NotRequired,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer
else:  # collections.abc.Buffer needs Python 3.12
    Buffer = bytes | bytearray | memoryview

__all__ = [
    "HTTP_METHOD",
    "Attribute",
    "Attributes",
    "CoreInfo",
    "GetOptions",
    "ListChunkType",
    "ListResult",
    "ObjectMeta",
    "OffsetRange",
    "OlderGetOptions",
    "PutInput",
    "PutMode",
    "PutResult",
    "RawKey",
    "SuffixRange",
    "UpdateVersion",
]


OnBadKey: TypeAlias = Literal["raise", "skip", "keep"]
"""What a listing does with keys that no path can name: end, leave them out, give a `RawKey`."""


class RawKey(str):
    """A key, or the beginning of one, exactly as a store has it, which verbs take as it stands.

    Paths have no empty, `.` or `..` segments and no control characters, because they may become
    names of files and URLs. Other programs write such keys. A listing with `on_bad_key="keep"`
    gives them as a `RawKey`, and `delete(store, RawKey("a//b"))` deletes one. As a prefix,
    `RawKey("a//")` stands for all keys that begin so.
    """

    __slots__ = ()

    def __new__(cls, key: str) -> Self:
        """Take a key as it stands; `TypeError` if it is no `str`."""
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a key is a str, not {type(key).__name__}")
        return super().__new__(cls, key)

    def __repr__(self) -> str:
        return f"RawKey({super().__repr__()})"


class ObjectMeta(TypedDict):
    """What a store knows of an object without reading it."""

    path: str
    """The object's path, relative to the store's prefix; a folder's marker ends with a slash."""
    last_modified: datetime
    """When it was written, in UTC."""
    size: int
    """Its size in bytes."""
    e_tag: str | None
    """The tag that changes when the object does (RFC 9110, section 8.8.3), quotes included."""
    version: str | None
    """Its version, where the store keeps versions."""


class PutResult(TypedDict):
    """What a store says of an object that it has written."""

    e_tag: str | None
    """The new object's tag."""
    version: str | None
    """The new object's version, where the store keeps versions."""


ListChunkType = TypeVar("ListChunkType")
"""What the objects of a listing come as: a sequence of `ObjectMeta`, or Arrow data."""


class ListResult(TypedDict, Generic[ListChunkType]):
    """The objects and the "directories" directly below a prefix."""

    common_prefixes: Sequence[str]
    """Prefixes one segment longer that have objects below them."""
    objects: ListChunkType
    """The objects themselves."""
    skipped: NotRequired[Sequence[str]]
    """With `on_bad_key="skip"`: what no path can name, as the store spells it."""


class OffsetRange(TypedDict):
    """All bytes from an offset on."""

    offset: int


class SuffixRange(TypedDict):
    """The last bytes."""

    suffix: int


class UpdateVersion(TypedDict, total=False):
    """The state that an object must still have for a put to replace it."""

    e_tag: str | None
    version: str | None


class _Conditions(TypedDict, total=False):
    if_match: str | None
    """Only if the object's e_tag is this one, else `PreconditionError`."""
    if_none_match: str | None
    """Only if the object's e_tag is not this one, else `NotModifiedError`."""
    if_unmodified_since: datetime | None
    """Only if not modified since (aware datetime), else `PreconditionError`."""
    if_modified_since: datetime | None
    """Only if modified since (aware datetime), else `NotModifiedError`."""
    version: str | None
    """This version of the object."""
    head: bool
    """Only the metadata, no body."""


class GetOptions(_Conditions, total=False):
    """Conditions and parts of a read. An option that is None counts as not given."""

    range: tuple[int, int] | Sequence[int] | OffsetRange | SuffixRange
    """`(start, end)`, or the dict forms."""


class OlderGetOptions(_Conditions, total=False):
    """The same with the older forms of a range.

    A type of its own, because the type of a key must be exactly obspec's for our stores to be what
    obspec asks for.
    """

    range: tuple[int | None, int | None] | None
    """`(start, end)`, `(start, None)`, or `(None, n)` for the last n bytes."""


PutMode: TypeAlias = Literal["create", "overwrite"] | UpdateVersion
"""Whether a put may replace: always, never, or only the given state."""

Attribute: TypeAlias = str
"""`Content-Type`, `Content-Encoding`, `Content-Language`, `Content-Disposition`, `Cache-Control`,
`Storage-Class` in any case; every other name is user metadata."""

Attributes: TypeAlias = dict[str, str]
"""Attributes and user metadata of an object."""

HTTP_METHOD: TypeAlias = Literal[
    "GET", "PUT", "POST", "HEAD", "PATCH", "TRACE", "DELETE", "OPTIONS", "CONNECT"
]
"""The method that a signed URL allows."""

PutInput: TypeAlias = (
    IO[bytes]
    | PathLike[str]
    | Buffer
    | Iterable[Buffer]
    | Iterator[Buffer]
    | AsyncIterable[Buffer]
    | AsyncIterator[Buffer]
)
"""What can be put: bytes-like objects, binary files, `pathlib.Path`s, iterators of bytes-like
objects, and for `put_async` also asynchronous ones."""


class CoreInfo(TypedDict):
    """Which component does the work, see `core_info`."""

    path: str
    """Its file."""
    size: int
    """In bytes."""
    sha256: str
    """Of the file, in hexadecimal: what the wheel's RECORD says, and what can be built again."""
