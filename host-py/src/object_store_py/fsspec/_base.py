"""What an `FsspecStore` is made of: protocol, options, stores, paths, remembered listings."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportUntypedBaseClass=false
# fsspec has no types; what pyright infers of its sources is not what it promises.

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from fsspec.asyn import AsyncFileSystem, get_loop, reset_lock
from fsspec.utils import stringify_path

from .. import store as stores
from .._frames import forgetful
from ..config import ClientConfig, RetryConfig
from ..stores.base import ObjectStoreMethods
from ..types import OnBadKey
from . import _locations
from ._objects import Objects
from ._options import store_arguments, take_bucket

if hasattr(os, "register_at_fork"):
    # fsspec forgets its loop itself, but not its lock, which another thread may have held.
    os.register_at_fork(after_in_child=reset_lock)


class Base(AsyncFileSystem):
    """The constructor of `FsspecStore`, and how it reads paths."""

    protocol: str | tuple[str, ...] = "abstract"
    cachable = True
    _pid: int
    _asynchronous: ClassVar[bool] = False
    """Whether `register` was told so."""

    @forgetful
    def __init__(
        self,
        protocol: str | None = None,
        *args: Any,
        config: Mapping[str, Any] | None = None,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        credential_provider: Callable[[], Any] | None = None,
        asynchronous: bool | None = None,
        max_cache_size: int = 10,
        loop: Any = None,
        batch_size: int | None = None,
        use_listings_cache: bool = False,
        listings_expiry_time: float | None = None,
        max_paths: int | None = None,
        on_bad_key: OnBadKey = "raise",
        **store_kwargs: Any,
    ) -> None:
        own = cast("str", type(self).protocol)
        name = protocol if protocol is not None else own
        if name == "abstract":
            raise ValueError("FsspecStore needs a protocol, such as FsspecStore('s3')")
        family = _locations.family_of(name)
        if own != "abstract" and name not in (*family.schemes, own):
            raise ValueError(f"this class is of the protocol {own!r}, not {name!r}")
        self.protocol = name
        given = {**store_kwargs, "config": config, "client_options": client_options}
        given |= {"retry_config": retry_config, "credential_provider": credential_provider}
        self._arguments, self._defaults = store_arguments(family, given)
        self._bucket = take_bucket(family, self._arguments)
        super().__init__(
            *args,
            asynchronous=self._asynchronous if asynchronous is None else asynchronous,
            loop=loop,
            batch_size=batch_size,
            use_listings_cache=use_listings_cache,
            listings_expiry_time=listings_expiry_time,
            max_paths=max_paths,
        )
        self.root_marker = family.root
        # fsspec has this as a class method, but here it depends on the protocol.
        self._strip_protocol = self._strip  # type: ignore[method-assign]  # on purpose
        kind = getattr(stores, family.store)

        def make_store(bucket: str) -> ObjectStoreMethods:
            if self._bucket not in (None, bucket):
                raise ValueError(
                    f"the path is of the bucket {bucket!r}, but the configuration names"
                    f" {self._bucket!r}: leave that out"
                )
            if family.store == "HTTPStore":
                bucket = f"{name}://{bucket}"
            made: ObjectStoreMethods = kind(
                *([bucket] if family.bucketed else []), **self._arguments
            )
            return made

        if on_bad_key not in ("raise", "skip", "keep"):
            raise ValueError(f"on_bad_key must be raise, skip or keep, not {on_bad_key!r}")
        self._objects = Objects(family, make_store, max_cache_size, self.dircache, on_bad_key)
        if self._defaults.max_concurrency is not None:
            self._objects.max_concurrency = self._defaults.max_concurrency

    @property
    def loop(self) -> Any:
        """The loop of fsspec's own sync methods; in a forked process a new one, of its own."""
        if self._pid != os.getpid():
            self._pid, self._loop = os.getpid(), None if self.asynchronous else get_loop()
        return self._loop

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(item) for item in path]
        return _locations.strip(cast("str", cls.protocol), stringify_path(path))

    def _strip(self, path: Any) -> Any:
        if isinstance(path, list):
            return [self._strip(item) for item in path]
        text: str = stringify_path(path)
        name = cast("str", self.protocol)
        if "@" in text:
            _locations.check_account(name, text, self._arguments)
        return _locations.strip(name, text)

    def _named(self, path: Any) -> str:
        """A stripped path that keeps the slash at its end: that of a folder's marker."""
        name: str = self._strip(path)
        objects = self._objects
        marker = not (objects.is_local or objects.is_web or name.endswith("/"))
        if marker and objects.split(name)[1] and str(stringify_path(path)).endswith("/"):
            return f"{name}/"
        return name

    def _for_writing(self, path: Any) -> str:
        """The stripped path of a file to write.

        Raises:
            IsADirectoryError: it ends with a slash: that names a directory, and no file beside it.
        """
        name: str = self._strip(path)
        if self._named(path) != name:
            raise IsADirectoryError(f"{name + '/'!r} is the name of a directory: no file has it")
        return name

    def unstrip_protocol(self, name: str) -> str:
        """A path with its protocol in front."""
        return f"{self.protocol}://{self._strip(name)}"

    @classmethod
    def _parent(cls, path: Any) -> str:
        return _locations.parent(cls._strip_protocol(path))

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings: all, or those that a change at `path` makes wrong."""
        super().invalidate_cache(path)
        if path is None:
            self.dircache.clear()
            return
        gone = self._strip(path)
        for known in list(self.dircache):
            if known.startswith(gone) or gone.startswith(known):
                self.dircache.pop(known, None)
