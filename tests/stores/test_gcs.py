"""What only GCS has: generations, pages of a thousand, gzip on the way, keys to be kept secret."""

from __future__ import annotations

import gzip
import logging
import pickle
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, NotFoundError, PreconditionError
from object_store_py.store import GCSStore
from tests.backends.gcs import GcsEmulator
from tests.harness.api import Api
from tests.harness.servers import Servers

READ = "import pickle, sys; print(pickle.load(sys.stdin.buffer).get('k').bytes().decode())"


@pytest.fixture
def server(servers: Servers) -> GcsEmulator:
    running: GcsEmulator = servers.get("gcs", GcsEmulator)
    return running


@pytest.fixture
def store(server: GcsEmulator) -> GCSStore:
    return GCSStore(server.create_bucket(), **server.store_options())


def test_an_update_needs_the_current_generation(api: Api, store: GCSStore) -> None:
    first = api.put(store, "k", b"1")
    api.put(store, "k", b"2", mode={"version": first["version"]})
    with pytest.raises(PreconditionError):
        api.put(store, "k", b"3", mode={"version": first["version"]})
    with pytest.raises(BaseError, match=r"[Vv]ersion"):
        api.put(store, "k", b"3", mode={"e_tag": first["e_tag"]})
    assert api.read(store, "k") == b"2"


def test_a_listing_spans_the_pages_of_the_server(
    api: Api, server: GcsEmulator, store: GCSStore
) -> None:
    bucket = server.buckets[store.config["bucket"]]
    keys = [f"{index:04d}" for index in range(1005)]
    with server.lock:
        for key in keys:
            server.write(bucket, key, b"", {})
    assert api.paths(store) == keys
    assert len(api.paths(store, offset="0990")) == 14


def test_a_bucket_that_is_missing(api: Api, server: GcsEmulator) -> None:
    store = GCSStore("no-such-bucket", **server.store_options())
    with pytest.raises(NotFoundError, match="NoSuchBucket"):
        api.read(store, "k")


def test_gzip_is_read_as_it_is_stored_by_who_takes_gzip(
    api: Api, server: GcsEmulator, store: GCSStore
) -> None:
    data = gzip.compress(b"text" * 100)
    api.put(store, "k", data, attributes={"Content-Encoding": "gzip"})
    headers = {"default_headers": {"accept-encoding": "gzip"}, "allow_http": True}
    options = server.store_options() | {"client_options": headers}
    takes = GCSStore(store.config["bucket"], **options)
    assert api.read(takes, "k") == data
    assert bytes(api.get_range(takes, "k", start=2, end=9)) == data[2:9]
    # Google unpacks it for everybody else, without its length and e_tag: an error, no other bytes.
    with pytest.raises(BaseError, match="Content-Length"):
        api.read(store, "k")


def test_a_pickled_store_works_in_another_process(api: Api, store: GCSStore) -> None:
    api.put(store, "k", b"from another process")
    done = subprocess.run(
        [sys.executable, "-c", READ], input=pickle.dumps(store), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "from another process"


def test_no_key_and_no_token_is_in_any_text(
    api: Api, server: GcsEmulator, store: GCSStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret: Any = server.authority.service_account()["private_key"].splitlines()[3]
    api.put(store, "k", b"x")
    url = api.sign(store, "GET", "k", timedelta(minutes=1))
    errors: list[BaseException] = []
    for other in (store, GCSStore("none", **server.store_options())):
        with pytest.raises(BaseError) as caught:
            api.read(other, "missing")
        errors.append(caught.value)
    texts = [repr(store), repr(url), *map(str, errors), *map(repr, errors), caplog.text]
    tokens = {auth.removeprefix("Bearer ") for _, _, auth in server.requests if auth}
    for text in texts:
        assert secret not in text
        assert not any(token in text for token in tokens)
        assert "X-Goog-Signature" not in text
