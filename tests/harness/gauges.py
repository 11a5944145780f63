"""What a process holds, to see whether it leaks: memory, descriptors, threads, wasm, bodies."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped, unused-ignore]  # its types are another package

from object_store_py._streams import AsyncBody, SyncBody

_MAPS = Path("/proc/self/maps")
_PAGE = 64 * 1024
_RESERVED = 2 << 30
"""Behind each linear memory wasmtime reserves the rest of 4 GiB; nothing else takes that much."""


class Held(NamedTuple):
    """What this process holds now."""

    rss: int
    """Resident memory, in bytes."""
    descriptors: int
    threads: int
    wasm_pages: int
    """The linear memory of all instances, in pages of 64 KiB."""
    in_use: int
    """What malloc has given out, in bytes: RSS has what was freed and not yet returned, too."""
    blocks: int
    """How many blocks Python has allocated for small objects."""


def held() -> Held:
    """Ask the system."""
    process = psutil.Process()
    with process.oneshot():
        rss, threads = process.memory_info().rss, process.num_threads()
    blocks = sys.getallocatedblocks()
    return Held(rss, process.num_fds(), threads, wasm_pages(), malloc_in_use(), blocks)


class _Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = (
        ("arena", ctypes.c_size_t),
        ("_counts_and_unused", ctypes.c_size_t * 3),
        ("hblkhd", ctypes.c_size_t),
        ("_more_unused", ctypes.c_size_t * 2),
        ("uordblks", ctypes.c_size_t),
        ("_free", ctypes.c_size_t * 2),
    )


def malloc_in_use() -> int:
    """What malloc has given out, in bytes; 0 without glibc."""
    found = getattr(ctypes.CDLL(None), "mallinfo2", None) if sys.platform == "linux" else None
    if found is None:
        return 0
    found.restype = _Mallinfo
    info = found()
    return int(info.uordblks + info.hblkhd)


def wasm_pages() -> int:
    """The linear memory of all instances, as Linux's map of this process shows it; else 0."""
    if not _MAPS.exists():
        return 0  # not Linux
    # The C API tells no component's memory. It is what can be written before each reservation.
    total = size = last = 0
    for line in _MAPS.read_text().splitlines():
        place, rights = line.split(maxsplit=2)[:2]
        start, end = (int(number, 16) for number in place.split("-"))
        if rights.startswith("rw"):
            size = end - start + (size if start == last else 0)
        else:
            if end - start > _RESERVED and start == last:
                total += size
            size = 0
        last = end
    return total // _PAGE


def open_bodies() -> int:
    """How many response bodies were neither read to their end nor given up."""
    gc.collect()
    bodies = [item for item in gc.get_objects() if isinstance(item, SyncBody | AsyncBody)]
    return sum(body._connection is not None for body in bodies)


def pending_tasks() -> int:
    """How many tasks of this event loop have not ended, beside the one that asks."""
    return len(asyncio.all_tasks()) - 1
