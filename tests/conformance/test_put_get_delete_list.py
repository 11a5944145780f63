"""Conformance: put, get, delete and list agree with each other, for every kind of key."""

from __future__ import annotations

from typing import Any

import pytest

from object_store_py.exceptions import BaseError
from tests.harness.api import Api
from tests.harness.stores import Backend

DATA = b"arbitrary data"
KEY = "test_dir/test_file.json"
ODD_KEYS = [
    "🙀/😀.parquet",
    "%48%45%4C%4C%4F/foo.parquet",
    "🇦🇺/$shenanigans@@~.txt",
    "%Q.parquet",
    "a%2Fb/foo.file",
    "foo bar/I contain spaces.parquet",
    "I'm a < & weird path",
]
ORDERED_KEYS = [
    "a a/b.file",
    "a%2Fa.file",
    "a/a file",
    "a/a%2F.file",
    "a/a.file",
    "a/a/b.file",
    "a/b.file",
    "a/😀.file",
    "aa/a.file",
    "ab/a.file",
]


@pytest.fixture
def filled(api: Api, store: Any) -> Any:
    api.put(store, KEY, DATA)
    return store


def test_a_fresh_store_is_empty(api: Api, store: Any) -> None:
    assert api.list(store) == []
    assert api.list_with_delimiter(store) == {"common_prefixes": [], "objects": []}


@pytest.mark.parametrize("root", [None, "", "/"])
def test_no_prefix_and_the_root_list_everything(api: Api, filled: Any, root: str | None) -> None:
    assert api.paths(filled, root) == [KEY]
    top = api.list_with_delimiter(filled, root)
    assert (top["objects"], top["common_prefixes"]) == ([], ["test_dir"])


def test_a_prefix_selects_by_whole_segments(api: Api, filled: Any) -> None:
    assert api.paths(filled, "test_dir") == [KEY]
    assert api.paths(filled, "test_d") == []
    assert api.paths(filled, "something") == []


def test_a_directory_is_no_object(api: Api, filled: Any) -> None:
    with pytest.raises(FileNotFoundError):
        api.get(filled, "test_dir")
    with pytest.raises(FileNotFoundError):
        api.head(filled, "test_dir")


def test_what_was_put_is_what_get_and_head_say(api: Api, filled: Any) -> None:
    result = api.get(filled, KEY)
    assert result.meta["path"] == KEY
    assert result.range == (0, len(DATA))
    assert api.bytes(result) == DATA
    assert api.head(filled, KEY)["size"] == len(DATA)


def test_ranges_are_half_open(api: Api, filled: Any) -> None:
    assert api.get_range(filled, KEY, start=3, end=7) == DATA[3:7]
    assert api.get_range(filled, KEY, start=3, length=4) == DATA[3:7]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [((2, 5), (2, 5)), ((2, 100), (2, 14)), ({"offset": 3}, (3, 14))],
)
def test_a_ranged_get_says_which_bytes_it_has(
    api: Api, filled: Any, asked: Any, answered: tuple[int, int]
) -> None:
    result = api.get(filled, KEY, range=asked)
    assert result.range == answered
    assert result.meta["size"] == len(DATA)
    assert api.bytes(result) == DATA[slice(*answered)]


@pytest.mark.parametrize(("suffix", "start"), [(2, 12), (100, 0)])
def test_a_suffix_range_counts_from_the_end(
    api: Api, backend: Backend, filled: Any, suffix: int, start: int
) -> None:
    backend.require("suffix_ranges")
    result = api.get(filled, KEY, range={"suffix": suffix})
    assert result.range == (start, len(DATA))
    assert api.bytes(result) == DATA[start:]


def test_a_range_beyond_the_end_is_an_error(api: Api, filled: Any) -> None:
    with pytest.raises((BaseError, ValueError)):
        api.get_range(filled, KEY, start=200, end=300)
    with pytest.raises((BaseError, ValueError)):
        api.get(filled, KEY, range={"offset": 100})


def test_many_ranges_come_in_the_order_asked(api: Api, filled: Any) -> None:
    starts, ends = [0, 2, 0], [1, 3, 5]
    found = api.get_ranges(filled, KEY, starts=starts, ends=ends)
    assert [bytes(piece) for piece in found] == [DATA[0:1], DATA[2:3], DATA[0:5]]


def test_a_deleted_object_is_gone(api: Api, filled: Any) -> None:
    api.delete(filled, KEY)
    assert api.list(filled) == []
    with pytest.raises(FileNotFoundError):
        api.get(filled, KEY)
    with pytest.raises(FileNotFoundError):
        api.head(filled, KEY)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key_is_kept_verbatim(api: Api, store: Any, key: str) -> None:
    api.put(store, key, b"odd")
    assert api.paths(store) == [key]
    assert api.head(store, key)["path"] == key
    assert api.read(store, key) == b"odd"
    api.delete(store, key)
    assert api.paths(store) == []


def test_a_percent_sequence_is_not_decoded(api: Api, store: Any) -> None:
    api.put(store, "%48%45%4C%4C%4F/foo.parquet", b"\0\1")
    assert api.paths(store, "HELLO") == []
    with pytest.raises(FileNotFoundError):
        api.head(store, "HELLO/foo.parquet")


def test_an_encoded_slash_is_no_delimiter(api: Api, store: Any) -> None:
    api.put(store, "a/b%2Fc/foo.file", b"x")
    assert api.paths(store, "a/b") == []
    assert api.list_with_delimiter(store, "a/b") == {"common_prefixes": [], "objects": []}
    assert api.list_with_delimiter(store, "a")["common_prefixes"] == ["a/b%2Fc"]
    inside = api.list_with_delimiter(store, "a/b%2Fc")
    assert [meta["path"] for meta in inside["objects"]] == ["a/b%2Fc/foo.file"]


def test_copies_and_renames_show_in_listings(api: Api, store: Any) -> None:
    api.put(store, "🙀/😀.parquet", b"x")
    api.copy(store, "🙀/😀.parquet", "foo.parquet")
    api.copy(store, "🙀/😀.parquet", "new/nested/foo.parquet")
    assert api.paths(store) == ["foo.parquet", "new/nested/foo.parquet", "🙀/😀.parquet"]
    api.rename(store, "foo.parquet", "new/nested2/bar.parquet")
    assert "foo.parquet" not in api.paths(store)
    assert api.paths(store, "new/nested2") == ["new/nested2/bar.parquet"]


@pytest.mark.parametrize(
    ("prefix", "offset"),
    [
        (None, "a"),
        (None, "a/a file"),
        (None, "a/a/b.file"),
        (None, "ab/a.file"),
        (None, "a%2Fa.file"),
        (None, "a/😀.file"),
        ("a", "a"),
        ("a", "a/😀"),
        ("a", "a/😀.file"),
        ("a", "a/b"),
        ("a", "a/a/b.file"),
    ],
)
def test_an_offset_selects_what_sorts_after_it(
    api: Api, store: Any, prefix: str | None, offset: str
) -> None:
    for key in ORDERED_KEYS:
        api.put(store, key, b"foo")
    under = [k for k in ORDERED_KEYS if prefix is None or k.startswith(f"{prefix}/")]
    # The crate compares whole keys, byte by byte.
    expected = [k for k in under if k.encode() > offset.encode()]
    assert api.paths(store, prefix, offset=offset) == sorted(expected)


def test_bulk_delete_removes_every_key(api: Api, store: Any) -> None:
    keys = ["a/a.file", "a/a/b.file", "aa/a.file", "I'm a < & weird path", "a/😀.file"]
    for key in [*keys, "stays"]:
        api.put(store, key, b"foo")
    api.delete(store, keys)
    assert api.paths(store) == ["stays"]


def test_deleting_nothing_is_fine(api: Api, store: Any) -> None:
    api.delete(store, [])


def test_deleting_a_missing_key(api: Api, backend: Backend) -> None:
    if backend.capabilities.missing_delete_is_error:
        with pytest.raises(FileNotFoundError):
            api.delete(backend.store, "does_not_exist")
    else:
        api.delete(backend.store, "does_not_exist")


def test_an_empty_object_has_size_zero(api: Api, store: Any) -> None:
    api.put(store, "empty", b"")
    assert api.head(store, "empty")["size"] == 0
    assert api.read(store, "empty") == b""
