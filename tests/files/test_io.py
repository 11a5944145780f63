"""The contract of files: what `io` promises, on every backend and in every way of calling."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest

import object_store_py as obs
from tests.files.facade import open_reader, open_writer
from tests.harness.api import Api

DATA = random.Random(6).randbytes(300_000) + b"\nthe last line"
STEP = 65_536


def test_what_was_written_is_read(api: Api, store: Any) -> None:
    with open_writer(api, store, "a/b", buffer_size=100_000) as file:
        assert [file.write(DATA[:70_000]), file.write(bytearray(DATA[70_000:70_001]))] == [
            70_000,
            1,
        ]
        file.writelines([DATA[70_001:70_010], memoryview(DATA)[70_010:]])
        file.flush()
        assert file.tell() == len(DATA)
        assert (file.name, file.mode, file.closed) == ("a/b", "wb", False)
        assert (file.readable(), file.writable(), file.seekable()) == (False, True, False)
    assert file.closed
    with open_reader(api, store, "a/b", buffer_size=STEP) as file:
        assert (file.name, file.mode, file.size, file.closed) == ("a/b", "rb", len(DATA), False)
        assert (file.readable(), file.writable(), file.seekable()) == (True, False, True)
        first = file.read(10)
        assert (first, type(first), file.tell()) == (DATA[:10], bytes, 10)
        assert file.read(0) == b""
        assert file.read(200_000) == DATA[10:200_010]
        assert file.seek(-13, io.SEEK_END) == len(DATA) - 13
        assert file.read(100) == b"the last line"
        assert (file.read(), file.read(5), file.seek(7)) == (b"", b"", 7)
        memory = bytearray(100_000)
        assert file.readinto(memory) == 100_000
        assert (bytes(memory), file.tell()) == (DATA[7:100_007], 100_007)
        assert file.seek(-7, io.SEEK_CUR) == 100_000
        assert file.readall() == DATA[100_000:]
        file.seek(0)
        assert file.read(-1) == DATA
        assert file.seek(len(DATA) + 5) == len(DATA) + 5
        assert file.read() == b""
        with pytest.raises(ValueError, match="negative seek position -1"):
            file.seek(-1)
        file.seek(0)
        assert file.readlines() == io.BytesIO(DATA).readlines()
    assert file.closed
    with pytest.raises(ValueError, match="closed file"):
        file.read()


def test_sync_files_are_io_objects() -> None:
    store = obs.store.MemoryStore()
    with obs.open_writer(store, "a") as writer:
        assert isinstance(writer, io.BufferedIOBase)
    with obs.open_reader(store, "a") as reader:
        assert isinstance(reader, io.BufferedIOBase)
