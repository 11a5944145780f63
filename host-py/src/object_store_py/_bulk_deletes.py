"""Requests that delete many objects at once: POST, and yet safe to send again."""

from __future__ import annotations

import re
from typing import Literal

_GONE = re.compile(
    r"^HTTP/1\.1 404[^\r\n]*(?=\r?\n(?:[^\r\n]+\r?\n)*?x-ms-error-code:[ ]*BlobNotFound\b)",
    re.I | re.M,
)


def deletes_in_bulk(method: str, url: str) -> Literal["s3", "azure"] | None:
    """Whose request to delete many objects this is; None for any other request."""
    if method != "POST":
        return None
    fields = [field.rstrip("=") for field in url.partition("?")[2].split("&")]
    return "s3" if "delete" in fields else "azure" if "comp=batch" in fields else None


def forgive(answer: str) -> str:
    """The answer to a batch of Azure that was sent before and whose first answer was lost.

    What is gone was deleted by the first one, or nobody can tell; S3 calls it a success always.
    """
    return _GONE.sub("HTTP/1.1 202 Accepted", answer)
