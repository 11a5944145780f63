"""How long the properties run: short and always the same by default, random and long on request.

    OSP_PROPERTY_EXAMPLES=50 python -m pytest -c tests/pytest.ini tests/properties -s

runs fifty times as many examples as usual, drawn anew each time; a failure prints what repeats it.
A test that takes more than five minutes then wants `-o faulthandler_timeout=0`, too.
Without the variable the examples are derived from the test, so that CI always runs the same ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("OSP_PROPERTY_EXAMPLES", "0"))
"""How many times as many examples as usual; 0: the usual ones, the same each time."""


def profile(examples: int, steps: int = 30) -> settings:
    """The settings of a property with so many examples by default."""
    return settings(
        max_examples=examples * max(TIMES, 1),
        stateful_step_count=steps,
        deadline=None,  # machines are slow at times, and a hang is pytest's to end
        derandomize=not TIMES,
        database=None,
        print_blob=bool(TIMES),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],  # explaining takes minutes
        suppress_health_check=list(HealthCheck),
    )
