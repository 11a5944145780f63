"""The options of S3 that no test server knows, as requests on the wire: Express, payer, hosts."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from object_store_py.exceptions import AlreadyExistsError, GenericError, NotSupportedError
from object_store_py.store import S3Store
from tests.harness.api import Api

KEYS = {"access_key_id": "AK", "secret_access_key": "SK", "region": "us-west-2"}
GOOD = {"etag": '"e"', "last-modified": "Tue, 24 Nov 2026 12:00:00 GMT"}
SESSION = (
    "<CreateSessionResult><Credentials><SessionToken>ST{n}</SessionToken><SecretAccessKey>SSK"
    "</SecretAccessKey><AccessKeyId>SAK{n}</AccessKeyId><Expiration>2099-01-01T00:00:00Z"
    "</Expiration></Credentials></CreateSessionResult>"
)


class Wire:
    """Records requests, and answers as asked or with an empty 200."""

    def __init__(
        self, answer: Callable[[httpx.Request], httpx.Response | None] | None = None
    ) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer or (lambda _: None)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request) or self._usual(request)

    def _usual(self, request: httpx.Request) -> httpx.Response:
        query = request.url.query.decode()
        if request.method == "HEAD":
            return httpx.Response(200, headers={**GOOD, "content-length": "4"})
        if "list-type" in query:
            return httpx.Response(
                200, text="<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            )
        return httpx.Response(200, headers=GOOD, content=b"body" if not query else b"")

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        return self(request)

    def store(self, bucket: str = "b", **options: Any) -> S3Store:
        return S3Store(
            bucket,
            transport=httpx.MockTransport(self),
            async_transport=httpx.MockTransport(self.answer_async),
            **{**KEYS, **options},
        )

    def from_url(self, url: str, **options: Any) -> S3Store:
        keys = {name: value for name, value in KEYS.items() if name != "region"}
        return S3Store.from_url(
            url,
            transport=httpx.MockTransport(self),
            async_transport=httpx.MockTransport(self.answer_async),
            **{**keys, **options},
        )


@pytest.mark.parametrize(
    ("url", "sent", "region"),
    [
        ("s3://b/p", "https://s3.us-west-2.amazonaws.com/b/p/k", "us-west-2"),
        (
            "https://s3.eu-west-1.amazonaws.com/b/p",
            "https://s3.eu-west-1.amazonaws.com/b/p/k",
            "eu-west-1",
        ),
        (
            "https://b.s3.eu-west-1.amazonaws.com/p",
            "https://b.s3.eu-west-1.amazonaws.com/p/k",
            "eu-west-1",
        ),
        (
            "https://s3.dualstack.eu-west-1.amazonaws.com/b/p",
            "https://s3.dualstack.eu-west-1.amazonaws.com/b/p/k",
            "eu-west-1",
        ),
        (
            "https://b.s3.dualstack.eu-west-1.amazonaws.com/p",
            "https://b.s3.dualstack.eu-west-1.amazonaws.com/p/k",
            "eu-west-1",
        ),
        (
            "https://acct.r2.cloudflarestorage.com/b/p",
            "https://acct.r2.cloudflarestorage.com/b/p/k",
            "auto",
        ),
        (
            "https://acct.eu.r2.cloudflarestorage.com/b/p",
            "https://acct.eu.r2.cloudflarestorage.com/b/p/k",
            "auto",
        ),
    ],
)
def test_urls_lead_to_their_hosts(api: Api, url: str, sent: str, region: str) -> None:
    wire = Wire()
    more = {"region": region} if url.startswith("s3:") else {}
    store = wire.from_url(url, **more)
    api.put(store, "k", b"x")
    (request,) = wire.requests
    assert str(request.url) == sent
    assert f"/{region}/s3/aws4_request" in request.headers["authorization"]


def test_virtual_hosts(api: Api) -> None:
    wire = Wire()
    api.put(wire.store(virtual_hosted_style_request=True), "k", b"x")
    assert str(wire.requests[0].url) == "https://b.s3.us-west-2.amazonaws.com/k"


def test_express_buckets_get_a_session_and_keep_it(api: Api) -> None:
    sessions: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.query != b"session":
            return None
        sessions.append(1)
        return httpx.Response(200, text=SESSION.replace("{n}", str(len(sessions))))

    wire = Wire(answer)
    bucket = "b--usw2-az1--x-s3"
    store = wire.store(bucket, s3_express=True)
    api.put(store, "k", b"x")
    api.head(store, "k")
    host = f"{bucket}.s3express-usw2-az1.us-west-2.amazonaws.com"
    assert {request.url.host for request in wire.requests} == {host}
    create, *others = wire.requests
    assert "Credential=AK/" in create.headers["authorization"]
    for request in others:
        assert request.headers["x-amz-s3session-token"] == "ST1"
        assert "x-amz-security-token" not in request.headers
        assert "Credential=SAK1/" in request.headers["authorization"]
    assert len(sessions) == 1


def test_an_express_url(api: Api) -> None:
    host = "b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com"
    store = S3Store.from_url(f"https://{host}/p")
    assert store.config == {
        "bucket": "b--usw2-az1--x-s3",
        "region": "us-west-2",
        "s3_express": "true",
    }
    assert store.prefix == "p"


@pytest.mark.parametrize("value", [True, "true", "requester"])
def test_the_requester_pays(api: Api, value: Any) -> None:
    wire = Wire()
    store = wire.store(request_payer=value)
    api.put(store, "k", b"x")
    api.read(store, "k")
    api.head(store, "k")
    api.list(store)
    for request in wire.requests:
        assert request.headers["x-amz-request-payer"] == "requester"
        assert "x-amz-request-payer" in request.headers["authorization"]
    (url,) = api.sign(store, "GET", ["k"], timedelta(minutes=1))
    assert "x-amz-request-payer=requester" in url


def test_nobody_pays_unasked(api: Api) -> None:
    wire = Wire()
    api.put(wire.store(), "k", b"x")
    assert "x-amz-request-payer" not in wire.requests[0].headers


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        (
            {
                "server_side_encryption": "aws:kms",
                "sse_kms_key_id": "arn:k",
                "sse_bucket_key_enabled": True,
            },
            {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "arn:k",
                "x-amz-server-side-encryption-bucket-key-enabled": "true",
            },
        ),
        (
            {"server_side_encryption": "aws:kms:dsse"},
            {"x-amz-server-side-encryption": "aws:kms:dsse"},
        ),
        ({"unsigned_payload": True}, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}),
        ({"session_token": "TOKEN"}, {"x-amz-security-token": "TOKEN"}),
    ],
)
def test_headers_of_options(api: Api, options: dict[str, Any], headers: dict[str, str]) -> None:
    wire = Wire()
    api.put(wire.store(**options), "k", b"x")
    sent = wire.requests[0].headers
    assert {name: sent.get(name) for name in headers} == headers


@pytest.mark.parametrize(("status", "kind"), [(412, "header"), (409, "header-with-status")])
def test_copies_with_a_header_of_the_server(api: Api, status: int, kind: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.headers.get("x-copy-mode") != "only-new":
            return None
        if request.url.path.endswith("taken"):
            return httpx.Response(status)
        return httpx.Response(200, text="<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")

    wire = Wire(answer)
    suffix = f":{status}" if kind == "header-with-status" else ""
    store = wire.store(copy_if_not_exists=f"{kind}:x-copy-mode:only-new{suffix}")
    api.copy(store, "a", "free", overwrite=False)
    assert wire.requests[-1].headers["x-copy-mode"] == "only-new"
    with pytest.raises(AlreadyExistsError):
        api.copy(store, "a", "taken", overwrite=False)


def test_copies_without_such_an_option(api: Api) -> None:
    wire = Wire()
    with pytest.raises(NotSupportedError):
        api.copy(wire.store(), "a", "b", overwrite=False)


def test_deletes_one_by_one(api: Api) -> None:
    wire = Wire()
    api.delete(wire.store(disable_bulk_delete=True), ["a", "b"])
    assert [request.method for request in wire.requests] == ["DELETE", "DELETE"]


def test_a_whole_session_with_an_instance_goes_through_the_users_transport(api: Api) -> None:
    """Token requests included: that is how users mock, trace, proxy and meter."""
    keys = {
        "Code": "Success",
        "AccessKeyId": "IAK",
        "SecretAccessKey": "ISK",
        "Token": "IT",
        "Expiration": "2099-01-01T00:00:00Z",
    }

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.host != "169.254.169.254":
            return None
        if request.method == "PUT":
            return httpx.Response(200, text="session")
        role = "/latest/meta-data/iam/security-credentials/r"
        return httpx.Response(200, text=json.dumps(keys) if request.url.path == role else "r")

    wire = Wire(answer)
    store = S3Store(
        "b",
        region="us-west-2",
        transport=httpx.MockTransport(wire),
        async_transport=httpx.MockTransport(wire.answer_async),
    )
    api.put(store, "k", b"x")
    hosts = [request.url.host for request in wire.requests]
    assert hosts == ["169.254.169.254"] * 3 + ["s3.us-west-2.amazonaws.com"]
    assert "Credential=IAK/" in wire.requests[-1].headers["authorization"]


@pytest.mark.parametrize("given", [{"default_region": "eu-west-1"}, {}], ids=["key", "variable"])
def test_a_default_region_is_a_region(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not given:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    wire = Wire()
    wire.from_url("s3://b", **given).head("k")
    assert wire.requests[0].url.host == "s3.eu-west-1.amazonaws.com"
    assert "/eu-west-1/s3/aws4_request" in wire.requests[0].headers["authorization"]


def test_a_role_is_assumed_under_its_name_at_the_service_that_was_named(tmp_path: Path) -> None:
    text = SESSION.replace("{n}", "1").replace("CreateSession", "AssumeRoleWithWebIdentity")
    body = re.search("<Credentials>.*</Credentials>", text)
    assert body is not None
    role = "AssumeRoleWithWebIdentity"
    answer = f"<{role}Response><{role}Result>{body[0]}</{role}Result></{role}Response>"

    def sts(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, text=answer) if request.url.host == "sts.example" else None

    token = tmp_path / "token"
    token.write_text("JWT")
    wire = Wire(sts)
    S3Store(
        "b",
        region="us-west-2",
        web_identity_token_file=str(token),
        role_arn="arn:aws:iam::1:role/r",
        role_session_name="me",
        endpoint_url_sts="https://sts.example",
        transport=httpx.MockTransport(wire),
    ).put("k", b"x")
    asked, put = wire.requests
    sent = parse_qs(asked.content.decode() or asked.url.query.decode())
    assert sent["RoleSessionName"] == ["me"]
    assert sent["RoleArn"] == ["arn:aws:iam::1:role/r"]
    assert "Credential=SAK1/" in put.headers["authorization"]


VALUES = {
    "access_key_id": "AK",
    "secret_access_key": "SK",
    "session_token": "ST",
    "region": "eu-west-1",
    "default_region": "eu-west-1",
    "endpoint": "https://s3.example",
    "endpoint_url_s3": "https://s3.example",
    "endpoint_url_sts": "https://sts.example",
    "virtual_hosted_style_request": True,
    "s3_express": False,
    "imdsv1_fallback": True,
    "metadata_endpoint": "http://127.0.0.1:1",
    "unsigned_payload": True,
    "checksum_algorithm": "SHA256",
    "container_credentials_relative_uri": "/v2/c",
    "container_credentials_full_uri": "http://127.0.0.1/c",
    "container_authorization_token_file": "/token",
    "container_authorization_token": "t",
    "web_identity_token_file": "/token",
    "role_arn": "arn:aws:iam::1:role/r",
    "role_session_name": "s",
    "skip_signature": True,
    "copy_if_not_exists": "multipart",
    "conditional_put": "etag",
    "disable_tagging": True,
    "disable_bulk_delete": True,
    "request_payer": "true",
    "server_side_encryption": "AES256",
    "sse_kms_key_id": "k",
    "sse_bucket_key_enabled": True,
    "sse_customer_key_base64": "a2V5",
    "profile": "p",
    "ec2_metadata_disabled": True,
    "ignore_configured_endpoint_urls": True,
    "ca_bundle": "/c.pem",
}
TOGETHER = {"web_identity_token_file": {"role_arn": "arn:aws:iam::1:role/r"}}


def test_every_key_has_a_value_here() -> None:
    assert set(VALUES) | {"bucket"} == set(S3Store._table.keys)


@pytest.mark.parametrize("key", sorted(VALUES))
def test_every_key_is_set_read_back_pickled_and_used(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    given = VALUES[key]
    text = given if isinstance(given, str) else str(given).lower()
    more = TOGETHER.get(key, {})
    for spelling in (key, f"aws_{key}", f"AWS_{key.upper()}"):
        store = S3Store("b", config={spelling: given, **more})
        assert store.config == {"bucket": "b", key: text, **more}
        again = pickle.loads(pickle.dumps(store))
        assert again == store
        assert again.config == store.config
    try:
        backend: Any = store._verbs()._backend
        backend._brain.open()  # the brain takes it, or never sees it
    except GenericError as refused:
        assert key in {"access_key_id", "secret_access_key"}  # one without the other
        assert "secret_access_key" in str(refused) or "access" in str(refused).lower()
    monkeypatch.setenv(f"AWS_{key.upper()}", text)
    for name, value in more.items():
        monkeypatch.setenv(f"AWS_{name.upper()}", value)
    environment = S3Store("b")
    assert environment.config == {"bucket": "b"}
    wanted = {"default_region": "region", "endpoint_url_s3": "endpoint"}.get(key, key)
    assert environment._effective()[wanted] == text
