"""Signed URLs hide what they are worth (S15), and what a pickle of a store contains (S16)."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import timedelta
from typing import Any

import pytest

from object_store_py.store import AzureStore, GCSStore, S3Store
from tests.backends.gcs_auth import Authority
from tests.harness.api import Api

SECRET = "CANARYsecret"


def signing_stores() -> dict[str, Any]:
    key = json.dumps(Authority().service_account())
    return {
        "S3": S3Store("b", access_key_id="AK", secret_access_key=SECRET, region="us-east-1"),
        "Azure": AzureStore("c", account_name="a", account_key="a2V5"),
        "GCS": GCSStore("b", service_account_key=key),
    }


@pytest.mark.row("S15")
@pytest.mark.parametrize("name", ["S3", "Azure", "GCS"])
def test_the_repr_of_a_signed_url_hides_its_query(
    api: Api, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = signing_stores()[name]
    [url] = api.sign(store, "GET", ["k"], timedelta(hours=1))
    signature = {"S3": "X-Amz-Signature=", "Azure": "sig=", "GCS": "X-Goog-Signature="}[name]
    assert isinstance(url, str) and signature in str(url)
    for text in (repr(url), repr([url]), f"{url!r}", repr({"url": url})):
        assert signature not in text and "k?..." in text
    assert pickle.loads(pickle.dumps(url)) == url
    assert all(signature not in record.getMessage() for record in caplog.records)


@pytest.mark.row("S16")
def test_a_pickle_has_what_was_given_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    given = S3Store("b", access_key_id="AK", secret_access_key=SECRET)
    assert SECRET.encode() in pickle.dumps(given)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARYenvironment")
    found = S3Store("b", region="us-east-1")
    found_bytes = pickle.dumps(found)
    assert b"CANARY" not in found_bytes and b"AKENV" not in found_bytes
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert pickle.loads(found_bytes) == found


class Provider:
    """A provider that remembers nothing."""

    def __call__(self) -> Any:
        return {"access_key_id": "AK", "secret_access_key": SECRET, "expires_at": None}


@pytest.mark.row("S16")
def test_a_pickle_has_no_credential_that_a_provider_gave(api: Api) -> None:
    store = S3Store("b", credential_provider=Provider(), region="us-east-1")
    api.sign(store, "GET", "k", timedelta(hours=1))  # which fetched it
    assert SECRET.encode() not in pickle.dumps(store)
