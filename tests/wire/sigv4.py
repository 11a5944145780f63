"""An independent SigV4 verifier: signs a recorded request again, from its raw bytes alone."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

from tests.backends.http1 import RecordedRequest

ALGORITHM = "AWS4-HMAC-SHA256"


def claimed_signature(request: RecordedRequest) -> str:
    """The signature that the request carries."""
    return _authorization(request)["Signature"]


def signed_header_names(request: RecordedRequest) -> list[str]:
    return _authorization(request)["SignedHeaders"].split(";")


def expected_signature(request: RecordedRequest, secret: str) -> str:
    """The signature that the request should carry, if what arrived is what was signed."""
    _, scope = _authorization(request)["Credential"].split("/", 1)
    return _signature(canonical_request(request), request.header("x-amz-date") or "", scope, secret)


def _signature(canonical: str, time: str, scope: str, secret: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([ALGORITHM, time, scope, digest])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def expected_presigned(method: str, url: str, secret: str) -> str:
    """The `X-Amz-Signature` that a presigned URL should have."""
    parts = urlsplit(url)
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    pairs = [pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")]
    query = "&".join(sorted(_canonical_pair(pair) for pair in pairs))
    path = strict_quote(unquote(parts.path), safe="/")
    lines = [method, path, query, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD"]
    _, scope = fields["X-Amz-Credential"].split("/", 1)
    return _signature("\n".join(lines), fields["X-Amz-Date"], scope, secret)


def canonical_request(request: RecordedRequest) -> str:
    """The canonical request of AWS's Signature Version 4, in the S3 dialect."""
    path, _, query = request.target.decode("ascii").partition("?")
    names = signed_header_names(request)
    values = [f"{name}:{_collapsed(request.header(name))}\n" for name in names]
    return "\n".join(
        [
            request.method,
            strict_quote(unquote(path), safe="/"),
            "&".join(sorted(_canonical_pair(pair) for pair in query.split("&") if pair)),
            "".join(values),
            ";".join(names),
            request.header("x-amz-content-sha256") or "",
        ]
    )


def strict_quote(text: str, safe: str = "") -> str:
    """Percent-encodes all but A-Z a-z 0-9 - . _ ~ and what is safe."""
    return quote(text, safe=safe + "-._~")


def _canonical_pair(pair: str) -> str:
    # In a query, servers read a plus sign as a space.
    name, _, value = pair.partition("=")
    return f"{strict_quote(unquote_plus(name))}={strict_quote(unquote_plus(value))}"


def _collapsed(value: str | None) -> str:
    assert value is not None, "a signed header did not arrive"
    return re.sub(" +", " ", value.strip())


def _authorization(request: RecordedRequest) -> dict[str, str]:
    given = request.header("authorization") or ""
    assert given.startswith(f"{ALGORITHM} "), given
    fields = given.removeprefix(f"{ALGORITHM} ").split(",")
    return dict(entry.strip().split("=", 1) for entry in fields)
