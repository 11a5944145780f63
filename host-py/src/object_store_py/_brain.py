"""The backend of the remote stores: each verb an operation of the brain, bodies in the host."""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

from . import exceptions
from ._backend import Fetched, GetRequest, ListRequest, Page, PutRequest, RawMeta, Written
from ._bad_keys import WAY_OUT, settle
from ._core import Brain
from ._effects import Close, Pause, Plan, Read, ReadInto
from ._http import EMPTY, Body, BufferedBody, Payload, TransportFailure, changed
from ._limits import OF_KIND
from ._states import difference, is_strong
from ._steps import Outcome
from .types import RawKey

_PART_DIGEST = re.compile(r'(?:^|<e_tag>)(?:"|&quot;)?([0-9a-f]{32})(?![0-9a-f-])')
"""A part's e_tag that is an MD5: alone, or in XML beside a checksum."""
_ABORT_AGAIN = 0.05, 0.2, 0.8
"""Seconds before an upload is aborted once more."""
PROGRESS = 1 << 10
"""After how many bytes of a body, in bytes, its next break is counted as the first one: who reads a
large object over a bad line reads to its end, and who is sent drops does not wait for ever."""
LONGEST_RANGE = 2**32 - 1
"""The longest range with an end that the core can ask for, in bytes."""


class BrainBackend:
    """A remote store."""

    multipart = True
    any_key = True
    has_root = False
    max_put = LONGEST_RANGE - 1

    def __init__(self, brain: Brain, retry: dict[str, Any], min_part_size: int) -> None:
        self._brain = brain
        self.limits = OF_KIND[brain.kind]
        self._retry = retry
        self.min_part_size = min_part_size
        self._cut_off: set[str] = set()
        """Uploads of which a part's request was cut off, so that the server may still be at it."""
        self.splits = brain.kind != "http"  # not every web server knows ranges

    @property
    def delete_batch(self) -> int:
        """How many paths one `delete` takes."""
        self._brain.open()
        return self._brain.delete_batch

    def get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        """Read an object or a part of it."""
        return self._get(path, options)

    def _get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        wanted = options.range
        if wanted is not None and len(wanted) == 3 and wanted[2] - wanted[1] > LONGEST_RANGE:
            # The core counts in 32 bits: ask for all from the start on, and stop where we must.
            options = changed(options, range=("offset", wanted[1]))
        outcome: Outcome = yield from self._brain.operate(
            "get", path, border(path), options.to_border()
        )
        modified, size, e_tag, version, start, end, attributes = outcome.result
        meta = RawMeta(path, modified, size, e_tag, version)
        body = outcome.body or BufferedBody(b"")
        if options.head:
            return Fetched(meta, 0, size, attributes, BrainContent(self, meta, options, body, 0, 0))
        content = BrainContent(self, meta, options, body, start, end)
        if wanted is not None and len(wanted) == 3:
            end = content.stop_at(min(end, wanted[2]))
        return Fetched(meta, start, end, attributes, content)

    def resume(
        self, meta: RawMeta, options: GetRequest, start: int, end: int
    ) -> Plan[BrainContent]:
        """Read on from `start`, if the object is provably still the same."""
        again = GetRequest(
            range=("bounded", start, end), if_match=meta.e_tag, version=options.version
        )
        fetched = yield from self._get(meta.path, again)
        return (yield from _same(fetched, meta, start))

    def restart(self, meta: RawMeta, options: GetRequest, start: int) -> Plan[BrainContent]:
        """Read anew what no byte was handed out of, if the object looks as it did."""
        fetched = yield from self._get(meta.path, options)
        return (yield from _same(fetched, meta, start))

    def pause(self, attempt: int) -> float:
        """Seconds to wait before resuming a broken body the `attempt`-th time; negative to stop."""
        retry: dict[str, float] = self._retry
        if attempt > retry["max_retries"]:
            return -1.0
        first, most = retry["init_backoff_ms"] / 1000, retry["max_backoff_ms"] / 1000
        longest = max(first, min(first * retry["base"] ** min(attempt - 1, 32), most))
        return min(random.uniform(first, longest), most)  # noqa: S311 - jitter is no secret

    def _digest(self, payload: Payload) -> str:
        self._brain.open()
        return payload.sha256() if self._brain.wants_digest else ""

    def put(self, path: str, payload: Payload, options: PutRequest) -> Plan[Written]:
        """Write an object."""
        outcome = yield from self._brain.operate(
            "put",
            path,
            border(path),
            payload.length,
            self._digest(payload),
            options.to_border(),
            payload=payload,
        )
        return Written(*outcome.result)

    def create_upload(self, path: str, options: PutRequest) -> Plan[str]:
        """Begin an upload in parts."""
        outcome = yield from self._brain.operate(
            "create-upload", path, border(path), options.to_border()
        )
        upload: str = outcome.result
        return upload

    def put_part(
        self, path: str, upload: str, index: int, offset: int, payload: Payload
    ) -> Plan[str]:
        """Write one part."""
        del offset
        digest = self._digest(payload)
        plan = self._brain.operate(
            "put-part", path, border(path), upload, index, payload.length, digest, payload=payload
        )
        try:
            outcome = yield from plan
        except BaseException as error:
            if getattr(error, "status", None) is None:
                self._cut_off.add(upload)
            raise
        part: str = outcome.result
        return part

    def complete_upload(self, path: str, upload: str, parts: list[str]) -> Plan[Written]:
        """Make the object of its parts."""
        listed = json.dumps(parts)
        try:
            outcome = yield from self._brain.operate(
                "complete-upload", path, border(path), upload, listed, payload=EMPTY
            )
        except exceptions.NotFoundError as error:
            if error.code != "NoSuchUpload" or not error.retries:
                raise
            # The answer to an earlier attempt was lost: that one may have made the object.
            written = yield from self._completed(path, parts)
            if written is None:
                raise
            return written
        return Written(*outcome.result)

    def _completed(self, path: str, parts: list[str]) -> Plan[Written | None]:
        """What is there, if its e_tag proves that it is the object made of these parts."""
        expected = multipart_e_tag(parts)
        if expected is None:
            return None
        try:
            fetched = yield from self._get(path, GetRequest(head=True))
        except exceptions.BaseError:
            return None
        yield from fetched.content.close()
        meta = fetched.meta
        return Written(meta.e_tag, meta.version) if meta.e_tag == expected else None

    def abort_upload(self, path: str, upload: str) -> Plan[None]:
        """Give an upload up.

        A part whose request was cut off may still be at work on the server, and what it writes
        stays if it ends after the upload: AWS says to abort until there is nothing more to abort.
        """
        cut_off = upload in self._cut_off and self._brain.kind != "azure"  # which has no abort
        self._cut_off.discard(upload)
        yield from self._brain.operate("abort-upload", path, border(path), upload)
        for seconds in _ABORT_AGAIN if cut_off else ():
            yield Pause(seconds)
            try:
                yield from self._brain.operate("abort-upload", path, border(path), upload)
            except exceptions.NotFoundError:
                return

    def list_page(self, request: ListRequest) -> Plan[Page]:
        """Read one page of a listing."""
        prefix = request.prefix
        try:
            outcome = yield from self._brain.operate(
                "list", None, border(prefix), request.to_border()
            )
        except exceptions.InvalidPathError as error:
            raise exceptions.InvalidPathError(f"{error}: {WAY_OUT}", store=error.store) from None
        found = outcome.result
        page = Page(found["objects"], found["prefixes"], found["token"])
        bad, prefixes = found.get("bad", ()), found.get("bad_prefixes", ())
        if isinstance(prefix, RawKey):  # below it, all keys are such
            bad, prefixes = [*bad, *page.objects], [*prefixes, *(f"{p}/" for p in page.prefixes)]
            page.objects, page.prefixes = [], []
            return settle(page, bad, prefixes, "keep", self._brain.label, prefix)
        return settle(page, bad, prefixes, request.on_bad_key, self._brain.label, prefix)

    def delete(self, paths: list[str]) -> Plan[None]:
        """Delete objects."""
        yield from self._brain.operate("delete", paths[0], "\n".join(map(border, paths)))

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object, on the server."""
        yield from self._brain.operate("copy", source, border(source), border(target), overwrite)

    def rename(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object and delete the source: object stores cannot move."""
        yield from self.copy(source, target, overwrite)
        yield from self.delete([source])

    def sign(self, method: str, paths: list[str], seconds: int) -> Plan[list[str]]:
        """Make signed URLs; nothing is sent."""
        # A key that is no path goes alone: it may hold a newline, which parts the others.
        plain = [path for path in paths if not isinstance(path, RawKey)]
        urls = iter((yield from self._sign(method, plain, seconds)) if plain else ())
        found: list[str] = []
        for path in paths:
            raw = isinstance(path, RawKey)
            found += (yield from self._sign(method, [path], seconds)) if raw else [next(urls)]
        return found

    def _sign(self, method: str, paths: list[str], seconds: int) -> Plan[list[str]]:
        given = "\n".join(map(border, paths))
        outcome = yield from self._brain.operate("sign", paths[0], method, given, seconds)
        urls: list[str] = outcome.result
        return urls


def _same(fetched: Fetched, meta: RawMeta, start: int) -> Plan[BrainContent]:
    """The bytes of a further answer, which must be of the same state of the object."""
    content = fetched.content
    assert isinstance(content, BrainContent)
    reason = difference(meta, fetched.meta)
    if reason is None and fetched.start != start:
        reason = f"the server began at byte {fetched.start}, not {start}"
    if reason is not None:
        yield from content.close()
        raise exceptions.PreconditionError(reason)
    return content


def border(path: str) -> str:
    """A path as it crosses to the core: a key that is taken as it stands begins with a NUL."""
    return f"\0{path}" if isinstance(path, RawKey) else path


def multipart_e_tag(parts: list[str]) -> str | None:
    """The e_tag that S3 gives to the object of these parts; None where theirs are no digests."""
    found = [_PART_DIGEST.search(part) for part in parts]
    digests = [bytes.fromhex(match[1]) for match in found if match is not None]
    if len(digests) < len(parts):
        return None
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f'"{whole}-{len(parts)}"'


class BrainContent:
    """The body of a response: counted, and resumed where it breaks."""

    def __init__(
        self,
        backend: BrainBackend,
        meta: RawMeta,
        options: GetRequest,
        body: Body,
        start: int,
        end: int,
    ) -> None:
        self._backend = backend
        self._meta = meta
        self._options = options
        self._body = body
        self._start = self._position = self._since = start
        self._end = self._announced = end
        self._attempts = 0
        self._joins = is_strong(meta.e_tag)
        self.splits = backend.splits and self._joins
        if not self._joins and type(body) is BufferedBody and body.size < end - start:
            body.close()  # cut, and nothing may follow it: all of it is read again

    def stop_at(self, end: int) -> int:
        """Read no further than `end`, though the server sends more."""
        self._end = end
        return end

    def read(self) -> Plan[bytes]:
        """Read the next chunk; empty at the end."""
        while self._position < self._end:
            reason = "the server sent too few bytes"
            try:
                chunk: bytes = yield Read(self._body)
            except TransportFailure as failure:
                chunk, reason = b"", str(failure)
            if chunk:
                self._position += len(chunk)
                surplus = self._position - self._end
                if surplus <= 0:
                    return chunk
                yield Close(self._body)
                if self._position > self._announced:
                    raise self._error("the server sent more bytes than it had announced")
                self._position = self._end
                return chunk[:-surplus]
            yield from self._resume(reason)
        yield Close(self._body)
        return b""

    def read_into(self, view: memoryview) -> Plan[int]:
        """Read some bytes into memory; 0 at the end."""
        while (left := self._end - self._position) > 0:
            reason = "the server sent too few bytes"
            try:
                count: int = yield ReadInto(self._body, view[:left])
            except TransportFailure as failure:
                count, reason = 0, str(failure)
            if count:
                self._position += count
                return count
            yield from self._resume(reason)
        if self._end == self._announced:
            yield from self._check_end()
        yield Close(self._body)
        return 0

    def _check_end(self) -> Plan[None]:
        """The bytes are all there: whether more follow, which must not be."""
        try:
            surplus: int = yield ReadInto(self._body, memoryview(bytearray(1)))
        except TransportFailure:
            return
        if surplus:
            yield Close(self._body)
            raise self._error("the server sent more bytes than it had announced")

    def whole(self) -> bytes | None:
        """Everything that is left, if it came with the head."""
        if type(self._body) is not BufferedBody:
            return None
        data = self._body.whole(self._end - self._position)
        if data is not None:
            self._position = self._end
        return data

    def _resume(self, reason: str) -> Plan[None]:
        yield Close(self._body)
        if self._position - self._since >= PROGRESS:
            self._attempts = 0
        self._attempts, self._since = self._attempts + 1, self._position
        anew = self._position == self._start
        if not (self._joins or anew):
            reason = f"{reason}; to read on, the server would have to give a strong e_tag"
        pause = self._backend.pause(self._attempts)
        if pause < 0 or not (self._joins or anew):
            raise self._error(f"the body broke off at byte {self._position}: {reason}")
        yield Pause(pause)
        if self._joins:
            again = self.part(self._position, self._end)
        else:
            again = self._unchanged(
                self._backend.restart(self._meta, self._options, self._position)
            )
        self._body = (yield from again)._body

    def part(self, start: int, end: int) -> Plan[BrainContent]:
        """Another reader of the same state of the object, from `start` to `end`."""
        return self._unchanged(self._backend.resume(self._meta, self._options, start, end))

    def _unchanged(self, plan: Plan[BrainContent]) -> Plan[BrainContent]:
        try:
            return (yield from plan)
        except exceptions.PreconditionError as error:
            raise self._error("the object changed while it was read; read it again") from error

    def _error(self, reason: str) -> exceptions.GenericError:
        path = self._meta.path
        return exceptions.GenericError(f"{path!r}: {reason}", path=path, retries=self._attempts)

    def close(self) -> Plan[None]:
        """Give the rest up."""
        self._end = self._position
        yield Close(self._body)

    def abandon(self) -> None:
        """Give the rest up from a destructor."""
        self._body.abandon()
