"""Mappings over a filesystem, whose keys are names and never patterns."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fsspec.mapping import FSMap


class Mapper(FSMap):
    """fsspec's mapping; it deletes keys by `rm`, which takes `a/?` for a pattern."""

    def __delitem__(self, key: Any) -> None:
        """Remove a key."""
        path = self._key_to_str(key)
        if not self.fs.isfile(path):
            raise KeyError(key)
        self.fs.rm_file(path)

    def delitems(self, keys: Iterable[Any]) -> None:
        """Remove keys."""
        for key in keys:
            del self[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return Mapper, (self.root, self.fs, False, False, self.missing_exceptions)
