"""A worker: one thread's or task's own keys, a model of what must be in them, and its tally."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from object_store_py.exceptions import BaseError

KEYS = 8
"""How many keys a worker writes to; copies and renames have some more."""
SIZES = (10, 1_000, 30_000, 200_000)
_OWN = re.compile(r" \([A-Z]+ https?://\S*\)")
"""What is different in each error: its request. Its store and its key come before."""
PART = 5 << 20
"""The smallest part that S3 takes, in bytes."""


@dataclass(frozen=True)
class Content:
    """An object's bytes, by the seed that makes them: they need no memory, and never repeat."""

    seed: int
    size: int

    def make(self) -> bytes:
        """The bytes."""
        return random.Random(self.seed).randbytes(self.size)

    def blocks(self, size: int) -> list[bytes]:
        """The bytes in blocks."""
        data = self.make()
        return [data[start : start + size] for start in range(0, len(data), size)]


@dataclass
class Tally:
    """What happened."""

    operations: Counter[str] = field(default_factory=Counter[str])
    errors: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    """Bytes that are not those that were written."""
    lost: list[str] = field(default_factory=list[str])
    """Objects that are not there, but were written."""
    risen: list[str] = field(default_factory=list[str])
    """Objects that are there, but were deleted or never written."""
    longest: dict[str, float] = field(default_factory=dict[str, float])
    """How long each verb took at most, in seconds."""

    def add(self, other: Tally) -> None:
        """Take another's in."""
        self.operations += other.operations
        self.errors += other.errors
        self.wrong += other.wrong
        self.lost += other.lost
        self.risen += other.risen
        for verb, seconds in other.longest.items():
            self.longest[verb] = max(seconds, self.longest.get(verb, 0.0))


@dataclass
class Worker:
    """One thread's or task's keys, and what must be in them."""

    name: str
    large: bool = False
    """Whether some of its objects have more than one part."""
    tally: Tally = field(default_factory=Tally)
    model: dict[str, Content | None] = field(default_factory=dict[str, "Content | None"])
    random: random.Random = field(default_factory=random.Random)
    running: tuple[str, float] | None = None
    """The verb that it is at, and since when."""
    uploads: set[str] = field(default_factory=set[str])
    """The keys that it wrote in parts."""

    def key(self) -> str:
        """One of its keys; some are in a folder."""
        number = self.random.randrange(KEYS)
        return f"{self.name}/folder/k{number}" if number % 3 == 0 else f"{self.name}/k{number}"

    def content(self) -> Content:
        """New bytes, for one request."""
        return Content(self.random.getrandbits(64), self.random.choice(SIZES))

    def parts(self) -> Content:
        """New bytes, for an upload in parts; two parts now and then."""
        more = PART if self.large and self.random.random() < 0.2 else 0
        return Content(self.random.getrandbits(64), more + self.random.choice(SIZES))

    def expect(self, key: str, data: bytes | None, start: int = 0, end: int | None = None) -> None:
        """Compare what was read with the model; None was not found."""
        content = self.model.get(key)
        if content is None and data is not None:
            self.tally.risen.append(key)
        elif content is not None and data is None:
            self.tally.lost.append(key)
        elif content is not None and data != content.make()[start:end]:
            self.tally.wrong.append(f"{key}: {len(data or b'')} bytes of {content} {start}:{end}")

    def there(self, prefix: str = "") -> dict[str, int]:
        """The keys that must be there, and their sizes."""
        return {
            key: content.size
            for key, content in self.model.items()
            if content is not None and key.startswith(prefix)
        }

    def compare(self, found: dict[str, int], wanted: dict[str, int]) -> None:
        """Compare a listing with the model."""
        self.tally.lost += sorted(wanted.keys() - found.keys())
        self.tally.risen += sorted(found.keys() - wanted.keys())
        sizes = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
        self.tally.wrong += [f"{key}: {found[key]} bytes by a listing" for key in sizes]

    def begin(self, verb: str) -> None:
        """Note that an operation begins."""
        self.running = verb, time.monotonic()

    def end(self) -> None:
        """Note that it has ended."""
        assert self.running is not None
        verb, since = self.running
        self.running = None
        self.tally.operations[verb] += 1
        took = time.monotonic() - since
        self.tally.longest[verb] = max(took, self.tally.longest.get(verb, 0.0))

    def failed(self, verb: str, error: BaseError, changes: bool) -> None:
        """An error that the caller saw. Whether a change was made is not known: start afresh."""
        text = _OWN.sub("", str(error).rpartition("': ")[2])
        self.tally.errors[f"{verb}: {type(error).__name__}: {text[:150]}"] += 1
        if changes:
            self.name = f"{self.name.split('~')[0]}~{self.random.randrange(10**9)}"
            self.model.clear()
