"""Proxies: absolute-form for http, a tunnel for https, and whom they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trustme

from object_store_py import _proxies
from object_store_py.exceptions import GenericError, UnauthenticatedError
from object_store_py.store import AzureStore, GCSStore, S3Store
from tests.backends.forwardproxy import ForwardProxy
from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import RawServer, response
from tests.backends.socksproxy import SocksProxy
from tests.backends.tlsserver import TlsServer
from tests.client_options.conftest import pem
from tests.harness.api import Api

Once = Callable[..., Any]


def found(_: RecordedRequest) -> bytes:
    return response(200, b"x")


def test_http_goes_to_the_proxy_in_absolute_form(api: Api, once: Once) -> None:
    with RawServer(found) as server, ForwardProxy() as proxy:
        store = once(f"{server.endpoint}/dir", proxy_url=proxy.endpoint)
        assert api.read(store, "a b") == b"x"
    [asked] = proxy.requests
    assert asked.request_line == f"GET {server.endpoint}/dir/a%20b HTTP/1.1".encode()
    assert server.requests[0].target == b"/dir/a%20b"


def test_https_goes_through_a_tunnel(api: Api, once: Once, ca: trustme.CA) -> None:
    headers = {"Authorization": "Bearer s3cr3t"}
    with TlsServer(found, ca.issue_cert("localhost")) as server, ForwardProxy() as proxy:
        options = {"root_certificate": pem(ca), "default_headers": headers}
        store = once(server.endpoint, proxy_url=proxy.endpoint, **options)
        assert api.read(store, "k") == b"x"
        assert api.read(store, "k") == b"x"
    [asked] = proxy.requests  # the tunnel is used again
    assert asked.request_line == f"CONNECT localhost:{server.port} HTTP/1.1".encode()
    assert b"s3cr3t" not in asked.head
    assert [request.header("authorization") for request in server.requests] == ["Bearer s3cr3t"] * 2


def test_the_server_behind_a_tunnel_must_be_trusted(api: Api, once: Once, ca: trustme.CA) -> None:
    with TlsServer(found, ca.issue_cert("localhost")) as server, ForwardProxy() as proxy:
        store = once(server.endpoint, proxy_url=proxy.endpoint)
        with pytest.raises(GenericError, match="CERTIFICATE_VERIFY_FAILED"):
            api.get(store, "k")
    assert server.requests == []


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_the_proxy_gets_its_password(api: Api, once: Once, ca: trustme.CA, secure: bool) -> None:
    server = TlsServer(found, ca.issue_cert("localhost")) if secure else RawServer(found)
    with server, ForwardProxy("me", "s3cr3t") as proxy:
        address = proxy.endpoint.partition("://")[2]
        good = once(
            server.endpoint, proxy_url=f"http://me:s3cr3t@{address}", root_certificate=pem(ca)
        )
        assert api.read(good, "k") == b"x"
        wrong = once(server.endpoint, proxy_url=f"http://me:wr0ng@{address}")
        with pytest.raises(GenericError, match="407") as refused:
            api.get(wrong, "k")
    assert "wr0ng" not in str(refused.value)
    assert server.requests[0].header("proxy-authorization") in (None, "Basic bWU6czNjcjN0")


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_a_proxy_behind_tls(api: Api, once: Once, secure: bool) -> None:
    proxies, servers = trustme.CA(), trustme.CA()
    server = TlsServer(found, servers.issue_cert("localhost")) if secure else RawServer(found)
    with server, ForwardProxy(certificate=proxies.issue_cert("localhost")) as proxy:
        options = {"proxy_url": proxy.endpoint, "root_certificate": pem(servers)}
        with pytest.raises(GenericError, match="CERTIFICATE_VERIFY_FAILED"):
            api.get(once(server.endpoint, **options), "k")
        store = once(server.endpoint, **options, proxy_ca_certificate=pem(proxies))
        assert api.read(store, "k") == b"x"
    assert len(proxy.requests) == 1


def test_a_proxy_that_is_not_there_is_an_error(api: Api, once: Once) -> None:
    with RawServer(found) as server, pytest.raises(GenericError):
        api.get(once(server.endpoint, proxy_url="http://127.0.0.1:9"), "k")
    assert server.requests == []


@pytest.mark.parametrize("rule", ["127.0.0.1", "127.0.0.0/8", "*", "other, 127.0.0.1"])
def test_who_is_excluded_is_asked_directly(api: Api, once: Once, rule: str) -> None:
    with RawServer(found) as server, ForwardProxy() as proxy:
        store = once(server.endpoint, proxy_url=proxy.endpoint, proxy_excludes=rule)
        assert api.read(store, "k") == b"x"
    assert (len(server.requests), len(proxy.requests)) == (1, 0)


def test_the_environment_names_proxies(
    api: Api, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(found) as server, ForwardProxy() as proxy, ForwardProxy() as other:
        monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
        assert api.read(once(server.endpoint), "k") == b"x"
        assert len(proxy.requests) == 1
        assert api.read(once(server.endpoint, proxy_url=other.endpoint), "k") == b"x"
        assert (len(proxy.requests), len(other.requests)) == (1, 1)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert api.read(once(server.endpoint), "k") == b"x"
        assert (len(proxy.requests), len(other.requests)) == (1, 1)


def test_signed_requests_pass_a_proxy_unharmed(api: Api, minio: Minio, shared_bucket: str) -> None:
    with ForwardProxy() as proxy:
        options = minio.store_options()
        options["client_options"] = {"allow_http": True, "proxy_url": proxy.endpoint}
        store = S3Store(shared_bucket, prefix="through a proxy/%41", **options)
        api.put(store, "a b", b"data")
        assert api.read(store, "a b") == b"data"
        api.delete(store, "a b")
    assert [request.method for request in proxy.requests] == ["PUT", "GET", "POST"]


RULES = [
    ("https://a.example", "a.example", True),
    ("https://b.a.example:8443", "a.example", True),
    ("https://b.a.example", ".a.example", True),
    ("https://ba.example", "a.example", False),
    ("https://a.example", "b.a.example", False),
    ("https://10.1.2.3", "10.0.0.0/8", True),
    ("https://11.1.2.3", "10.0.0.0/8", False),
    ("https://10.1.2.3", "10.1.2.3", True),
    ("https://[fd00::1]", "fd00::/8", True),
    ("https://[fd00::1]", "[fd00::1]", True),
    ("https://A.Example", "A.EXAMPLE", True),
    ("https://a.example", "", False),
    ("https://a.example", " , ,*", True),
    ("https://a.example", "*.a.example", True),
    ("https://b.a.example", "*.a.example", True),
    ("https://a.example.", "a.example", True),
    ("https://a.example", "a.example.", True),
    ("https://a.example", "b.example a.example", True),
    ("https://a.example", "a.example:443", True),
    ("https://a.example:8443", "a.example:443", False),
    ("https://a.example:8443", "a.example:8443", True),
    ("https://b.a.example:8443", ".a.example:8443", True),
    ("https://a.example", "a.example:80", False),
    ("http://a.example", "a.example:80", True),
    ("http://127.0.0.1:9000", "127.0.0.1:9000", True),
    ("http://127.0.0.1:9001", "127.0.0.1:9000", False),
    ("http://127.0.0.1:9000", "localhost,127.0.0.0/8", True),
    ("https://[::1]:8443", "[::1]:8443", True),
    ("https://[::1]:8443", "[::1]:443", False),
    ("https://[::1]:8443", "::1", True),
    ("https://[fd00::1]", "[fd00::]/8", True),
    ("https://[fd00::1]", "fe80::/10", False),
    ("https://a.example", ":443", False),
    ("https://a.example", ".", False),
    ("https://a.example", "nonsense/8,[::1", False),
]


@pytest.mark.parametrize(("origin", "rules", "direct"), RULES)
def test_rules_of_exclusion(origin: str, rules: str, direct: bool) -> None:
    found = _proxies.given("http://proxy", rules).find(origin)
    assert found == (None if direct else "http://proxy")


@pytest.mark.parametrize(
    ("environment", "http", "https"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "http://a"}, "http://a", None),
        ({"https_proxy": "http://b", "HTTPS_PROXY": "http://c"}, None, "http://b"),
        ({"ALL_PROXY": "http://d"}, "http://d", "http://d"),
        ({"all_proxy": "d:1", "http_proxy": "a"}, "http://a", "http://d:1"),
        ({"HTTP_PROXY": "http://a", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "http://a", "REQUEST_METHOD": "GET"}, "http://a", None),
        ({"HTTPS_PROXY": ""}, None, None),
        ({"https_proxy": "", "HTTPS_PROXY": "http://c"}, None, "http://c"),
        ({"HTTPS_PROXY": " http://c\n"}, None, "http://c"),
        ({"HTTPS_PROXY": "http://c", "NO_PROXY": " \n", "no_proxy": ""}, None, "http://c"),
        ({"HTTPS_PROXY": "http://c", "NO_PROXY": "x", "no_proxy": ""}, None, None),
        ({"ALL_PROXY": "socks5://s:1", "HTTP_PROXY": "http://a"}, "http://a", "socks5://s:1"),
        ({"ALL_PROXY": "socks://s:1/"}, "socks5://s:1/", "socks5://s:1/"),
        ({"all_proxy": "SOCKS5H://s:1"}, "SOCKS5H://s:1", "SOCKS5H://s:1"),
        ({"ALL_PROXY": "http://d", "REQUEST_METHOD": "GET"}, "http://d", "http://d"),
        ({"NO_PROXY": "*"}, None, None),
    ],
)
def test_variables_of_the_environment(
    environment: dict[str, str], http: str | None, https: str | None
) -> None:
    proxies = _proxies.from_environment(environment)
    assert (proxies.find("http://x"), proxies.find("https://x")) == (http, https)


WAYS: dict[str, Callable[[str], Any]] = {
    "IMDS": lambda url: S3Store("b", metadata_endpoint=url),
    "container": lambda url: S3Store("b", container_credentials_full_uri=f"{url}/x"),
    "managed identity": lambda url: AzureStore("c", account_name="a", msi_endpoint=url),
    "GCE": lambda url: GCSStore("b"),
}


@pytest.mark.row("S3")
@pytest.mark.parametrize("way", WAYS)
def test_the_machines_token_service_is_never_asked_through_a_proxy(
    api: Api, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    refused = response(403)
    with RawServer(lambda _: refused) as service, ForwardProxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.endpoint)
        monkeypatch.setenv("GCE_METADATA_HOST", service.endpoint.removeprefix("http://"))
        with pytest.raises(UnauthenticatedError):
            api.get(WAYS[way](service.endpoint), "k")
    assert len(service.requests) == 1
    assert proxy.requests == []


# SOCKS, and what is not a proxy.


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks", "SOCKS5"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTP_PROXY"])
def test_a_socks_proxy_of_the_environment_works(
    api: Api, once: Once, monkeypatch: pytest.MonkeyPatch, scheme: str, variable: str
) -> None:
    with RawServer(found) as server, SocksProxy() as proxy:
        monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:{proxy.port}/")
        assert api.read(once(server.endpoint), "k") == b"x"
        assert api.read(once(server.endpoint, proxy_excludes="127.0.0.1"), "k") == b"x"
        assert proxy.targets == [f"127.0.0.1:{server.port}"]


def test_a_socks_proxy_that_is_given_works_with_tls(api: Api, once: Once, ca: trustme.CA) -> None:
    with TlsServer(found, ca.issue_cert("localhost")) as server, SocksProxy() as proxy:
        options = {"root_certificate": pem(ca), "proxy_url": proxy.endpoint}
        assert api.read(once(server.endpoint, **options), "k") == b"x"
    assert proxy.targets == [f"localhost:{server.port}"]


BAD = {
    "socks5://user:s3cr3t@127.0.0.1:9": "needs the package socksio: pip install socksio",
    "socks5h://127.0.0.1:9": "needs the package socksio: pip install socksio",
    "socks://127.0.0.1:9": "needs the package socksio: pip install socksio",
    "socks4://user:s3cr3t@127.0.0.1:9": "must be a URL such as",
    "ftp://user:s3cr3t@127.0.0.1:9": "must be a URL such as",
    "http://": "must be a URL such as",
    "http://[user:s3cr3t": "must be a URL such as",
    "http://user:s3cr3t@host:port": "must be a URL such as",
}


@pytest.mark.parametrize("url", BAD)
def test_a_proxy_of_the_environment_that_cannot_be_used_is_one_clear_error(
    api: Api, once: Once, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(_proxies, "find_spec", lambda name: None)
    with RawServer(found) as server:
        monkeypatch.setenv("ALL_PROXY", url)
        store = once(server.endpoint)
        for _ in range(2):
            with pytest.raises(GenericError, match=f"ALL_PROXY .*{BAD[url]}") as refused:
                api.get(store, "k")
            assert "s3cr3t" not in str(refused.value)
        assert server.requests == []
        monkeypatch.setenv("NO_PROXY", f"127.0.0.1:{server.port}")
        assert api.read(once(server.endpoint), "k") == b"x"
        monkeypatch.delenv("NO_PROXY")
        with ForwardProxy() as proxy:  # the one that counts can be used
            monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
            assert api.read(once(server.endpoint), "k") == b"x"
            assert len(proxy.requests) == 1


def test_excludes_that_are_given_count_instead_of_those_of_the_environment(
    api: Api, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(found) as server, ForwardProxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert api.read(once(server.endpoint, proxy_excludes="other"), "k") == b"x"
        monkeypatch.delenv("NO_PROXY")
        assert api.read(once(server.endpoint, proxy_excludes="127.0.0.1"), "k") == b"x"
    assert (len(server.requests), len(proxy.requests)) == (2, 1)
