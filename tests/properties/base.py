"""What every rule of a machine uses: keys that were drawn, and the sides that must agree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from tests.properties import keys as nasty
from tests.properties.model import Model, Rules
from tests.properties.sides import Side, agree

DATA = st.binary(max_size=40)
KEYS: Bundle[str] = Bundle("keys")
"""Keys that were drawn before, so that the calls of an example meet."""


class Machine(RuleBasedStateMachine):
    """The sides of a machine and its keys; subclasses add rules, and say on what they run."""

    backend_rules: ClassVar[Rules]
    """(`rules` is a name of hypothesis's own.)"""
    folder: ClassVar[Path]
    """For files that are put."""
    make_sides: ClassVar[Callable[[], list[Side]]]
    steps: ClassVar[int] = 0
    """How many calls all examples made."""

    def __init__(self) -> None:
        super().__init__()
        self.sides: list[Side] = type(self).make_sides()
        self.stack = ExitStack()
        self.large = False

    @initialize(target=KEYS, data=st.data())
    def begin(self, data: st.DataObject) -> str:
        return data.draw(nasty.keys(self.backend_rules))

    @rule(target=KEYS, data=st.data())
    def think_of_a_key(self, data: st.DataObject) -> str:
        return data.draw(nasty.keys(self.backend_rules))

    @rule(target=KEYS, key=KEYS, more=st.sampled_from(["b", "\u00e9", "%2F", "x y", "#1"]))
    def think_of_a_key_below(self, key: str, more: str) -> str:
        longer = f"{key}/{more}"
        return longer if len(longer.encode()) < 900 else key

    def agree(self, real: Callable[[Side], Any], expected: Callable[[Model], Any]) -> str | None:
        """Let all sides do something."""
        type(self).steps += len(self.sides)
        return agree(self.sides, real, expected)

    def fits(self, key: str) -> bool:
        """Whether the backend can have an object there beside the others."""
        return all(side.model.fits(key) for side in self.sides)

    def teardown(self) -> None:
        """In the end, the stores hold what the models hold, and nothing else."""
        self.stack.close()
        for side in self.sides:
            found = {path: side.get(path) for path in side.api.paths(side.store)}
            objects = side.model.objects.items()
            assert found == {
                key: (key, len(data), (0, len(data)), data, stored.attributes)
                for key, stored in objects
                for data in [stored.data]
            }
