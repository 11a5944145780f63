"""The rules of a machine that write: put, parts, writers, delete, copy, rename."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

import object_store_py as obs
from tests.properties import keys as nasty
from tests.properties.base import DATA, KEYS, Machine
from tests.properties.sides import NAMES, Side

ATTRIBUTES = st.dictionaries(
    st.sampled_from(NAMES),
    st.text("abc  ;=/\"'%,~", min_size=1, max_size=12).map(str.strip).filter(bool),
    max_size=3,
)
SOURCES = st.sampled_from(["bytes", "bytearray", "view", "iterator", "memory", "file", "path"])
MODES = st.sampled_from(["overwrite", "overwrite", "create", "update", "stale"])
REFUSED = ("put", "get", "head", "delete", "copy", "copy to", "rename", "writer", "exists", "range")


class Writing(Machine):
    """Calls that change the store."""

    @rule(key=KEYS, data=DATA, attributes=ATTRIBUTES, mode=MODES, source=SOURCES)
    def put(
        self, key: str, data: bytes, attributes: dict[str, str], mode: str, source: str
    ) -> None:
        self._put(key, data, attributes, mode, lambda side: self._source(side, data, source))

    @rule(key=KEYS, data=DATA)
    def put_simply(self, key: str, data: bytes) -> None:
        self._put(key, data, {}, "overwrite", lambda side: data)

    @rule(key=KEYS, data=DATA, size=st.integers(1, 50), attributes=ATTRIBUTES, mode=MODES)
    def put_in_parts(
        self, key: str, data: bytes, size: int, attributes: dict[str, str], mode: str
    ) -> None:
        size = max(size, self.backend_rules.smallest_part)
        how = {"use_multipart": True, "chunk_size": size, "max_concurrency": 2}
        self._put(key, data, attributes, mode, lambda side: data, **how)

    @rule(key=KEYS, data=st.binary(min_size=1, max_size=9))
    def put_in_parts_of_the_smallest_size(self, key: str, data: bytes) -> None:
        size = self.backend_rules.smallest_part
        if not size or self.large:
            return
        self.large = True  # 5 MiB a part: once in an example
        whole = data * (size // len(data) + 1) + data
        how = {"chunk_size": size, "max_concurrency": 2}
        self._put(key, whole, {}, "overwrite", lambda side: side.api.source([whole]), **how)

    def _put(
        self,
        key: str,
        data: bytes,
        attributes: dict[str, str],
        mode: str,
        source: Callable[[Side], Any],
        **how: Any,
    ) -> None:
        if not self.fits(key):
            return
        modes = {id(side): side.mode(key, mode) for side in self.sides}

        def real(side: Side) -> None:
            how.update(mode=modes[id(side)], attributes=attributes)
            side.written(key, side.api.put(side.store, key, source(side), **how))

        self.agree(real, lambda model: model.put(key, data, attributes, mode))

    def _source(self, side: Side, data: bytes, kind: str) -> Any:
        if kind == "iterator":
            return side.api.source([data[:7], b"", data[7:]])
        if kind in ("file", "path"):
            path = self.folder / "source"
            path.write_bytes(data)
            return path if kind == "path" else self.stack.enter_context(path.open("rb"))
        kinds: dict[str, Callable[[bytes], Any]] = {
            "bytes": bytes,
            "bytearray": bytearray,
            "view": lambda data: memoryview(data + data)[len(data) :],
            "memory": io.BytesIO,
        }
        return kinds[kind](data)

    @rule(
        key=KEYS,
        chunks=st.lists(st.binary(max_size=20), max_size=4),
        buffer_size=st.integers(1, 40),
        mode=MODES,
        given_up=st.booleans(),
    )
    def write_a_file(
        self, key: str, chunks: list[bytes], buffer_size: int, mode: str, given_up: bool
    ) -> None:
        modes = {id(side): side.mode(key, mode) for side in self.sides}

        def real(side: Side) -> None:
            wanted: Any = {"mode": modes[id(side)], "buffer_size": buffer_size}
            _write(side, key, chunks, wanted, given_up and mode == "overwrite")

        if given_up and mode == "overwrite" and self.backend_rules.files:
            return  # which directories an upload that is given up leaves is nobody's promise
        if not self.fits(key):
            return
        if given_up and mode == "overwrite":
            self.agree(real, lambda model: None)
        else:
            self.agree(real, lambda model: model.put(key, b"".join(chunks), {}, mode))

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.agree(lambda side: side.api.delete(side.store, key), lambda model: model.delete([key]))

    @rule(keys=st.lists(KEYS, max_size=4))
    def delete_many(self, keys: list[str]) -> None:
        self.agree(lambda side: side.api.delete(side.store, keys), lambda model: model.delete(keys))

    @rule(key=KEYS, whole=st.booleans())
    def delete_prefix(self, key: str, whole: bool) -> None:
        prefix = key if whole else key.rpartition("/")[0]
        if not prefix:
            return
        self.agree(
            lambda side: side.api.call("delete_prefix", side.store, prefix),
            lambda model: model.delete_prefix(prefix),
        )

    @rule(verb=st.sampled_from(["copy", "rename"]), source=KEYS, to=KEYS, over=st.booleans())
    def copy_or_rename(self, verb: str, source: str, to: str, over: bool) -> None:
        if source != to and not self.fits(to):
            return

        def real(side: Side) -> None:
            side.api.call(verb, side.store, source, to, overwrite=over)
            side.written(to, None)

        self.agree(real, lambda model: getattr(model, verb)(source, to, over))

    @rule(bad=st.sampled_from(nasty.BAD), good=KEYS, verb=st.sampled_from(REFUSED))
    def refuse_what_is_no_key(self, bad: str, good: str, verb: str) -> None:
        calls: dict[str, Callable[[Side], Any]] = {
            "put": lambda side: side.api.put(side.store, bad, b""),
            "copy": lambda side: side.api.copy(side.store, bad, good),
            "copy to": lambda side: side.api.copy(side.store, good, bad),
            "rename": lambda side: side.api.rename(side.store, good, bad),
            "delete": lambda side: side.api.delete(side.store, [good, bad]),
            "range": lambda side: side.api.get_range(side.store, bad, start=0, end=1),
            "writer": lambda side: _write(side, bad, [b"x"], {}, False),
        }
        for simple in ("get", "head", "exists"):
            calls[simple] = lambda side: side.api.call(verb, side.store, bad)
        if not bad.strip("/") and verb in ("get", "head", "exists", "range"):
            return  # below a prefix that is the object that the store's URL names
        error = self.agree(calls[verb], lambda model: model.find_bad())
        assert error == "InvalidPathError"


def _write(side: Side, key: str, chunks: list[bytes], how: dict[str, Any], give_up: bool) -> None:
    """Write chunks by a file object of this side's way, and close it or give it up."""
    plain = side.api.way == "sync"
    opener = obs.open_writer if plain else obs.open_writer_async
    file: Any = opener(side.store, key, **how)
    try:
        for chunk in chunks:
            assert side.api.wait(partial(file.write, chunk)) == len(chunk)
        side.api.wait(file.abort if give_up else file.close)
    except BaseException:
        side.api.wait(file.abort)
        raise
    if not give_up:
        side.written(key, None)
