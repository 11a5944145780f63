"""Fixtures of the whole suite: ways of calling, fresh stores, servers; and the summary's end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.backends.minio import Minio
from tests.filesystem.conftest import PROTOCOLS
from tests.harness.api import WAYS, Api, open_api
from tests.harness.rows import Rows
from tests.harness.servers import Servers
from tests.harness.stores import EVERYWHERE, NAMES, Backend, make_backend
from tests.harness.table import ConformanceTable

SERVERS = pytest.StashKey[Servers]()
TRUST_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""They count before `SSL_CERT_FILE`, which tests set."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("object_store_py")
    group.addoption("--ways", default=",".join(WAYS), help="ways of calling, comma separated")
    group.addoption("--row", help="rows of reliability.md, such as S4,S5, or all")
    group.addoption(
        "--rows-json", metavar="FILE", help="write what the rows' tests came to, as JSON"
    )
    group.addoption(
        "--conformance-json",
        metavar="FILE",
        help="write what the conformance suite came to, by backend, as JSON",
    )
    group.addoption("--backends", default=",".join(NAMES), help="backends, comma separated")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    options = config.option
    backends = options.backends.split(",")
    protocols = [name for name, backend in PROTOCOLS.items() if backend in backends]
    wanted = {"api": options.ways.split(","), "backend": backends, "shared": protocols}
    left = [item for item in items if not _wanted(item, wanted)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


def _wanted(item: pytest.Item, wanted: dict[str, list[str]]) -> bool:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return all(params[name] in wanted[name] for name in wanted.keys() & params.keys())


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = Servers()
    table = ConformanceTable(config.option.conformance_json)
    config.pluginmanager.register(table, "conformance-table")
    config.pluginmanager.register(Rows(config.option.row, config.option.rows_json), "rows")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the one that prints what it had to leave out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash[SERVERS].left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", None) or {}  # none from one that crashed
    node.config.stash[SERVERS].left_out.update(told.get("left_out", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left_out = config.stash[SERVERS].left_out
    for name, reason in left_out.items():
        terminalreporter.write_line(f"backends left out: {name} ({reason})")


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The servers of this session; each starts when the first test asks for it."""
    running = pytestconfig.stash[SERVERS]
    yield running
    running.close()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """An authority of our own, whose certificates servers show."""
    return trustme.CA()


@pytest.fixture
def minio(servers: Servers) -> Minio:
    """The running MinIO."""
    server: Minio = servers.get("minio", Minio)
    return server


@pytest.fixture
def shared_bucket(minio: Minio) -> str:
    """One bucket for all tests that keep to a prefix of their own."""
    return minio.shared_bucket


@pytest.fixture(params=WAYS)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """The verbs, called sync, on asyncio and on trio."""
    with open_api(request.param) as facade:
        yield facade


@pytest.fixture(params=EVERYWHERE)
def backend(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Backend:
    """A fresh and empty store of each backend that all tests use."""
    return make_backend(request.param, tmp_path, servers)


@pytest.fixture(autouse=True)
def trust_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates are those that a test names, not those of the machine's variables."""
    for name in TRUST_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(backend: Backend) -> Any:
    """The store of the backend."""
    return backend.store
