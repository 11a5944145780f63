"""`auth.earthdata`: the login of NASA Earthdata, with each of its servers behind TLS."""

from __future__ import annotations

import base64
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from object_store_py.auth.earthdata import (
    DEFAULT_EARTHDATA_HOST,
    NasaEarthdataAsyncCredentialProvider,
    NasaEarthdataCredentialProvider,
)
from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import S3Store
from tests.backends.http1 import RecordedRequest
from tests.backends.rawserver import Answer, RawServer, response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import Api
from tests.security.texts import collect

PASSWORD = "CANARY-passw0rd"
TOKEN = "CANARY-token"
BASIC = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
FACTS = {"ETag": '"1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}


def to(place: str, **headers: str) -> bytes:
    return response(302, headers={"Location": place, **headers})


def credentials(key: str = "AKEARTH") -> bytes:
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S+00:00")
    given = {"accessKeyId": key, "secretAccessKey": "CANARY-secret", "sessionToken": "CANARY-st"}
    return response(200, json.dumps({**given, "expiration": end}).encode())


class World:
    """An archive's credentials endpoint, the login, and a bucket."""

    def __init__(self, ca: trustme.CA) -> None:
        certificate = ca.issue_cert("localhost", "127.0.0.1")
        self.archive = TlsServer(self.at_archive, certificate)
        self.login = TlsServer(self.at_login, certificate)
        self.bucket = RawServer(lambda _: response(200, b"data", FACTS))
        self.takes_tokens = False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.archive.port}/s3credentials"

    @property
    def host(self) -> str:
        return f"localhost:{self.login.port}"

    def at_archive(self, request: RecordedRequest) -> Answer:
        if request.target.startswith(b"/back?code="):
            return to("/s3credentials", **{"Set-Cookie": "session=CANARY-cookie; Path=/; Secure"})
        if self.takes_tokens and request.header("authorization") == f"Bearer {TOKEN}":
            return credentials("AKTOKEN")
        if "session=CANARY-cookie" in (request.header("cookie") or ""):
            return credentials()
        return to(f"https://{self.host}/oauth/authorize?client_id=archive&response_type=code")

    def at_login(self, request: RecordedRequest) -> Answer:
        if request.header("authorization") not in (BASIC, f"Bearer {TOKEN}"):
            said = {"error": "invalid_credentials", "error_description": "no such user"}
            return response(401, json.dumps(said).encode())
        return to(f"https://127.0.0.1:{self.archive.port}/back?code=CANARY-code")

    def store(self, provider: Any) -> S3Store:
        return S3Store(
            "b",
            credential_provider=provider,
            endpoint=self.bucket.endpoint,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def provider(self, api: Api, **more: Any) -> Any:
        return kind_of(api)(self.url, **{"host": self.host, **more})

    def logins(self) -> list[str | None]:
        return [request.header("authorization") for request in self.login.requests]

    def archive_saw(self) -> bytes:
        return b"".join(request.head for request in self.archive.requests)


def kind_of(api: Api) -> Any:
    if api.way == "sync":
        return NasaEarthdataCredentialProvider
    return NasaEarthdataAsyncCredentialProvider


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def world(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The servers, which this machine trusts; it knows no login."""
    (tmp_path / "ca.pem").write_bytes(ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HOST", "TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"EARTHDATA_{name}", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    made = World(ca)
    with made.archive, made.login, made.bucket:
        yield made


def test_a_password_opens_the_bucket(api: Api, world: World) -> None:
    provider = world.provider(api, auth=("me", PASSWORD))
    store = world.store(provider)
    assert provider.config == {"region": "us-west-2"}
    for given in (store, pickle.loads(pickle.dumps(store))):
        assert api.together(*[lambda given=given: api.read(given, "k")] * 10) == [b"data"] * 10
    for request in world.bucket.requests:
        assert "AKEARTH" in (request.header("authorization") or "")
        assert "/us-west-2/s3/" in (request.header("authorization") or "")
        assert request.header("x-amz-security-token") == "CANARY-st"
    assert world.logins() == [BASIC, BASIC]  # one for each store


@pytest.mark.row("S2")
def test_the_password_goes_to_the_login_alone(api: Api, world: World) -> None:
    assert api.read(world.store(world.provider(api, auth=("me", PASSWORD))), "k") == b"data"
    assert [request.header("authorization") for request in world.archive.requests] == [None] * 3
    assert b"cookie" not in world.login.requests[0].head.lower()


@pytest.mark.row("S1")
def test_no_text_shows_the_login(
    api: Api, world: World, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    caplog.set_level(logging.DEBUG)
    for auth in (("me", PASSWORD), TOKEN, ("me", "CANARY-wrong")):
        store = world.store(world.provider(api, auth=auth))
        calls = [
            lambda store=store: api.head(store, "k"),
            lambda auth=auth: world.provider(api, auth=auth),
        ]
        said = collect(caplog, recwarn, calls)
        assert "CANARY" not in said
        assert BASIC not in said
    assert b"CANARY-code" in world.archive_saw()


def test_a_token_needs_no_login(api: Api, world: World) -> None:
    world.takes_tokens = True
    assert api.read(world.store(world.provider(api, auth=TOKEN)), "k") == b"data"
    assert "AKTOKEN" in (world.bucket.requests[0].header("authorization") or "")
    assert world.login.requests == []


def test_a_token_logs_in_where_the_archive_takes_none(api: Api, world: World) -> None:
    assert api.read(world.store(world.provider(api, auth=TOKEN)), "k") == b"data"
    assert world.logins() == [f"Bearer {TOKEN}"]


def test_the_environment_and_netrc_know_logins(
    api: Api, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "elsewhere"
    netrc.write_text(f"machine {world.host} login me password {PASSWORD}\n")
    netrc.chmod(0o600)

    def logins() -> list[str | None]:
        world.login.requests.clear()
        assert api.read(world.store(kind_of(api)(world.url)), "k") == b"data"
        return world.logins()

    monkeypatch.setenv("EARTHDATA_HOST", world.host)
    monkeypatch.setenv("NETRC", str(netrc))
    assert logins() == [BASIC]
    netrc.rename(tmp_path / ".netrc")
    monkeypatch.delenv("NETRC")
    assert logins() == [BASIC]
    (tmp_path / ".netrc").unlink()
    monkeypatch.setenv("EARTHDATA_USERNAME", "me")
    monkeypatch.setenv("EARTHDATA_PASSWORD", PASSWORD)
    assert logins() == [BASIC]
    monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)
    assert logins() == [f"Bearer {TOKEN}"]


def refused(api: Api, world: World, match: str, **options: Any) -> str:
    with pytest.raises(UnauthenticatedError, match=match) as caught:
        api.read(world.store(world.provider(api, **options)), "k")
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert world.bucket.requests == []
    return str(caught.value)


def test_without_a_login_the_error_says_what_to_do(api: Api, world: World) -> None:
    refused(api, world, r"no login for Earthdata: give auth.*EARTHDATA_TOKEN.*netrc")
    assert world.login.requests == []


def test_a_wrong_password_is_unauthenticated(api: Api, world: World) -> None:
    auth = ("me", "CANARY-wrong")
    refused(api, world, f"Login at {world.host} answered 401: .*no such user", auth=auth)


ANSWERS: dict[str, tuple[Answer, str]] = {
    "a page": (response(200, b"<html>log in, CANARY</html>"), "page instead of credentials"),
    "nothing in it": (response(200, b"{}"), "answered without AccessKeyId"),
    "no time": (
        response(
            200,
            b'{"accessKeyId": "a", "secretAccessKey": "s", "sessionToken": "t", "expiration": 5}',
        ),
        "no time",
    ),
    "down": (response(503), "answered 503"),
    "nowhere": (to("http://127.0.0.1/?code=CANARY"), "redirects to .*not followed"),
    "a user": (to("https://me:CANARY@h/"), "not followed"),
    "round and round": (to("/s3credentials"), "redirects more than 10 times"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_credential_is_unauthenticated(api: Api, world: World, name: str) -> None:
    answer, match = ANSWERS[name]
    world.archive._script = lambda _: answer
    refused(api, world, match, auth=("me", PASSWORD))
    assert world.login.requests == []


@pytest.mark.row("S2")
@pytest.mark.parametrize("auth", [("me", PASSWORD), TOKEN], ids=["password", "token"])
def test_no_other_host_gets_a_login(
    api: Api, world: World, ca: trustme.CA, auth: str | tuple[str, str]
) -> None:
    page = response(200, b"a page")
    with TlsServer(lambda _: page, ca.issue_cert("localhost")) as thief:
        world.archive._script = lambda _: to(f"{thief.endpoint}/oauth/authorize")
        refused(api, world, "page instead of credentials", auth=auth)
        world.archive._script = world.at_archive
        world.login._script = lambda _: to(f"{thief.endpoint}/phish")
        refused(api, world, "page instead of credentials", auth=auth)
    assert len(thief.requests) == 2
    assert b"CANARY" not in b"".join(request.head for request in thief.requests)
    assert b"authorization" not in b"".join(r.head.lower() for r in thief.requests)


def test_a_session_of_the_users_sends_the_requests(api: Api, world: World) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == DEFAULT_EARTHDATA_HOST:
            return httpx.Response(302, headers={"Location": "https://archive.example/s3?code=1"})
        if "code" not in request.url.params:
            where = f"https://{DEFAULT_EARTHDATA_HOST}/oauth/authorize"
            return httpx.Response(302, headers={"Location": where})
        return httpx.Response(200, content=credentials().partition(b"\r\n\r\n")[2])

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    session: Any = httpx.Client(transport=httpx.MockTransport(answer))
    if api.way != "sync":
        session = httpx.AsyncClient(transport=httpx.MockTransport(answer_async))
    url, auth = "https://archive.example/s3", ("me", PASSWORD)
    assert api.read(world.store(kind_of(api)(url, auth=auth, session=session)), "k") == b"data"
    assert [request.headers.get("authorization") for request in seen] == [None, BASIC, None]


def test_close_ends_the_connections_and_the_provider_works_on(world: World) -> None:
    provider = NasaEarthdataCredentialProvider(world.url, host=world.host, auth=("me", PASSWORD))
    provider()
    assert world.archive.connections == 1
    provider()
    assert world.archive.connections == 1
    provider.close()
    assert provider()["access_key_id"] == "AKEARTH"
    assert world.archive.connections == 2


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: NasaEarthdataCredentialProvider("http://h/s3credentials"), "a URL of https"),
    (lambda: NasaEarthdataCredentialProvider("s3credentials"), "credentials_url must be a URL"),
    (lambda: NasaEarthdataCredentialProvider("https://h/", host="a b/"), "host must be"),
    (lambda: NasaEarthdataCredentialProvider("https://h/", auth="CANARY\r\n"), "auth must be"),
    (lambda: NasaEarthdataCredentialProvider("https://h/", auth=("a:b", "CANARY")), "auth must"),
]


@pytest.mark.parametrize(("make", "match"), WRONG)
def test_what_cannot_work_is_refused(make: Callable[[], Any], match: str) -> None:
    with pytest.raises(Exception, match=match) as caught:
        make()
    assert "CANARY" not in str(caught.value)
