"""Conformance: two multipart puts to one key at the same time: one whole winner, no mixture."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier
from typing import Any

from object_store_py.exceptions import GenericError
from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5_300_000
COUNT = 3


def payload(writer: int, part: int) -> bytes:
    return (b"%d:%d" % (writer, part)).ljust(PART, b"0")


def test_the_object_is_of_one_writer(api: Api, backend: Backend) -> None:
    store = backend.store
    lost: list[int] = []
    barrier = Barrier(2, timeout=30)

    def body(writer: int) -> Iterator[bytes]:
        for part in range(COUNT):
            if part and api.way == "sync":  # one loop cannot wait for itself
                barrier.wait()
            yield payload(writer, part)

    def write(writer: int) -> None:
        try:
            api.put(store, "k", api.source(body(writer)), chunk_size=PART)
        except GenericError as error:
            # Azure drops the parts of all others when one upload to the key is complete.
            assert not backend.capabilities.racing_uploads
            assert "another upload" in str(error)
            lost.append(writer)

    api.together(lambda: write(1), lambda: write(2))
    bodies = [b"".join(payload(writer, part) for part in range(COUNT)) for writer in (1, 2)]
    assert len(lost) <= 1
    assert api.read(store, "k") in bodies
    assert api.paths(store) == ["k"]


def test_the_last_writer_to_complete_wins(api: Api, store: Any) -> None:
    def body(writer: int) -> list[bytes]:
        return [payload(writer, part) for part in range(COUNT)]

    api.put(store, "k", api.source(body(1)), chunk_size=PART)
    api.put(store, "k", api.source(body(2)), chunk_size=PART)
    assert api.read(store, "k") == b"".join(body(2))
