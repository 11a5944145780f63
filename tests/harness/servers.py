"""Servers of a test session: each started once, when the first test asks, or left out by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn

import pytest

from tests.backends.cache import BackendUnavailable


class Servers:
    """Running servers by name, and the reasons why others could not be had."""

    def __init__(self) -> None:
        self.left_out: dict[str, str] = {}
        self._running: dict[str, Any] = {}
        self._stack = ExitStack()

    def get(self, name: str, server: Callable[[], Any]) -> Any:
        """The running server; skips the test where it cannot be had, and fails it in CI."""
        if name in self.left_out:
            refuse(name, self.left_out[name])
        if name not in self._running:
            self._start(name, server)
        return self._running[name]

    def _start(self, name: str, server: Callable[[], Any]) -> None:
        try:
            self._running[name] = self._stack.enter_context(server())
        except BackendUnavailable as missing:
            self.left_out[name] = missing.reason
            refuse(name, missing.reason)

    def close(self) -> None:
        self._stack.close()


def refuse(name: str, reason: str) -> NoReturn:
    """Ends the test: the summary names the backend, and in CI nothing may be left out."""
    if in_ci():
        pytest.fail(f"backend {name} is missing in CI: {reason}", pytrace=False)
    pytest.skip(f"left out: {name}")


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")
