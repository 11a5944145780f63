"""Files that somebody names (S24): credentials and sources are opened at once, or refused."""

from __future__ import annotations

import io
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from object_store_py import _files, _trust
from object_store_py.auth.earthdata import NasaEarthdataCredentialProvider
from object_store_py.auth.google import GoogleCredentialProvider
from object_store_py.auth.planetary_computer import PlanetaryComputerCredentialProvider
from object_store_py.exceptions import BaseError
from object_store_py.fsspec import FsspecStore
from object_store_py.store import AzureStore, GCSStore, HTTPStore, MemoryStore, S3Store
from tests.harness.api import Api
from tests.harness.stores import not_applicable

pytestmark = [
    pytest.mark.row("S24"),
    pytest.mark.skipif(sys.platform == "win32", reason="left out: POSIX's own files"),
]


def pipe(place: Path) -> None:
    os.mkfifo(place)


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def directory(place: Path) -> None:
    place.mkdir()


def unix_socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))


def huge(place: Path) -> None:
    place.touch()
    os.truncate(place, 1 << 40)


def refuse(request: httpx.Request) -> httpx.Response:
    """A server that nothing should reach."""
    raise AssertionError(f"a request to {request.url.host}")


def s3(**options: Any) -> None:
    transport = httpx.MockTransport(refuse)
    S3Store("b", region="us-east-1", transport=transport, **options).head("k")


def web_identity(place: Path, patch: pytest.MonkeyPatch) -> None:
    s3(web_identity_token_file=str(place), role_arn="arn:aws:iam::1:role/r")


def container_token(place: Path, patch: pytest.MonkeyPatch) -> None:
    uri = "https://localhost/credentials"
    s3(container_credentials_full_uri=uri, container_authorization_token_file=str(place))


def federated_token(place: Path, patch: pytest.MonkeyPatch) -> None:
    AzureStore(
        "c",
        account_name="a",
        federated_token_file=str(place),
        client_id="c",
        tenant_id="t",
        transport=httpx.MockTransport(refuse),
    ).head("k")


def gcs(**options: Any) -> None:
    GCSStore("b", transport=httpx.MockTransport(refuse), **options).head("k")


def service_account(place: Path, patch: pytest.MonkeyPatch) -> None:
    gcs(service_account=str(place))


def google_default(place: Path, patch: pytest.MonkeyPatch) -> None:
    gcs(application_credentials=str(place))


def google_auth(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place))
    GoogleCredentialProvider()


def netrc(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("NETRC", str(place))
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        patch.delenv(f"EARTHDATA_{name}", raising=False)
    NasaEarthdataCredentialProvider("https://localhost:9/s3credentials")()


def planetary_settings(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("object_store_py.auth.planetary_computer.SETTINGS", str(place))
    patch.delenv("PC_SDK_SAS_URL", raising=False)
    PlanetaryComputerCredentialProvider("https://a.blob.core.windows.net/c")


def certificates(place: Path, patch: pytest.MonkeyPatch, name: str = "SSL_CERT_FILE") -> None:
    for other in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        patch.delenv(other, raising=False)
    patch.setenv(name, str(place))
    with socket.create_server(("127.0.0.1", 0)) as server:
        HTTPStore(f"https://127.0.0.1:{server.getsockname()[1]}").head("k")


def bundle(place: Path, patch: pytest.MonkeyPatch) -> None:
    certificates(place, patch, "REQUESTS_CA_BUNDLE")


CREDENTIALS = (
    bundle,
    web_identity,
    container_token,
    federated_token,
    service_account,
    google_default,
    google_auth,
    netrc,
    planetary_settings,
    certificates,
)


def ended(call: Callable[[], object]) -> Exception | None:
    """What a call came to, which must not take long."""
    came: list[Exception | None] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # which one it is, the test asks
            came.append(error)
        else:
            came.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert came, "it waits for the file"
    return came[0]


@pytest.mark.parametrize("kind", [pipe, device, directory, unix_socket, huge])
@pytest.mark.parametrize("use", CREDENTIALS)
def test_a_file_of_credentials_is_read_at_once_or_refused(
    use: Callable[[Path, pytest.MonkeyPatch], None],
    kind: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kind is directory and use is bundle:
        not_applicable("a directory of certificates is one that has none")
    kind(tmp_path / "named")
    error = ended(lambda: use(tmp_path / "named", monkeypatch))
    if kind is directory and use in (netrc, planetary_settings):
        return  # as if it were not there
    assert isinstance(error, BaseError | ValueError | IsADirectoryError), repr(error)
    assert "named" in str(error)
    assert any(word in str(error) for word in ("regular file", "it is a directory", "more than"))


@pytest.mark.parametrize("kind", [pipe, device, unix_socket])
def test_a_source_that_is_no_file_is_refused_at_once(
    api: Api, kind: Callable[[Path], None], tmp_path: Path
) -> None:
    place, store = tmp_path / "named", MemoryStore()
    kind(place)
    fs = FsspecStore("memory", asynchronous=False)
    uses: list[Callable[[], object]] = [
        lambda: api.put(store, "k", place),
        lambda: api.call("upload", store, place, "k"),
        lambda: fs.put_file(str(place), "bucket/k"),
    ]
    for use in uses:
        error = ended(use)
        assert isinstance(error, BaseError) and "no regular file" in str(error)
    assert store.list().collect() == []


def test_a_pipe_that_is_open_can_be_put(api: Api) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"data")
    os.close(writing)
    store = MemoryStore()
    with io.FileIO(reading) as file:
        api.put(store, "k", file)
    assert api.read(store, "k") == b"data"


def test_a_pipe_that_is_refused_is_not_opened(tmp_path: Path) -> None:
    """Whoever writes to it would get a SIGPIPE."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(_files.UnfitFileError):
        _files.open_regular(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK)  # nobody reads


def test_a_file_of_credentials_may_be_a_link(tmp_path: Path) -> None:
    """As those that Kubernetes mounts are."""
    (tmp_path / "token").write_text("\ufeffsecret\n", encoding="utf-8")
    (tmp_path / "link").symlink_to("token")
    assert _files.read_text(tmp_path / "link") == "secret\n"


def test_the_system_may_have_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    assert _trust.make_context([], system=True, verify=True).cert_store_stats()["x509"] == 0
