"""Where a store's credentials come from, as plans that the brain's `credential` step runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ._effects import Invoke, Plan
from ._http import HttpHost

CredentialAnswer: TypeAlias = tuple[str, int, str]
"""A credential as JSON, the milliseconds until it must be asked for again, or why there is none."""

CredentialPlan: TypeAlias = Callable[[HttpHost], Plan[CredentialAnswer]]
"""Gets a credential; may yield exchanges with the store's own HTTP host, and file work."""


def from_provider(
    provider: Callable[[], Any], answer: Callable[[Any], CredentialAnswer]
) -> CredentialPlan:
    """The plan of a provider that the user gave; `answer` checks what it returns."""

    def plan(host: HttpHost) -> Plan[CredentialAnswer]:
        del host
        given = yield Invoke(provider, "this store's credential_provider")
        return answer(given)

    return plan
