"""What the core's steps say: a request to send (see wit/http.wit), and what they came to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ._http import EMPTY, Body, Payload, Request

decode = json.JSONDecoder().raw_decode
"""The value at the beginning of a text, and where it ends."""


@dataclass(slots=True)
class Outcome:
    """What an operation came to: its result, and the response body that was left in the host."""

    result: Any
    body: Body | None = None
    copying: str | None = None
    """What Azure says of a copy that it began: `pending`, `success`, ..."""


def parse_request(text: str, payload: Payload | None) -> Request:
    """A `request` step, after its first line, as a request (see wit/http.wit)."""
    head, _, body = text.partition("\n\n")
    delay, carries, keeps, method, url, *lines = head.split("\n")
    content = payload if carries == "host" else _text_payload(body) if carries == "text" else None
    parts = [line.partition(":") for line in lines if line]
    headers = [(name, value) for name, _, value in parts]
    return Request(method, url, headers, content, keeps == "host", int(delay) / 1000)


def _text_payload(text: str) -> Payload:
    return Payload([memoryview(text.encode())]) if text else EMPTY


def decode_rows(text: str) -> Any:
    """A result as JSON. The rows of a page one by one: in one go, no other thread would run."""
    begin = '{"objects":['
    if not text.startswith(begin):
        return decode(text)[0]
    rows: list[Any] = []
    at = len(begin)
    while text[at] != "]":
        row, at = decode(text, at)
        rows.append(row)
        at += text[at] == ","
    return {**decode(begin + text[at:])[0], "objects": rows}
