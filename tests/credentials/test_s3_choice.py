"""Which way an S3Store takes, what it may talk to, profiles, and what it says off the cloud."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import pytest

from object_store_py.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider
from object_store_py.exceptions import GenericError, UnauthenticatedError
from object_store_py.store import S3Store
from tests.backends.aws_tokens import AwsTokens
from tests.backends.minio import Minio
from tests.credentials.conftest import Trusting, Way
from tests.harness.api import Api

KEYS: dict[str, Any] = {"access_key_id": "AK", "secret_access_key": "SK"}
IMDS = "http://169.254.169.254"
ECS = "http://169.254.170.2"
POD = {"container_credentials_full_uri": "http://169.254.170.23/v1/credentials"}
WEB = {"web_identity_token_file": "/token", "role_arn": "arn:aws:iam::1:role/r"}


def way_of(**options: Any) -> tuple[str, set[str]]:
    """The way that a store takes, and the origins that only its credentials need."""
    store = S3Store("b", **options)
    access = store._access(store._effective())
    return access.way, set(access.origins)


@pytest.mark.parametrize(
    ("options", "way", "origins"),
    [
        ({}, "instance", {IMDS}),
        ({"metadata_endpoint": "http://127.0.0.1:99"}, "instance", {"http://127.0.0.1:99"}),
        (KEYS, "static", set()),
        ({**KEYS, **WEB, **POD, "skip_signature": True}, "static", set()),
        ({**WEB, **POD, "skip_signature": True}, "none", set()),
        ({**WEB, **POD}, "web identity", {"https://sts.us-east-1.amazonaws.com"}),
        ({**WEB, "region": "eu-west-1"}, "web identity", {"https://sts.eu-west-1.amazonaws.com"}),
        ({**WEB, "endpoint_url_sts": "https://s.example"}, "web identity", {"https://s.example"}),
        (POD, "container", {"http://169.254.170.23"}),
        ({**POD, "container_credentials_relative_uri": "/v2/c"}, "container", {ECS}),
        ({"profile": "p"}, "shared", set()),
        ({"profile": "p", **POD}, "shared", set()),
        ({"profile": "p", **KEYS}, "static", set()),
        ({"ec2_metadata_disabled": True}, "none", set()),
        ({"credential_provider": lambda: None, **KEYS}, "provider", set()),
    ],
)
def test_the_order_of_the_ways(options: dict[str, Any], way: str, origins: set[str]) -> None:
    assert way_of(**options) == (way, origins)


def test_the_order_with_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = tmp_path / "aws-config"
    files.write_text("[default]\nregion = eu-west-3\n")
    assert way_of() == ("shared", {IMDS})
    monkeypatch.setenv("AWS_PROFILE", "env")
    assert way_of() == ("shared", set())
    assert way_of(**POD)[0] == "container"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SK")
    assert way_of()[0] == "static"
    assert way_of(profile="given")[0] == "shared"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.170.2/v2/x",
        "http://169.254.170.23/v1/credentials",
        "http://127.0.0.1:8080/c",
        "http://localhost/c",
        "http://[::1]:99/c",
        "http://[fd00:ec2::23]/v1/credentials",
        "https://anywhere.example/c",
    ],
)
def test_hosts_of_containers_that_are_allowed(url: str) -> None:
    assert way_of(container_credentials_full_uri=url)[0] == "container"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"container_credentials_full_uri": "http://evil.example/c"}, "'evil.example'"),
        ({"container_credentials_full_uri": "http://169.254.169.254/c"}, "must be https"),
        ({"container_credentials_full_uri": "http://127.0.0.1.evil.example/"}, "must be https"),
        ({"container_credentials_full_uri": "http://localhost@evil.example/"}, "user name"),
        ({"container_credentials_relative_uri": "@evil.example/"}, "starts with a slash"),
        ({"container_credentials_relative_uri": "/a b"}, "starts with a slash"),
        ({"container_credentials_relative_uri": "/a\r\nx:y"}, "starts with a slash"),
        ({"web_identity_token_file": "/token"}, "needs role_arn"),
        ({"imdsv1_fallback": "maybe"}, "imdsv1_fallback"),
    ],
)
def test_what_would_ask_the_wrong_host_is_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(GenericError, match=match):
        S3Store("b", **options)


def test_metadata_is_not_reachable_for_a_store_with_keys() -> None:
    store = S3Store("b", **KEYS)
    assert not {IMDS, ECS} & store._origins(store._effective())


def test_off_the_cloud_is_quick_and_clear(api: Api) -> None:
    # A loopback port that nobody listens on stands for the service that is not there.
    store = S3Store("b", metadata_endpoint="http://127.0.0.1:9", region="us-east-1")
    started = time.monotonic()
    with pytest.raises(UnauthenticatedError, match="no instance credentials: give access_key_id"):
        api.read(store, "k")
    assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_service_that_is_silent_is_given_up_soon_and_once(api: Api) -> None:
    # A listener whose queue is full drops what comes, as a network without the service does.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}"
        store = S3Store("b", metadata_endpoint=url, region="us-east-1")

        def refused() -> None:
            with pytest.raises(UnauthenticatedError, match="no instance credentials"):
                api.read(store, "k")

        started = time.monotonic()
        api.together(*[refused] * 20)
        assert time.monotonic() - started < 5
        for filler in fillers:
            filler.close()


def test_metadata_that_is_switched_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UnauthenticatedError, match="AWS_EC2_METADATA_DISABLED"):
        api.read(S3Store("b"), "k")


@pytest.mark.slow
def test_no_version_1_unless_asked_for(api: Api, tokens: AwsTokens, trusting: Trusting) -> None:
    tokens.imds_v2 = False
    store = S3Store(trusting.bucket, metadata_endpoint=tokens.endpoint)
    with pytest.raises(UnauthenticatedError, match="imdsv1_fallback"):
        api.read(store, "k")
    assert tokens.asked() == 0


def test_unsigned_stores_cannot_sign_urls(api: Api) -> None:
    with pytest.raises(UnauthenticatedError, match="skip_signature"):
        api.sign(S3Store("b", skip_signature=True), "GET", ["k"], timedelta(minutes=1))


@pytest.mark.parametrize(
    ("text", "match"),
    [(None, "cannot read the web_identity_token_file"), ("", "one line"), ("a\nb", "one line")],
)
def test_token_files_that_cannot_be_used(
    api: Api, tmp_path: Path, text: str | None, match: str
) -> None:
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text)
    store = S3Store("b", web_identity_token_file=str(file), role_arn="arn:aws:iam::1:role/r")
    with pytest.raises(UnauthenticatedError, match=match):
        api.read(store, "k")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "{}",
        '{"AccessKeyId": 5}',
        '{"Code": "Failed", "Message": "no\\nrole"}',
        '{"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "soon"}',
        '{"AccessKeyId": "a\\r\\nx: y", "SecretAccessKey": "b", "Token": "c"}',
        "[" * 100_000,
        '{"x": "' + "y" * (1 << 20) + '"}',
    ],
)
def test_nonsense_from_a_token_service(api: Api, answer: str) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "127.0.0.1"
        return httpx.Response(200, text=answer)

    async def serve_async(request: httpx.Request) -> httpx.Response:
        return serve(request)

    store = S3Store(
        "b",
        container_credentials_full_uri="http://127.0.0.1/c",
        transport=httpx.MockTransport(serve),
        async_transport=httpx.MockTransport(serve_async),
    )
    with pytest.raises(UnauthenticatedError) as caught:
        api.read(store, "k")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.row("F12")
@pytest.mark.parametrize("status", [400, 401])
def test_a_server_that_says_expired_gets_a_new_credential_once(api: Api, status: int) -> None:
    """F12."""
    given: list[int] = []

    def provide() -> Any:
        given.append(1)
        expires = datetime.now(UTC) + timedelta(hours=1)
        key = f"AK{len(given)}"
        return {"access_key_id": key, "secret_access_key": "s", "expires_at": expires}

    def serve(request: httpx.Request) -> httpx.Response:
        if f"Credential={good}/" in request.headers["authorization"]:
            return httpx.Response(200, headers={"etag": '"e"'})
        return httpx.Response(status, text="<Error><Code>ExpiredToken</Code></Error>")

    async def serve_async(request: httpx.Request) -> httpx.Response:
        return serve(request)

    store = S3Store(
        "b",
        region="us-east-1",
        credential_provider=provide,
        transport=httpx.MockTransport(serve),
        async_transport=httpx.MockTransport(serve_async),
    )
    good = "AK2"
    api.put(store, "k", b"x")
    assert len(given) == 2
    api.put(store, "k", b"x")
    assert len(given) == 2
    good = "none"
    with pytest.raises(Exception, match="ExpiredToken"):
        api.put(store, "k", b"x")
    assert len(given) == 3


# Shared configuration, through botocore.


def write_profiles(directory: Path, minio: Minio) -> None:
    (directory / "aws-credentials").write_text(
        f"[work]\naws_access_key_id = {minio.access_key_id}\n"
        f"aws_secret_access_key = {minio.secret_access_key}\n"
    )
    script = directory / "process.py"
    expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    script.write_text(
        "import json; print(json.dumps({'Version': 1, 'AccessKeyId': "
        f"{minio.access_key_id!r}, 'SecretAccessKey': {minio.secret_access_key!r},"
        f" 'Expiration': {expires!r}}}))"
    )
    (directory / "aws-config").write_text(
        "[profile work]\nregion = us-east-1\n"
        f"[profile process]\ncredential_process = {sys.executable} {script}\n"
        "[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"
    )


def unkeyed(minio: Minio) -> dict[str, Any]:
    return {"endpoint": minio.endpoint, "client_options": {"allow_http": True}}


@pytest.mark.parametrize("profile", ["work", "process"])
@pytest.mark.parametrize("how", ["environment", "argument"])
def test_a_profile_just_works(
    api: Api,
    minio: Minio,
    shared_bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    how: str,
) -> None:
    write_profiles(tmp_path, minio)
    options = unkeyed(minio)
    if how == "environment":
        monkeypatch.setenv("AWS_PROFILE", profile)
    else:
        options["profile"] = profile
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody-else")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody-else")
    store = S3Store(shared_bucket, prefix="profile", **options)
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"


def test_the_region_of_a_profile(tmp_path: Path, minio: Minio) -> None:
    write_profiles(tmp_path, minio)
    store = S3Store("b", profile="work")
    assert store._complete(store._effective())["region"] == "us-east-1"
    assert "region" not in S3Store("b", profile="process")._complete({"profile": "process"})


@pytest.mark.parametrize(
    ("profile", "match"),
    [
        ("nobody", "profile 'nobody'.*could not be found"),
        ("sso", "profile 'sso'.*run `aws sso login --profile sso`"),
    ],
)
def test_profiles_that_have_nothing(
    api: Api, tmp_path: Path, minio: Minio, profile: str, match: str
) -> None:
    write_profiles(tmp_path, minio)
    with pytest.raises(UnauthenticatedError, match=match):
        api.read(S3Store("b", profile=profile, **unkeyed(minio)), "k")


def test_shared_files_without_credentials_lead_to_the_instance(
    api: Api, tokens: AwsTokens, trusting: Trusting, tmp_path: Path
) -> None:
    (tmp_path / "aws-config").write_text("[default]\nregion = us-east-1\n")
    options = unkeyed(trusting.minio) | {"metadata_endpoint": tokens.endpoint}
    api.put(S3Store(trusting.bucket, **options), "k", b"x")
    assert len(tokens.handed_out) == 1


def test_without_botocore_the_error_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("botocore", "botocore.session", "botocore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnauthenticatedError, match="profile 'x': install botocore"):
        api.read(S3Store("b", profile="x"), "k")


def test_botocore_is_not_imported_until_it_is_needed() -> None:
    code = (
        "import sys; from object_store_py.store import S3Store; S3Store('b', profile='p');"
        "S3Store('b', access_key_id='a', secret_access_key='b');"
        "sys.exit('botocore' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ), timeout=60)


def test_sessions_and_roles_of_boto3(
    api: Api, minio: Minio, shared_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", minio.endpoint)
    plain = botocore.session.Session()
    plain.set_credentials(minio.access_key_id, minio.secret_access_key)
    plain.set_config_variable("region", "us-east-1")
    role = "arn:aws:iam::123456789012:role/tests"
    providers: list[Any] = [
        Boto3CredentialProvider(minio.boto3_session()),
        Boto3CredentialProvider(plain),
        StsCredentialProvider(minio.boto3_session(), RoleArn=role, DurationSeconds=900),
        StsCredentialProvider(plain, RoleArn=role, RoleSessionName="other"),
    ]
    for number, provider in enumerate(providers):
        assert provider.config == {"region": "us-east-1"}
        store = S3Store(shared_bucket, credential_provider=provider, **unkeyed(minio))
        api.put(store, f"session/{number}", b"x")
        assert api.read(store, f"session/{number}") == b"x"


def test_a_role_that_is_refused(api: Api, minio: Minio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", minio.endpoint)
    session = botocore.session.Session()
    session.set_credentials("nobody", "CANARY-secret")
    session.set_config_variable("region", "us-east-1")
    provider = StsCredentialProvider(session, RoleArn="arn:aws:iam::123456789012:role/tests")
    store = S3Store("b", credential_provider=provider, **unkeyed(minio))
    with pytest.raises(UnauthenticatedError, match=r"InvalidAccessKeyId|AccessDenied") as caught:
        api.read(store, "k")
    assert "CANARY" not in str(caught.value)


@pytest.mark.slow
def test_temporary_keys_given_as_they_are(api: Api, way: Way) -> None:
    if way.name != "imds":
        pytest.skip("n/a: one way of getting keys is enough")
    store = way.store()
    api.put(store, "k", b"x")
    secret, token = way.tokens.secrets[:2]
    keys: dict[str, Any] = {"access_key_id": way.tokens.handed_out[0], "secret_access_key": secret}
    given = S3Store(way.trusting.bucket, session_token=token, **keys, **unkeyed(way.trusting.minio))
    assert api.read(given, "k") == b"x"
