"""Bytes objects that are filled after they are made, so that a read needs no second copy.

Joining or copying bytes costs as much as receiving them, most of it page faults. CPython's C API
lets whoever makes a bytes object write into it, as long as nobody else has seen it
(`PyBytes_FromStringAndSize` with NULL). The same is done here: make it, fill it, let the view go,
show it. `usable` tries that once, and says no where the layout is not what we know.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, TypeVar

B = TypeVar("B", bound=bytes)

SMALLEST = 64 << 10
"""From which size on it pays, in bytes."""
LARGEST = 1 << 30
"""The largest object that is made before its bytes have arrived, in bytes: a server may announce
more than it has, and more than there is memory."""

_HAVE_GC = 1 << 14
"""`Py_TPFLAGS_HAVE_GC`, which classes written in Python have, whatever their members."""
_HASH = 8 if sys.maxsize > 2**32 else 4


def fills(kind: type[bytes], size: int) -> bool:
    """Whether bytes of this kind and size are better filled than copied."""
    return SMALLEST <= size <= LARGEST and _usable(kind)


def fresh(kind: type[B], size: int) -> tuple[B, memoryview]:
    """A new object of `bytes`, or of a subclass without members, and a view to fill it by."""
    import ctypes  # a few milliseconds, which small reads need not pay

    make = ctypes.pythonapi[
        "_PyObject_GC_NewVar" if kind.__flags__ & _HAVE_GC else "_PyObject_NewVar"
    ]
    make.restype, make.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.c_ssize_t]
    head = bytes.__basicsize__ - 1
    whole: B = make(kind, size)
    memory: Any = (ctypes.c_ubyte * (size + head + 1)).from_address(id(whole))
    memory.owner = whole  # the view keeps the array, and the array the object
    view = memoryview(memory).cast("B")
    view[head - _HASH : head] = b"\xff" * _HASH  # -1: the hash is not known yet
    view[-1] = 0
    return whole, view[head:-1]


def copied(kind: type[B], data: memoryview) -> B:
    """A copy of some memory; to make an object of a subclass of `bytes` of it copies it twice."""
    if not fills(kind, data.nbytes):
        return kind(data)
    whole, view = fresh(kind, data.nbytes)
    view[:] = data
    return whole


def as_kind(kind: type[B], data: bytes) -> B:
    """Bytes as this kind: themselves if that is `bytes`."""
    return data if type(data) is kind else kind(data)


@cache
def _usable(kind: type[bytes]) -> bool:
    locked: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    if sys.implementation.name != "cpython" or not locked:
        return False
    if kind.__basicsize__ != bytes.__basicsize__:
        return False
    expected = bytes(range(256)) * 2
    made, view = fresh(kind, len(expected))
    view[:] = expected
    return made == expected and hash(made) == hash(expected) and type(made) is kind
