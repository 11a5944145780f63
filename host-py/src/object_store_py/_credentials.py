"""Where a store's credentials come from, as plans that the brain's `credential` step runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from typing import Any, TypeAlias

from ._effects import Invoke, Plan
from ._http import HttpHost

CredentialAnswer: TypeAlias = tuple[str, int, str]
"""A credential as JSON, the milliseconds until it must be asked for again, or why there is none."""

CredentialPlan: TypeAlias = Callable[[HttpHost], Plan[CredentialAnswer]]
"""Gets a credential; may yield exchanges with the store's own HTTP host, and file work."""


_asking: ContextVar[tuple[Callable[[], Any], ...]] = ContextVar("asking", default=())
"""The providers that are at work in this context."""


class _Awaited:
    """What an asynchronous provider gave; it is known to be at work while that is awaited."""

    def __init__(self, provider: Callable[[], Any], given: Awaitable[Any]) -> None:
        self._provider = provider
        self._given = given

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        token = _asking.set((*_asking.get(), self._provider))
        try:
            return await self._given
        finally:
            _asking.reset(token)

    def close(self) -> None:
        """Give it up: a coroutine that nobody awaits would complain."""
        close: Callable[[], None] | None = getattr(self._given, "close", None)
        if close is not None:
            close()


class _ProviderPlan:
    """The plan of a user's provider, which is known to be at work while it is."""

    def __init__(
        self, provider: Callable[[], Any], answer: Callable[[Any], CredentialAnswer]
    ) -> None:
        self._provider = provider
        self._answer = answer

    def __call__(self, host: HttpHost) -> Plan[CredentialAnswer]:
        del host
        given = yield Invoke(self._call, "this store's credential_provider")
        return self._answer(given)

    def _call(self) -> Any:
        token = _asking.set((*_asking.get(), self._provider))
        try:
            given = self._provider()
        finally:
            _asking.reset(token)
        import inspect  # slow to load

        return _Awaited(self._provider, given) if inspect.isawaitable(given) else given

    def is_at_work(self) -> bool:
        return any(self._provider is other for other in _asking.get())


def from_provider(
    provider: Callable[[], Any], answer: Callable[[Any], CredentialAnswer]
) -> CredentialPlan:
    """The plan of a provider that the user gave; `answer` checks what it returns."""
    return _ProviderPlan(provider, answer)


def is_at_work(plan: CredentialPlan) -> bool:
    """Whether what asks this was called by the provider of this plan."""
    return isinstance(plan, _ProviderPlan) and plan.is_at_work()
