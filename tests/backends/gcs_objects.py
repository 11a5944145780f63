"""What our GCS emulator keeps, and how it says it: objects, listings, ranges, XML."""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.backends.gcs_auth import Refused

PAGE = 1000


@dataclass(frozen=True)
class Stored:
    """One generation of an object."""

    data: bytes
    attributes: dict[str, str]
    generation: int
    e_tag: str
    modified: datetime


@dataclass
class Upload:
    """A multipart upload under way."""

    key: str
    attributes: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Bucket:
    """Objects by key, oldest generation first; a bucket without versions keeps the last one."""

    versioned: bool = False
    public: bool = False
    objects: dict[str, list[Stored]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    announced: bool = True
    """Whether the length is said before."""


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def xml(root: str, inner: str, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    body = f"<?xml version='1.0' encoding='UTF-8'?><{root}>{inner}</{root}>".encode()
    kind = {"Content-Type": "application/xml; charset=UTF-8"}
    return Answer(status, body if status != 304 else b"", {**(headers or {}), **kind})


def iso(stored: Stored) -> str:
    return f"{stored.modified:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def facts(stored: Stored) -> dict[str, str]:
    return {
        "ETag": stored.e_tag,
        "Last-Modified": format_datetime(stored.modified, usegmt=True),
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": "1",
        "x-goog-storage-class": "STANDARD",
        "X-GUploader-UploadID": secrets.token_hex(8),
    }


def find(bucket: Bucket, key: str, generation: str | None = None) -> Stored:
    versions = bucket.objects.get(key, [])
    if generation is not None:
        versions = [v for v in versions if str(v.generation) == generation]
    if not versions:
        raise Refused(404, "NoSuchKey", "The specified key does not exist.")
    return versions[-1]


def byte_range(header: str | None, size: int) -> tuple[int, int]:
    """Start and end (exclusive) of the bytes that are asked for (RFC 9110, section 14)."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    start = max(size - int(last), 0) if not first else int(first)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise Refused(416, "InvalidRange", "The requested range cannot be satisfied.")
    return start, end


def listing(bucket: Bucket, query: dict[str, str]) -> Answer:
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = query.get("start-after", "")
    if "continuation-token" in query:
        after = base64.urlsafe_b64decode(query["continuation-token"]).decode()
    most = min(int(query.get("max-keys", PAGE)), PAGE)
    found: dict[str, Stored | None] = {}
    for key in sorted(bucket.objects, key=str.encode):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key if cut < 0 else key[: cut + len(delimiter)]
        if key.startswith(prefix) and name.encode() > after.encode():
            found.setdefault(name, find(bucket, key) if cut < 0 else None)
    names = list(found)[:most]
    inner = "".join(_entry(name, found[name]) for name in names)
    if len(found) > most:
        token = base64.urlsafe_b64encode(names[-1].encode()).decode()
        inner += f"<NextContinuationToken>{token}</NextContinuationToken>"
    truncated = str(len(found) > most).lower()
    return xml("ListBucketResult", f"<IsTruncated>{truncated}</IsTruncated>{inner}")


def _entry(name: str, stored: Stored | None) -> str:
    if stored is None:
        return f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
    return (
        f"<Contents><Key>{escape(name)}</Key><Size>{len(stored.data)}</Size>"
        f"<LastModified>{iso(stored)}</LastModified><ETag>{escape(stored.e_tag)}</ETag></Contents>"
    )
