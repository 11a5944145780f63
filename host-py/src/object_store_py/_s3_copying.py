"""S3's backend: copies what is too large for one request in parts, which the server moves.

<https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html>
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from typing import Any
from urllib.parse import quote

from ._backend import GetRequest, PutRequest, RawMeta
from ._brain import BrainBackend, border
from ._effects import Cancel, Group, Join, Plan, Spawn
from ._http import EMPTY
from ._operations import MAX_PARTS, give_up
from ._steps import Outcome
from .exceptions import AlreadyExistsError, BaseError, GenericError, PreconditionError

logger = logging.getLogger("object_store_py")

LARGEST_COPY = 5 << 30
"""The largest object that is copied with one request, in bytes; S3's own limit."""
PART = 256 << 20
"""How much is copied with one request of many, in bytes: in seconds, so that none times out."""
PARALLEL = 12
_TOO_LARGE = frozenset({"InvalidRequest", "InvalidArgument", "EntityTooLarge"})
"""What servers say of a source that is too large, and of other things."""
_NOT_COPIED = frozenset({"Storage-Class"})
"""Attributes that the server's own copy does not take along, either."""
_SSE = "x-amz-copy-source-server-side-encryption-customer-"


class S3Backend(BrainBackend):
    """A bucket of S3."""

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object, on the server: with one request, or in parts if that is refused."""
        try:
            yield from super().copy(source, target, overwrite)
        except BaseError as error:
            # Of a copy that must not replace anything only the end is known: that it was given up.
            unknown = not overwrite and type(error) is GenericError
            if error.code not in _TOO_LARGE and not unknown:
                raise
            fetched = yield from self._get(source, GetRequest(head=True))
            yield from fetched.content.close()
            if fetched.meta.size <= LARGEST_COPY:
                raise
            logger.info("%r has %d bytes and is copied in parts", source, fetched.meta.size)
            yield from self._copy_parts(fetched.meta, fetched.attributes, target, overwrite)

    def _copy_parts(
        self, meta: RawMeta, attributes: dict[str, str], target: str, overwrite: bool
    ) -> Plan[None]:
        kept = {name: value for name, value in attributes.items() if name not in _NOT_COPIED}
        tags = yield from self._tags(meta.path)
        upload = yield from self.create_upload(target, PutRequest(attributes=kept, tags=tags))
        group = Group(PARALLEL)
        size = max(PART, -(-meta.size // MAX_PARTS))
        try:
            for index, start in enumerate(range(0, meta.size, size)):
                end = min(start + size, meta.size)
                yield Spawn(group, self._copy_part(meta, target, upload, index, start, end))
            parts = yield Join(group)
            yield from self._complete(target, upload, parts, overwrite)
        except GeneratorExit:
            raise
        except BaseException:
            yield Cancel(group)
            yield from give_up(self, target, upload)
            raise

    def _copy_part(
        self, meta: RawMeta, target: str, upload: str, index: int, start: int, end: int
    ) -> Plan[str]:
        headers = {
            **self._source_key(),
            "x-amz-copy-source": self._source(meta.path),
            "x-amz-copy-source-range": f"bytes={start}-{end - 1}",
            "x-amz-copy-source-if-match": meta.e_tag or "",
        }
        try:
            outcome: Outcome = yield from self._brain.operate(
                "copy-part",
                target,
                border(target),
                upload,
                index,
                json.dumps(headers),
                payload=EMPTY,
            )
        except PreconditionError:
            raise GenericError(
                f"{meta.path!r}: the object changed while it was copied; copy it again",
                path=meta.path,
            ) from None
        part: str = outcome.result
        return part

    def _complete(self, target: str, upload: str, parts: list[str], overwrite: bool) -> Plan[None]:
        if overwrite:
            yield from self.complete_upload(target, upload, parts)
            return
        listed, condition = json.dumps(parts), json.dumps({"if-none-match": "*"})
        try:
            yield from self._brain.operate(
                "complete-copy", target, border(target), upload, listed, condition, payload=EMPTY
            )
        except PreconditionError as error:
            raise AlreadyExistsError(
                f"{target!r}: an object is there already", store=error.store, path=target
            ) from None

    def _tags(self, path: str) -> Plan[dict[str, str]]:
        """The tags of an object, where the server knows tags and lets us read them."""
        if self._brain.config.get("disable_tagging", "false").lower() in ("true", "1"):
            return {}
        outcome = yield from self._brain.operate("tags", path, border(path))
        status, tags = outcome.result
        if status >= 500 and status != 501:
            raise GenericError(f"{path!r}: its tags cannot be read: status {status}", path=path)
        if status == 403:
            logger.warning("%r: its tags may not be read, and the copy has none", path)
        return dict(tags) if status == 200 else {}

    def _source(self, path: str) -> str:
        bucket = quote(self._brain.config["bucket"], safe="")
        return f"{bucket}/{quote(path, safe='/~')}"

    def _source_key(self) -> dict[str, Any]:
        """What a server needs to read an object with a key of the customer's."""
        key = self._brain.config.get("sse_customer_key_base64")
        if key is None:
            return {}
        digest = hashlib.md5(base64.b64decode(key), usedforsecurity=False).digest()
        return {
            f"{_SSE}algorithm": "AES256",
            f"{_SSE}key": key,
            f"{_SSE}key-md5": base64.b64encode(digest).decode(),
        }
