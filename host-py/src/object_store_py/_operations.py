"""The verbs, each written once as a plan over a backend: prefix, chunks, batches, cleaning up."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import _arguments, _paths
from ._arguments import to_datetime
from ._backend import (
    Backend,
    Fetched,
    GetRequest,
    ListRequest,
    Page,
    Progress,
    PutRequest,
    Written,
)
from ._effects import Cancel, Group, Join, Plan, Spawn
from ._filling import fill, read_all
from ._fresh import B
from ._http import Payload
from ._ranges import parse_ranges, read_ranges
from ._sources import Source, make_source
from ._together import together
from .bytes import Bytes
from .exceptions import GenericError, NotFoundError
from .types import ObjectMeta, OnBadKey, PutResult, RawKey, UpdateVersion

logger = logging.getLogger("object_store_py")

PARALLEL = 10
"""How many requests `delete` and `get_ranges` have under way at most."""
MAX_PARTS = 10_000
"""How many parts S3 takes in one upload."""
MAX_PART = 2**32 - 2
"""The largest part in bytes: the core counts in 32 bits."""


def object_metas(rows: Iterable[Sequence[Any]]) -> list[ObjectMeta]:
    """Metadata as users get it, of rows in the order of `RawMeta`."""
    return [
        {
            "path": path,
            "last_modified": to_datetime(modified),
            "size": size,
            "e_tag": e_tag,
            "version": version,
        }
        for path, modified, size, e_tag, version in rows
    ]


def give_up(backend: Backend, full: str, upload: str) -> Plan[None]:
    """Delete what was written of an upload; an error of that, which would hide one, is logged."""
    try:
        yield from backend.abort_upload(full, upload)
    except Exception as error:
        logger.warning("%r: an upload could not be given up, its parts may stay: %s", full, error)


class Operations:
    """The verbs of one store."""

    def __init__(self, backend: Backend, prefix: str) -> None:
        self._backend = backend
        self._prefix = prefix

    @property
    def backend(self) -> Backend:
        """Where the objects are."""
        return self._backend

    def on(self, backend: Backend) -> Operations:
        """The same verbs on another backend."""
        return Operations(backend, self._prefix)

    def full(self, path: str, name: str = "path", reading: bool = False) -> str:
        """A path with the store's prefix in front, parsed."""
        return self._full(path, name, reading)

    def _is_root(self, path: object, reading: bool) -> bool:
        """Whether a path is empty, and means an object: the one that the store's URL names.

        To be read alone: what writes or deletes must name what it means.
        """
        if path not in ("", "/") or isinstance(path, RawKey):
            return False
        return reading and (bool(self._prefix) or self._backend.has_root)

    def _full(self, path: object, name: str = "path", reading: bool = False) -> str:
        """A path with the store's prefix in front, which the backend can have."""
        if self._is_root(path, reading):
            return self._prefix
        parsed = _paths.parse_object(path, name)
        if not self._backend.any_key:
            _paths.check_file(parsed, name)
        full = _paths.join(self._prefix, parsed)
        self._backend.limits.check_key(full, name)
        return full

    def _relative(self, path: str) -> str:
        return _paths.cut(path, len(self._prefix) + 1) if self._prefix else path

    # Reading.

    def get(self, path: str, options: Mapping[str, Any] | None) -> Plan[Fetched]:
        """Read an object; its body is still to be read."""
        return self._fetch(path, _arguments.get_options(options))

    def _fetch(self, path: str, request: GetRequest) -> Plan[Fetched]:
        """Read an object. Where there is no marker `run/`, that means `run`, as for obstore."""
        if self._is_root(path, reading=True):
            return self._backend.get(self._prefix, request)
        parsed = _paths.parse_object(path)
        if parsed[-1] != "/" or isinstance(parsed, RawKey):
            return self._backend.get(self._full(path), request)
        return self._fetch_marker(parsed, request)

    def _fetch_marker(self, path: str, request: GetRequest) -> Plan[Fetched]:
        if not self._backend.any_key:
            return (yield from self._backend.get(self._full(path[:-1]), request))
        try:
            return (yield from self._backend.get(self._full(path), request))
        except NotFoundError as error:
            try:
                return (yield from self._backend.get(self._full(path[:-1]), request))
            except NotFoundError:
                raise error from None

    def get_into(self, path: str, buffer: Any, options: Mapping[str, Any] | None) -> Plan[int]:
        """Read an object into memory of the caller's; how many bytes."""
        view = _arguments.writable(buffer)
        request = _arguments.get_options(options)
        fetched = yield from self._fetch(path, request)
        size = 0 if request.head else fetched.end - fetched.start
        if size > len(view):
            yield from fetched.content.close()
            raise ValueError(
                f"{path!r}: there are {size} bytes to read, but the buffer has {len(view)}: give a"
                " larger one, or a range in options"
            )
        yield from fill(fetched, view[:size])
        return size

    def head(self, path: str) -> Plan[ObjectMeta]:
        """Read an object's metadata."""
        fetched = yield from self._fetch(path, GetRequest(head=True))
        yield from fetched.content.close()
        return self.meta(fetched)

    def exists(self, path: str) -> Plan[bool]:
        """Whether there is an object of exactly this name."""
        parsed = "" if self._is_root(path, reading=True) else _paths.parse_object(path)
        if parsed.endswith("/") and not self._backend.any_key:
            return False
        full = self._full(parsed, reading=True)
        try:
            fetched = yield from self._backend.get(full, GetRequest(head=True))
        except NotFoundError:
            return False
        yield from fetched.content.close()
        return True

    def meta(self, fetched: Fetched) -> ObjectMeta:
        """The metadata of an object that was read."""
        meta = fetched.meta
        return object_metas([(self._relative(meta.path), *meta[1:])])[0]

    def get_range(
        self, path: str, start: object, end: object = None, length: object = None
    ) -> Plan[Bytes]:
        """Read one range."""
        wanted = _arguments.bounded(start, end, length)
        fetched = yield from self._fetch(path, GetRequest(range=wanted))
        return (yield from read_all(fetched, Bytes))

    def get_ranges(
        self,
        path: str,
        starts: Sequence[int],
        ends: Sequence[int] | None,
        lengths: Sequence[int] | None,
        coalesce: int,
        kind: type[B],
    ) -> Plan[list[B]]:
        """Read many ranges; those that are near each other with one request."""
        ranges = parse_ranges(starts, ends, lengths)
        gap = _arguments.offset(coalesce, "coalesce")
        full = yield from self._found(path)
        return (yield from read_ranges(self._backend, full, ranges, gap, PARALLEL, kind))

    def _found(self, path: str) -> Plan[str]:
        """The full name of the object that reading this path reads."""
        if not path.endswith("/") or isinstance(path, RawKey):
            return self._full(path, reading=True)
        fetched = yield from self._fetch(path, GetRequest(head=True))
        yield from fetched.content.close()
        return fetched.meta.path

    # Writing.

    def put(
        self,
        path: str,
        data: Any,
        *,
        asynchronous: bool,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        mode: str | UpdateVersion | None = None,
        use_multipart: bool | None = None,
        chunk_size: int,
        max_concurrency: int,
    ) -> Plan[PutResult]:
        """Write an object, in one request or in parts."""
        full = self._full(path)
        limit_of_metadata = self._backend.limits.metadata
        request = _arguments.put_options(attributes, tags, mode, limit_of_metadata)
        chunk_size = _arguments.positive(chunk_size, "chunk_size")
        limit = _arguments.positive(max_concurrency, "max_concurrency")
        source = make_source(data, asynchronous)
        in_parts = use_multipart if request.mode == "overwrite" else False
        if in_parts is None and not self._backend.multipart:
            in_parts = False
        try:
            written = yield from self._put(full, source, request, in_parts, chunk_size, limit)
        finally:
            yield from source.close()
        return {"e_tag": written.e_tag, "version": written.version}

    def _put(
        self,
        full: str,
        source: Source,
        request: PutRequest,
        in_parts: bool | None,
        chunk_size: int,
        limit: int,
    ) -> Plan[Written]:
        if source.length is not None and in_parts is not False:
            chunk_size = max(chunk_size, -(-source.length // MAX_PARTS))
        first = yield from source.read(
            chunk_size if in_parts is not False else self._backend.max_put + 1
        )
        if in_parts is False or (in_parts is None and first.length < chunk_size):
            return (yield from self._put_whole(full, first, request))
        second = yield from source.read(chunk_size)
        if in_parts is None and not second.length:
            return (yield from self._put_whole(full, first, request))
        minimum = self._backend.min_part_size if second.length else 0
        if chunk_size < minimum or first.length > MAX_PART:
            rule = f"least {minimum}" if chunk_size < minimum else f"most {MAX_PART}"
            raise ValueError(
                f"chunk_size must be at {rule} bytes for an upload in several parts, but is"
                f" {chunk_size}"
            )
        return (
            yield from self._put_parts(full, [first, second], source, request, chunk_size, limit)
        )

    def _put_whole(self, full: str, payload: Payload, request: PutRequest) -> Plan[Written]:
        if payload.length > self._backend.max_put:
            advice = ": let use_multipart be True" if self._backend.multipart else ""
            raise ValueError(
                f"one request takes {self._backend.max_put} bytes (4 GiB) at most{advice}"
            )
        return (yield from self._backend.put(full, payload, request))

    def _put_parts(
        self,
        full: str,
        ready: list[Payload],
        source: Source,
        request: PutRequest,
        chunk_size: int,
        limit: int,
    ) -> Plan[Written]:
        backend, group = self._backend, Group(limit)
        upload = yield from backend.create_upload(full, request)
        try:
            index = offset = 0
            while (payload := ready.pop(0)).length or index == 0:
                if index >= MAX_PARTS:
                    raise ValueError(
                        f"an upload has {MAX_PARTS} parts at most: give a larger chunk_size"
                    )
                part = backend.put_part(full, upload, index, offset, payload)
                index, offset = index + 1, offset + payload.length
                yield Spawn(group, part)
                if not ready:
                    del payload, part  # memory is bounded by what is under way
                    ready.append((yield from source.read(chunk_size)))
            parts = yield Join(group)
            return (yield from backend.complete_upload(full, upload, parts))
        except GeneratorExit:
            raise
        except BaseException:
            yield Cancel(group)
            yield from give_up(backend, full, upload)
            raise

    # Listing.

    def list_page(
        self,
        prefix: str | None,
        delimiter: bool,
        offset: str | None,
        token: str | None,
        on_bad_key: OnBadKey = "raise",
        max_keys: int | None = None,
        unlinking: bool = False,
    ) -> Plan[Page]:
        """Read one page of a listing; paths are relative to the store's prefix."""
        below = _paths.parse(prefix or "", "prefix")
        if not self._backend.any_key:
            _paths.check_file(below, "prefix")
        whole = _paths.join(self._prefix, below)
        self._backend.limits.check_key(whole, "prefix")
        request = ListRequest(
            prefix=whole,
            delimiter=delimiter,
            offset=None if not offset else self._full(offset, "offset"),
            token=token,
            on_bad_key=on_bad_key,
            max_keys=max_keys,
            unlinking=unlinking,
        )
        page = yield from self._backend.list_page(request)
        if page.token is not None and page.token == token:
            raise GenericError("the server gave the same page of a listing twice")
        if self._prefix:
            # The marker of the store's own prefix is none of its objects: it has no name here.
            cut, own = len(self._prefix) + 1, f"{self._prefix}/"
            page.objects = [
                (_paths.cut(item[0], cut), *item[1:]) for item in page.objects if item[0] != own
            ]
            page.prefixes = [_paths.cut(path, cut) for path in page.prefixes]
        return page

    def list_with_delimiter(self, prefix: str | None, on_bad_key: OnBadKey = "raise") -> Plan[Page]:
        """All that is directly below a prefix, as one page; its prefixes are sorted."""
        prefixes: set[str] = set()
        objects: list[Sequence[Any]] = []
        skipped: list[str] = []
        token, progress = None, Progress()
        while True:
            page = yield from self.list_page(prefix, True, None, token, on_bad_key)
            prefixes.update(page.prefixes)
            objects.extend(page.objects)
            skipped.extend(page.skipped)
            token = progress.follow(page)
            if token is None:
                return Page(objects, sorted(prefixes), None, skipped)

    # The rest.

    def delete(self, paths: str | Sequence[str]) -> Plan[None]:
        """Delete objects, in batches, some at a time; stops at the first error."""
        # Each once: MinIO fails a request that names an object twice.
        full = list(dict.fromkeys(self._full(path, "paths") for path in _paths.listed(paths)))
        if not full:
            return
        size = self._backend.delete_batch
        alone = [path for path in full if _paths.goes_alone(path)]
        if alone:
            full = [path for path in full if not _paths.goes_alone(path)]
        batches = [full[start : start + size] for start in range(0, len(full), size)]
        batches.extend([path] for path in alone)
        yield from together(
            [self._backend.delete(batch) for batch in batches], PARALLEL, brief=True
        )

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object within the store."""
        yield from self._backend.copy(
            self._full(source, "from_"), self._full(target, "to"), overwrite
        )

    def rename(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Move an object within the store; onto itself, it stays."""
        old, new = self._full(source, "from_"), self._full(target, "to")
        if old == new:
            fetched = yield from self._backend.get(old, GetRequest(head=True))
            yield from fetched.content.close()
            return
        yield from self._backend.rename(old, new, overwrite)

    def sign(self, method: str, paths: str | Sequence[str], expires_in: Any) -> Plan[list[str]]:
        """Make signed URLs."""
        verb, seconds = _arguments.method(method), _arguments.expiry(expires_in)
        reading = verb in ("GET", "HEAD")
        full = [self._full(path, "paths", reading) for path in _paths.listed(paths)]
        if not full:
            return []
        return (yield from self._backend.sign(verb, full, seconds))
