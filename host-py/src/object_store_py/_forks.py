"""Which process this is: connections, bodies and locks belong to the one that made them."""

from __future__ import annotations

import os

from ._http import TransportFailure

generation: int = 0
"""How many forks lie between the first process and this one. What remembers another number than
this was made by a parent, who may be using it now."""

_kept: list[object] = []


def check(made: int) -> None:
    """Refuse to use a connection that a parent made: both would read parts of the answer.

    Raises:
        TransportFailure: it is a parent's; who reads an object asks for the rest anew.
    """
    if made != generation:
        text = "the connection belongs to the process that this one was forked from"
        raise TransportFailure("interrupted", text)


def keep(*parents: object) -> None:
    """Keep what is a parent's for good: closing it, or a destructor, might send something."""
    _kept.append(parents)


def _after_fork() -> None:
    global generation  # noqa: PLW0603 - a process has one
    generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
