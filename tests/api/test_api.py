"""The public API is what is written down: names, signatures with defaults, pairs, imports."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

import object_store_py as obs
from object_store_py import exceptions, store
from object_store_py.store import ObjectStoreMethods
from tests.api import listing, obstore_names

ASYNC = {f"{name}_async": text for name, text in obstore_names.OBSTORE_FUNCTIONS.items()
         if name != "list"}  # fmt: skip
OBSTORE = obstore_names.OBSTORE_FUNCTIONS | ASYNC | {"parse_scheme": "(url)"}
SEED = obstore_names.SEED_FUNCTIONS | {
    f"{name}_async": text for name, text in obstore_names.SEED_FUNCTIONS.items() if name != "list"
}
PAIRS = sorted(name for name in obs.__all__ if f"{name}_async" in obs.__all__)


def reference(text: str) -> inspect.Signature:
    space: dict[str, Any] = {}
    exec(f"def reference{text}: ...", space)  # noqa: S102, RUF100 - our own text, as Python reads it
    return inspect.signature(space["reference"])


def differences(function: Callable[..., Any], text: str) -> list[str]:
    """How a function of ours would surprise who calls it by a reference's signature."""
    ours, theirs = inspect.signature(function).parameters, reference(text).parameters
    found: list[str] = []
    for place, (name, parameter) in enumerate(theirs.items()):
        if name not in ours:
            found.append(f"{name} is missing")
            continue
        mine = ours[name]
        if parameter.default is not inspect.Parameter.empty and mine.default != parameter.default:
            found.append(f"{name}={mine.default}, not {parameter.default}")
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY and list(ours).index(name) != place:
            found.append(f"{name} is not number {place}")
    more = [mine for name, mine in ours.items() if name not in theirs]
    return found + [f"{mine.name} is required" for mine in more
                    if mine.default is inspect.Parameter.empty]  # fmt: skip


def test_the_whole_api_is_as_it_is_written_down() -> None:
    assert listing.listing() == listing.PATH.read_text(), "run `just api`, and commit the change"


@pytest.mark.parametrize(("who", "functions"), [("obstore 0.12.1", OBSTORE), ("seed", SEED)])
def test_functions_of_the_references_are_here(who: str, functions: dict[str, str]) -> None:
    table = {name: differences(getattr(obs, name), text) for name, text in functions.items()}
    wrong = {name: found for name, found in table.items() if found}
    print(f"{who}: {len(table) - len(wrong)} of {len(table)} functions present, signature equal")
    assert wrong == {}
    assert len(table) == {"obstore 0.12.1": 26, "seed": 21}[who]


def test_names_of_obstore_are_here_at_run_time() -> None:
    wanted = [(obs, obstore_names.OBSTORE_TOP), (store, obstore_names.OBSTORE_STORE),
              (exceptions, obstore_names.OBSTORE_EXCEPTIONS)]  # fmt: skip
    missing = [f"{module.__name__}.{name}" for module, names in wanted for name in names
               if not hasattr(module, name) or name not in module.__all__]  # fmt: skip
    total = sum(len(names) for _, names in wanted)
    print(f"obstore 0.12.1: {total - len(missing)} of {total} other names importable")
    assert missing == []


@pytest.mark.parametrize("name", obstore_names.METHODS)
def test_a_method_is_the_function_without_the_store(name: str) -> None:
    for verb in (name, f"{name}_async"):
        if (function := getattr(obs, verb, None)) is None:
            assert verb == "list_async"  # obspec's name of a method; its function is `list`
            continue
        theirs = list(inspect.signature(function).parameters.values())[1:]
        mine = list(inspect.signature(getattr(ObjectStoreMethods, verb)).parameters.values())[1:]
        assert mine == theirs


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_equal_but_for_awaiting(name: str) -> None:
    for owner in (obs, ObjectStoreMethods):
        if not hasattr(owner, name):
            continue
        one, two = getattr(owner, name), getattr(owner, f"{name}_async")
        assert inspect.signature(one).parameters == inspect.signature(two).parameters
        assert (inspect.getdoc(one) or "").strip()
        assert (inspect.getdoc(two) or "").strip()
        awaits = inspect.iscoroutinefunction(two)
        assert awaits or name in ("list", "open_writer", "open_reader")
        assert not inspect.iscoroutinefunction(one)


@pytest.mark.parametrize("module", listing.public_modules(), ids=lambda module: module.__name__)
def test_all_is_honest(module: Any) -> None:
    assert len(set(module.__all__)) == len(module.__all__)
    space: dict[str, Any] = {}
    exec(f"from {module.__name__} import *", space)  # noqa: S102, RUF100 - what users write
    assert set(module.__all__) <= space.keys()


def test_the_listing_has_no_addresses() -> None:
    assert re.search(r"0x[0-9a-f]{6,}", listing.listing()) is None
