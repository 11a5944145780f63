"""What the component imports and exports, and that it was built from the sources beside it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import wasmtime
import wasmtime.component

from object_store_py import _convert, _engine

ROOT = Path(__file__).parents[2]
INTERFACES = {f"object-store:core/{name}@0.1.0" for name in ("types", *_convert.SIGNATURES)}
GRANTED = ("wasi:clocks/", "wasi:random/")
EMPTY = ("wasi:io/", "wasi:cli/", "wasi:filesystem/")
"""Names that the standard library links; the host has nothing behind them."""


@pytest.fixture(scope="module")
def component() -> tuple[set[str], set[str]]:
    """The names of the component's imports and exports."""
    engine = wasmtime.Engine()
    kind = wasmtime.component.Component(engine, _engine.core_path().read_bytes()).type
    return set(kind.imports(engine)), set(kind.exports(engine))


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The build script, as a module."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "core-wasm" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.row("S12")
def test_it_exports_exactly_the_interfaces_of_wit(component: tuple[set[str], set[str]]) -> None:
    assert component[1] == INTERFACES


@pytest.mark.row("S12")
def test_it_imports_nothing_but_clocks_random_and_empty_names(
    component: tuple[set[str], set[str]],
) -> None:
    strangers = [name for name in component[0] if not name.startswith(GRANTED + EMPTY)]
    assert strangers == []
    assert not [name for name in component[0] if "socket" in name or "http" in name]


def test_every_exported_function_is_in_wit() -> None:
    for interface, functions in _convert.SIGNATURES.items():
        text = (ROOT / "wit" / f"{interface}.wit").read_text()
        declared = set(re.findall(r"^    %?([a-z-]+): func\(", text, re.MULTILINE))
        assert declared == set(functions), interface


def test_the_committed_component_is_of_these_sources(build: ModuleType) -> None:
    core = ROOT / "host-py" / "src" / "object_store_py" / "core.wasm"
    assert build.embedded_digest(core.read_bytes()) == build.source_digest(ROOT)


def test_it_is_small() -> None:
    assert _engine.core_path().stat().st_size <= 2_650_000
