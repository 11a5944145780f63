"""`copy_to`: between two stores, by the server where it can be, else streamed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from object_store_py.exceptions import AlreadyExistsError, NotFoundError
from object_store_py.store import LocalStore, MemoryStore, S3Store
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5 << 20
DATA = random.Random(7).randbytes(2 * PART + 17)


def test_an_object_is_streamed_with_its_attributes(api: Api, backend: Backend) -> None:
    source = MemoryStore()
    given = {"Content-Type": "text/csv", "note": "kept"} if backend.capabilities.attributes else {}
    api.put(source, "from", DATA, attributes=given)
    told: list[tuple[int, int | None]] = []
    api.call("copy_to", source, "from", backend.store, "to", progress=lambda *x: told.append(x))
    result = api.get(backend.store, "to")
    assert api.bytes(result) == DATA
    assert given.items() <= result.attributes.items()
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    api.call("copy_to", backend.store, "to", backend.store, "again")
    assert api.read(backend.store, "again") == DATA
    back = MemoryStore()
    api.call("copy_to", backend.store, "to", back, "back", overwrite=False)
    assert api.read(back, "back") == DATA


def test_a_copy_need_not_overwrite_even_if_it_is_large(api: Api, minio: Minio) -> None:
    """S3 takes the condition on one request only, so the object goes by way of a file."""
    source = MemoryStore()
    target = S3Store(minio.create_bucket(), **minio.store_options())
    api.put(source, "from", DATA)
    api.call("copy_to", source, "from", target, "to", overwrite=False)
    assert api.read(target, "to") == DATA
    assert target.stats()["by_method"] == {"PUT": 1, "GET": 1}
    with pytest.raises(AlreadyExistsError):
        api.call("copy_to", source, "from", target, "to", overwrite=False)


def test_the_server_copies_within_a_bucket(api: Api, minio: Minio) -> None:
    bucket = minio.create_bucket()
    source = S3Store(bucket, prefix="one", **minio.store_options())
    target = S3Store(bucket, prefix="two/deep", **minio.store_options())
    api.put(source, "from", b"data")
    told: list[tuple[int, int | None]] = []
    api.call("copy_to", source, "from", target, "to", progress=lambda *x: told.append(x))
    assert api.read(target, "to") == b"data"
    assert told[-1] == (4, 4)
    assert source.stats()["by_method"] == {"PUT": 2}
    assert source.stats()["bytes_received"] < 1000


def test_another_bucket_or_another_credential_is_another_place(api: Api, minio: Minio) -> None:
    source = S3Store(minio.create_bucket(), **minio.store_options())
    target = S3Store(minio.create_bucket(), **minio.store_options())
    api.put(source, "from", b"data")
    api.call("copy_to", source, "from", target, "to")
    assert api.read(target, "to") == b"data"
    assert source.stats()["by_method"] == {"PUT": 1, "GET": 1}


def test_attributes_that_files_cannot_have_are_left_out(api: Api, tmp_path: Path) -> None:
    source = MemoryStore()
    api.put(source, "from", b"data", attributes={"Content-Type": "text/plain"})
    api.call("copy_to", source, "from", LocalStore(tmp_path), "to")
    assert (tmp_path / "to").read_bytes() == b"data"


def test_an_object_that_is_not_there_leaves_nothing(api: Api, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        api.call("copy_to", MemoryStore(), "from", LocalStore(tmp_path), "to")
    assert list(tmp_path.iterdir()) == []


def test_what_progress_raises_ends_the_copy_and_leaves_nothing(api: Api, minio: Minio) -> None:
    source = MemoryStore()
    target = S3Store(minio.create_bucket(), **minio.store_options())
    api.put(source, "from", DATA)

    def stop(done: int, _total: Any) -> None:
        if done:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        api.call("copy_to", source, "from", target, "to", progress=stop)
    assert api.paths(target) == []
