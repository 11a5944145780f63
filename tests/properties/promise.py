"""The promise of every public call: a result, or an error that says what is wrong."""

from __future__ import annotations

import inspect
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from object_store_py.exceptions import BaseError
from tests.harness.api import Api

PATIENCE = 30.0
_FEW = 5


def keep(call: Callable[[], Any], api: Api) -> Any:
    """Make a call on a loop that runs; the result, if there is one and not a proper error.

    What is returned is used, too: streams are read for a while, files are closed.
    """
    started = time.monotonic()
    try:
        return api.wait(lambda: _used(call))
    except StopAsyncIteration:
        return None
    except Exception as error:
        _check(error)
        return None
    finally:
        assert time.monotonic() - started < PATIENCE


async def _used(call: Callable[[], Any]) -> Any:
    try:
        found = call()
    except StopIteration:
        return None
    if inspect.isawaitable(found):
        found = await found
    if hasattr(found, "__anext__"):
        for _ in range(_FEW):
            with suppress(StopAsyncIteration):
                await found.__anext__()
    elif hasattr(found, "__next__") and not hasattr(found, "write"):
        for _ in itertools.islice(found, _FEW):
            pass
    await let_go(found)
    return found


async def let_go(found: Any) -> None:
    """Gives up a file that was opened, without the errors of what was done to it before."""
    for name in ("abort", "close"):
        if hasattr(found, name):
            with suppress(BaseError, ValueError):
                closed = getattr(found, name)()
                if inspect.isawaitable(closed):
                    await closed


def _check(error: Exception) -> None:
    """Raises an error again that no user should see."""
    if isinstance(error, OSError) and error.filename is not None:
        return  # of a local file that was named
    proper = isinstance(error, BaseError | TypeError | ValueError)
    leaked = isinstance(error, UnicodeError) and not isinstance(error, BaseError)
    text = str(error)
    if not proper or leaked or not text or "wasm" in text.lower() or "Traceback" in text:
        raise error
