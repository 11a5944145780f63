"""Any sequence of reads and seeks gives what `io.BytesIO` gives; any writes give their bytes."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import object_store_py as obs
from object_store_py.store import MemoryStore

SIZES = st.one_of(st.none(), st.integers(-1, 70))


class Reading(RuleBasedStateMachine):
    """A reader with a small buffer beside the same bytes in memory."""

    real: Any
    model: io.BytesIO

    @initialize(
        lines=st.lists(st.binary(max_size=30), max_size=20),
        buffer_size=st.integers(1, 40),
        size_is_given=st.booleans(),
    )
    def open(self, lines: list[bytes], buffer_size: int, size_is_given: bool) -> None:
        data = b"\n".join(lines)
        store = MemoryStore()
        obs.put(store, "a", data)
        size = len(data) if size_is_given else None
        self.real = obs.open_reader(store, "a", buffer_size=buffer_size, size=size)
        self.model = io.BytesIO(data)

    @rule(size=SIZES)
    def read(self, size: int | None) -> None:
        assert self.real.read(size) == self.model.read(size)

    @rule(size=SIZES)
    def readline(self, size: int | None) -> None:
        assert self.real.readline(size) == self.model.readline(size)

    @rule(hint=SIZES)
    def readlines(self, hint: int | None) -> None:
        assert self.real.readlines(hint) == self.model.readlines(hint)

    @rule(size=st.integers(0, 70))
    def readinto(self, size: int) -> None:
        ours, theirs = bytearray(size), bytearray(size)
        assert self.real.readinto(ours) == self.model.readinto(theirs)
        assert ours == theirs

    @rule(size=st.integers(-1, 70))
    def read1(self, size: int) -> None:
        found = self.real.read1(size)
        assert found == self.model.read(len(found))
        if not found and size:
            assert self.model.read(1) == b""

    @rule()
    def peek(self) -> None:
        here = self.model.tell()
        found = self.real.peek()
        assert found == self.model.read(len(found))
        assert found or not self.model.read(1)
        self.model.seek(here)

    @rule(step=st.integers(1, 5))
    def iterate(self, step: int) -> None:
        for _ in range(step):
            assert next(self.real, b"") == self.model.readline()

    @rule(offset=st.integers(-20, 300), whence=st.sampled_from([0, 1, 2]))
    def seek(self, offset: int, whence: int) -> None:
        size = len(self.model.getbuffer())
        base = {0: 0, 1: self.model.tell(), 2: size}[whence]
        if base + offset >= 0:
            assert self.real.seek(offset, whence) == self.model.seek(offset, whence)

    @invariant()
    def positions_agree(self) -> None:
        if hasattr(self, "real"):
            assert self.real.tell() == self.model.tell()

    def teardown(self) -> None:
        if hasattr(self, "real"):
            self.real.close()


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(
    chunks=st.lists(st.binary(max_size=60), max_size=12),
    mutable=st.booleans(),
    buffer_size=st.integers(1, 50),
    limit=st.integers(1, 3),
)
@settings(max_examples=80, deadline=None)
def test_what_is_written_in_any_pieces_is_there(
    chunks: list[bytes], mutable: bool, buffer_size: int, limit: int
) -> None:
    store = MemoryStore()
    options: Any = {"buffer_size": buffer_size, "max_concurrency": limit}
    with obs.open_writer(store, "a", **options) as file:
        for chunk in chunks:
            memory = bytearray(chunk)
            assert file.write(memory if mutable else chunk) == len(chunk)
            memory[:] = b"\0" * len(memory)  # the caller's memory is the caller's again
    assert obs.get(store, "a").bytes() == b"".join(chunks)
