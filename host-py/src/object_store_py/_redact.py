"""Taking secrets out of texts before a person or a log sees them."""

from __future__ import annotations

import re

LIMIT = 200
"""How much of a value that a caller gave is shown in an error."""

_URL = re.compile(r"(?P<base>\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s?#'\"<>]*)[?#][^\s'\"<>]*")
_USERINFO = re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@'\"<>]*@")
_SECRET_KEY = re.compile(
    r"secret|token|password|passwd|sas|access_key|account_key|master_key|customer_key"
    r"|encryption_key|service_account_key|access_key_id|bearer|authorization|proxy|credential"
)
_NOT_SECRET = frozenset({"fabric_token_service_url", "sse_kms_key_id"})


def url(text: str) -> str:
    """Take query strings, fragments and user names out of the URLs of a text."""
    return _USERINFO.sub(r"\1", _URL.sub(r"\g<base>", text))


def is_secret(key: str) -> bool:
    """Whether a configuration key of this name holds a secret."""
    key = key.lower()
    return key not in _NOT_SECRET and not key.endswith("_file") and bool(_SECRET_KEY.search(key))


def value(given: object) -> str:
    """A value that a caller gave, as an error may show it: cut, in one line, without secrets."""
    try:
        return cut(url(repr(given)))
    except RecursionError:  # lists in lists, deeper than can be shown
        return f"<{type(given).__name__}>"


def cut(text: str, limit: int = LIMIT) -> str:
    """A text of at most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
