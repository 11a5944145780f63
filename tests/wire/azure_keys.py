"""Azure's signatures, computed again: Shared Key of a request, and the SAS of a blob's URL.

After "Authorize with Shared Key" and "Create a service SAS" of the Azure Storage documentation.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import parse_qsl, unquote

from tests.backends.http1 import RecordedRequest

_LINES = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def sign(text: str, key: str) -> str:
    """The HMAC-SHA256 of a text, in base64."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()


def expected_authorization(request: RecordedRequest, account: str, key: str) -> str:
    """The Authorization header that the request should carry."""
    return f"SharedKey {account}:{sign(string_to_sign(request, account), key)}"


def string_to_sign(request: RecordedRequest, account: str) -> str:
    """What is signed of a request, from its raw bytes alone."""
    path, _, query = request.target.decode("ascii").partition("?")
    headers = dict(request.headers)
    if headers.get("content-length") == "0":
        del headers["content-length"]
    lines = [request.method, *(headers.get(name, "") for name in _LINES)]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
    lines.append(f"/{account}{path}")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    lines += [f"{name.lower()}:{value}" for name, value in pairs]
    return "\n".join(lines)


def expected_sas(path: str, fields: dict[str, str], account: str, key: str) -> str:
    """The `sig` of a blob's URL with a service SAS."""
    lines = [fields["sp"], fields["st"], fields["se"], f"/blob/{account}{unquote(path)}"]
    lines += ["", "", "", fields["sv"], fields["sr"], *[""] * 7]
    return sign("\n".join(lines), key)
