"""The backend in memory: a dictionary of objects."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import NoReturn

from . import _paths, exceptions
from ._backend import (
    Fetched,
    GetRequest,
    ListRequest,
    Page,
    PutRequest,
    RawMeta,
    Written,
    check_conditions,
    resolve_range,
)
from ._bad_keys import settle
from ._effects import Plan
from ._http import Payload
from ._limits import UNLIMITED
from .types import RawKey


@dataclass(slots=True)
class _Object:
    data: bytes
    meta: RawMeta
    attributes: dict[str, str]


@dataclass(slots=True)
class _Upload:
    path: str
    options: PutRequest
    parts: dict[str, bytes]


class BytesContent:
    """Bytes that are in memory already."""

    splits = False

    def __init__(self, data: bytes | memoryview) -> None:
        self._data: bytes | memoryview = data

    def read(self) -> Plan[bytes]:
        """Return everything, then nothing."""
        data, self._data = self._data, b""
        return bytes(data)
        yield

    def read_into(self, view: memoryview) -> Plan[int]:
        """Copy as much as fits."""
        data = memoryview(self._data)
        count = min(len(data), len(view))
        view[:count] = data[:count]
        self._data = data[count:]
        return count
        yield

    def part(self, start: int, end: int) -> Plan[BytesContent]:
        """Refuse: nothing is quicker than one copy."""
        raise NotImplementedError
        yield

    def whole(self) -> bytes:
        """Return everything."""
        data, self._data = self._data, b""
        return bytes(data)

    def close(self) -> Plan[None]:
        """Forget the bytes."""
        self._data = b""
        return
        yield

    def abandon(self) -> None:
        """Forget the bytes."""
        self._data = b""


class MemoryBackend:
    """Objects in this process's memory; safe for threads."""

    delete_batch = 1_000_000
    min_part_size = 0
    max_put = sys.maxsize - 1
    multipart = True
    any_key = True
    has_root = False
    limits = UNLIMITED

    def __init__(self, label: str) -> None:
        self._label = label
        self.renew_lock()
        self._objects: dict[str, _Object] = {}
        self._sorted: list[str] | None = []
        self._raw = False
        """Whether there ever was a key that no path can name."""
        self._uploads: dict[str, _Upload] = {}
        self._tags = itertools.count()

    def renew_lock(self) -> None:
        """Take a new lock: a forked child has no thread that would give the old one back."""
        self._lock = threading.RLock()  # a signal handler may come back

    def get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        """Read an object or a part of it."""
        with self._lock:
            found = self._objects.get(path)
        if found is None:
            self._missing(path)
        if options.version is not None:
            raise exceptions.NotImplementedError(f"{self._label}: it keeps no versions")
        check_conditions(found.meta, options, self._label)
        start, end = resolve_range(options.range, found.meta.size, path)
        view = memoryview(found.data)[start:end]
        whole = len(view) == len(found.data)
        content = BytesContent(b"" if options.head else found.data if whole else view)
        return Fetched(found.meta, start, end, found.attributes, content)
        yield

    def put(self, path: str, payload: Payload, options: PutRequest) -> Plan[Written]:
        """Write an object."""
        return self._write(path, payload.join(), options)
        yield

    def _write(self, path: str, data: bytes, options: PutRequest) -> Written:
        with self._lock:
            self._check_mode(path, options)
            meta = RawMeta(
                str(path), time.time_ns() // 1000, len(data), f'"{next(self._tags)}"', None
            )
            new = _Object(data, meta, options.attributes)
            if path not in self._objects:
                self._sorted = None
                self._raw |= isinstance(path, RawKey)
            path = str(path)
            if options.mode != "create":
                self._objects[path] = new
            elif self._objects.setdefault(path, new) is not new:
                self._check_mode(path, options)  # a signal handler came in between
        return Written(meta.e_tag, None)

    def _check_mode(self, path: str, options: PutRequest) -> None:
        found = self._objects.get(path)
        if options.mode == "create" and found is not None:
            raise exceptions.AlreadyExistsError(
                f"{self._label}, {path!r}: an object is there already", path=path
            )
        if isinstance(options.mode, dict):
            wanted = options.mode.get("e_tag")
            if wanted is None:
                raise exceptions.GenericError("ETag required for conditional update", path=path)
            if found is None or found.meta.e_tag != wanted:
                there = found.meta.e_tag if found is not None else "no object"
                raise exceptions.PreconditionError(
                    f"{self._label}, {path!r}: there is {there}, not {wanted}", path=path
                )

    def create_upload(self, path: str, options: PutRequest) -> Plan[str]:
        """Begin an upload in parts."""
        upload = str(next(self._tags))
        self._uploads[upload] = _Upload(path, options, {})
        return upload
        yield

    def put_part(
        self, path: str, upload: str, index: int, offset: int, payload: Payload
    ) -> Plan[str]:
        """Keep one part."""
        del path, offset
        self._uploads[upload].parts[str(index)] = payload.join()
        return str(index)
        yield

    def complete_upload(self, path: str, upload: str, parts: list[str]) -> Plan[Written]:
        """Make the object of its parts."""
        found = self._uploads.pop(upload)
        return self._write(path, b"".join(found.parts[part] for part in parts), found.options)
        yield

    def abort_upload(self, path: str, upload: str) -> Plan[None]:
        """Forget an upload."""
        del path
        self._uploads.pop(upload, None)
        return
        yield

    def list_page(self, request: ListRequest) -> Plan[Page]:
        """Read the whole listing."""
        below = _paths.start(request.prefix)
        with self._lock:
            if self._sorted is None:
                self._sorted = sorted(self._objects)
            keys = self._sorted or []
            first = bisect_left(keys, below)
            if request.offset is not None:
                first = max(first, bisect_right(keys, request.offset))
            chosen = itertools.takewhile(lambda key: key.startswith(below), keys[first:])
            there = (self._objects.get(key) for key in chosen)
            found = [each.meta for each in there if each is not None]
            raw = self._raw
        page = split_page(found, below) if request.delimiter else Page(list(found), [], None)
        return self._settle(page, request) if raw else page
        yield

    def _settle(self, page: Page, request: ListRequest) -> Page:
        """Do with keys that no path can name what the caller wants."""
        start = len(_paths.start(request.prefix))
        whole = isinstance(request.prefix, RawKey)
        rows = [row for row in page.objects if whole or _paths.is_bad(row[0][start:])]
        prefixes = [path for path in page.prefixes if whole or _paths.is_bad_prefix(path[start:])]
        if not rows and not prefixes:
            return page
        good = [row for row in page.objects if row not in rows]
        kept = Page(good, [path for path in page.prefixes if path not in prefixes], None)
        wanted = "keep" if whole else request.on_bad_key
        bad = [f"{path}/" for path in prefixes]
        return settle(kept, rows, bad, wanted, self._label, request.prefix)

    def delete(self, paths: list[str]) -> Plan[None]:
        """Delete objects; one that is not there is fine."""
        with self._lock:
            self._sorted = None  # first, so that a child forked in between lists what is there
            for path in paths:
                self._objects.pop(path, None)
        return
        yield

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object."""
        with self._lock:
            found = self._objects.get(source)
        if found is None:
            self._missing(source)
        mode = "overwrite" if overwrite else "create"
        self._write(target, found.data, PutRequest(mode, found.attributes))
        return
        yield

    def rename(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Move an object."""
        yield from self.copy(source, target, overwrite)
        yield from self.delete([source])

    def sign(self, method: str, paths: list[str], seconds: int) -> Plan[list[str]]:
        """Refuse: there is no server."""
        raise exceptions.NotSupportedError(f"{self._label} has no server, so it cannot sign URLs")
        yield

    def _missing(self, path: str) -> NoReturn:
        raise exceptions.NotFoundError(f"{self._label}, {path!r}: no such object", path=path)


def split_page(found: list[RawMeta], below: str) -> Page:
    """Keep what is directly below a prefix, and name the prefixes that are."""
    cut = len(below)
    prefixes = {below + m.path[cut:].partition("/")[0] for m in found if "/" in m.path[cut:]}
    return Page([meta for meta in found if "/" not in meta.path[cut:]], sorted(prefixes), None)
