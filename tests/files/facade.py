"""Asynchronous files behind the blocking methods of files, so that one test body runs every way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import object_store_py as obs
from tests.harness.api import Api


class Blocking:
    """A file whose awaitable results are awaited on the test's loop."""

    def __init__(self, api: Api, file: Any) -> None:
        self._api = api
        self._file = file

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._file, name)
        return self._awaiting(found) if callable(found) else found

    def _awaiting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: self._api.wait(lambda: method(*args))

    def __enter__(self) -> Blocking:
        self._awaiting(self._file.__aenter__)()
        return self

    def __exit__(self, *error: object) -> None:
        self._awaiting(self._file.__aexit__)(*error)

    def __iter__(self) -> Any:
        return iter(self._api.consume(self._file))


def open_reader(api: Api, store: Any, path: str, **options: Any) -> Any:
    """`open_reader` of this way."""
    file = api.call("open_reader", store, path, **options)
    return file if api.way == "sync" else Blocking(api, file)


def open_writer(api: Api, store: Any, path: str, **options: Any) -> Any:
    """`open_writer` of this way."""
    if api.way == "sync":
        return obs.open_writer(store, path, **options)
    return Blocking(api, obs.open_writer_async(store, path, **options))
