"""Keys that no path can name (`a//b`, `../x`): taken out of a listing before the brain reads it.

The crate refuses a whole page for one such key, so they are cut out of the server's answer. A
listing is XML of a fixed shape everywhere: S3 and Google list `Contents` and `CommonPrefixes`,
Azure `Blob` and `BlobPrefix`, WebDAV (RFC 4918, section 9.1) `response`. None holds another.
"""

from __future__ import annotations

import html
import re
from urllib.parse import unquote, urlsplit

from . import _paths
from ._effects import Exchange, Plan, T
from ._http import changed

_ENTRY = re.compile(
    r"<((?:[\w.-]+:)?(?:Contents|CommonPrefixes|Blob|BlobPrefix|response))(?=[\s>])[^>]*>"
    r".*?</\1\s*>",
    re.DOTALL,
)
_NAME = re.compile(
    r"<(?:[\w.-]+:)?(Key|Prefix|Name|href)(?=[\s>])([^>]*)>(.*?)</(?:[\w.-]+:)?\1\s*>", re.DOTALL
)
WAY_OUT = "list with on_bad_key='skip' to leave out what no path can name"


def leave_out(plan: Plan[T], skipped: list[str]) -> Plan[T]:
    """Run the plan of a listing; bad keys in its answers are put into `skipped` instead."""
    try:
        effect = next(plan)
        while True:
            try:
                answer = yield effect
            except BaseException as error:  # noqa: BLE001, RUF100 - the plan's to clean up after.
                effect = plan.throw(error)
                continue
            if isinstance(effect, Exchange) and answer.text:
                answer = changed(answer, text=_filter(answer.text, skipped))
            effect = plan.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _filter(text: str, skipped: list[str]) -> str:
    def keep(entry: re.Match[str]) -> str:
        name = _NAME.search(entry[0])
        key = _key(name) if name is not None else None
        if key is None or not _paths.is_bad(key):
            return entry[0]
        skipped.append(key)
        return ""

    return _ENTRY.sub(keep, text)


def _key(name: re.Match[str]) -> str:
    key = html.unescape(name[3])
    if name[1] == "href":
        return unquote(urlsplit(key.strip()).path)
    # Azure encodes names that XML cannot hold, and says so.
    return unquote(key) if 'Encoded="true"' in name[2] else key
