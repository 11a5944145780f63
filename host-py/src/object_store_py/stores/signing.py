"""Signing URLs: the plan behind `sign` and `sign_async`, which are functions only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .._effects import Plan
from ..exceptions import NotSupportedError
from ..types import HTTP_METHOD
from .base import ObjectStoreMethods, known


class SignedUrl(str):
    """A URL that carries a signature: whoever has it can use it. Its repr hides the query."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(self.partition("?")[0] + "?...")


def sign(
    store: ObjectStoreMethods,
    method: HTTP_METHOD,
    paths: str | Sequence[str],
    expires_in: timedelta,
) -> Plan[Any]:
    """The plan behind `sign` and `sign_async`, which are functions only."""
    if not getattr(known(store), "_can_sign", False):
        raise NotSupportedError(
            f"{store!r} has no server that checks signatures, so it cannot sign URLs: use an"
            " S3Store, a GCSStore or an AzureStore"
        )
    urls = yield from store._verbs().sign(method, paths, expires_in)
    signed = [SignedUrl(url) for url in urls]
    return signed[0] if isinstance(paths, str) else signed
