"""Connecting to the first address of a host that answers, on asyncio: see `_connecting`.

Not asyncio's own way, which uvloop does not have.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import Any

from ._connecting import AHEAD, Address, in_turns


async def connect(host: str, port: int) -> socket.socket:
    """Connect, awaiting on asyncio; the caller limits the time.

    Raises:
        OSError: no address answered; says what the last failure was.
    """
    loop = asyncio.get_running_loop()
    addresses = deque(in_turns(await _look_up(loop, host, port)))
    racing: set[asyncio.Task[socket.socket]] = set()
    failure = OSError("the host has no address")
    won: socket.socket | None = None
    try:
        while won is None and (addresses or racing):
            if addresses:
                racing.add(loop.create_task(_open(loop, addresses.popleft())))
            wait = AHEAD if addresses else None
            ended, racing = await asyncio.wait(
                racing, timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                error = task.exception()
                if error is None and won is None:
                    won = task.result()
                elif error is None:
                    task.result().close()
                elif isinstance(error, OSError):
                    failure = error
                else:
                    raise error
    finally:
        for task in racing:
            task.add_done_callback(_close_late)
            task.cancel()
    if won is None:
        raise failure
    return won


async def _look_up(loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[Any]:
    with contextlib.suppress(socket.gaierror):  # a number needs no look-up, and so no thread
        numeric = socket.AI_NUMERICHOST
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=numeric)
    return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def _open(loop: asyncio.AbstractEventLoop, found: Address) -> socket.socket:
    family, kind, protocol, _, address = found
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        await loop.sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
