"""For tests of code that stores objects: a scripted transport, faults on demand, a contract.

`ScriptedTransport` answers a store's requests from a script; `FaultyTransport` breaks requests to
a real server as a plan says; `check_store` shows that a store does what every store must.
"""

from __future__ import annotations

from .contract import Failure, check_store, check_store_async
from .transports import Answer, Fault, FaultyTransport, ScriptedTransport

__all__ = [
    "Answer",
    "Failure",
    "Fault",
    "FaultyTransport",
    "ScriptedTransport",
    "check_store",
    "check_store_async",
]
