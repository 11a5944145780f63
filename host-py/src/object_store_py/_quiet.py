"""Keeping headers and signed URLs out of what httpx's own libraries log of our requests.

At DEBUG httpcore logs the headers of responses, of which a `Location` may be a signed URL, and
hpack those of requests, with tokens. What they log of the process's other requests is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from . import _redact

_ours: ContextVar[bool] = ContextVar("object_store_py sends a request", default=False)


def _cut(record: logging.LogRecord) -> bool:
    if _ours.get():
        record.msg = _redact.url(record.getMessage().partition(", [(")[0])
        record.args = ()
    return True


def _drop(record: logging.LogRecord) -> bool:
    del record
    return not _ours.get()


for _name in ("connection", "http11", "http2", "proxy", "socks"):
    logging.getLogger(f"httpcore.{_name}").addFilter(_cut)
for _name in ("hpack.hpack", "hpack.table"):
    logging.getLogger(_name).addFilter(_drop)


@contextmanager
def quiet() -> Generator[None, None, None]:
    """Send a request of ours in here."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)
