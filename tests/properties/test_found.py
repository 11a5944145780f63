"""What the properties have found, each as one plain example."""

from __future__ import annotations

import inspect
import io
import math
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

import object_store_py as obs
from object_store_py import exceptions as errors
from object_store_py import store as stores
from object_store_py.durations import format_duration
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
    store = stores.LocalStore(tmp_path)
    api.put(store, name, b"x")
    api.put(store, name, b"xyz", use_multipart=True, chunk_size=1)
    api.copy(store, name, "copy")
    api.copy(store, "copy", name)
    assert api.read(store, name) == b"xyz"
    assert api.paths(store) == sorted(["copy", name])


def test_directories_deeper_than_recursion_goes_are_listed(tmp_path: Path) -> None:
    store = stores.LocalStore(tmp_path)
    key = "d/" * 250 + "x"
    store.put(key, b"")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        assert [meta["path"] for meta in store.list().collect()] == [key]
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("number", [1.5, math.nan, Decimal("nan"), "1"])
@pytest.mark.parametrize("verb", ["read", "read1", "readline", "readlines", "seek"])
def test_a_place_in_a_file_is_a_whole_number(verb: str, number: Any) -> None:
    store = stores.MemoryStore()
    store.put("a", b"some\nlines\n")
    with obs.open_reader(store, "a") as file:
        file.peek()
        with pytest.raises(TypeError):
            getattr(file, verb)(number)
        assert (file.tell(), file.read()) == (0, b"some\nlines\n")


@pytest.mark.parametrize("name", [f".{'0f' * 8}.object_store_py", f"d/.{'0f' * 8}.object_store_py"])
def test_what_would_not_be_listed_is_not_written(api: Api, tmp_path: Path, name: str) -> None:
    store = stores.LocalStore(tmp_path)
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


NO_STORE: list[Callable[[Any], object]] = [
    lambda given: obs.get(given, "a"),
    lambda given: obs.put(given, "a", b""),
    obs.list,
    lambda given: obs.exists(given, "a"),
    lambda given: obs.delete_prefix(given, "a"),
    obs.walk,
    lambda given: obs.glob(given, "*"),
    lambda given: obs.open_reader(given, "a"),
    lambda given: obs.open_reader(given, "a", size=1),
    lambda given: obs.open_writer(given, "a"),
    lambda given: obs.upload(given, ".", "a"),
    lambda given: obs.download(given, "a", "."),
    lambda given: obs.copy_to(given, "a", stores.MemoryStore(), "b"),
    lambda given: obs.copy_to(stores.MemoryStore(), "a", given, "b"),
]


@pytest.mark.parametrize("call", NO_STORE)
@pytest.mark.parametrize("given", [None, "path", {}])
def test_what_is_no_store_is_called_so(call: Callable[[Any], object], given: Any) -> None:
    with pytest.raises(TypeError, match="store must be one of this library's stores, not"):
        call(given)


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: obs.get(stores.MemoryStore(), "a", options=cast("Any", "range")), "options must be a"),
    (lambda: obs.put(stores.MemoryStore(), "a", b"", attributes=cast("Any", True)), "attributes"),
    (lambda: obs.put(stores.MemoryStore(), "a", b"", tags=cast("Any", [1])), "tags must be a dict"),
    (lambda: stores.S3Store.from_url(cast("Any", b"\x80")), "url must be a str, not bytes"),
    (lambda: stores.GCSStore.from_url(cast("Any", True)), "url must be a str, not bool"),
    (lambda: stores.AzureStore.from_url(cast("Any", True)), "url must be a str, not bool"),
    (lambda: stores.LocalStore.from_url(cast("Any", True)), "url must be a str, not bool"),
    (lambda: stores.S3Store("b", config=cast("Any", "x")), "config must be a dict, not str"),
    (lambda: stores.GCSStore("b", config=cast("Any", {None: "x"})), "config: a key must be a str"),
    (lambda: stores.AzureStore("b", config=cast("Any", {1: "x"})), "config: a key must be a str"),
    (lambda: stores.S3Store.from_url("s3://b", config={None: "x"}), "config: a key must be a str"),
    (
        lambda: stores.HTTPStore("http://e", client_options=cast("Any", {1: "x"})),
        "client_options: a key must be a str, not int",
    ),
    (
        lambda: stores.S3Store("b", retry_config=cast("Any", {b"x": 1})),
        "retry_config: a key must be a str, not bytes",
    ),
    (lambda: stores.S3Store("b", client_options=cast("Any", 1)), "client_options must be a dict"),
    (lambda: stores.S3Store("b", retry_config=cast("Any", 1)), "retry_config must be a dict"),
    (lambda: stores.S3Store.from_session(True, "b"), "session must be"),
    (lambda: format_duration(cast("Any", 1)), "duration must be a timedelta, not int"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_type_is_a_type_error_that_names_the_argument(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("how", [{"mode": "create"}, {"chunk_size": 2**62}], ids=["create", "huge"])
@pytest.mark.parametrize("kind", ["path", "file"])
def test_a_small_file_needs_little_memory_to_be_put(
    api: Api, tmp_path: Path, kind: str, how: dict[str, Any]
) -> None:
    asked: list[int] = []

    class Watched(io.FileIO):
        def read(self, size: int | None = -1, /) -> Any:
            asked.append(-1 if size is None else size)
            return super().read(min(asked[-1], 100))

    path = tmp_path / "file"
    path.write_bytes(b"x")
    memory = stores.MemoryStore()
    with Watched(path) as file:
        api.put(memory, "a", path if kind == "path" else file, **how)
    assert api.read(memory, "a") == b"x"
    assert all(0 < size <= 1 << 30 for size in asked)


def test_lists_in_lists_without_end_are_refused() -> None:
    endless: Any = []
    for _ in range(100_000):
        endless = [endless]
    with pytest.raises(TypeError, match="<list>"):
        obs.get(stores.MemoryStore(), "a", options={"range": endless})
    with pytest.raises(ValueError, match="on_bad_key"):
        obs.list(stores.MemoryStore(), on_bad_key=endless)
