"""Operations that wait for another one of their instance, and the mail that wakes them."""

from __future__ import annotations

from typing import Any

import pytest

from object_store_py import _core
from object_store_py._driver import run
from object_store_py._parking import Parking


class Instance:
    """A core that answers one operation with a wait, and mails it its result in the same call."""

    def __init__(self) -> None:
        self.dead = False
        self.parking = Parking()
        self.mail = ['step 1\ndone\n{"objects":[]}']

    def call(self, name: str, *arguments: Any) -> str:
        if name == "open":
            return 'done\n{"digest":false,"delete_batch":1}'
        if name == "mail":
            return self.mail.pop() if self.mail else ""
        return "*waiting"


def test_mail_for_the_operation_that_made_the_call_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "Instance", Instance)
    host: Any = None
    brain = _core.Brain("s3", {}, host, "store")
    assert run(brain.operate("list", None, "", "")).result == {"objects": []}
    assert brain._instance is not None
    assert len(brain._instance.parking) == 0


def test_only_what_is_parked_gets_a_step() -> None:
    parking = Parking()
    parking.enter(1)
    parking.enter(2)
    parking.park(1)
    parking.deliver(2, "done\nnull")  # nobody waits for it
    parking.deliver(1, "waiting")
    assert not parking.stuck
    parking.leave(2)
    assert parking.stuck
    parking.fail("x")
    assert not parking.stuck
    assert parking.box(1).take().startswith("failed\n")
