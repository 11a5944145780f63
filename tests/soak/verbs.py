"""What the load does: each verb once, as a worker calls it, and how often it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from object_store_py.exceptions import AlreadyExistsError, NotFoundError
from tests.soak.calls import Calls
from tests.soak.worker import PART, Worker

BLOCK = 64 * 1024
BRIEFLY = 0.05
"""How many seconds a read may take that is cancelled; under load most take longer."""


async def put(worker: Worker, calls: Calls) -> None:
    key, content = worker.key(), worker.content()
    await calls.call("put", key, content.make())
    worker.model[key] = content


async def put_in_parts(worker: Worker, calls: Calls) -> None:
    key, content = worker.key(), worker.parts()
    worker.uploads.add(key)
    await calls.call("put", key, calls.source(content.blocks(BLOCK)), use_multipart=True)
    worker.model[key] = content


async def create(worker: Worker, calls: Calls) -> None:
    key, content = worker.key(), worker.content()
    try:
        await calls.call("put", key, content.make(), mode="create")
    except AlreadyExistsError:
        if worker.model.get(key) is None:
            raise
    else:
        if worker.model.get(key) is not None:
            worker.tally.wrong.append(f"{key}: created, though it was there")
        worker.model[key] = content


async def write(worker: Worker, calls: Calls) -> None:
    key, content = worker.key(), worker.parts()
    worker.uploads.add(key)
    await calls.write(key, content.blocks(BLOCK), PART)
    worker.model[key] = content


async def get(worker: Worker, calls: Calls) -> None:
    key = worker.key()
    await _read(worker, key, _get(calls, key))


async def stream(worker: Worker, calls: Calls) -> None:
    async def streamed() -> bytes:
        return b"".join(await calls.chunks(await calls.call("get", key), BLOCK))

    key = worker.key()
    await _read(worker, key, streamed())


async def read(worker: Worker, calls: Calls) -> None:
    async def pieces() -> bytes:
        # From 5 on, then the beginning: a file that goes back has to ask anew.
        rest, first = await calls.read(key, [(5, 1 << 30), (0, 5)])
        return first + rest

    key = worker.key()
    await _read(worker, key, pieces())


async def get_range(worker: Worker, calls: Calls) -> None:
    key = worker.key()
    await _read(worker, key, calls.call("get_range", key, start=2, end=9), 2, 9)


async def get_ranges(worker: Worker, calls: Calls) -> None:
    async def ranges() -> bytes:
        found = await calls.call("get_ranges", key, starts=[0, 4, 3], ends=[3, 9, 4], coalesce=0)
        return bytes(found[0] + found[2] + found[1])

    key = worker.key()
    await _read(worker, key, ranges(), 0, 9)


async def head(worker: Worker, calls: Calls) -> None:
    key = worker.key()
    content = worker.model.get(key)
    try:
        size = (await calls.call("head", key))["size"]
    except NotFoundError:
        worker.expect(key, None)
        return
    if content is None:
        worker.expect(key, b"")
    elif size != content.size:
        worker.tally.wrong.append(f"{key}: {size} bytes by head")


async def leave_unread(worker: Worker, calls: Calls) -> None:
    try:
        await calls.call("get", worker.key())
    except NotFoundError:
        return


async def cancel(worker: Worker, calls: Calls) -> None:
    key = worker.key()
    await calls.briefly(BRIEFLY, _read(worker, key, _get(calls, key)))


async def list_all(worker: Worker, calls: Calls) -> None:
    found = {item["path"]: item["size"] for item in await calls.listed(worker.name)}
    worker.compare(found, worker.there())


async def list_with_delimiter(worker: Worker, calls: Calls) -> None:
    found = await calls.call("list_with_delimiter", worker.name)
    folder = f"{worker.name}/folder/"
    inside = worker.there(folder)
    outside = {key: size for key, size in worker.there().items() if key not in inside}
    worker.compare({item["path"]: item["size"] for item in found["objects"]}, outside)
    wanted = [folder.rstrip("/")] if inside else []
    if list(found["common_prefixes"]) != wanted:
        worker.tally.wrong.append(f"{worker.name}: {found['common_prefixes']}, not {wanted}")


async def delete(worker: Worker, calls: Calls) -> None:
    key = worker.key()
    await calls.call("delete", key)
    worker.model[key] = None


async def delete_many(worker: Worker, calls: Calls) -> None:
    keys = sorted({worker.key() for _ in range(3)})
    await calls.call("delete", keys)
    worker.model.update(dict.fromkeys(keys))


async def copy(worker: Worker, calls: Calls) -> None:
    await _move(worker, calls, "copy")


async def rename(worker: Worker, calls: Calls) -> None:
    key = await _move(worker, calls, "rename")
    worker.model[key] = None


async def _move(worker: Worker, calls: Calls, verb: str) -> str:
    key = worker.key()
    target = f"{key}-{verb}"
    try:
        await calls.call(verb, key, target)
    except NotFoundError:
        worker.expect(key, None)
    else:
        if worker.model.get(key) is None:
            worker.expect(key, b"")
        worker.model[target] = worker.model.get(key)
    return key


async def _get(calls: Calls, key: str) -> bytes:
    return await calls.body(await calls.call("get", key))


async def _read(
    worker: Worker, key: str, reading: Awaitable[Any], start: int = 0, end: int | None = None
) -> None:
    try:
        data = bytes(await reading)
    except NotFoundError:
        worker.expect(key, None)
    else:
        worker.expect(key, data, start, end)


class Verb(NamedTuple):
    """One thing that a worker does."""

    weight: int
    """How often, beside the others."""
    run: Callable[[Worker, Calls], Awaitable[None]]
    changes: bool = False
    """Whether it changes objects."""


VERBS = {
    "put": Verb(10, put, changes=True),
    "put in parts": Verb(3, put_in_parts, changes=True),
    "put, mode create": Verb(4, create, changes=True),
    "open_writer": Verb(3, write, changes=True),
    "get": Verb(12, get),
    "get, streamed": Verb(6, stream),
    "get, left unread": Verb(2, leave_unread),
    "get, cancelled": Verb(2, cancel),
    "open_reader": Verb(4, read),
    "get_range": Verb(6, get_range),
    "get_ranges": Verb(4, get_ranges),
    "head": Verb(6, head),
    "list": Verb(4, list_all),
    "list_with_delimiter": Verb(4, list_with_delimiter),
    "delete": Verb(4, delete, changes=True),
    "delete of three": Verb(3, delete_many, changes=True),
    "copy": Verb(4, copy, changes=True),
    "rename": Verb(4, rename, changes=True),
}
