"""What every verb should do: a store as a dictionary, with the rules of files where it has some."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from object_store_py import exceptions as errors

_STAGED = re.compile(r"(.*/)?\.[0-9a-f]{16}\.object_store_py")


@dataclass(frozen=True)
class Rules:
    """How a backend differs from a dictionary."""

    files: bool = False
    """Keys are files: an object is no directory of others, and directories stay."""
    attributes: bool = True
    update_by_e_tag: bool = True
    missing_delete_is_error: bool = False
    smallest_part: int = 0
    segment_limit: int = 255
    lower_case: bool = False
    """Names of user metadata come back in lower case."""
    copies_onto_itself: bool = True
    careful_copies_keep_attributes: bool = True
    """Copies and renames with `overwrite=False` do."""
    any_time: bool = True
    """Conditions hold for times to come, too."""
    lists_of_e_tags: bool = True
    suffix_of_nothing: bool = True
    """The last bytes of an empty object are none, and not an error."""
    nested: bool = True
    """Objects below objects are listed."""


@dataclass
class Stored:
    """An object of the model."""

    data: bytes
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    e_tag: str | None = None
    """What the real store said when it was written."""


class Model:
    """A store in a dictionary; it throws what the library should throw."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.objects: dict[str, Stored] = {}
        self.directories: set[str] = set()

    # Writing.

    def put(
        self, key: str, data: bytes, attributes: dict[str, str], mode: str = "overwrite"
    ) -> None:
        """Write an object; a mode `update` is one whose e_tag is right, `stale` one that is not."""
        self._check_name(key)
        if self.rules.files and (attributes or mode in ("update", "stale")):
            raise errors.NotImplementedError
        if mode == "stale" or (mode == "update" and key not in self.objects):
            raise errors.PreconditionError
        self._place(key, overwrite=mode != "create")
        kept = {self._name(name): text for name, text in attributes.items()}
        self.objects[key] = Stored(data, kept, self._e_tag(key))

    def _name(self, name: str) -> str:
        return name if "-" in name or not self.rules.lower_case else name.lower()

    def _check_name(self, key: str) -> None:
        if self.rules.files and _STAGED.fullmatch(key):
            raise errors.InvalidPathError

    def _e_tag(self, key: str) -> str | None:
        """The e_tag of what is replaced, until the real store has said the new one."""
        return self.objects[key].e_tag if key in self.objects else None

    def _place(self, key: str, overwrite: bool) -> None:
        if self.rules.files:
            self._make_parents(key)
            if key in self.directories:
                raise errors.GenericError if overwrite else errors.AlreadyExistsError
        if key in self.objects and not overwrite:
            raise errors.AlreadyExistsError

    def _make_parents(self, key: str) -> None:
        for parent in parents(key):
            if parent in self.objects:
                raise errors.NotFoundError
            self.directories.add(parent)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete one after the other, up to the first error."""
        for key in dict.fromkeys(keys):
            if key not in self.objects and self.rules.missing_delete_is_error:
                raise errors.NotFoundError
            self.objects.pop(key, None)

    def delete_prefix(self, prefix: str) -> int:
        """Delete what is below a prefix."""
        below = self.below(prefix)
        for key in below:
            del self.objects[key]
        return len(below)

    def copy(self, source: str, target: str, overwrite: bool) -> None:
        """Copy with attributes."""
        self._check_name(target)
        self._move(source, target, overwrite)

    def rename(self, source: str, target: str, overwrite: bool) -> None:
        """Move; onto itself, nothing happens."""
        if source == target:
            self.find(source)
            return
        self._check_name(target)
        self._move(source, target, overwrite)
        del self.objects[source]

    def _move(self, source: str, target: str, overwrite: bool) -> None:
        found = self.find(source)
        if source == target and overwrite and not self.rules.copies_onto_itself:
            raise errors.GenericError
        self._place(target, overwrite)
        kept = overwrite or self.rules.careful_copies_keep_attributes
        attributes = found.attributes if kept else {}
        self.objects[target] = Stored(found.data, attributes, self._e_tag(target))

    def fits(self, key: str) -> bool:
        """Whether an object may be there, where what is below objects is not listed."""
        return self.rules.nested or not (
            self.below(key) or any(parent in self.objects for parent in parents(key))
        )

    # Reading.

    def part(self, key: str, wanted: Any) -> tuple[int, int, bytes]:
        """Where a range of an object starts and ends, and its bytes; silly ranges come first."""
        part(b"x" * 99, wanted)
        data = self.find(key).data
        start, end = part(data, wanted, self.rules.suffix_of_nothing)
        return start, end, data[start:end]

    def find_bad(self) -> None:
        """What is no key is refused."""
        raise errors.InvalidPathError

    def find(self, key: str) -> Stored:
        """The object, or the error that there is none."""
        if key not in self.objects:
            raise errors.NotFoundError
        return self.objects[key]

    def below(self, prefix: str | None, offset: str | None = None) -> list[str]:
        """The sorted keys below a prefix and after another key."""
        start = f"{prefix}/" if prefix else ""
        found = [key for key in self.objects if key.startswith(start)]
        return sorted(key for key in found if offset is None or key > offset)

    def level(self, prefix: str | None) -> tuple[list[str], list[str]]:
        """The prefixes and the keys directly below a prefix."""
        start = f"{prefix}/" if prefix else ""
        keys = [key for key in self.below(prefix) if "/" not in key[len(start) :]]
        names = {up for key in self.objects for up in parents(key)} | self.directories
        return sorted(n for n in names if n.startswith(start) and "/" not in n[len(start) :]), keys

    def walk(self, prefix: str | None) -> list[Any]:
        """The levels from the top down, as `os.walk` has them."""
        above, keys = self.level(prefix)
        steps: list[Any] = [(prefix or "", [name.rpartition("/")[2] for name in above], keys)]
        return steps + [step for name in above for step in self.walk(name)]

    def glob(self, pattern: str) -> list[str]:
        """The sorted keys that a pattern matches."""
        parts = pattern.split("/")
        return [key for key in self.below(None) if _fits(key.split("/"), parts)]


def part(data: bytes, wanted: Any, suffix_of_nothing: bool = True) -> tuple[int, int]:
    """Where a range of `GetOptions` starts and ends in these bytes."""
    if wanted is None:
        return 0, len(data)
    if isinstance(wanted, dict):
        start, end = wanted.get("offset"), wanted.get("suffix")
    else:
        start, end = wanted
    if start is None:
        assert end is not None
        if not data and not suffix_of_nothing:
            raise errors.GenericError
        return max(len(data) - end, 0), len(data)
    if end is not None and start >= end and not isinstance(wanted, dict):
        raise ValueError
    if start >= len(data):
        raise errors.GenericError
    return start, len(data) if end is None else min(end, len(data))


def parents(key: str) -> Iterator[str]:
    """The prefixes that a key is below, from the top down."""
    parts = key.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def _fits(segments: list[str], parts: list[str]) -> bool:
    if not parts:
        return not segments
    if parts[0] == "**":
        return any(_fits(segments[skip:], parts[1:]) for skip in range(len(segments) + 1))
    if not segments:
        return False
    return fnmatch.fnmatchcase(segments[0], parts[0]) and _fits(segments[1:], parts[1:])
