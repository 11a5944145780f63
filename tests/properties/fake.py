"""A server for scripted transports that keeps what is put, and says yes to everything else."""

from __future__ import annotations

import itertools

import httpx

from object_store_py.testing import ScriptedTransport

_HEAD = {
    "ETag": '"0123"',
    "Last-Modified": "Tue, 01 Jan 2030 00:00:00 GMT",
    "x-goog-generation": "1",
    "x-ms-request-id": "1",
}
_UPLOAD = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"


def make_transport() -> ScriptedTransport:
    """A transport with a server of its own behind it."""
    objects: dict[str, bytes] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "PUT" and not request.url.query:
            objects[path] = request.content
            return httpx.Response(201, headers=_HEAD)
        if request.method in ("GET", "HEAD") and not request.url.query:
            if path not in objects:
                return httpx.Response(404)
            body = objects[path]
            # A HEAD tells the length of what it leaves out.
            headers = {**_HEAD, "Content-Length": str(len(body))}
            return httpx.Response(
                200, headers=headers, content=body if request.method == "GET" else b""
            )
        return httpx.Response(200, headers=_HEAD, text=_UPLOAD)

    return ScriptedTransport(itertools.repeat(answer))
