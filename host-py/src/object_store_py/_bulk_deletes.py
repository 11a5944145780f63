"""Requests that delete many objects at once: POST, and yet safe to send again."""

from __future__ import annotations

import re
from typing import Literal

_GONE = re.compile(r"x-ms-error-code:[ ]*BlobNotFound\b", re.I)


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
    lines = answer.split("\n")
    refused: int | None = None
    for index, line in enumerate(lines):
        if line[:12].upper() == "HTTP/1.1 404":
            refused = index
        elif not line.strip():
            refused = None
        elif refused is not None and _GONE.match(line):
            lines[refused] = "HTTP/1.1 202 Accepted" + "\r" * lines[refused].endswith("\r")
            refused = None
    return "\n".join(lines)
