"""Taking secrets out of texts before a person or a log sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable

LIMIT = 200
"""How much of a value that a caller gave is shown in an error."""

_URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)([^\s'\"<>]*)")
_SECRET_KEY = re.compile(
    r"secret|token|password|passwd|sas|access_key|account_key|master_key|customer_key"
    r"|encryption_key|service_account_key|access_key_id|bearer|authorization|proxy|credential"
)
_NOT_SECRET = frozenset({"fabric_token_service_url", "sse_kms_key_id"})


_NAMED = re.compile(
    r"((?:key|secret|token|password|sig|signature)[\"']?\s?[=:]\s?[\"']?)[^\s;&,\"'}]+",
    re.IGNORECASE,
)
_CONTENT = ("{", "eyJ", "-----BEGIN")
"""How files of keys and tokens begin: JSON, a token that is JSON in base64, PEM."""


def url(text: str) -> str:
    """Take query strings, fragments and user names out of the URLs of a text."""
    return _URL.sub(_bare, text)


def _bare(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    if _has_user(rest, "0123456789"):
        rest = rest.rpartition("@")[2]
    return scheme + re.split("[?#]", rest, maxsplit=1)[0]


def _has_user(rest: str, port: str) -> bool:
    """Whether there is a user name in what follows a URL's scheme.

    A password may have a slash in it, as nobody should write it: what cannot be a port is one.
    """
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    _, colon, after = authority.rpartition(":")
    is_port = not colon or authority.endswith("]") or (bool(port) and not after.strip(port))
    return "@" in authority or (not is_port and "@" in rest)


def has_user(url: str) -> bool:
    """Whether a URL has a user name or password in it, be it written as it should be or not."""
    scheme, slashes, rest = url.strip().partition("://")
    web = scheme.lower() in ("http", "https")
    return bool(slashes) and _has_user(rest, "0123456789" if web else "")


def is_secret(key: str) -> bool:
    """Whether a configuration key of this name holds a secret."""
    key = key.lower()
    return key not in _NOT_SECRET and not key.endswith("_file") and bool(_SECRET_KEY.search(key))


def in_headers(headers: Iterable[tuple[str, str]]) -> list[str]:
    """The values of headers that may open something: all but of those that are known not to."""
    harmless = ("accept", "content-", "cache-", "user-agent", "if-")
    return [text for name, text in headers if not name.lower().startswith(harmless)]


def value(given: object) -> str:
    """A value that a caller gave, as an error may show it: cut, in one line, without secrets."""
    if isinstance(given, str):
        given = _without_user(given)
    try:
        return cut(_NAMED.sub(r"\1***", url(repr(given))))
    except RecursionError:  # lists in lists, deeper than can be shown
        return f"<{type(given).__name__}>"


def path(given: str) -> str:
    """The path of a file of secrets; not what should be in such a file, given as its path."""
    if given.lstrip().startswith(_CONTENT) or "\n" in given:
        return "what is given (which is no path, but looks like the content of such a file)"
    return repr(given)


def _without_user(given: str) -> str:
    """A text that should be a URL, or a part of one, without all before its last `@`."""
    scheme, slashes, rest = given.partition("://")
    if not slashes:
        scheme, rest = "", given
    user, at, rest = rest.rpartition("@")
    return f"{scheme}{slashes}{rest}" if at and (slashes or ":" in user) else given


def cut(text: str, limit: int = LIMIT) -> str:
    """A text of at most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
