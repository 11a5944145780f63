"""Arguments of all kinds: what a parameter of that name takes, and what none does."""

from __future__ import annotations

import io
import math
import typing
from collections import OrderedDict, UserDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from object_store_py import GetOptions, config

Strategy = st.SearchStrategy[Any]

SURROGATE = "lone\udc80"
TEXTS = ("", "x", "a\0b", SURROGATE, "\udfff", "\ufffe", "'\"%s{}", "\u202e", "x" * 5000, "a\r\nb")
NUMBERS = (0, 1, -1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 1.5, math.nan, math.inf)
FAR = (
    datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime(2020, 1, 1),
)
SPANS = (timedelta.max, timedelta.min, timedelta(0), timedelta(microseconds=1), -timedelta(days=1))


def deep() -> list[Any]:
    """A list in a list in a list, deeper than any recursion goes."""
    found: list[Any] = []
    for _ in range(100_000):
        found = [found]
    return found


def around() -> dict[str, Any]:
    """A dictionary that contains itself."""
    found: dict[str, Any] = {}
    found["a"] = found
    return found


_ODD: list[Any] = [
    object,
    deep,
    around,
    list,
    dict,
    set,
    bytearray,
    io.StringIO,
    io.BytesIO,
    lambda: memoryview(b"abcdef")[::2],
    lambda: memoryview(b"abcdefgh").cast("Q"),
    lambda: MappingProxyType({1: 2}),
    lambda: UserDict(a=1),
    lambda: OrderedDict(range=(0, 1)),
    lambda: {SURROGATE: SURROGATE},
    lambda: {None: None},
    lambda: {b"a": b"b"},
    lambda: {"a": math.nan},
    lambda: deque(["a"]),
    lambda: range(5),
    lambda: iter(["a"]),
    lambda: (item for item in (b"x", "y")),
    lambda: ["a", None],
    lambda: ["a", SURROGATE],
    lambda: (1, 2, 3),
    lambda: [[1], [2]],
    lambda: frozenset({"a"}),
    lambda: print,
    lambda: Exception,
    lambda: Ellipsis,
    lambda: NotImplemented,
    lambda: Decimal("nan"),
    lambda: 1j,
    lambda: PurePosixPath("a"),
    lambda: Path("absent"),
]
_ALL: Strategy = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_characters="/"), max_size=5),  # no directory of this machine
    st.sampled_from(NUMBERS),
    st.integers(),
    st.binary(max_size=5),
    st.sampled_from(FAR),
    st.sampled_from(SPANS),
    st.sampled_from(_ODD).map(lambda make: make()),
)
ANYTHING: Strategy = st.tuples(_ALL).map(lambda one: one[0])
"""Anything at all; in a tuple, so that `one_of` counts it as one alternative and not as many."""


def entries(keys: Any, values: Strategy = ANYTHING) -> Strategy:
    """Dictionaries of known keys and any values, and a few other ones."""
    known = st.dictionaries(st.sampled_from(sorted(keys)), values, max_size=4)
    odd = st.dictionaries(st.text(max_size=3), values, max_size=1)
    return st.one_of(st.none(), known, known, known, known, odd)


def typed(kind: Any) -> Strategy:
    """What a TypedDict describes, with values that fit now and then."""
    names: Mapping[str, Any] = typing.get_type_hints(kind)
    fitting = st.one_of(st.booleans(), st.sampled_from(SPANS), *[_VALUES] * 6, ANYTHING)
    return entries(names, fitting)


_TEXTS = (
    *("true", "no", "5s", "1h 2m", "0", "-1", "%", "etag", "us-east-1", "multipart", "AES256"),
    *("http://127.0.0.1:1", "https://e.com/x?y#z", "sse-c", "a=b", "SHA256", "auto", "a2V5"),
)
_VALUES = st.sampled_from(_TEXTS)
_KEYS = st.sampled_from(["a", "dir/b", "absent", "dir", "/a/", "new"])
_NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 2**62])
_RANGES = st.one_of(
    st.tuples(_NUMBERS, _NUMBERS),
    st.builds(lambda key, n: {key: n}, st.sampled_from(["offset", "suffix"]), _NUMBERS),
    ANYTHING,
)
_GET = st.one_of(
    st.none(),
    st.fixed_dictionaries({}, optional={"range": _RANGES, "head": st.booleans()}),
    entries(GetOptions.__annotations__),
)
_NAMES = ["Content-Type", "content-type", "CONTENTTYPE", "key", "Storage-Class", "x y", SURROGATE]
OPENED: list[Any] = []
"""Files that were opened to be put, for whoever puts them to close."""


def _open() -> Any:
    OPENED.append(Path("tree/x").open("rb"))  # noqa: SIM115 - closed after the call
    return OPENED[-1]


_FILES = st.sampled_from(
    [
        lambda: b"data",
        lambda: io.BytesIO(b"data"),
        lambda: iter([b"da", b"ta"]),
        lambda: Path("tree/x"),
        _open,
        lambda: bytearray(b"data"),
    ]
).map(lambda make: make())
_URLS = (
    *("s3://b/p", "s3://", "gs://b", "az://c", "https://e.com/x", "memory:///", "file:///tmp"),
    *("http://[::1", "s3://b/%ff", "https://a.blob.core.windows.net/c/p?sig=x", "x", "//", "s3:"),
    *("http://e.com:99999/", "https://u:p@e.com/", "s3://\udc80/x", "abfss://f@a.dfs.core"),
    *("s3://b/\0", "s3://b/a//b", "http://e.com/\udc80", "https://s3.r.amazonaws.com/b"),
)
_BUFFERS: list[Any] = [lambda: bytearray(9), bytearray, bytes, lambda: memoryview(bytearray(9))]
_LOCAL = st.sampled_from(["tree", "tree/x", "absent", "out", "out/y", "a\0b", SURROGATE, ""])
_INTS = st.lists(_NUMBERS, max_size=3)

GOOD: dict[str, Strategy] = {
    "path": _KEYS,
    "from_": _KEYS,
    "to": _KEYS,
    "prefix": st.none() | st.sampled_from(["", "dir", "a", "/"]),
    "paths": st.one_of(_KEYS, st.lists(_KEYS, max_size=3)),
    "file": _FILES,
    "options": _GET,
    "attributes": entries(_NAMES, st.sampled_from(["v", "", SURROGATE, "\u00e9", "a\tb"])),
    "tags": entries(["a", SURROGATE, "", "aws:x"], st.sampled_from(["v", "", SURROGATE, "&="])),
    "mode": st.one_of(
        st.sampled_from([None, "create", "overwrite", "CREATE"]),
        entries(["e_tag", "version"], st.sampled_from(["x", None, SURROGATE, '"0"'])),
    ),
    "use_multipart": st.sampled_from([None, True, False]),
    "chunk_size": st.sampled_from([1, 2, 5 << 20, 2**62]),
    "min_chunk_size": _NUMBERS,
    "buffer_size": st.sampled_from([1, 5, 1 << 20, 2**62]),
    "max_concurrency": st.sampled_from([1, 2, 12, 2**62]),
    "progress": st.sampled_from([None, False, lambda done, total: None]),
    "overwrite": st.booleans(),
    "offset": st.one_of(st.none(), _NUMBERS, _KEYS),
    "offsets": st.one_of(st.none(), _INTS),
    "starts": st.one_of(st.none(), _INTS),
    "ends": st.one_of(st.none(), _INTS),
    "lengths": st.one_of(st.none(), _INTS),
    "coalesce": _NUMBERS,
    "buffer": st.sampled_from(_BUFFERS).map(lambda make: make()),
    "pattern": st.sampled_from(["*", "**/b", "a", "[", "[a-", "dir/[!x]", "**", "a//*"]),
    "return_arrow": st.booleans(),
    "on_bad_key": st.sampled_from(["raise", "skip"]),
    "on_error": st.sampled_from(["raise", "collect", "skip"]),
    "method": st.sampled_from(["GET", "PUT", "get"]),
    "expires_in": st.sampled_from([timedelta(hours=1), timedelta(days=8)]),
    "target": _LOCAL,
    "source": _LOCAL.filter(bool) | _KEYS,
    "size": st.one_of(st.none(), st.integers(-1, 9), st.just(2**62)),
    "hint": st.none() | st.integers(-1, 9),
    "whence": st.integers(-1, 3),
    "lines": st.lists(st.binary(max_size=3), max_size=3),
    "url": st.sampled_from(_URLS),
    "config": st.one_of(typed(config.S3Config), typed(config.GCSConfig), typed(config.AzureConfig)),
    "client_options": typed(config.ClientConfig),
    "retry_config": st.one_of(
        typed(config.RetryConfig),
        st.builds(lambda backoff: {"backoff": backoff}, typed(config.BackoffConfig)),
    ),
    "credential_provider": st.sampled_from([None, dict, print]),
    "given": st.one_of(_VALUES, st.sampled_from(SPANS)),
    "duration": st.sampled_from(SPANS),
    "name": st.just("name"),
}
"""By the name of a parameter: what it takes, more or less."""


def argument(name: str, junk: bool) -> Strategy:
    """A value for a parameter of that name; anything for names that nobody has thought of."""
    return ANYTHING if junk else GOOD.get(name, ANYTHING)
