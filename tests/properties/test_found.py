"""What the properties have found, each as one plain example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from object_store_py import exceptions as errors
from object_store_py.store import LocalStore
from tests.harness.api import Api


@pytest.mark.parametrize("coalesce", [0, 100])
def test_a_range_that_starts_beyond_the_end_is_an_error_whatever_is_read_with_it(
    api: Api, store: Any, coalesce: int
) -> None:
    api.put(store, "a", b"0123")
    with pytest.raises(errors.GenericError, match="starts at 4"):
        api.get_ranges(store, "a", starts=[0, 4], ends=[4, 6], coalesce=coalesce)


def test_a_key_that_is_named_twice_is_deleted_once(api: Api, store: Any) -> None:
    api.put(store, "a", b"")
    api.delete(store, ["a", "a"])
    assert api.paths(store) == []


@pytest.mark.parametrize("name", ["l" * 255, "\u6f22" * 85, "d/" + "l" * 250])
def test_a_name_may_be_as_long_as_the_file_system_takes(
    api: Api, tmp_path: Path, name: str
) -> None:
    store = LocalStore(tmp_path)
    api.put(store, name, b"x")
    api.put(store, name, b"xyz", use_multipart=True, chunk_size=1)
    api.copy(store, name, "copy")
    api.copy(store, "copy", name)
    assert api.read(store, name) == b"xyz"
    assert api.paths(store) == sorted(["copy", name])


@pytest.mark.parametrize("name", ["a#1", "d#22/a"])
def test_what_would_not_be_listed_is_not_written(api: Api, tmp_path: Path, name: str) -> None:
    store = LocalStore(tmp_path)
    api.put(store, "a", b"x")
    for write in (
        lambda: api.put(store, name, b""),
        lambda: api.put(store, name, b"xyz", use_multipart=True, chunk_size=1),
        lambda: api.copy(store, "a", name),
        lambda: api.rename(store, "a", name),
    ):
        with pytest.raises(errors.InvalidPathError, match="choose another"):
            write()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
