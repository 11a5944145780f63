"""Lists the whole public API as text: `python -m tests.api.listing` writes public_api.txt anew."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import object_store_py

PATH = Path(__file__).with_name("public_api.txt")
_OWN = ("__init__", "__call__", "__iter__", "__next__", "__aiter__", "__anext__", "__enter__")


def public_modules() -> list[ModuleType]:
    """The modules that say what is public in them, by an `__all__`."""
    found = [object_store_py]
    for info in pkgutil.walk_packages(object_store_py.__path__, "object_store_py."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            found.append(importlib.import_module(info.name))
    return [module for module in found if hasattr(module, "__all__")]


def signatures(name: str, function: Any) -> list[str]:
    """A function's signature, and before it those of its overloads."""
    inner = inspect.unwrap(getattr(function, "__func__", function))
    prefix = "async " if inspect.iscoroutinefunction(inner) else ""
    forms = [*(f"  overload {_plain(each)}" for each in typing.get_overloads(inner))]
    return [f"{prefix}def {name}{_plain(inner)}", *forms]


def _plain(function: Any) -> str:
    return str(inspect.signature(function)).replace("'", "")


def _of_class(kind: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__)
    yield f"class {kind.__name__}({bases})"
    if typing.is_typeddict(kind):
        required: frozenset[str] = kind.__required_keys__  # type: ignore[attr-defined] # TypedDict
        for key, value in kind.__annotations__.items():
            said = getattr(value, "__forward_arg__", value)
            yield f"    {key}: {said}" + ("" if key in required else " (optional)")
        return
    for name in sorted(dir(kind)):
        owner = next((base for base in kind.__mro__ if name in vars(base)), object)
        if not owner.__module__.startswith("object_store_py"):
            continue
        if name.startswith("_") and name not in _OWN:
            continue
        member = inspect.getattr_static(kind, name)
        if isinstance(member, property):
            yield f"    property {name}"
        elif callable(member) or isinstance(member, (classmethod, staticmethod)):
            mark = "classmethod " if isinstance(member, classmethod) else ""
            yield from (f"    {mark}{line}" for line in signatures(name, member))
        else:
            yield f"    {name}"


def _of_name(name: str, value: Any) -> Iterator[str]:
    if inspect.ismodule(value):
        yield f"module {value.__name__}"
    elif inspect.isclass(value) and not typing.get_args(value):
        own = value.__module__.startswith("object_store_py")
        yield from _of_class(value) if own else [f"{name} = {value.__name__}"]
    elif inspect.isfunction(value):
        yield from signatures(name, value)
    elif isinstance(value, str):
        yield f"{name}: str"
    elif isinstance(value, set):
        yield f"{name} = {sorted(value)}"
    else:
        yield f"{name} = {value}".replace("typing.", "")


def listing() -> str:
    """The whole public API; each thing is described where it is defined first, then only named."""
    lines: list[str] = []
    seen: set[int] = set()
    for module in public_modules():
        lines += ["", f"# {module.__name__}"]
        for name in sorted(module.__all__):
            value = getattr(module, name)
            if id(value) in seen and hasattr(value, "__name__"):
                lines.append(f"{name} (as above)")
            else:
                seen.add(id(value))
                lines += _of_name(name, value)
    return "\n".join(lines).strip() + "\n"


if __name__ == "__main__":
    PATH.write_text(listing())
    print(f"{PATH.name}: {len(listing().splitlines())} lines")
