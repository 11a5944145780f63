"""Azure's backend: waits for copies that the server accepted and goes on with by itself.

<https://learn.microsoft.com/rest/api/storageservices/copy-blob#remarks>
"""

from __future__ import annotations

from ._backend import GetRequest
from ._brain import BrainBackend, border
from ._effects import Close, Pause, Plan
from ._steps import Outcome
from .exceptions import GenericError

FIRST, LONGEST = 0.2, 10.0
"""How long is waited between two looks at a copy, in seconds: at first, and at most."""


class AzureBackend(BrainBackend):
    """A container of Azure."""

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy a blob, on the server, and wait for its end: `rename` deletes the source then."""
        outcome: Outcome = yield from self._brain.operate(
            "copy", source, border(source), border(target), overwrite
        )
        pause, look = FIRST, GetRequest(head=True).to_border()
        while outcome.copying == "pending":
            yield Pause(pause)
            pause = min(2 * pause, LONGEST)
            outcome = yield from self._brain.operate("get", target, border(target), look)
            if outcome.body is not None:
                yield Close(outcome.body)
        if outcome.copying not in (None, "success"):
            raise GenericError(
                f"{source!r} was not copied to {target!r}: the server says that the copy is"
                f" {outcome.copying}",
                path=target,
            )
