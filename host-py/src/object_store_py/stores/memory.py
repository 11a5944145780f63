"""`MemoryStore`: objects in this process's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from .base import ObjectStoreMethods

if TYPE_CHECKING:
    from .._backend import Backend


class MemoryStore(ObjectStoreMethods):
    """Objects in memory, for tests and for what need not last. Two of them are never equal."""

    def __init__(self) -> None:
        from .._memory import MemoryBackend

        # Made at once, because a forked child keeps the objects.
        self._backend = MemoryBackend("MemoryStore")
        self._start()

    def _start(self) -> None:
        super()._start()
        self._backend.renew_lock()

    def _make_backend(self) -> Backend:
        return self._backend

    def __repr__(self) -> str:
        return f"<MemoryStore at {id(self):#x}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle 'MemoryStore' object: its objects live in this process")
