"""`Bytes`: what reads return, a `bytes` that also has obstore's methods."""

from __future__ import annotations

from typing import Any, SupportsIndex, overload

__all__ = ["Bytes"]


class Bytes(bytes):
    """Immutable bytes, a subclass of `bytes`.

    Everything that takes `bytes` takes it: hashing, `json.loads`, `decode`, the buffer protocol.
    `to_bytes` and `as_bytes` give plain `bytes`; slices, sums and case changes stay `Bytes`.
    """

    __slots__ = ()

    def to_bytes(self) -> bytes:
        """Return the same bytes as a plain `bytes` object."""
        return bytes(memoryview(self))

    def as_bytes(self) -> bytes:
        """Return the same bytes as a plain `bytes` object (the older name)."""
        return self.to_bytes()

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> Bytes: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> int | Bytes:
        if isinstance(key, slice):
            return Bytes(super().__getitem__(key))
        return super().__getitem__(key)

    def __add__(self, other: Any, /) -> Bytes:
        return Bytes(super().__add__(other))

    def __mul__(self, count: SupportsIndex, /) -> Bytes:
        return Bytes(super().__mul__(count))

    __rmul__ = __mul__

    def removeprefix(self, prefix: Any, /) -> Bytes:
        """Return the bytes without `prefix`, if they start with it."""
        return Bytes(super().removeprefix(prefix))

    def removesuffix(self, suffix: Any, /) -> Bytes:
        """Return the bytes without `suffix`, if they end with it."""
        return Bytes(super().removesuffix(suffix))

    def lower(self) -> Bytes:
        """Return the bytes with ASCII letters in lower case."""
        return Bytes(super().lower())

    def upper(self) -> Bytes:
        """Return the bytes with ASCII letters in upper case."""
        return Bytes(super().upper())

    def __repr__(self) -> str:
        text = super().__repr__()[2:-1].replace("\\'", "'")
        return 'Bytes(b"' + text.replace('"', '\\"') + '")'

    def __reduce__(self) -> tuple[Any, ...]:
        return (Bytes, (self.to_bytes(),))
