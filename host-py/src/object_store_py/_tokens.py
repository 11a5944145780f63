"""Asking a token service: one sender for all of them, and what it says when it refuses.

No text here shows a token, a key or a query.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote

from . import _redact
from ._effects import Exchange, Pause, Plan
from ._http import HttpHost, Request, Response, TransportFailure

ANSWER_LIMIT = 1 << 20
"""The largest answer of a token service that is read, in characters."""
MOST_RETRIES = 3
"""How often a token request is repeated at most; operations wait for it."""
_PAUSE = 0.1
_WORDS_LIMIT = 400
_SCHEME = 6
_DECODED = 16 << 10
"""How much of an error is looked through for encoded secrets, in characters."""
_SAID = ("Code", "code", "error", "Message", "message", "error_description", "detail")
"""Where services say what is wrong: AWS, Azure's API Management, OAuth 2, FastAPI."""


class NoCredential(Exception):
    """Why there is no credential, for the user."""


def send(
    host: HttpHost, request: Request, retries: int, not_ready: Collection[int] = ()
) -> Plan[Response]:
    """Send a request that may be repeated; repeats what failed on the way, or at the server.

    `not_ready` are more statuses that mean: later. Throws `TransportFailure`, and `NoCredential`
    where the answer is too large.
    """
    for left in range(retries, -1, -1):
        request.attempt = retries - left + 1
        try:
            response: Response = yield Exchange(host, request)
        except TransportFailure as failure:
            # Where no metadata service is, none will be a moment later.
            absent = request.metadata and failure.kind in ("connect", "timeout")
            if not left or absent or failure.kind == "unknown":
                raise
        else:
            busy = response.status >= 500 or response.status in (408, 429, *not_ready)
            if not left or not busy:
                return _checked(response)
        yield Pause(_PAUSE * 2 ** (retries - left))
    raise AssertionError("the last attempt returns or raises")


def _checked(response: Response) -> Response:
    if len(response.text) > ANSWER_LIMIT:
        raise NoCredential("the token service answered with more than 1 MiB")
    return response


def ask(
    host: HttpHost,
    request: Request,
    who: str,
    retries: int,
    secrets: Collection[str] = (),
    not_ready: Collection[int] = (),
) -> Plan[Response]:
    """Send a request and insist on a good answer; throws `NoCredential`.

    `secrets` are those of the request's body. A service may repeat them in its error, and what is
    in the request's headers, too.
    """
    try:
        response = yield from send(host, request, retries, not_ready)
    except TransportFailure as failure:
        raise NoCredential(f"{who} did not answer: {failure}") from None
    if response.status != 200:
        raise NoCredential(refusal(who, response, [*secrets, *_redact.in_headers(request.headers)]))
    return response


def refusal(who: str, response: Response, secrets: Collection[str] = ()) -> str:
    """What a service said when it refused: its own words, cut, in one line, without our secrets."""
    said = words(response.text, secrets)
    return f"{who} answered {response.status}" + (f": {said}" if said else "")


def words(text: str, secrets: Collection[str] = ()) -> str:
    """The error in an answer, JSON or XML, for a person."""
    given = parse(text)
    found: list[Any] = (
        [element(text, name) for name in ("Code", "Message")]
        if given is None
        else [given.get(name) for name in _SAID]
    )
    said = ": ".join(word for word in found if isinstance(word, str) and word)
    # Whole, or without its scheme ("Basic", "Bearer"), which is no secret.
    parts = [part for secret in secrets for part in secret.split() if len(part) > _SCHEME]
    decoded = _decoded(said[:_DECODED])
    if any(decoded.count(part) > said.count(part) for part in parts):
        said = decoded
    for part in parts:
        said = said.replace(part, "***")
    return _redact.url(" ".join(said.split()))[:_WORDS_LIMIT]


def _decoded(text: str) -> str:
    """A text without references to characters and percent signs, however often encoded."""
    for _ in range(8):
        before, text = text, unquote(html.unescape(text))
        if text == before:
            break
    return text


def parse(text: str) -> dict[str, Any] | None:
    """The JSON object that an answer is; None if it is something else."""
    try:
        given: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return dict(given) if isinstance(given, dict) else None  # pyright: ignore[reportUnknownArgumentType] - JSON's keys are texts


def element(xml: str, name: str) -> str | None:
    """The text of an element. No XML parser: there is nothing that an entity could blow up."""
    match = re.search(rf"<{name}>([^<]*)</{name}>", xml)
    if match is None:
        return None
    text = match[1].strip()
    try:
        return html.unescape(text)
    except ValueError:  # a reference of thousands of digits
        return text
