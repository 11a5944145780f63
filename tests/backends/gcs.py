"""An emulator of ours of the part of GCS's XML API that object_store uses; it checks who asks.

It is no evidence for what Google's servers do: it does what their documentation says
(cloud.google.com/storage/docs/xml-api). Tokens, JWTs and signed URLs are really verified.
"""

from __future__ import annotations

import gzip
import json
import secrets
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.backends.gcs_auth import Authority, Refused, check_signed_url
from tests.backends.gcs_objects import (
    Answer,
    Bucket,
    Stored,
    Upload,
    byte_range,
    facts,
    find,
    iso,
    json_answer,
    listing,
    xml,
)

MIN_PART = 5 * 1024 * 1024
ATTRIBUTES = frozenset(
    f"content-{name}" for name in ("disposition", "encoding", "language", "type")
) | {"cache-control"}
METADATA = "/computeMetadata/v1/instance/service-accounts/default/"


class GcsEmulator:
    """The storage, the token endpoint and the metadata server, on one port."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.buckets: dict[str, Bucket] = {}
        self.lock = threading.RLock()
        self.requests: list[tuple[str, str, str]] = []
        """Method, path with query, and the Authorization header of each request."""
        self.token_failures: list[int] = []
        """Statuses that the next token requests are answered with."""
        self._generation = time.time_ns() // 1000
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_requests(self) -> int:
        """How often a token was asked for."""
        return sum("/token" in path for _, path, _ in self.requests)

    def start(self) -> Self:
        handler = type("BoundHandler", (_Handler,), {"emulator": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def create_bucket(self, *, versioned: bool = False, public: bool = False) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self.buckets[name] = Bucket(versioned, public)
        return name

    def service_account_key(self) -> str:
        """The service account's key file, as text."""
        return json.dumps(self.authority.service_account(f"{self.endpoint}/token"))

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that point a GCSStore at this server."""
        return {
            "base_url": self.endpoint,
            "service_account_key": self.service_account_key(),
            "client_options": {"allow_http": True},
        }

    def write(self, bucket: Bucket, key: str, data: bytes, attributes: dict[str, str]) -> Stored:
        """Makes a new generation; the lock is held."""
        self._generation += 1
        e_tag = f'"{md5(data + repr(self._generation).encode()).hexdigest()}"'
        made = Stored(data, attributes, self._generation, e_tag, datetime.now(UTC))
        bucket.objects[key] = [*(bucket.objects.get(key, []) if bucket.versioned else []), made]
        return made


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """A client that went away is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    emulator: GcsEmulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def _serve(self) -> None:
        server = self.emulator
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        authorization = self.headers.get("Authorization", "")
        server.requests.append((self.command, self.path, authorization))
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        try:
            if path == "/token" or path.startswith(METADATA):
                answer = self._token(path, body)
            else:
                name, _, key = (unquote(part) for part in path[1:].partition("/"))
                self._authorize(path, query, authorization, name)
                with server.lock:
                    answer = self._objects(name, key, body)
        except Refused as refused:
            answer = self._refusal(refused)
        self._send(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        length = {"Content-Length": str(len(answer.body))}
        headers = {**(length if answer.announced else {"Connection": "close"}), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _refusal(self, refused: Refused) -> Answer:
        text = f"<Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
        if self.path.startswith("/token"):
            return json_answer({"error": refused.code}, refused.status)
        return xml("Error", text, refused.status)

    def _token(self, path: str, body: bytes) -> Answer:
        if self.emulator.token_failures:
            return Answer(self.emulator.token_failures.pop(0), b"no token now")
        authority = self.emulator.authority
        if path == "/token":
            return json_answer(authority.grant(dict(parse_qsl(body.decode()))))
        if self.headers.get("Metadata-Flavor") != "Google" or not path.endswith("/token"):
            return Answer(403, b"Missing Metadata-Flavor:Google header.")
        return json_answer(authority.token_answer())

    def _authorize(self, path: str, query: str, authorization: str, bucket: str) -> None:
        if "X-Goog-Signature" in self.query:
            return check_signed_url(self.command, path, query)
        if authorization.startswith("Bearer "):
            return self.emulator.authority.check_bearer(authorization.removeprefix("Bearer "))
        found = self.emulator.buckets.get(bucket)
        if authorization or found is None or not found.public or self.command == "PUT":
            raise Refused(403, "AccessDenied", "Anonymous caller does not have access.")

    def _objects(self, name: str, key: str, body: bytes) -> Answer:  # noqa: PLR0911 - by verb
        bucket = self.emulator.buckets.get(name)
        if bucket is None:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
        match self.command, "uploadId" in self.query:
            case "GET", _ if not key:
                return listing(bucket, self.query)
            case (("GET" | "HEAD"), _):
                return self._read(find(bucket, key, self.query.get("generation")))
            case "PUT", True:
                return self._put_part(bucket, key, body)
            case "PUT", False:
                return self._put(bucket, key, body)
            case "POST", True:
                return self._complete(bucket, key, body)
            case "POST", False if "uploads" in self.query:
                return self._begin(bucket, key)
            case "DELETE", True:
                del bucket.uploads[self._upload_id(bucket, key)]
                return Answer(204)
            case "DELETE", False:
                find(bucket, key)
                del bucket.objects[key]
                return Answer(204)
        raise Refused(405, "MethodNotAllowed", "The method is not allowed.")

    def _read(self, stored: Stored) -> Answer:
        headers = {**stored.attributes, **facts(stored)}
        self._check_conditions(stored)
        if (plain := self._transcoded(stored)) is not None:
            del headers["ETag"], headers["content-encoding"]
            return Answer(200, plain, headers, announced=False)
        start, end = byte_range(self.headers.get("Range"), len(stored.data))
        if (start, end) != (0, len(stored.data)) or "Range" in self.headers:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(stored.data)}"
            return Answer(206, stored.data[start:end], headers)
        return Answer(200, stored.data, headers)

    def _transcoded(self, stored: Stored) -> bytes | None:
        """What a client gets that takes no gzip (cloud.google.com/storage/docs/transcoding)."""
        packed = stored.attributes.get("content-encoding") == "gzip"
        if not packed or "gzip" in self.headers.get("Accept-Encoding", ""):
            return None
        try:
            return gzip.decompress(stored.data)
        except (OSError, EOFError):
            return None  # what is no gzip is sent as it is

    def _check_conditions(self, stored: Stored) -> None:
        """RFC 9110, section 13.2.2."""
        given = self.headers
        modified = stored.modified.replace(microsecond=0)
        if "If-Match" in given:
            failed = given["If-Match"] not in ("*", stored.e_tag)
        else:
            since = given.get("If-Unmodified-Since")
            failed = since is not None and modified > parsedate_to_datetime(since)
        if failed:
            raise Refused(412, "PreconditionFailed", "A precondition did not hold.")
        if "If-None-Match" in given:
            same = given["If-None-Match"] in ("*", stored.e_tag)
        else:
            since = given.get("If-Modified-Since")
            same = since is not None and modified <= parsedate_to_datetime(since)
        if same:
            raise Refused(304, "NotModified", "")

    def _put(self, bucket: Bucket, key: str, body: bytes) -> Answer:
        wanted = self.headers.get("x-goog-if-generation-match")
        current = bucket.objects.get(key)
        if wanted is not None and int(wanted) != (current[-1].generation if current else 0):
            raise Refused(412, "PreconditionFailed", "The generation does not match.")
        source = self.headers.get("x-goog-copy-source")
        if source is None:
            made = self.emulator.write(bucket, key, body, self._attributes())
            return Answer(200, b"", facts(made))
        name, _, path = unquote(source).lstrip("/").partition("/")
        origin = find(self.emulator.buckets.get(name, Bucket()), path)
        made = self.emulator.write(bucket, key, origin.data, origin.attributes)
        text = f"<ETag>{made.e_tag}</ETag><LastModified>{iso(made)}</LastModified>"
        return xml("CopyObjectResult", text, headers=facts(made))

    def _attributes(self) -> dict[str, str]:
        names = (name.lower() for name in self.headers)
        kept = [n for n in names if n in ATTRIBUTES or n.startswith("x-goog-meta-")]
        return {name: self.headers[name] for name in kept}

    def _begin(self, bucket: Bucket, key: str) -> Answer:
        upload = secrets.token_urlsafe(16)
        bucket.uploads[upload] = Upload(key, self._attributes())
        return xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")

    def _upload_id(self, bucket: Bucket, key: str) -> str:
        upload = self.query["uploadId"]
        if upload not in bucket.uploads or bucket.uploads[upload].key != key:
            raise Refused(404, "NoSuchUpload", "The requested upload was not found.")
        return upload

    def _put_part(self, bucket: Bucket, key: str, body: bytes) -> Answer:
        number = int(self.query["partNumber"])
        if not 1 <= number <= 10_000:
            raise Refused(400, "InvalidArgument", "Part numbers are 1 to 10000.")
        bucket.uploads[self._upload_id(bucket, key)].parts[number] = body
        return Answer(200, b"", {"ETag": f'"{md5(body).hexdigest()}"'})

    def _complete(self, bucket: Bucket, key: str, body: bytes) -> Answer:
        upload = bucket.uploads[self._upload_id(bucket, key)]
        listed = [
            (int(part.findtext("PartNumber", "0")), part.findtext("ETag", ""))
            for part in ElementTree.fromstring(body).iter("Part")
        ]
        if not listed or sorted({number for number, _ in listed}) != [n for n, _ in listed]:
            raise Refused(400, "InvalidPartOrder", "Parts must be listed in their order.")
        pieces = [upload.parts.get(number, b"") for number, _ in listed]
        for piece, (number, e_tag) in zip(pieces, listed):
            if number not in upload.parts or md5(piece).hexdigest() != e_tag.strip('"'):
                raise Refused(400, "InvalidPart", f"Part {number} was not found.")
        if any(len(piece) < MIN_PART for piece in pieces[:-1]):
            raise Refused(400, "EntityTooSmall", "A part is smaller than 5 MiB.")
        made = self.emulator.write(bucket, key, b"".join(pieces), upload.attributes)
        del bucket.uploads[self.query["uploadId"]]
        text = f"<Key>{escape(key)}</Key><ETag>{made.e_tag}</ETag>"
        return xml("CompleteMultipartUploadResult", text, headers=facts(made))
