"""A MinIO that trusts our OpenID provider, the token services before it, and the ways to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from object_store_py.store import S3Store
from tests.backends.aws_tokens import AwsTokens
from tests.backends.azure_tokens import AzureTokens
from tests.backends.azurite import Azurite
from tests.backends.minio import Minio
from tests.backends.oidc import ROLE_ARN, Oidc
from tests.credentials.azure_world import AzureWorld
from tests.harness.reroute import Reroute
from tests.harness.servers import Servers


@dataclass
class Trusting:
    """A MinIO and the OpenID provider that it trusts."""

    minio: Minio
    oidc: Oidc
    bucket: str


@contextmanager
def start_trusting() -> Iterator[Trusting]:
    with Oidc() as oidc, Minio(environment=oidc.environment()) as minio:
        yield Trusting(minio, oidc, minio.create_bucket())


@pytest.fixture(scope="session")
def trusting(servers: Servers) -> Trusting:
    found: Trusting = servers.get("minio with OpenID", start_trusting)
    return found


@pytest.fixture
def tokens(trusting: Trusting) -> Iterator[AwsTokens]:
    """The token services, fresh for each test."""
    with AwsTokens(trusting.minio) as server:
        yield server


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credential comes from the machine that runs the tests."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "AZURITE_", "IDENTITY_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))


@dataclass
class Way:
    """One way to credentials: the services behind it, and stores that go it."""

    name: str
    tokens: AwsTokens
    trusting: Trusting
    directory: Path

    @property
    def token_file(self) -> Path:
        return self.directory / "token"

    def write_token(self, text: str) -> None:
        self.token_file.write_text(text + "\n")

    def store(self, **more: Any) -> S3Store:
        """A new store without keys."""
        minio = self.trusting.minio
        base: dict[str, Any] = {"endpoint": minio.endpoint, "region": minio.region}
        base["client_options"] = {"allow_http": True}
        return S3Store(self.trusting.bucket, **{**base, **WAYS[self.name](self), **more})


def _imds(way: Way) -> dict[str, Any]:
    return {"metadata_endpoint": way.tokens.endpoint}


def _imds_v1(way: Way) -> dict[str, Any]:
    way.tokens.imds_v2 = False
    return {"metadata_endpoint": way.tokens.endpoint, "imdsv1_fallback": True}


def _relative(way: Way) -> dict[str, Any]:
    reroute = Reroute("169.254.170.2", way.tokens.port)
    return {
        "container_credentials_relative_uri": "/v2/credentials/0123",
        "transport": reroute,
        "async_transport": reroute,
    }


def _full(way: Way) -> dict[str, Any]:
    return {"container_credentials_full_uri": f"{way.tokens.endpoint}/credentials"}


def _full_with_token(way: Way) -> dict[str, Any]:
    way.tokens.authorization = lambda: "Basic CANARY-authorization"
    return {**_full(way), "container_authorization_token": "Basic CANARY-authorization"}


def _pod(way: Way) -> dict[str, Any]:
    way.write_token("CANARY-pod-token-1")
    way.tokens.authorization = lambda: way.token_file.read_text().strip()
    return {**_full(way), "container_authorization_token_file": str(way.token_file)}


def _web_identity(way: Way) -> dict[str, Any]:
    way.write_token(way.trusting.oidc.token())
    return {
        "web_identity_token_file": str(way.token_file),
        "role_arn": ROLE_ARN,
        "role_session_name": "tests",
        "endpoint_url_sts": way.tokens.endpoint,
    }


WAYS: dict[str, Callable[[Way], dict[str, Any]]] = {
    "imds": _imds,
    "imds-v1": _imds_v1,
    "ecs-relative": _relative,
    "ecs-full": _full,
    "container-with-token": _full_with_token,
    "eks-pod": _pod,
    "web-identity": _web_identity,
}


@pytest.fixture(params=list(WAYS))
def way(
    request: pytest.FixtureRequest, tokens: AwsTokens, trusting: Trusting, tmp_path: Path
) -> Way:
    """Each way in its turn."""
    return Way(request.param, tokens, trusting, tmp_path)


@pytest.fixture(scope="session")
def azurite(servers: Servers) -> Azurite:
    """An Azurite that takes bearer tokens."""
    found: Azurite = servers.get("azurite over TLS", partial(Azurite, tls=True))
    return found


@pytest.fixture(scope="session")
def azure_container(azurite: Azurite) -> str:
    """One container for all tests."""
    return azurite.create_container()


@pytest.fixture
def azure(
    azurite: Azurite, azure_container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AzureWorld]:
    """Azurite, token services that nobody has asked yet, and an empty directory."""
    with AzureTokens() as server:
        yield AzureWorld(azurite, server, azure_container, tmp_path, monkeypatch)
