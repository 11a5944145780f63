"""What a backend can do: the interface between the verbs and brain, memory and local files.

Every function is a plan. Paths are parsed, and have the store's prefix in front. Metadata is a
`RawMeta`: numbers and strings as they cross the border.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ._effects import Plan
from ._http import Payload
from ._limits import Limits
from .exceptions import GenericError, NotModifiedError, PreconditionError
from .types import OnBadKey, RawKey

ByteRange = tuple[str, int] | tuple[str, int, int]
"""`("bounded", start, end)`, `("offset", n)` or `("suffix", n)`."""

Mode = str | dict[str, str | None]
"""`"overwrite"`, `"create"`, or the e_tag and version that must still be there."""


class RawMeta(NamedTuple):
    """An object's metadata as it crosses the border."""

    path: str
    modified: int
    """Microseconds since 1970, UTC."""
    size: int
    e_tag: str | None
    version: str | None


class GetRequest:
    """Options of a read, parsed."""

    __slots__ = (
        "head",
        "if_match",
        "if_modified_since",
        "if_none_match",
        "if_unmodified_since",
        "range",
        "version",
    )

    head: bool
    range: ByteRange | None
    if_match: str | None
    if_none_match: str | None
    if_modified_since: int | None
    if_unmodified_since: int | None
    version: str | None

    def __init__(
        self,
        head: bool = False,
        range: ByteRange | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: int | None = None,
        if_unmodified_since: int | None = None,
        version: str | None = None,
    ) -> None:
        self.head = head
        self.range = range
        self.if_match = if_match
        self.if_none_match = if_none_match
        self.if_modified_since = if_modified_since
        self.if_unmodified_since = if_unmodified_since
        self.version = version

    def to_border(self) -> str:
        """As JSON; empty for the defaults."""
        given = {name: value for name in _TRUE_IF_GIVEN if (value := getattr(self, name))}
        if self.if_modified_since is not None:
            given["if_modified_since"] = self.if_modified_since
        if self.if_unmodified_since is not None:
            given["if_unmodified_since"] = self.if_unmodified_since
        return json.dumps(given) if given else ""


_TRUE_IF_GIVEN = ("head", "range", "if_match", "if_none_match", "version")


class PutRequest:
    """Options of a write, parsed."""

    __slots__ = (
        "attributes",
        "mode",
        "tags",
    )

    mode: Mode
    attributes: dict[str, str]
    tags: dict[str, str]

    def __init__(
        self,
        mode: Mode = "overwrite",
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        self.mode = mode
        self.attributes = dict[str, str]() if attributes is None else attributes
        self.tags = dict[str, str]() if tags is None else tags

    def to_border(self) -> str:
        """As JSON; empty for the defaults."""
        given: dict[str, Any] = {}
        if self.mode != "overwrite":
            given["mode"] = self.mode
        if self.attributes:
            given["attributes"] = self.attributes
        if self.tags:
            given["tags"] = self.tags
        return json.dumps(given) if given else ""


@dataclass(slots=True)
class ListRequest:
    """Which page of a listing."""

    prefix: str = ""
    delimiter: bool = False
    offset: str | None = None
    token: str | None = None
    max_keys: int | None = None
    on_bad_key: OnBadKey = "raise"
    """What to do with keys that no path can name, and with those outside the prefix."""
    unlinking: bool = False
    """Whether it lists what is to be deleted: of local links the links, not what they lead to."""

    def to_border(self) -> str:
        """As JSON; empty for the defaults."""
        names = ("delimiter", "offset", "token", "max_keys")
        given = {name: value for name in names if (value := getattr(self, name))}
        if self.on_bad_key != "raise":
            given["bad_keys"] = True
        if isinstance(self.offset, RawKey):
            given["offset"] = f"\0{self.offset}"  # as any key that is taken as it stands
        return json.dumps(given) if given else ""


class Content(Protocol):
    """An object's bytes while they are read."""

    splits: bool
    """Whether `part` works, and several requests at once are quicker than one."""

    def read(self) -> Plan[bytes]:
        """Read the next chunk; empty at the end."""
        ...

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read some bytes into memory that is not empty; 0 at the end."""
        ...

    def whole(self) -> bytes | None:
        """Everything that is left, if it is in memory already, as far as can be told at once."""
        ...

    def part(self, start: int, end: int) -> Plan[Content]:
        """Another reader of the same state of the object, from `start` to `end`."""
        ...

    def close(self) -> Plan[None]:
        """Give the rest up."""
        ...

    def abandon(self) -> None:
        """Give the rest up from a destructor."""
        ...


class Fetched:
    """The answer to a read."""

    __slots__ = (
        "attributes",
        "content",
        "end",
        "meta",
        "start",
    )

    meta: RawMeta
    start: int
    end: int
    attributes: dict[str, str]
    content: Content
    """The bytes from `start` to `end`."""

    def __init__(
        self, meta: RawMeta, start: int, end: int, attributes: dict[str, str], content: Content
    ) -> None:
        self.meta = meta
        self.start = start
        self.end = end
        self.attributes = attributes
        self.content = content


class Page:
    """One page of a listing."""

    __slots__ = (
        "objects",
        "prefixes",
        "skipped",
        "token",
    )

    objects: Sequence[Sequence[Any]]
    """In the order of `RawMeta`'s fields."""
    prefixes: list[str]
    token: str | None
    """What to ask for the next page with; None after the last one."""
    skipped: list[str]
    """Keys that were left out, as the store spells them."""

    def __init__(
        self,
        objects: Sequence[Sequence[Any]],
        prefixes: list[str],
        token: str | None,
        skipped: list[str] | None = None,
    ) -> None:
        self.objects = objects
        self.prefixes = prefixes
        self.token = token
        self.skipped = list[str]() if skipped is None else skipped


MOST_EMPTY_PAGES = 1000
"""How many pages in a row may be empty: a filter or deleted objects leave some so, but not all."""


class Progress:
    """Follows the pages of a listing, and ends one that a server would never end."""

    def __init__(self) -> None:
        self._empty = 0

    def follow(self, page: Page) -> str | None:
        """The token of the next page; None at the end.

        Raises:
            GenericError: the server sends empty pages and no end.
        """
        self._empty = 0 if page.objects or page.prefixes or page.skipped else self._empty + 1
        if self._empty >= MOST_EMPTY_PAGES and page.token is not None:
            raise GenericError(
                f"the listing does not end: the server sent {self._empty} empty pages in a row"
            )
        return page.token


class Written(NamedTuple):
    """The answer to a write."""

    e_tag: str | None
    version: str | None


class Backend(Protocol):
    """Where objects are."""

    min_part_size: int
    """The smallest part of an upload of several, in bytes."""
    max_put: int
    """The largest object that is written by one request, in bytes."""
    multipart: bool
    """Whether objects can be written in parts. Where not, they are written in one request, which
    holds all of what is written in memory."""
    has_root: bool
    """Whether the empty path names something that can be read: the URL of a web server does."""
    limits: Limits
    """How long its keys and its metadata may be."""
    any_key: bool
    """Whether an object's key may end with a slash, or be none that a path can name."""

    @property
    def delete_batch(self) -> int:
        """How many paths one `delete` takes."""
        ...

    def get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        """Read an object or a part of it."""
        ...

    def put(self, path: str, payload: Payload, options: PutRequest) -> Plan[Written]:
        """Write an object."""
        ...

    def create_upload(self, path: str, options: PutRequest) -> Plan[str]:
        """Begin an upload in parts; returns its id."""
        ...

    def put_part(
        self, path: str, upload: str, index: int, offset: int, payload: Payload
    ) -> Plan[str]:
        """Write one part; returns its id."""
        ...

    def complete_upload(self, path: str, upload: str, parts: list[str]) -> Plan[Written]:
        """Make the object of its parts."""
        ...

    def abort_upload(self, path: str, upload: str) -> Plan[None]:
        """Give an upload up and delete its parts."""
        ...

    def list_page(self, request: ListRequest) -> Plan[Page]:
        """Read one page of a listing, sorted."""
        ...

    def delete(self, paths: list[str]) -> Plan[None]:
        """Delete objects."""
        ...

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object."""
        ...

    def rename(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Move an object."""
        ...

    def sign(self, method: str, paths: list[str], seconds: int) -> Plan[list[str]]:
        """Make signed URLs."""
        ...


def check_conditions(meta: RawMeta, options: GetRequest, label: str) -> None:
    """Evaluate a read's conditions, as RFC 9110 section 13.2.2 orders them."""
    where = f"{label}, {meta.path!r}"
    seconds = meta.modified // 1_000_000
    if options.if_match is not None:
        if not _matches(meta.e_tag, options.if_match):
            raise PreconditionError(
                f"{where}: the e_tag is {meta.e_tag}, not {options.if_match}", path=meta.path
            )
    elif (since := options.if_unmodified_since) is not None and seconds > since // 1_000_000:
        raise PreconditionError(f"{where}: it was modified since then", path=meta.path)
    if options.if_none_match is not None:
        if _matches(meta.e_tag, options.if_none_match):
            raise NotModifiedError(f"{where}: the e_tag is still {meta.e_tag}", path=meta.path)
    elif (since := options.if_modified_since) is not None and seconds <= since // 1_000_000:
        raise NotModifiedError(f"{where}: it was not modified since then", path=meta.path)


def _matches(e_tag: str | None, wanted: str) -> bool:
    return wanted == "*" or e_tag in [tag.strip() for tag in wanted.split(",")]


def resolve_range(wanted: ByteRange | None, size: int, path: str) -> tuple[int, int]:
    """The start and end that a range means in an object of `size` bytes."""
    if wanted is None:
        return 0, size
    if wanted[0] == "suffix":
        return max(size - wanted[1], 0), size
    start = wanted[1]
    if start >= size:
        raise beyond_end(start, size, path)
    return start, min(wanted[2], size) if len(wanted) == 3 else size


def beyond_end(start: int, size: int, path: str) -> GenericError:
    """The error for a range that starts where the object has ended."""
    return GenericError(
        f"{path!r}: the range starts at {start}, but the object has {size} bytes",
        path=path,
        status=416,
    )
