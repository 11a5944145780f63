"""URLs that are asked for exactly as somebody wrote them, where no path of an object can say so.

A path cannot have a query, end in a slash, or tell `%2F` from `/`. Such a URL gets a path that
stands for it; on its way out the request is given the URL back. Its query, which may hold a
signature, is in no path and so in no text.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from ._http import Request, changed

_MARK = ".exact-"
_MOST = 10_000
"""How many URLs are remembered, the newest."""


class ExactUrls:
    """The URLs of one server that paths stand for."""

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}

    def path_of(self, target: str) -> str:
        """The path that stands for a URL's path and query."""
        digest = hashlib.sha256(target.encode("utf-8", "replace")).hexdigest()[:32]
        shown = re.sub(r"[^A-Za-z0-9._-]+", "_", target.partition("?")[0][-80:])
        name = f"{_MARK}{digest}-{shown}"
        if name not in self._targets:
            while len(self._targets) >= _MOST:
                self._targets.pop(next(iter(self._targets)), None)
            self._targets[name] = target
        return name

    def restored(self, request: Request) -> Request:
        """A request with the URL that its path stands for."""
        name = request.url.rpartition("/")[2]
        if not name.startswith(_MARK) or (target := self._targets.get(name)) is None:
            return request
        parts = urlsplit(request.url)
        return changed(request, url=f"{parts.scheme}://{parts.netloc}/{target}")
