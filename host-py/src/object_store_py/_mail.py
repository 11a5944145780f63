"""What an instance of the core has to say besides steps, and the end of what was given up in it."""

from __future__ import annotations

import logging
from typing import TypeAlias

from ._engine import CoreStopped, Instance
from ._parking import marked

Records: TypeAlias = list[tuple[int, str]]
"""What an instance logs. It is handed on when no lock is held: a handler may use the store."""
_MOST_MAIL = 10_000
"""How many messages an instance may have at once, besides one for each operation."""
_LEVELS = {"error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO}


def sweep(instance: Instance, records: Records) -> None:
    """Cancel what was given up, unless somebody is in the instance, who does it afterwards.

    It may be this very thread, which dropped an operation in the middle of a call.
    """
    parking = instance.parking
    while parking.left or parking.stuck:
        with marked():
            if not parking.lock.acquire(blocking=False):
                break
            try:
                while parking.left:
                    operation = parking.left.pop()
                    cancel(instance, operation, records)
                    parking.leave(operation)
                unstick(instance)
            finally:
                parking.lock.release()


def cancel(instance: Instance, operation: int, records: Records) -> None:
    try:
        if not instance.dead and instance.call("cancel", operation):
            deliver(instance, records)
    except CoreStopped as stopped:
        instance.parking.fail(str(stopped))


def unstick(instance: Instance) -> None:
    """Give an instance up whose operations all wait for each other; the lock is held."""
    if instance.parking.stuck:
        instance.dead = True
        instance.parking.fail("each operation waits for another one")


def deliver(instance: Instance, records: Records) -> None:
    """Hand the instance's mail out; the lock is held."""
    for _ in range(_MOST_MAIL + len(instance.parking)):
        if not (mail := instance.call("mail")):
            return
        head, _, message = mail.partition("\n")
        word, _, argument = head.partition(" ")
        if word == "log":
            records.append((_LEVELS.get(argument, logging.INFO), message))
        else:
            instance.parking.deliver(int(argument), message)
    instance.dead = True
    raise CoreStopped("its mail does not end")
