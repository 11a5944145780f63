"""Rows I6 and I12 of reliability.md: configuration that cannot work is refused with the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from object_store_py.exceptions import BaseError, GenericError, UnknownConfigurationKeyError
from object_store_py.store import AzureStore, GCSStore, HTTPStore, S3Store, from_url

azure = partial(AzureStore, "c", account_name="a")
s3 = partial(S3Store, "b")
gcs = partial(GCSStore, "b")
APPLICATION = {"client_id": "c", "client_secret": "s", "tenant_id": "t"}
UNKNOWN = UnknownConfigurationKeyError
Make = Callable[..., Any]
REFUSED: list[tuple[str, Make, type[Exception], str]] = [
    ("unknown key", lambda: s3(acess_key_id="CANARY"), UNKNOWN, "acess_key_id.*'access_key_id'"),
    ("unknown key", lambda: gcs(servce_account="CANARY"), UNKNOWN, "'service_account"),
    ("unknown key", lambda: azure(acount_key="CANARY"), UNKNOWN, "'account_key'"),
    ("unknown key", lambda: s3(config={"AWS_REGOIN": "CANARY"}), UNKNOWN, "'region'"),
    ("unknown option", lambda: s3(client_options={"timeuot": "1s"}), ValueError, "'timeout'"),
    ("unknown option", lambda: s3(retry_config={"max_retry": 1}), ValueError, "'max_retries'"),
    ("wrong type", lambda: s3(region=5), TypeError, "region"),
    ("wrong type", lambda: s3(secret_access_key=b"CANARY"), TypeError, "secret_access_key"),
    ("wrong type", lambda: gcs(base_url=5), TypeError, "base_url"),
    ("wrong type", lambda: azure(account_key=b"CANARY"), TypeError, "account_key"),
    ("wrong type", lambda: HTTPStore(5), TypeError, "url must be a str"),
    ("wrong type", lambda: s3(retry_config={"max_retries": "3"}), ValueError, "max_retries"),
    ("wrong type", lambda: s3(client_options=["timeout"]), TypeError, "client_options"),
    ("wrong type", lambda: s3(config="region"), TypeError, "config must be a dict"),
    ("wrong type", lambda: s3(retry_config=5), TypeError, "retry_config must be a dict"),
    ("wrong type", lambda: s3(retry_config={"backoff": 5}), TypeError, "backoff must be a dict"),
    ("unknown option", lambda: s3(retry_config={"backoff": {"bse": 2}}), ValueError, "'base'"),
    ("range", lambda: s3(retry_config={"max_retries": 2**70}), ValueError, "from 0 to 2"),
    ("range", lambda: s3(retry_config={"max_retries": -1}), ValueError, "max_retries"),
    *(
        ("range", partial(s3, retry_config={"backoff": {"base": base}}), ValueError, "base must")
        for base in (float("nan"), float("inf"), 1, 0, -1, True, 1001)
    ),
    ("both", lambda: azure(account_key="Q0FOQVJZ", sas_token="sig=CANARY"), GenericError, "both"),
]
for url, rule in (
    ("minio:9000", "http:// or https:// and a host"),
    ("//h", "http:// or https:// and a host"),
    ("ftp://h", "http:// or https:// and a host"),
    ("https://", "http:// or https:// and a host"),
    ("https://u:CANARY@h", "must not have a user name or password"),
    ("https://CANARY@h", "must not have a user name or password"),
    ("https://h/?a=CANARY", "must not have a query"),
    ("https://h/#CANARY", "must not have a query or fragment"),
    ("https://h:99999", "is no valid URL"),
    ("https://[::1", "is no valid URL"),
):
    given: dict[str, Make] = {
        "endpoint": lambda url: s3(endpoint=url),
        "endpoint_url_sts": lambda url: s3(endpoint_url_sts=url),
        "base_url": lambda url: gcs(base_url=url),
        "authority_host": lambda url: azure(authority_host=url, **APPLICATION),
        "url": HTTPStore,
    }
    for name, make in {**given, "endpoint of Azure": lambda url: azure(endpoint=url)}.items():
        if name == "authority_host" and "://" not in url.rstrip("/"):
            continue  # the scheme may be left out there
        REFUSED.append((url, partial(make, url), GenericError, f"{name.split()[0]}.*{rule}"))


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("make", "error", "match"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_configuration_that_cannot_work(make: Make, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        make()
    text = str(caught.value)
    assert "CANARY" not in text
    assert len(text) < 400
    assert "\n" not in text


@pytest.mark.row("I6")
def test_a_key_and_a_token_out_of_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://a.blob.core.windows.net/c?sv=1&sig=CANARY"
    with pytest.raises(BaseError, match="both an access key and a SAS token") as caught:
        from_url(url, account_key="Q0FOQVJZ")
    assert "CANARY" not in str(caught.value)


DURATIONS: list[tuple[object, type[Exception]]] = [
    (timedelta(seconds=-1), ValueError),
    ("-1s", ValueError),
    ("30", ValueError),
    ("", ValueError),
    ("1 fortnight", ValueError),
    ("nan", ValueError),
    ("nan s", ValueError),
    ("inf s", ValueError),
    ("1e3s", ValueError),
    ("9" * 400 + "s", ValueError),
    (30, TypeError),
    (float("nan"), TypeError),
    (None, TypeError),
]


@pytest.mark.row("I12")
@pytest.mark.parametrize(("given", "error"), DURATIONS, ids=repr)
@pytest.mark.parametrize("name", ["timeout", "connect_timeout", "read_timeout"])
@pytest.mark.parametrize("kind", [s3, gcs, azure, partial(HTTPStore, "https://h")])
def test_a_timeout_without_sense(
    kind: Make, name: str, given: object, error: type[Exception]
) -> None:
    with pytest.raises(error, match=name) as caught:
        kind(client_options={name: given})
    assert len(str(caught.value)) < 600


@pytest.mark.row("I12")
@pytest.mark.parametrize(("given", "error"), DURATIONS[:3], ids=repr)
@pytest.mark.parametrize("name", ["retry_timeout", "init_backoff", "max_backoff"])
def test_a_wait_without_sense(name: str, given: object, error: type[Exception]) -> None:
    retry = {name: given} if name == "retry_timeout" else {"backoff": {name: given}}
    with pytest.raises((error, TypeError), match=name):
        s3(retry_config=retry)


@pytest.mark.row("I12")
@pytest.mark.parametrize(
    "backoff",
    [
        {"init_backoff": timedelta(0)},
        {"init_backoff": timedelta(microseconds=5)},
        {"init_backoff": timedelta(seconds=16)},
        {"max_backoff": timedelta(days=2)},
        {"max_backoff": timedelta.max},
    ],
)
def test_waits_that_do_not_fit(backoff: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="init_backoff must be from 1 ms to max_backoff"):
        s3(retry_config={"backoff": backoff})


@pytest.mark.row("I12")
@pytest.mark.parametrize("given", ["100000000000y", "101y", timedelta(days=40_000)])
def test_a_timeout_of_more_than_100_years(given: object) -> None:
    with pytest.raises(ValueError, match="timeout must be at most 100 years"):
        s3(client_options={"timeout": given})
