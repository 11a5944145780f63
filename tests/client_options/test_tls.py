"""TLS (S4): https by default; whom nobody vouches for is refused; custom authorities work."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.backends.rawserver import response
from tests.backends.tlsserver import TlsServer
from tests.client_options.conftest import pem
from tests.harness.api import Api
from tests.harness.servers import Servers

pytestmark = pytest.mark.row("S4")
Once = Callable[..., Any]
REFUSED = "CERTIFICATE_VERIFY_FAILED"


def serving(certificate: trustme.LeafCert) -> TlsServer:
    return TlsServer(lambda _: response(200, b"x"), certificate)


def test_an_authority_that_nobody_knows_is_refused(api: Api, once: Once, ca: trustme.CA) -> None:
    with serving(ca.issue_cert("localhost")) as server, pytest.raises(GenericError, match=REFUSED):
        api.get(once(server.endpoint), "k")
    assert server.requests == []


def test_a_custom_authority_is_trusted(api: Api, once: Once, ca: trustme.CA) -> None:
    bundle = pem(trustme.CA()) + pem(ca)
    with serving(ca.issue_cert("localhost")) as server:
        for given in (bundle, bundle.decode()):
            assert api.read(once(server.endpoint, root_certificate=given), "k") == b"x"


def test_the_wrong_host_is_refused(api: Api, once: Once, ca: trustme.CA) -> None:
    server = serving(ca.issue_cert("other.example"))
    with server, pytest.raises(GenericError, match=REFUSED):
        api.get(once(server.endpoint, root_certificate=pem(ca)), "k")


def test_an_expired_certificate_is_refused(api: Api, once: Once, ca: trustme.CA) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    old = ca.issue_cert("localhost", not_before=past, not_after=past + timedelta(days=1))
    with serving(old) as server, pytest.raises(GenericError, match=REFUSED):
        api.get(once(server.endpoint, root_certificate=pem(ca)), "k")


def test_invalid_certificates_can_be_allowed(api: Api, once: Once, ca: trustme.CA) -> None:
    with serving(ca.issue_cert("other.example")) as server:
        assert api.read(once(server.endpoint, allow_invalid_certificates=True), "k") == b"x"


def test_without_the_systems_certificates_only_the_given_count(
    api: Api, once: Once, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    system = tmp_path / "system.pem"
    system.write_bytes(pem(ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    with serving(ca.issue_cert("localhost")) as server:
        assert api.read(once(server.endpoint), "k") == b"x"
        with pytest.raises(GenericError, match=REFUSED):
            api.get(once(server.endpoint, disable_system_certificates=True), "k")
        both = once(server.endpoint, disable_system_certificates=True, root_certificate=pem(ca))
        assert api.read(both, "k") == b"x"


def test_plain_http_is_not_used_unless_it_is_allowed(api: Api, once: Once) -> None:
    with pytest.raises(GenericError, match="allow_http"):
        api.get(once("http://127.0.0.1:1", allow_http=False), "k")


def test_who_speaks_no_tls_is_an_error(api: Api, once: Once, minio: Minio) -> None:
    with pytest.raises(GenericError):
        api.get(once(minio.endpoint.replace("http:", "https:")), "k")


@pytest.fixture(scope="session")
def secure(servers: Servers) -> Minio:
    """MinIO over TLS."""
    server: Minio = servers.get("minio over TLS", lambda: Minio(tls=True))
    return server


@pytest.fixture
def bucket(secure: Minio) -> str:
    return secure.create_bucket()


@pytest.fixture(params=["http1_only", "http2_only"])
def minio_store(request: pytest.FixtureRequest, secure: Minio, bucket: str) -> Iterator[Any]:
    """A store on MinIO over TLS, which speaks what the parameter says."""
    given = secure.store_options()
    options = {"root_certificate": secure.ca_pem, request.param: True}
    yield S3Store(bucket, **(given | {"client_options": options}))


@pytest.mark.slow
def test_minio_over_tls_end_to_end(api: Api, minio_store: Any) -> None:
    data = secrets.token_bytes(11 << 20)
    api.put(minio_store, "dir/small", b"small")
    api.put(minio_store, "dir/large", data, chunk_size=5 << 20)
    assert api.read(minio_store, "dir/large") == data
    assert api.get_range(minio_store, "dir/large", start=5, end=50) == data[5:50]
    found = api.get_ranges(minio_store, "dir/large", starts=[0, 1 << 20], lengths=[9, 9])
    assert [bytes(piece) for piece in found] == [data[:9], data[1 << 20 : (1 << 20) + 9]]
    assert api.paths(minio_store) == ["dir/large", "dir/small"]
    api.copy(minio_store, "dir/small", "copy")
    assert api.head(minio_store, "copy")["size"] == 5
    api.delete(minio_store, ["dir/large", "dir/small", "copy"])
    assert api.paths(minio_store) == []
    with pytest.raises(FileNotFoundError):
        api.get(minio_store, "copy")


def test_a_stream_over_tls_that_is_given_up_harms_nobody(api: Api, minio_store: Any) -> None:
    api.put(minio_store, "k", bytes(4 << 20))
    for _ in range(3):
        api.get(minio_store, "k")  # the body is never read
        assert api.head(minio_store, "k")["size"] == 4 << 20


@pytest.mark.slow
def test_many_at_once_over_tls(api: Api, minio_store: Any) -> None:
    keys = [f"k{index}" for index in range(16)]
    api.together(*[lambda key=key: api.put(minio_store, key, key.encode()) for key in keys])
    read = api.together(*[lambda key=key: api.read(minio_store, key) for key in keys])
    assert read == [key.encode() for key in keys]
