"""Data flows one way: no module imports from a layer above its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import object_store_py

ROOT = Path(object_store_py.__file__).parent
LAYERS = (
    # Below everything: vocabulary without behaviour.
    {"exceptions", "bytes", "types", "_redact", "_frames", "_checks", "_environment", "config"},
    {"durations", "_aws_files", "_files", "_limits"},
    {"_http", "_effects", "_fresh", "_bulk_deletes", "_connecting"},
    {"_connecting_async", "_forks"},
    {"_proxies", "_trust", "_quiet", "_parking", "_steps", "_failures", "_room"},
    {
        "options",
        "credentials",
        "_paths",
        "_driver",
        "_driver_async",
        "_driver_turns",
        "_convert",
        "_cache",
    },
    {"_wire", "_engine", "_backend", "_local_root", "_local_content"},
    {"_local_listing"},
    {"_mail", "_filling", "_together", "_states", "_bad_keys"},
    {"_metrics", "_policy", "_azure", "_streams", "_parsers", "_sockets", "_httpx_line"},
    {"_httpx_network", "_httpx_network_async"},
    {"_httpx_engine"},
    {"_http11", "_http11_async"},
    {"_idle"},
    {"_loops"},
    {"_transport", "_redirects", "_credentials", "_tokens", "_arguments", "_sources", "_memory"},
    {"_arrow", "_exact_urls", "_ranges"},
    {"_aws_credentials", "_azure_tokens", "_google", "_core", "_local", "_operations"},
    {"_brain"},
    {"_s3_copying", "_azure_copying"},
    {"_webdav"},
    {"_progress"},
    {"results"},
    {"stores", "stores._listing", "auth"},
    {"stores.base"},
    {"stores.wired", "stores.signing"},
    {"stores.remote", "stores.local", "stores.memory", "auth.azure", "auth.boto3", "auth.google"},
    {"auth._shared", "auth._http", "stores._s3_access"},
    {"auth.earthdata", "auth.planetary_computer"},
    {"stores.azure", "stores.gcs", "stores.http", "stores.s3"},
    {"_trees", "_copying", "_transfers", "_landing"},
    {"_downloads", "_uploads"},
    {
        "store",
        "_urls",
        "_functions",
        "_list_functions",
        "files._shared",
        "files._cursor",
        "files._fetching",
    },
    {"files._reading", "files._writing"},
    {"files.readers", "files.writers"},
    {"files", "testing.contract", "testing.transports"},
    {"testing"},
    {"zarr"},
    {"fsspec._locations"},
    {"fsspec._places"},
    {"fsspec._words"},
    {"fsspec._botocore"},
    {"fsspec._keys"},
    {"fsspec._options", "fsspec._tree"},
    {"fsspec._walk"},
    {"fsspec._changes"},
    {"fsspec._objects"},
    {"fsspec._cached"},
    {"fsspec._file"},
    {"fsspec._base"},
    {"fsspec._names"},
    {"fsspec._moving"},
    {"fsspec._filesystem"},
    {"fsspec"},
    {"__init__"},
)
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__") if name != "__init__" else name


def imports(path: Path) -> Iterator[str]:
    """The modules of the library that a module imports, wherever in its text."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            stem = ".".join(part for part in base if part)
            for alias in node.names:
                inner = f"{stem}.{alias.name}".lstrip(".")
                yield inner if inner in LEVEL else stem or "__init__"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_module_has_a_layer(path: Path) -> None:
    assert name_of(path) in LEVEL


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nothing_imports_upward(path: Path) -> None:
    own = name_of(path)
    # The version is a constant of the package, which the user agent names.
    above = [m for m in imports(path) if LEVEL[m] > LEVEL[own] and m != "__init__"]
    lazy = {("stores.s3", "auth.boto3"), ("fsspec._file", "fsspec._filesystem")}
    assert [m for m in above if (own, m) not in lazy] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_the_first_line_says_what_a_module_is_for(path: Path) -> None:
    assert path.read_text().startswith('"""')


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_module_is_over_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400
