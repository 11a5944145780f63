"""`request_policy`: a function of the user's that allows, denies or redirects each request."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeAlias

from ._wire import split_url
from .exceptions import BaseError, PermissionDeniedError

logger = logging.getLogger("object_store_py.http")

RequestPolicy: TypeAlias = Callable[[str, str], bool | str]
"""Called before each request with its method and its URL without the query. True sends it, False
refuses it, a str such as `https://proxy.example:8443` sends it to that origin instead."""

_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?/?")


def decide(policy: RequestPolicy, method: str, origin: str, target: str) -> str:
    """The origin that a request goes to.

    Only True and an origin let it leave: a policy that forgets to answer denies.

    Raises:
        PermissionDeniedError: the policy says no, fails, or answers something else.
    """
    url = origin + target.partition("?")[0]
    try:
        answer: object = policy(method, url)
    except BaseError:
        logger.warning("request_policy refused %s %s", method, url)
        raise
    except Exception as error:
        logger.warning("request_policy refused %s %s", method, url)
        reason = f"{type(error).__name__}: {error}"
        raise PermissionDeniedError(f"request_policy refused {method} {url}: {reason}") from error
    if answer is True:
        return origin
    if isinstance(answer, str) and _ORIGIN.fullmatch(answer):
        return split_url(answer)[0]
    logger.warning("request_policy refused %s %s", method, url)
    advice = (
        ""
        if answer is False
        else (
            "; it must return True, False or an origin such as 'https://host:port', not"
            f" {type(answer).__name__}"
        )
    )
    raise PermissionDeniedError(f"request_policy refused {method} {url}{advice}")
