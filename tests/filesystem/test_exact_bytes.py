"""What a filesystem gives is exactly `bytes`, not `Bytes`: C code looks at the type."""

from __future__ import annotations

import random

from tests.filesystem.conftest import Filesystem

DATA = b"a line\n" + random.Random(13).randbytes(300_000)


def test_what_a_filesystem_returns_is_exactly_bytes(place: Filesystem) -> None:
    path, fs = f"{place.path}/a", place.fs
    for size in (10, 70_000, len(DATA)):
        fs.pipe_file(path, DATA[:size])
        found = [fs.cat_file(path), fs.cat(path), fs.cat_file(path, 1, size - 1), fs.head(path, 5)]
        found += [fs.read_bytes(path), fs.tail(path, 5), fs.cat([path])[fs._strip_protocol(path)]]
        found += fs.cat_ranges([path] * 3, [0, 1, 3], [size, size, 5])
        with fs.open(path) as file:
            found += [file.read(3), file.read(), file.readline()]
            file.seek(0)
            found += [file.read1(2), *file.readlines()]
        assert [type(data) for data in found] == [bytes] * len(found)
        assert found[0] == DATA[:size]
