"""What LocalStore does on Windows, as far as another system can show it: names and positions.

That it works there was seen with CPython for Windows under Wine; see docs/differences.md.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from object_store_py import _local_root
from object_store_py.exceptions import InvalidPathError, NotFoundError
from object_store_py.store import LocalStore

BAD = ["a\\b", "..\\x", "c:x", "a/k:stream", "a*", "a?", 'a"', "a<", "a>", "a|", "a.", "a./b", "a ",
       "a /b", "con", "a/NUL", "nul.txt", "Com1", "lpt9.a.b", "aux /b", "com\xb9"]  # fmt: skip
GOOD = [".hidden", "a.b", "a b", "console", "com10", "nul-x", "x.con", "aux1/prn_"]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Windows has not, and its rules for names."""
    for name in ("pread", "pwrite", "preadv"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(_local_root, "_HAS_DIR_FD", False)
    monkeypatch.setattr(_local_root, "_WINDOWS", True)
    if os.name != "nt":
        monkeypatch.setattr(_local_root, "_open_shared", lambda name: os.open(name, os.O_RDONLY))


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("path", BAD)
def test_a_name_that_windows_takes_for_another_is_refused(tmp_path: Path, path: str) -> None:
    store = LocalStore(tmp_path)
    store.put("x", b"")
    for attempt in (
        lambda: store.put(path, b""),
        lambda: store.put(path, [b"12"], chunk_size=1, use_multipart=True),
        lambda: store.get(path),
        lambda: store.delete(path),
        lambda: store.rename("x", path),
        lambda: store.copy(path, "x"),
    ):
        with pytest.raises(InvalidPathError, match="Windows"):
            attempt()
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("path", GOOD)
def test_other_names_are_not(tmp_path: Path, path: str) -> None:
    store = LocalStore(tmp_path)
    store.put(path, b"x")
    assert store.get(path).bytes() == b"x"
    assert [meta["path"] for meta in store.list().collect()] == [path]


@pytest.mark.usefixtures("windows")
def test_a_directory_is_not_found_as_an_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a/b", b"x")
    for attempt in (store.get, store.head, store.delete):
        with pytest.raises(NotFoundError):
            attempt("a")


@pytest.mark.usefixtures("windows")
def test_threads_read_and_write_the_right_places(tmp_path: Path) -> None:
    store, data = LocalStore(tmp_path), os.urandom(12 << 20)
    store.put("large", data, chunk_size=1 << 20, max_concurrency=8)
    streams = [store.get("large").stream(1 << 20) for _ in range(4)]
    read: list[bytes] = []
    threads = [threading.Thread(target=lambda s=s: read.append(b"".join(s))) for s in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [data] * 4
    memory = bytearray(len(data))
    assert store.get_into("large", memory) == len(data)
    assert memory == data


@pytest.mark.usefixtures("windows")
def test_a_file_that_is_in_use_is_replaced_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused = os.replace, iter([True, True, False])

    def replace(*arguments: Any, **options: Any) -> None:
        if next(refused):
            raise PermissionError(13, "in use")
        real(*arguments, **options)

    monkeypatch.setattr(os, "replace", replace)
    store = LocalStore(tmp_path)
    store.put("a", b"x")
    assert store.get("a").bytes() == b"x"
