"""One store called in one way, beside the model of it: what a machine drives several of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import object_store_py as obs
from object_store_py.exceptions import BaseError
from tests.harness.api import Api
from tests.properties.model import Model

HOUR = timedelta(hours=1)
NAMES = ("Cache-Control", "Content-Language", "Content-Disposition", "Content-Type", "Key", "x.y_z")
"""The attributes that the machines use; `Key` and `x.y_z` are a user's own."""
_KNOWN = frozenset(name.lower() for name in NAMES)


@dataclass
class Side:
    """A store, a way of calling it, and the model that it must agree with."""

    api: Api
    store: Any
    model: Model
    older: dict[str, str] = field(default_factory=dict[str, str])
    """For each key an e_tag that it once had."""

    def get(self, key: str, **options: Any) -> Any:
        """A read with everything that it says, but for times and e_tags."""
        result = self.api.get(self.store, key, **options)
        body = b"" if options.get("head") else self.api.bytes(result)
        return result.meta["path"], result.meta["size"], result.range, body, known(result)

    def mode(self, key: str, mode: str) -> Any:
        """A mode as `put` takes it: `update` has the e_tag that is there, `stale` one of before."""
        stored = self.model.objects.get(key)
        now = stored.e_tag if stored else None
        old = self.older.get(key, '"stale"')
        if mode == "stale":
            return {"e_tag": old if old != now else '"stale"'}
        return {"e_tag": now or '"none"'} if mode == "update" else mode

    def written(self, key: str, result: Any) -> None:
        """Keep the e_tag of what was just written; the answer to the write must say the same."""
        e_tag = self.api.head(self.store, key)["e_tag"]
        assert result is None or result["e_tag"] == e_tag
        before = self.model.objects[key].e_tag
        if before is not None:
            self.older[key] = before
        self.model.objects[key].e_tag = e_tag

    def listed(self, pages: list[list[Any]], chunk_size: int) -> list[Any]:
        """The rows of a listing, whose chunks must be full and whose metadata must be true."""
        assert all(len(page) == chunk_size for page in pages[:-1])
        assert all(0 < len(page) <= chunk_size for page in pages)
        return self.rows(row for page in pages for row in page)

    def walk(self, prefix: str | None) -> Any:
        """The stream of a walk."""
        return obs.walk(self.store, prefix)

    def glob(self, pattern: str) -> Any:
        """The stream of a search."""
        return obs.glob(self.store, pattern)

    def rows(self, metas: Iterable[Any]) -> list[Any]:
        """Paths and sizes; times and e_tags are checked."""
        rows = list(metas)
        for row in rows:
            assert abs(datetime.now(UTC) - row["last_modified"]) < HOUR
            assert row["e_tag"] == self.model.objects[row["path"]].e_tag, row
        return [(row["path"], row["size"]) for row in rows]


def known(result: Any) -> dict[str, str]:
    """The attributes of a result that a machine may have given; a server adds a content type."""
    found = {name: text for name, text in result.attributes.items() if name.lower() in _KNOWN}
    if found.get("Content-Type", "").endswith("octet-stream"):
        del found["Content-Type"]
    return found


def agree(
    sides: list[Side], real: Callable[[Side], Any], expected: Callable[[Model], Any]
) -> str | None:
    """Every side does what its model does, and all do the same; the name of the error, if any."""
    outcomes: list[Any] = []
    for side in sides:
        wanted = _outcome(expected, side.model)
        found = _outcome(real, side)
        assert found == wanted, f"{side.api.way}: {found!r}, but the model says {wanted!r}"
        outcomes.append(found)
    assert all(outcome == outcomes[0] for outcome in outcomes), outcomes
    failed, what = outcomes[0]
    return what if failed else None


def _outcome(call: Callable[[Any], Any], given: Any) -> tuple[bool, Any]:
    try:
        return False, call(given)
    except (BaseError, TypeError, ValueError) as error:
        return True, type(error).__name__
