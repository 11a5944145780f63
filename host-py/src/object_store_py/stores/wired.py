"""What the stores behind HTTP share: who sends their requests, who watches and who may refuse."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from .. import options
from .._metrics import Meter, MeteredHost, OnRequest, StoreStats
from .._policy import RequestPolicy
from .base import ObjectStoreMethods

if TYPE_CHECKING:
    import httpx

    from .._http import HttpHost
    from .._transport import Host


class WiredStore(ObjectStoreMethods):
    """A store behind HTTP."""

    def _wire(
        self,
        transport: httpx.BaseTransport | None,
        async_transport: httpx.AsyncBaseTransport | None,
        on_request: OnRequest | None,
        request_policy: RequestPolicy | None,
    ) -> None:
        for name, given in (("on_request", on_request), ("request_policy", request_policy)):
            if given is not None and not callable(given):
                raise TypeError(f"{name} must be a function, not {type(given).__name__}")
        self._transport = transport
        self._async_transport = async_transport
        self._on_request = on_request
        self._request_policy = request_policy
        self._meter = Meter()

    def _client_settings(self) -> options.ClientSettings:
        raise NotImplementedError

    def _host_settings(self) -> options.ClientSettings:
        """The settings with what is only looked up on first use, such as in shared files."""
        return self._client_settings()

    def _make_host(self, origins: frozenset[str]) -> Host:
        from .._transport import Host

        settings = self._host_settings()
        return Host(settings, origins, self._transport, self._async_transport, self._request_policy)

    def _metered(self, host: HttpHost) -> HttpHost:
        return MeteredHost(host, self._meter, self._on_request)

    def stats(self) -> StoreStats:
        """What this store has sent and received since it was made, in this process.

        Counted are HTTP requests, not calls: a multipart upload has many, a retry is one more.
        """
        return self._meter.stats()

    def _start(self) -> None:
        super()._start()
        self._meter = Meter()  # a forked child counts its own

    def _wiring(self) -> tuple[Any, ...]:
        """What makes two stores' requests go the same way."""
        return (
            self._transport,
            self._async_transport,
            self._on_request,
            self._request_policy,
        )

    def _pickled_wiring(self) -> dict[str, Any]:
        """The arguments that a pickle takes along.

        A policy goes along or pickling fails: losing it would be a hole. A hook that cannot be
        pickled stays behind: it watches this process only.
        """
        if self._transport is not None or self._async_transport is not None:
            raise TypeError(f"{self!r} cannot be pickled: it has a transport of its own")
        kept: dict[str, Any] = {}
        if self._request_policy is not None:
            kept["request_policy"] = self._request_policy
        if self._on_request is not None and _can_be_pickled(self._on_request):
            kept["on_request"] = self._on_request
        return kept


def _can_be_pickled(given: object) -> bool:
    try:
        pickle.dumps(given)
    except Exception:
        return False
    return True
