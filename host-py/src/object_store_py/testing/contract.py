"""The contract of a store, as checks that anybody can run on one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from .. import exceptions as errors
from .._driver import run, run_async
from .._effects import Block, Plan
from ..stores.base import ObjectStoreMethods


class Failure(NamedTuple):
    """A check that did not hold."""

    check: str
    reason: str


def check_store(store: ObjectStoreMethods, *, prefix: str = "check-store") -> list[Failure]:
    """Check that a store does what every store must; writes below a prefix, and cleans up.

    Args:
        store: the store; it must allow reading, writing, listing and deleting.
        prefix: below which objects are written, each run below a name of its own.

    Returns:
        The checks that failed, each with the reason; empty if all is well. A verb that the store
        says it does not support (`NotSupportedError`) is no failure.
    """
    return run(_check(store, prefix))


async def check_store_async(
    store: ObjectStoreMethods, *, prefix: str = "check-store"
) -> list[Failure]:
    """Check a store from asynchronous code, in a worker thread; see `check_store`."""
    return await run_async(_check(store, prefix))


def _check(store: ObjectStoreMethods, prefix: str) -> Plan[list[Failure]]:
    failures: list[Failure] = yield Block(lambda: _run_checks(store, prefix))
    return failures


def _run_checks(store: ObjectStoreMethods, prefix: str) -> list[Failure]:
    failures: list[Failure] = []
    for check in _CHECKS:
        name = check.__name__.strip("_")
        root = f"{prefix}/{uuid.uuid4().hex}"
        try:
            check(store, root)
        except (errors.NotSupportedError, errors.NotImplementedError):
            continue  # a store may lack a verb, if it says so
        except Exception as error:  # noqa: BLE001, RUF100 - whatever a store does wrong is reported
            failures.append(Failure(name, f"{type(error).__name__}: {error}"))
        finally:
            _clean_up(store, root)
    return failures


def _clean_up(store: ObjectStoreMethods, root: str) -> None:
    for objects in store.list(root):
        store.delete([item["path"] for item in objects])


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def _raises(kind: type[Exception] | tuple[type[Exception], ...], call: Callable[[], Any]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind} was raised")


def _put_get_delete_list(store: ObjectStoreMethods, root: str) -> None:
    path, data = f"{root}/a", bytes(range(256)) * 7
    written = store.put(path, data)
    result = store.get(path)
    _expect(result.meta["size"] == len(data), "the size that get gives is that of what was put")
    _expect(result.meta["path"] == path, "the path that get gives is the one that was asked for")
    _expect(result.bytes() == data, "what is read is what was written")
    tag = written["e_tag"]
    _expect(tag in (None, store.head(path)["e_tag"]), "put and head give the same e_tag")
    listed = [item["path"] for chunk in store.list(root) for item in chunk]
    _expect(listed == [path], "a listing has the object once")
    store.delete(path)
    _raises(errors.NotFoundError, lambda: store.head(path))
    _expect(not store.list(root).collect(), "a deleted object is not listed")


def _ranges(store: ObjectStoreMethods, root: str) -> None:
    path, data = f"{root}/a", bytes(range(200))
    store.put(path, data)
    _expect(store.get_range(path, start=3, end=9) == data[3:9], "a range is what lies between")
    _expect(store.get_range(path, start=150, length=100) == data[150:], "a range is cut at the end")
    parts = store.get_ranges(path, starts=[190, 0, 50], lengths=[10, 1, 20], coalesce=0)
    wanted = [data[190:], data[:1], data[50:70]]
    _expect(list(parts) == wanted, "ranges come in the order asked for")
    offset = store.get(path, options={"range": {"offset": 180}}).bytes()
    _expect(offset == data[180:], "an offset reads from there to the end")
    _raises(errors.BaseError, lambda: store.get_range(path, start=1000, length=1))


def _conditions(store: ObjectStoreMethods, root: str) -> None:
    path = f"{root}/a"
    tag = store.put(path, b"one")["e_tag"] or store.head(path)["e_tag"]
    _expect(bool(tag), "an object has an e_tag")
    _expect(store.get(path, options={"if_match": tag}).bytes() == b"one", "if_match of it reads")
    _raises(errors.NotModifiedError, lambda: store.get(path, options={"if_none_match": tag}))
    other = '"another"'
    _raises(errors.PreconditionError, lambda: store.get(path, options={"if_match": other}))


def _create(store: ObjectStoreMethods, root: str) -> None:
    path = f"{root}/a"
    store.put(path, b"one", mode="create")
    _raises(errors.AlreadyExistsError, lambda: store.put(path, b"two", mode="create"))
    _expect(store.get(path).bytes() == b"one", "a create that lost changes nothing")


def _multipart(store: ObjectStoreMethods, root: str) -> None:
    path, part = f"{root}/a", bytes(range(256)) * (5 * 4096)
    store.put(path, iter([part, part, b"end"]), use_multipart=True, chunk_size=len(part))
    _expect(store.get(path).bytes() == part + part + b"end", "parts make the object in order")

    def broken() -> Any:
        yield part
        raise KeyError("broken off")

    _raises(KeyError, lambda: store.put(f"{root}/b", broken()))
    _raises(errors.NotFoundError, lambda: store.head(f"{root}/b"))


def _copy_rename(store: ObjectStoreMethods, root: str) -> None:
    old, new = f"{root}/a", f"{root}/b"
    store.put(old, b"data")
    store.copy(old, new)
    _expect(store.get(old).bytes() == store.get(new).bytes(), "a copy has the same bytes")
    store.rename(new, f"{root}/c")
    _raises(errors.NotFoundError, lambda: store.head(new))
    _expect(store.get(f"{root}/c").bytes() == b"data", "a renamed object has its bytes")
    store.rename(old, old)
    _expect(store.get(old).bytes() == b"data", "an object that is renamed to itself stays")
    _raises(errors.NotFoundError, lambda: store.copy(f"{root}/none", f"{root}/d"))


def _directories(store: ObjectStoreMethods, root: str) -> None:
    for name in ("a/b", "ab/c"):
        store.put(f"{root}/{name}", b"x")
    listed = [item["path"] for item in store.list(f"{root}/a").collect()]
    _expect(listed == [f"{root}/a/b"], "a prefix is whole segments: a lists a/b, not ab/c")
    level = store.list_with_delimiter(root)
    _expect(sorted(level["common_prefixes"]) == [f"{root}/a", f"{root}/ab"], "one level's prefixes")
    _expect(not level["objects"], "one level has no objects of deeper ones")


def _odd_keys(store: ObjectStoreMethods, root: str) -> None:
    names = ["with space", "100%", "a+b=c&d", "grüße-😀", "q?x#y", "a'b(c)*!~"]
    for name in names:
        store.put(f"{root}/{name}", name.encode())
    for name in names:
        _expect(store.get(f"{root}/{name}").bytes() == name.encode(), f"{name!r} is its own key")
    listed = {item["path"] for item in store.list(root).collect()}
    _expect(listed == {f"{root}/{name}" for name in names}, "keys are listed as they were written")


def _bad_paths(store: ObjectStoreMethods, root: str) -> None:
    for bad in ("../a", "a//b", "a/./b", "a\n"):
        _raises(ValueError, partial(store.put, f"{root}/{bad}", b"x"))


_CHECKS: list[Callable[[ObjectStoreMethods, str], None]] = [
    _put_get_delete_list,
    _ranges,
    _conditions,
    _create,
    _multipart,
    _copy_rename,
    _directories,
    _odd_keys,
    _bad_paths,
]
