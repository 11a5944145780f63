"""Whatever is called in whatever order, each store does what a dictionary does, in each way."""

from __future__ import annotations

import itertools
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.harness.api import Api, Way, open_api
from tests.harness.servers import Servers
from tests.harness.stores import make_backend
from tests.properties.model import Model, Rules
from tests.properties.profile import profile
from tests.properties.reading import Reading
from tests.properties.sides import Side
from tests.properties.writing import Writing

RULES = {
    "memory": Rules(),
    "local": Rules(files=True, missing_delete_is_error=True),
    "minio": Rules(
        lower_case=True,
        smallest_part=5 << 20,
        copies_onto_itself=False,  # as S3
        careful_copies_keep_attributes=False,  # the crate copies in parts, without them
        lists_of_e_tags=False,
        suffix_of_nothing=False,  # its answer has no valid Content-Range; S3's is a 416
        nested=False,
    ),
}
WAYS: dict[str, tuple[Way, ...]] = {
    "memory": ("sync", "asyncio", "trio"),
    "local": ("sync", "asyncio"),
    "minio": ("sync", "asyncio"),
}


class Verbs(Writing, Reading):
    """All verbs."""


def run(name: str, ways: tuple[Way, ...], folder: Path, servers: Servers, examples: int) -> int:
    """Run a machine whose sides are stores of one backend called in several ways; its steps."""
    rules = RULES[name]
    numbers = itertools.count()

    with ExitStack() as stack:
        apis = [stack.enter_context(open_api(way)) for way in ways]

        def make_side(api: Api) -> Side:
            place = folder / str(next(numbers))
            place.mkdir()
            return Side(api, make_backend(name, place, servers).careful_store(), Model(rules))

        class Running(Verbs):
            steps = 0

            def teardown(self) -> None:
                super().teardown()
                for place in folder.glob("[0-9]*"):
                    shutil.rmtree(place)

        Running.backend_rules, Running.folder = rules, folder
        Running.make_sides = staticmethod(lambda: [make_side(api) for api in apis])
        run_state_machine_as_test(Running, settings=profile(examples))
        return Running.steps


@pytest.mark.parametrize("name", RULES)
def test_a_few_calls_agree_with_the_model(name: str, tmp_path: Path, servers: Servers) -> None:
    run(name, ("sync",), tmp_path, servers, 5)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_any_calls_agree_with_the_model_in_every_way(
    name: str, tmp_path: Path, servers: Servers
) -> None:
    steps = run(name, WAYS[name], tmp_path, servers, 60)
    print(f"{name}: {steps} calls")
