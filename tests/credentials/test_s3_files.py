"""Servers and trust in AWS's shared files: the same as botocore takes, without botocore."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
import trustme
from botocore.configprovider import ConfiguredEndpointProvider

from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.backends.rawserver import response
from tests.backends.tlsserver import TlsServer
from tests.harness.api import Api

KEYS: dict[str, Any] = {"access_key_id": "AK", "secret_access_key": "SK"}
CONFIG = """
[default]
region = us-east-1
endpoint_url = https://default.example
[profile plain]
region = us-east-1
[profile global]
endpoint_url = https://global.example
[profile both]
endpoint_url = https://global.example
services = things
[profile other-service]
endpoint_url = https://global.example
services = no-s3
[profile ignoring]
endpoint_url = https://global.example
ignore_configured_endpoint_urls = true
[profile "two words"]
endpoint_url = https://words.example
[services things]
dynamodb =
  endpoint_url = https://dynamo.example
s3 =
  addressing_style = path
  endpoint_url = https://service.example
[services no-s3]
ec2 =
  endpoint_url = https://ec2.example
"""
PROFILES = ("default", "plain", "global", "both", "other-service", "ignoring", "two words")
SERVICE = {"AWS_ENDPOINT_URL_S3": "https://variable-s3.example"}
GLOBAL = {"AWS_ENDPOINT_URL": "https://variable.example"}
IGNORE = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "service": SERVICE,
    "global": GLOBAL,
    "both": {**GLOBAL, **SERVICE},
    "ignored": {**IGNORE, **GLOBAL, **SERVICE},
    "not ignored": {**GLOBAL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
}


@pytest.fixture(autouse=True)
def config(tmp_path: Path) -> Path:
    path = tmp_path / "aws-config"
    path.write_text(CONFIG)
    return path


def endpoint(**options: Any) -> str | None:
    """Where a store's requests go; None for Amazon's own servers."""
    store = S3Store("b", **options)
    return store._complete(store._effective()).get("endpoint")


def botocores(profile: str | None) -> str | None:
    """Where botocore's requests go."""
    session = botocore.session.Session(profile=profile)
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    scoped = session.get_scoped_config()
    found = ConfiguredEndpointProvider(session.full_config, scoped, "s3")
    url: str | None = found.provide()
    return url


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("how", ["argument", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_endpoints_are_found_where_botocore_finds_them(
    profile: str, environment: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENTS[environment].items():
        monkeypatch.setenv(name, value)
    options: dict[str, Any] = {"profile": profile}
    if how != "argument":
        monkeypatch.setenv(how, options.pop("profile"))
    expected = botocores(options.get("profile"))
    assert endpoint(**options) == endpoint(**options, **KEYS) == expected
    given = {"endpoint": "https://given.example"}
    assert endpoint(**options, **given) == endpoint(**options, **given, **KEYS) == given["endpoint"]


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["both", "ignoring"])
def test_botocores_clients_agree(profile: str) -> None:
    session = boto3.Session(profile_name=profile)
    client = session.client("s3", "us-east-1", aws_access_key_id="AK", aws_secret_access_key="SK")
    url = client.meta.endpoint_url
    client.close()
    assert endpoint(profile=profile) == (None if url.endswith(".amazonaws.com") else url)


@pytest.mark.parametrize("options", [{}, KEYS, {"skip_signature": True}])
def test_the_default_profile_counts_where_none_is_named(options: dict[str, Any]) -> None:
    assert endpoint(**options) == "https://default.example"
    assert endpoint(ignore_configured_endpoint_urls=True, **options) is None


def test_the_file_of_credentials_counts_too(tmp_path: Path) -> None:
    (tmp_path / "aws-credentials").write_text("[plain]\nendpoint_url = https://c.example\n")
    assert endpoint(profile="plain", **KEYS) == botocores("plain") == "https://c.example"


@pytest.mark.parametrize("kind", [boto3.Session, botocore.session.Session])
def test_a_session_goes_where_its_profile_says(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = "aws_access_key_id = AK\naws_secret_access_key = SK\n"
    (tmp_path / "aws-credentials").write_text(f"[both]\n{keys}[default]\n{keys}")
    named = {"profile_name": "both"} if kind is boto3.Session else {"profile": "both"}
    for session, expected in ((kind(**named), "https://service.example"),
                              (kind(), "https://default.example")):  # fmt: skip
        store = S3Store.from_session(session, "b")
        assert store._complete(store._effective())["endpoint"] == expected
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://variable.example")
    store = S3Store.from_session(kind(**named), "b")
    assert store._complete(store._effective())["endpoint"] == "https://variable.example"


@pytest.mark.parametrize("has_botocore", [True, False])
def test_requests_go_to_the_server_of_the_profile(
    api: Api, minio: Minio, shared_bucket: str, config: Path, has_botocore: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if not has_botocore:
        for name in [name for name in sys.modules if name.startswith("botocore")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "botocore", None)
    config.write_text(
        f"[profile m]\nservices = m\n[services m]\ns3 =\n  endpoint_url = {minio.endpoint}\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "m")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", minio.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", minio.secret_access_key)
    store = S3Store(shared_bucket, prefix="files", allow_http=True)
    api.put(store, "k", b"x")
    assert api.read(store, "k") == b"x"


BAD = {
    "[profile x\nsecret = s3cr3t": "line 1: not in the form",
    "secret = s3cr3t\n": "line 1: not in the form",
    "[default]\nendpoint_url = s3cr3t\n[default]\n": "line 3: not in the form",
    "[default]\nservices = gone\n": "the services 'gone', but they are not there",
    "[default]\nendpoint_url = localhost:9000\n": "endpoint_url of the shared AWS configuration",
    "[default]\nendpoint_url = http://u:s3cr3t@h\n": "user name or password",
}


@pytest.mark.parametrize("text", BAD)
def test_files_that_cannot_be_understood_are_named(api: Api, config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(GenericError, match=BAD[text]) as caught:
        api.get(S3Store("b", **KEYS), "k")
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("what", ["directory", "fifo", "binary", "nothing", "not ours"])
def test_places_that_hold_no_configuration(config: Path, what: str) -> None:
    config.unlink()
    if what == "directory":
        config.mkdir()
    elif what == "fifo":
        os.mkfifo(config)
    elif what == "binary":
        config.write_bytes(b"\xff\xfe\x00" * 100)
        with pytest.raises(GenericError, match="not in the form"):
            endpoint(**KEYS)
        return
    elif what == "not ours":
        config.write_text("[default]\nendpoint_url = https://e.example\n")
        config.chmod(0)
        if os.access(config, os.R_OK):  # root may read all
            return
    assert endpoint(**KEYS) is None
    assert endpoint(endpoint="https://given.example", **KEYS) == "https://given.example"


# Trust.


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def write(ca: trustme.CA, path: Path) -> str:
    path.write_bytes(ca.cert_pem.bytes())
    return str(path)


VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""In the order in which they count."""


def read(api: Api, server: TlsServer, **options: Any) -> bytes:
    tries: dict[str, Any] = {"retry_config": {"max_retries": 0}, "region": "us-east-1"}
    return api.read(S3Store("b", endpoint=server.endpoint, **KEYS, **tries, **options), "k")


def serving(ca: trustme.CA) -> TlsServer:
    headers = {"etag": '"e"', "last-modified": "Sun, 29 Nov 2026 01:00:00 GMT"}
    return TlsServer(lambda _: response(200, b"x", headers), ca.issue_cert("localhost"))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_first_bundle_that_is_named_is_trusted(
    api: Api, ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    good, other = write(ca, tmp_path / "ca"), write(trustme.CA(), tmp_path / "other")
    counts, *behind = VARIABLES[-count:]
    for name in behind:
        monkeypatch.setenv(name, other)
    for name in VARIABLES[:-count]:
        monkeypatch.setenv(name, " ")  # not set
    with serving(ca) as server:
        monkeypatch.setenv(counts, good)
        assert read(api, server) == b"x"
        monkeypatch.setenv(counts, other)
        with pytest.raises(GenericError, match="CERTIFICATE_VERIFY_FAILED"):
            read(api, server)
        assert read(api, server, client_options={"root_certificate": ca.cert_pem.bytes()}) == b"x"
        assert read(api, server, ca_bundle=good) == b"x"
        monkeypatch.setenv(counts, str(tmp_path / "gone"))
        assert read(api, server, ca_bundle=good) == b"x"
        if counts != "SSL_CERT_FILE":
            with pytest.raises(GenericError, match=rf"{counts}.*gone.*No such file"):
                read(api, server)


def test_the_bundle_of_a_profile(
    api: Api, ca: trustme.CA, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, other = write(ca, tmp_path / "ca"), write(trustme.CA(), tmp_path / "other")
    config.write_text(f"[default]\nca_bundle = {good}\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other)
    with serving(ca) as server:
        assert read(api, server) == b"x"
        monkeypatch.setenv("AWS_CA_BUNDLE", other)
        with pytest.raises(GenericError, match="CERTIFICATE_VERIFY_FAILED"):
            read(api, server)
        config.write_text(f"[default]\nca_bundle = {other}\n")
        monkeypatch.setenv("AWS_CA_BUNDLE", good)
        assert read(api, server) == b"x"
        options = {"disable_system_certificates": True}
        with pytest.raises(GenericError, match="CERTIFICATE_VERIFY_FAILED"):
            read(api, server, client_options=options)


def test_a_file_without_certificates_is_named(
    api: Api, ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").write_text("nothing")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "empty"))
    with serving(ca) as server, pytest.raises(GenericError, match="no certificates in it"):
        read(api, server)
