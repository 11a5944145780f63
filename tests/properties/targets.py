"""Every public function and method, found by looking, and objects to call the methods of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import object_store_py as obs
from object_store_py import exceptions, store
from tests.api.listing import public_modules
from tests.properties.fake import make_transport

LEFT_OUT = {
    "object_store_py.auth": "what other people's SDKs make of arguments is theirs",
    "object_store_py.fsspec": "fsspec says which errors a file system has",
    "object_store_py.zarr": "zarr says which errors a store has",
    "object_store_py.testing": "tools that do what they are told, in tests",
}
_NOT_MADE = (bytes, dict, tuple, exceptions.BaseError)
"""Kinds whose constructors are not ours, or take anything."""
_INNER = {"GetResult", "BytesStream", "ListStream", "ItemStream", "TransferResult"} | {
    "ReadableFile", "WritableFile", "AsyncReadableFile", "AsyncWritableFile", "ObjectStoreMethods"
}  # fmt: skip
"""Kinds that the library makes, and nobody else."""


@dataclass(frozen=True)
class Target:
    """Something to call: `owner` is the class of a method, None of a function."""

    name: str
    function: Any
    owner: type | None = None

    def parameters(self) -> list[inspect.Parameter]:
        """What is passed, less `self`."""
        found = list(inspect.signature(self.function).parameters.values())
        return found[1:] if self.owner is not None else found


def targets() -> list[Target]:
    """All of the public API that can be called."""
    found: dict[str, Target] = {}
    for module in public_modules():
        if any(module.__name__.startswith(left) for left in LEFT_OUT):
            continue
        for name in module.__all__:
            value = getattr(module, name)
            for target in _of(name, value):
                found.setdefault(target.name, target)
    return list(found.values())


def _of(name: str, value: Any) -> Iterator[Target]:
    if inspect.isfunction(value):
        yield Target(name, value)
    if not inspect.isclass(value) or not value.__module__.startswith("object_store_py"):
        return
    if not issubclass(value, _NOT_MADE) and name not in _INNER:
        yield Target(name, value)
    if issubclass(value, dict | exceptions.BaseError) or name == "ObjectStoreMethods":
        return
    for member in dir(value):
        yield from _method(name, value, member)


def _method(name: str, kind: type, member: str) -> Iterator[Target]:
    static = inspect.getattr_static(kind, member)
    owner = next(base for base in kind.__mro__ if member in vars(base))
    ours = owner.__module__.startswith("object_store_py")
    if not ours or (member.startswith("_") and member not in ("__next__", "__anext__")):
        return
    if isinstance(static, classmethod):
        yield Target(f"{name}.{member}", getattr(kind, member))
    elif callable(static):
        yield Target(f"{name}.{member}", static, kind)


class Objects:
    """Stores with two objects, and what reads and writes them, made for each example."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(self, kind: str) -> Any:
        """A store of that class, without a network."""
        made = self._made(kind)
        for key in ("a", "dir/b"):
            made.put(key, b"some\nbytes")
        return made

    def _made(self, kind: str) -> Any:
        if kind == "MemoryStore":
            return store.MemoryStore()
        if kind == "LocalStore":
            return store.LocalStore(self._folder / "store", mkdir=True)
        transport = make_transport()
        wired: Any = {
            "transport": transport,
            "async_transport": transport,
            "retry_config": {"max_retries": 0},
        }
        if kind == "HTTPStore":
            return store.HTTPStore("http://e.com", client_options={"allow_http": True}, **wired)
        if kind == "AzureStore":
            return store.AzureStore("c", account_name="a", account_key="a2V5", **wired)
        if kind == "GCSStore":
            return store.GCSStore("b", bearer_token="t", **wired)
        return store.S3Store("b", access_key_id="k", secret_access_key="s", region="r", **wired)

    def instance(self, kind: type, of: Any) -> Any:
        """An object of a class, on a store."""
        if issubclass(kind, store.ObjectStoreMethods):
            return of
        makers: dict[str, Callable[[], Any]] = {
            "GetResult": lambda: obs.get(of, "a"),
            "BytesStream": lambda: obs.get(of, "a").stream(),
            "ListStream": lambda: obs.list(of),
            "ItemStream": lambda: obs.glob(of, "*"),
            "Bytes": lambda: obs.Bytes(b"some"),
            "ReadableFile": lambda: obs.open_reader(of, "a"),
            "WritableFile": lambda: obs.open_writer(of, "new"),
            "AsyncReadableFile": lambda: obs.open_reader_async(of, "a"),
            "AsyncWritableFile": lambda: obs.open_writer_async(of, "new"),
        }
        return makers[kind.__name__]()


STORES = ("MemoryStore", "LocalStore", "S3Store", "GCSStore", "AzureStore", "HTTPStore")
