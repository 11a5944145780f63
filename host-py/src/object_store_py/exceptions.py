"""The exceptions: one tree, each class also the builtin that fits.

```text
BaseError(Exception)
├── GenericError                  (also OSError)
├── NotFoundError                 (also FileNotFoundError)
├── AlreadyExistsError            (also FileExistsError)
├── InvalidPathError              (also ValueError)
├── PreconditionError             (also OSError)
├── NotModifiedError              (also OSError)
├── PermissionDeniedError         (also PermissionError)
├── UnauthenticatedError          (also PermissionError)
├── NotSupportedError             (also OSError)
├── NotImplementedError           (also OSError and the builtin NotImplementedError)
├── UnknownConfigurationKeyError  (also ValueError)
└── JoinError                     (kept for its name; never raised)
```

So whatever reading or writing can raise is an `OSError`, as it is of any file.

A bad argument that is no path and no configuration key raises `ValueError` or `TypeError`.
"""

from __future__ import annotations

import builtins
from typing import Any

__all__ = [
    "AlreadyExistsError",
    "BaseError",
    "GenericError",
    "InvalidPathError",
    "JoinError",
    "NotFoundError",
    "NotImplementedError",
    "NotModifiedError",
    "NotSupportedError",
    "PermissionDeniedError",
    "PreconditionError",
    "UnauthenticatedError",
    "UnknownConfigurationKeyError",
]

_FACTS = ("store", "path", "status", "code", "retries", "elapsed", "request_id")


class BaseError(Exception):
    """What every error of this library is.

    Attributes (each None where it is not known):
        store: the store's repr.
        path: the object's path.
        status: the HTTP status of the last response.
        code: the server's own error code, such as `NoSuchKey`.
        retries: how many times the request was sent again.
        elapsed: seconds from the first request to the error.
        request_id: what the server calls this request, for its support.
    """

    store: str | None = None
    path: str | None = None
    status: int | None = None
    code: str | None = None
    retries: int | None = None
    elapsed: float | None = None
    request_id: str | None = None

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message)
        for name, value in facts.items():
            if name not in _FACTS:
                raise TypeError(f"{name} is no fact of an error; known: {', '.join(_FACTS)}")
            setattr(self, name, value)

    def __str__(self) -> str:
        # OSError's own __str__ would print errno and file name.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError's own __reduce__ drops what it does not know.
        facts = {name: value for name in _FACTS if (value := getattr(self, name)) is not None}
        return (_rebuild, (type(self), str(self), facts))


def _rebuild(kind: type[BaseError], message: str, facts: dict[str, Any]) -> BaseError:
    return kind(message, **facts)


class GenericError(BaseError, OSError):
    """Something else: the server failed, the network failed, the answer made no sense."""


class NotFoundError(BaseError, FileNotFoundError):
    """There is no such object."""


class AlreadyExistsError(BaseError, FileExistsError):
    """An object is there already, and the call asked not to replace it."""


class InvalidPathError(BaseError, ValueError):
    """The path, or a key that a server listed, is not valid."""


class PreconditionError(BaseError, OSError):
    """The condition of the call (if_match, if_unmodified_since, an update) does not hold."""


class NotModifiedError(BaseError, OSError):
    """The object did not change (if_none_match, if_modified_since)."""


class PermissionDeniedError(BaseError, PermissionError):
    """The credential is valid but may not do this."""


class UnauthenticatedError(BaseError, PermissionError):
    """There is no valid credential."""


class NotSupportedError(BaseError, OSError):
    """The store cannot do this."""


class NotImplementedError(BaseError, builtins.NotImplementedError, OSError):
    """The store could do this, but its configuration or this library does not."""


class UnknownConfigurationKeyError(BaseError, ValueError):
    """The configuration has a key that the store does not know."""


class JoinError(BaseError):
    """Kept so that code which catches obstore's exceptions can name it; never raised."""
