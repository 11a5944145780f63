"""Redirects (S2): followed where nothing can leak, refused with a reason everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trustme

from object_store_py.exceptions import BaseError, GenericError
from object_store_py.store import HTTPStore, S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.nginx import Nginx
from tests.backends.rawserver import Answer, RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import Api
from tests.http_store.conftest import DATA

pytestmark = pytest.mark.row("S2")
SECRETS = {
    "Authorization": "Bearer s3cr3t",
    "Cookie": "session=s3cr3t",
    "X-Api-Key": "s3cr3t",
    "Proxy-Authorization": "Basic s3cr3t",
}


def to(location: str, status: int = 302) -> bytes:
    return response(status, headers={"Location": location})


def found(_: RecordedRequest) -> bytes:
    return response(200, b"there", {"ETag": '"1"'})


def once_to(location: Callable[[], str]) -> Callable[[RecordedRequest], Answer]:
    """Sends everything but `/there` elsewhere."""
    return lambda request: (
        found(request) if request.target.startswith(b"/there") else to(location())
    )


def store_at(endpoint: str, options: dict[str, Any], **more: Any) -> Any:
    return HTTPStore(endpoint, client_options=options | more, retry_config={"max_retries": 0})


def test_nginx_moves_a_folder(api: Api, nginx: Nginx) -> None:
    store = HTTPStore(f"{nginx.endpoint}/moved/folder", **nginx.store_options())
    assert api.read(store, "object") == DATA
    assert api.head(store, "object")["size"] == len(DATA)
    assert api.get_range(store, "object", start=5, end=9) == DATA[5:9]


def test_a_loop_ends(api: Api, nginx: Nginx) -> None:
    store = HTTPStore(f"{nginx.endpoint}/loop", **nginx.store_options())
    with pytest.raises(GenericError, match="more than 10 times"):
        api.get(store, "object")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/there?x=1", "there", "{}/there", "//{authority}/there"])
def test_within_the_origin_everything_is_sent_again(
    api: Api, trusting: dict[str, Any], status: int, location: str
) -> None:
    with RawServer([]) as server:
        authority = server.endpoint.partition("://")[2]
        place = location.format(server.endpoint, authority=authority)
        server._script = [to(place, status), response(200, b"there")]
        store = store_at(server.endpoint, trusting, default_headers=SECRETS)
        assert api.read(store, "here") == b"there"
    first, second = server.requests
    assert second.target.startswith(b"/there")
    for name, value in SECRETS.items():
        assert first.header(name) == second.header(name) == value


def test_another_origin_gets_no_secret(api: Api, ca: trustme.CA, trusting: dict[str, Any]) -> None:
    certificate = ca.issue_cert("localhost")
    ranged = response(206, b"ere", {"Content-Range": "bytes 2-4/5", "ETag": '"1"'})
    with TlsServer([ranged], certificate) as other, TlsServer([], certificate) as server:
        server._script = [to(f"{other.endpoint}/there")]
        store = store_at(server.endpoint, trusting, default_headers=SECRETS)
        options = {"range": {"offset": 2}, "if_match": '"1"'}
        assert api.bytes(api.get(store, "here", **options)) == b"ere"
    [request] = other.requests
    assert b"s3cr3t" not in request.head
    assert request.header("host") == f"localhost:{other.port}"
    assert request.header("range") == "bytes=2-"
    assert request.header("if-match") == '"1"'
    assert server.requests[0].header("authorization") == "Bearer s3cr3t"


def test_a_way_back_carries_no_secret_either(
    api: Api, ca: trustme.CA, trusting: dict[str, Any]
) -> None:
    certificate = ca.issue_cert("localhost")
    with TlsServer([], certificate) as home, TlsServer([], certificate) as other:
        home._script = [to(f"{other.endpoint}/x"), response(200, b"home")]
        other._script = [to(f"{home.endpoint}/back")]
        store = store_at(home.endpoint, trusting, default_headers=SECRETS)
        assert api.read(store, "here") == b"home"
    assert b"s3cr3t" not in other.requests[0].head
    assert b"s3cr3t" not in home.requests[1].head


def test_another_origin_without_tls_is_not_asked(
    api: Api, ca: trustme.CA, trusting: dict[str, Any]
) -> None:
    secure, clear = TlsServer([], ca.issue_cert("localhost")), RawServer([])
    with RawServer(found) as other, secure, clear:
        for server in (secure, clear):
            server._script = [to(f"{other.endpoint}/there")]
            with pytest.raises(GenericError, match=r"not followed.*https") as refused:
                api.get(store_at(server.endpoint, trusting), "here")
            assert f"127.0.0.1:{other.port}" in str(refused.value)
    assert other.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:s3cr3t@localhost/x",
        "https://[::1",
        "https://localhost:99999/",
    ],
)
def test_odd_locations_are_refused(
    api: Api, ca: trustme.CA, trusting: dict[str, Any], location: str
) -> None:
    server = TlsServer(lambda _: to(location), ca.issue_cert("localhost"))
    with server, pytest.raises(GenericError) as refused:
        api.get(store_at(server.endpoint, trusting), "here")
    assert len(server.requests) == 1
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("verb", ["put", "delete", "copy"])
def test_only_reading_follows(api: Api, trusting: dict[str, Any], verb: str) -> None:
    arguments = {"put": ("k", b"x"), "delete": ("k",), "copy": ("k", "k2")}[verb]
    with RawServer(once_to(lambda: "/there")) as server, pytest.raises(BaseError):
        api.call(verb, store_at(server.endpoint, trusting), *arguments)
    assert all(not request.target.startswith(b"/there") for request in server.requests)


def test_a_redirect_without_a_location_is_an_error(api: Api, trusting: dict[str, Any]) -> None:
    with RawServer(lambda _: response(302)) as server, pytest.raises(GenericError):
        api.get(store_at(server.endpoint, trusting), "here")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_signed_requests_never_follow(api: Api, trusting: dict[str, Any], status: int) -> None:
    with RawServer(found) as other, RawServer([]) as server:
        store = S3Store(
            "b",
            endpoint=server.endpoint,
            region="us-east-1",
            access_key_id="id",
            secret_access_key="secret",
            client_options=trusting,
            retry_config={"max_retries": 0},
        )
        for location in (f"{other.endpoint}/there", "/there"):
            server._script = lambda _, where=location: to(where, status)
            with pytest.raises(BaseError):
                api.get(store, "here")
    assert other.requests == []
    assert all(request.target == b"/b/here" for request in server.requests)


def test_a_transport_of_the_users_sees_every_hop() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        if request.url.host == "e.com":
            return httpx.Response(302, headers={"Location": "https://other.example/there"})
        return httpx.Response(200, content=b"there")

    seen: list[str] = []
    store = HTTPStore("https://e.com/x", transport=httpx.MockTransport(answer))
    assert store.get("k").bytes() == b"there"
    assert seen == ["https://e.com/x/k", "https://other.example/there"]
