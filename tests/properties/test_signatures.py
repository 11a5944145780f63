"""Whatever is passed to whatever is public: a result or a proper error, and a store that works."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from object_store_py import store
from tests.harness.api import Api
from tests.properties.junk import ANYTHING, OPENED, argument
from tests.properties.profile import profile
from tests.properties.promise import keep, let_go
from tests.properties.targets import STORES, Objects, Target, targets

TARGETS = targets()
FUNCTIONS = [
    target for target in TARGETS if inspect.isfunction(target.function) and not target.owner
]
_WHERE = ("store", "target")


@pytest.mark.slow
@pytest.mark.parametrize("target", FUNCTIONS, ids=lambda target: target.name)
def test_functions_answer_or_refuse_a_few_arguments(
    target: Target, loop: Api, objects: Objects
) -> None:
    _try(target, loop, objects, examples=3)


@pytest.mark.slow  # all of them together
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_any_argument_is_answered_or_refused(target: Target, loop: Api, objects: Objects) -> None:
    _try(target, loop, objects, examples=15)


def test_everything_public_that_can_be_called_is_found() -> None:
    names = {target.name for target in TARGETS}
    assert {"put_async", "S3Store.get", "S3Store.from_url", "ListStream.collect"} <= names
    assert {"S3Store", "LocalStore", "from_url", "ReadableFile.seek", "format_duration"} <= names


def _try(target: Target, loop: Api, objects: Objects, examples: int) -> None:
    kinds: tuple[str, ...] = STORES
    if target.owner is not None and issubclass(target.owner, store.ObjectStoreMethods):
        kinds = (target.owner.__name__,)

    @profile(examples)
    @given(kind=st.sampled_from(kinds), data=st.data())
    def check(kind: str, data: st.DataObject) -> None:
        of = objects.store(kind)
        try:
            arguments = _arguments(target, of, data)
            keep(lambda: _call(target, objects, of, arguments), loop)
        finally:
            while OPENED:
                OPENED.pop().close()
        of.put("probe", b"probe")
        assert of.get("probe").bytes() == b"probe"

    check()


async def _call(target: Target, objects: Objects, of: Any, arguments: dict[str, Any]) -> Any:
    instance = objects.instance(target.owner, of) if target.owner is not None else None
    if inspect.isawaitable(instance):
        instance = await instance
    positional = [
        arguments.pop(parameter.name)
        for parameter in target.parameters()
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.name in arguments
    ]
    if instance is not None:
        positional = [instance, *positional]
    try:
        found = target.function(*positional, **arguments)
        return await found if inspect.isawaitable(found) else found
    except StopIteration:  # which no coroutine may raise
        return None
    finally:
        await let_go(instance)


def _arguments(target: Target, of: Any, data: st.DataObject) -> dict[str, Any]:
    """Mostly good arguments, and one or two of any kind."""
    found: dict[str, Any] = {}
    named = [
        parameter
        for parameter in target.parameters()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    junk = data.draw(st.sets(st.sampled_from([p.name for p in named]), max_size=2)) if named else ()
    for parameter in named:
        name = parameter.name
        if name in _WHERE and _is_store(parameter):
            found[name] = data.draw(ANYTHING) if name in junk else of
        elif name in junk or parameter.default is parameter.empty or data.draw(st.booleans()):
            found[name] = data.draw(argument(name, name in junk), label=name)
    return found


def _is_store(parameter: inspect.Parameter) -> bool:
    return "ObjectStoreMethods" in str(parameter.annotation)
