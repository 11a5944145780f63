"""`LocalStore`: files below a directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import unquote

from .. import _checks, _redact
from .._frames import forgetful
from ..exceptions import GenericError, NotFoundError
from .base import ObjectStoreMethods

if TYPE_CHECKING:
    from .._backend import Backend

T = TypeVar("T", bound="LocalStore")


class LocalStore(ObjectStoreMethods):
    """Files below a directory, as objects.

    Objects are written beside their place and moved there, so that nobody sees half of one. Names
    `.`, 16 hexadecimal digits, `.object_store_py` are kept for that: nothing else can be written
    under one, and files that have one are not listed.

    What deletes or moves a symbolic link takes the link, never what it leads to: `delete` of it,
    and `delete_prefix` of it or of a directory above it. A listing leaves out links to directories
    above them, and follows two, one behind the other, at most.

    Args:
        prefix: the directory; the whole file system if None.
        automatic_cleanup: delete directories that a delete leaves empty.
        mkdir: make the directory if it is not there.
        follow_symlinks: `"inside"` follows symbolic links that stay below the directory and refuses
            the others; `"anywhere"` follows all.

    Raises:
        NotFoundError: the directory is not there.
    """

    _keeps_attributes = False

    def __init__(
        self,
        prefix: str | os.PathLike[str] | None = None,
        *,
        automatic_cleanup: bool = False,
        mkdir: bool = False,
        follow_symlinks: Literal["inside", "anywhere"] = "inside",
    ) -> None:
        if follow_symlinks not in ("inside", "anywhere"):
            raise ValueError("follow_symlinks must be 'inside' or 'anywhere'")
        if prefix is not None and not isinstance(prefix, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
            raise TypeError(f"prefix must be a str or a path, not {type(prefix).__name__}")
        if prefix == "":
            raise NotFoundError("LocalStore: '' is no directory; '.' is the one you are in")
        self._prefix = None if prefix is None else Path(prefix)
        self._cleanup = automatic_cleanup
        self._follow = follow_symlinks
        if self._prefix is not None:
            if mkdir:
                self._prefix.mkdir(parents=True, exist_ok=True)
            if not self._prefix.is_dir():
                raise NotFoundError(
                    f"LocalStore: {str(self._prefix)!r} is no directory; mkdir=True makes one"
                )
            self._prefix = self._prefix.resolve()
        self._start()

    @classmethod
    @forgetful
    def from_url(cls: type[T], url: str, **arguments: Any) -> T:
        """Make a store of a `file:///directory` URL.

        Raises:
            ValueError: it is no absolute URL.
            GenericError: it is none of a local directory.
        """
        parts = _checks.url(url)
        if not parts.scheme:
            raise ValueError(f"relative URL without a base: {_redact.value(url)}")
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise GenericError(
                f"LocalStore.from_url: {_redact.value(url)} is no URL of a local directory"
            )
        path = unquote(parts.path) or "/"
        if os.name == "nt" and path[2:3] == ":":  # /C:/directory
            path = path[1:]
        return cls(path, **arguments)

    @property
    def prefix(self) -> Path | None:
        """The directory; None for the whole file system."""
        return self._prefix

    def _make_backend(self) -> Backend:
        from .._local import LocalBackend
        from .._local_root import Root

        root = Root(str(self._prefix or Path(os.sep)), self._follow == "anywhere")
        return LocalBackend(root, repr(self), self._cleanup)

    def _place(self) -> object:
        return type(self), self._arguments()

    def _arguments(self) -> dict[str, Any]:
        return {
            "prefix": self._prefix,
            "automatic_cleanup": self._cleanup,
            "follow_symlinks": self._follow,
        }

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        """What makes the same store again, also for Rust libraries that take stores."""
        arguments = self._arguments()
        return (), {name: arguments[name] for name in ("prefix", "automatic_cleanup")}

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remake, (type(self), self._arguments()))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, LocalStore)
        return self._arguments() == other._arguments()

    def __hash__(self) -> int:
        return hash((type(self), self._prefix))

    def __repr__(self) -> str:
        return "LocalStore" if self._prefix is None else f'LocalStore("{self._prefix}")'


def _remake(kind: type[T], arguments: dict[str, Any]) -> T:
    return kind(**arguments)
