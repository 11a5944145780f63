"""What downloads and uploads share: many objects side by side, and what came of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ._effects import Cancel, Group, Join, Plan, Spawn

OnError: TypeAlias = Literal["raise", "collect"]
"""What to do where one object fails: stop with its error, or go on and put it in `errors`."""

AT_ONCE = 8
"""How many objects are transferred at once by default."""
_BATCH = 1_000
"""How many transfers are joined together: what a group remembers must not grow without end."""


@dataclass(slots=True)
class TransferResult:
    """What a `download` or an `upload` did."""

    files: int = 0
    """How many objects or files were transferred."""
    skipped: int = 0
    """How many were left out, because the other side has them unchanged."""
    bytes: int = 0
    """How many bytes were transferred."""
    resumed: int = 0
    """How many bytes were there already, from a transfer that broke off."""
    errors: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What went wrong, by path; only with `on_error="collect"`."""
    ignored: list[str] = field(default_factory=list[str])
    """What was not uploaded, because it is a symbolic link or no regular file."""


class Tally:
    """Adds up a `TransferResult`; safe to use from any thread."""

    def __init__(self, on_error: object) -> None:
        if on_error not in ("raise", "collect"):
            raise ValueError("on_error must be 'raise' or 'collect'")
        self._raises = on_error == "raise"
        self._lock = threading.RLock()
        self.result = TransferResult()

    def add(self, *, files: int = 0, skipped: int = 0, count: int = 0, resumed: int = 0) -> None:
        """Add what one transfer did."""
        with self._lock:
            self.result.files += files
            self.result.skipped += skipped
            self.result.bytes += count
            self.result.resumed += resumed

    def guard(self, path: str, transfer: Plan[None]) -> Plan[None]:
        """Carry out a transfer; collect its error, or let it end all."""
        try:
            yield from transfer
        except Exception as error:
            if self._raises:
                raise
            with self._lock:
                self.result.errors[path] = error


class SideBySide:
    """Runs plans side by side, as many as there are, at most `limit` at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._group = Group(limit)
        self._count = 0

    def add(self, plans: Iterator[Plan[Any]]) -> Plan[None]:
        """Run more plans."""
        for plan in plans:
            yield Spawn(self._group, plan)
            self._count += 1
            if self._count % _BATCH == 0:
                yield from self.join()

    def over(self, body: Plan[None]) -> Plan[None]:
        """Carry out a plan that adds plans, and wait for all; stop all where one fails."""
        try:
            yield from body
            yield from self.join()
        except GeneratorExit:
            raise
        except BaseException:
            yield Cancel(self._group)
            raise

    def join(self) -> Plan[None]:
        """Wait for all of them."""
        group = self._group
        yield Join(group)
        self._group = Group(self._limit)
