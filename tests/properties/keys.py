"""Keys that break naive code: what URLs, XML, shells and file systems give a meaning to."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.model import Rules

POOL = (
    "a",
    "a/b",
    "a/b/c",
    "a b",
    "a%20b",
    "a+b",
    "a/.b",
    "a/b..",
    "...",
    "~",
    "~a/~",
    "q?x=1&y=2",
    "h#ash",
    "x#1",
    "a/x#12/y",
    "\u00e9",
    "e\u0301",
    "\U0001f600/x",
    "a\u00a0",
    "\u2028",
    "\ufeff",
    "*",
    "[x]",
    "<a>&amp;\"'",
    "%",
    "%2F",
    "%2e%2e/%00",
    " /  ",
    "tail ",
    "=?utf-8?q?x?=",
    "{}|^`;:,@$!()",
)
BAD = ("", "/", "a//b", ".", "..", "a/../b", "a/.", "a\0b", "\n", "\x7f", "\udc80", "x" * 70_000)
"""Keys that no store takes."""

_NASTY = "ab/%+~#?. \u00e9\u6f22\U0001f600&=*[]!'\"<>:;,@$^`{}|()-_\u0301"
_SEGMENTS = st.text(
    st.one_of(
        st.sampled_from(_NASTY.replace("/", "")),
        # XML 1.0 has no U+FFFE and U+FFFF, so no S3 can list them.
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\\ufffe\uffff"),
    ),
    min_size=1,
    max_size=8,
).filter(lambda segment: segment not in (".", ".."))
_SHORT = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join)


def _long(letter: str, size: int) -> str:
    return letter * (size // len(letter.encode()))


def keys(rules: Rules) -> st.SearchStrategy[str]:
    """Keys that collide often, and a few that nobody thought of."""
    limit = rules.segment_limit
    long = [
        _long("l", limit),
        _long("l", limit - 3),
        _long("\u6f22", limit),
        "d/" + _long("l", 200),
    ]
    deep = ["/".join(["d"] * 100), "/".join([_long("s", 200)] * 4)]
    return st.one_of(st.sampled_from(POOL), st.sampled_from([*POOL, *long, *deep]), _SHORT)
