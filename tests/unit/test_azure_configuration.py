"""How an AzureStore is configured: spellings, precedence, URLs, origins, and what is refused."""

from __future__ import annotations

import os
from typing import Any

import pytest

from object_store_py import _azure
from object_store_py.exceptions import (
    GenericError,
    UnknownConfigurationKeyError,
)
from object_store_py.store import AzureStore

KEY = "Q0FOQVJZ"
SAS = "sv=2023-11-03&sp=r&sig=CANARY%3D"
FABRIC = {
    "fabric_token_service_url": "https://fabric.example/token",
    "fabric_workload_host": "host.example",
    "fabric_session_token": "CANARY",
    "fabric_cluster_identifier": "cluster",
}
APPLICATION = {"client_id": "c", "client_secret": "CANARY", "tenant_id": "t"}
WORKLOAD = {"client_id": "c", "tenant_id": "t", "federated_token_file": "/CANARY"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "AZURITE_", "IDENTITY_")):
            monkeypatch.delenv(name)


def store(**config: Any) -> AzureStore:
    return AzureStore("c", account_name="a", **config)


@pytest.mark.row("I6")
def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(UnknownConfigurationKeyError, match=r"'acount_key'.*'account_key'"):
        store(acount_key="x")


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(GenericError, match="Duplicate key azure_account_key provided") as caught:
        store(config={"AZURE_STORAGE_ACCESS_KEY": KEY}, account_key=KEY)
    assert KEY not in str(caught.value)


def test_the_environment_makes_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AZURE_STORAGE_ACCOUNT_NAME": "acc",
        "AZURE_CONTAINER_NAME": "con",
        "AZURE_CLIENT_ID": "less",
        "AZURE_STORAGE_CLIENT_ID": "more",
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi",
        "AZURE_MSI_ENDPOINT": "http://127.0.0.1:2/msi",
    }.items():
        monkeypatch.setenv(name, value)
    for made in (AzureStore(), AzureStore.from_env()):
        assert repr(made) == 'AzureStore(container_name="con", account_name="acc")'
        assert made.config == {}
        assert made._effective()["client_id"] == "more"
        assert made._effective()["msi_endpoint"] == "http://127.0.0.1:1/msi"


@pytest.mark.parametrize(
    ("explicit", "kind"),
    [
        ({"account_key": KEY}, "access_key"),
        ({"sas_token": SAS}, "sas_token"),
        ({"client_secret": "CANARY"}, "client_secret"),
        ({"use_azure_cli": True}, "azure_cli"),
        ({"credential_type": "managed_identity"}, "managed_identity"),
        ({}, "bearer_token"),
    ],
)
def test_a_credential_that_is_given_beats_the_environment(
    monkeypatch: pytest.MonkeyPatch, explicit: dict[str, Any], kind: str
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_TOKEN", "CANARY")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    for key, value in WORKLOAD.items():
        monkeypatch.setenv(f"AZURE_{key.upper()}", value)
    effective = store(**explicit)._effective()
    assert effective["credential_type"] == kind
    assert not {"token", "account_key", "federated_token_file"} & (
        effective.keys() - _azure.KEYS.normalise(explicit).keys() - {"token"}
    )


ORDER: list[tuple[str, dict[str, Any]]] = [
    ("bearer_token", {"token": "CANARY"}),
    ("access_key", {"account_key": KEY}),
    ("workload_identity", WORKLOAD),
    ("client_secret", APPLICATION),
    ("sas_token", {"sas_key": SAS}),
    ("azure_cli", {"use_azure_cli": True}),
    ("managed_identity", {}),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_credentials_have_the_order_of_the_crate(first: int) -> None:
    given: dict[str, Any] = {}
    for kind, config in ORDER[first:]:
        if not (kind == "sas_token" and "account_key" in given):
            given.update(config)
    assert store(**given)._effective()["credential_type"] == ORDER[first][0]
    for kind, config in ORDER[first:]:
        if config.keys() <= given.keys():
            chosen = store(**given, credential_type=kind)._effective()
            assert chosen["credential_type"] == kind
            assert config.keys() <= chosen.keys()


URLS: list[tuple[str, dict[str, str], str | None]] = [
    *[(f"{s}://con/p/q", {"container_name": "con"}, "p/q") for s in ("az", "adl", "azure", "abfs")],
    ("abfss://con", {"container_name": "con"}, None),
    ("az://con/p%20q", {"container_name": "con"}, "p q"),
    *[
        (
            f"{scheme}://con@acc.{host}.core.windows.net/p",
            {"container_name": "con", "account_name": "acc"},
            "p",
        )
        for scheme in ("az", "abfs", "abfss")
        for host in ("dfs", "blob")
    ],
    (
        "abfss://con@acc.dfs.fabric.microsoft.com/p",
        {"container_name": "con", "account_name": "acc", "use_fabric_endpoint": "true"},
        "p",
    ),
    (
        "https://acc.blob.core.windows.net/con/p/q",
        {"account_name": "acc", "container_name": "con"},
        "p/q",
    ),
    (
        "https://ACC.DFS.core.windows.net/con",
        {"account_name": "acc", "container_name": "con"},
        None,
    ),
    (
        "https://onelake.dfs.fabric.microsoft.com/ws/item.Lakehouse/Files",
        {"account_name": "onelake", "container_name": "ws", "use_fabric_endpoint": "true"},
        "item.Lakehouse/Files",
    ),
    (
        "https://ws.z28.blob.fabric.microsoft.com/con/p",
        {
            "account_name": "ws.z28",
            "endpoint": "https://ws.z28.blob.fabric.microsoft.com",
            "container_name": "con",
            "use_fabric_endpoint": "true",
        },
        "p",
    ),
    (
        f"https://acc.blob.core.windows.net/con/p?{SAS}",
        {"account_name": "acc", "container_name": "con", "sas_key": SAS},
        "p",
    ),
]


@pytest.mark.parametrize(("url", "config", "prefix"), URLS, ids=[url for url, _, _ in URLS])
def test_urls_of_azure(url: str, config: dict[str, str], prefix: str | None) -> None:
    more: dict[str, Any] = {} if "account_name" in config else {"account_name": "other"}
    made = AzureStore.from_url(url, **more)
    assert (made.config, made.prefix) == ({**config, **more}, prefix)


@pytest.mark.parametrize(
    "url",
    [
        "az://",
        "az://a.b/p",
        "azure://con@acc.dfs.core.windows.net/p",
        "abfss://con@acc.example.com/p",
        "abfss://c.d@acc.dfs.core.windows.net/p",
        "abfss://con:CANARY@acc.dfs.core.windows.net/p",
        f"az://con/p?{SAS}",
        "https://acc.blob.core.windows.net/con?snapshot=CANARY",
        "https://acc.blob.core.windows.net/con#CANARY",
        "https://CANARY@acc.blob.core.windows.net/con",
        "https://acc.blob.core.windows.com/con",
        "https://acc.blob.fabric.microsoft.net/con",
        "https://acc.blob.core.windows.net.evil.example/con",
        "https://a.b.blob.core.windows.net/con",
        "http://acc.blob.core.windows.net/con",
        "s3://con/p",
    ],
)
def test_urls_that_are_none_of_azure(url: str) -> None:
    with pytest.raises(GenericError, match="is no URL of Azure") as caught:
        AzureStore.from_url(url, account_name="a")
    assert "CANARY" not in str(caught.value)


def test_what_is_given_beats_the_url() -> None:
    url = f"https://acc.blob.core.windows.net/con/p?{SAS}"
    made = AzureStore.from_url(url, config={"AZURE_STORAGE_SAS_KEY": "sig=x"}, account_name="b")
    assert made.config == {"container_name": "con", "account_name": "b", "sas_key": "sig=x"}


@pytest.mark.parametrize("given", [{"account_key": KEY}, {"credential_provider": dict}])
def test_a_sas_token_in_a_url_is_never_ignored(given: dict[str, Any]) -> None:
    with pytest.raises(GenericError, match="SAS token"):
        AzureStore.from_url(f"https://acc.blob.core.windows.net/con?{SAS}", **given)


def test_a_subclass_keeps_its_class() -> None:
    class Mine(AzureStore):
        pass

    assert type(Mine.from_url("az://c", account_name="a")) is Mine
    assert Mine("c", account_name="a") != store()


def test_reprs_show_no_secret() -> None:
    made = AzureStore("c", prefix="p", account_name="a", account_key=KEY)
    assert repr(made) == 'AzureStore(container_name="c", account_name="a", prefix="p")'
    assert repr(AzureStore("c", use_emulator=True)).endswith('account_name="devstoreaccount1")')


def test_the_arguments_that_rust_libraries_take() -> None:
    assert store(prefix="p").__getnewargs_ex__() == (
        (),
        {
            "prefix": "p",
            "config": {"container_name": "c", "account_name": "a"},
            "client_options": None,
            "retry_config": None,
            "credential_provider": None,
        },
    )


BLOB = "https://a.blob.core.windows.net"
LOGIN = "https://login.microsoftonline.com"
INSTANCE = "http://169.254.169.254"


@pytest.mark.parametrize(
    ("config", "origins"),
    [
        ({"account_key": KEY}, {BLOB}),
        ({"sas_key": SAS}, {BLOB}),
        ({"skip_signature": True}, {BLOB}),
        ({"use_azure_cli": True}, {BLOB}),
        ({"credential_provider": dict}, {BLOB}),
        ({}, {BLOB, INSTANCE}),
        ({"msi_endpoint": "http://127.0.0.1:1/msi"}, {BLOB, "http://127.0.0.1:1"}),
        (APPLICATION, {BLOB, LOGIN}),
        (WORKLOAD, {BLOB, LOGIN}),
        ({**WORKLOAD, "authority_host": "https://l.example/"}, {BLOB, "https://l.example"}),
        ({**WORKLOAD, "authority_host": "l.example"}, {BLOB, "https://l.example"}),
        (FABRIC, {BLOB, "https://fabric.example"}),
        ({**APPLICATION, "account_key": KEY, "msi_endpoint": "http://x.example"}, {BLOB}),
        ({"account_key": KEY, "endpoint": "https://e.example:8/a"}, {"https://e.example:8"}),
        (
            {"account_key": KEY, "use_fabric_endpoint": True},
            {"https://a.blob.fabric.microsoft.com"},
        ),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_origins_are_those_of_the_configuration(config: dict[str, Any], origins: set[str]) -> None:
    made = store(**config)
    assert made._origins(made._effective()) == origins


@pytest.mark.parametrize(
    ("config", "address", "endpoint"),
    [
        ({}, None, "http://127.0.0.1:10000/devstoreaccount1"),
        ({}, "http://azurite:1/", "http://azurite:1/devstoreaccount1"),
        ({"endpoint": "http://h:2"}, "http://azurite:1", "http://h:2/devstoreaccount1"),
        ({"endpoint": "http://h:2/devstoreaccount1/"}, None, "http://h:2/devstoreaccount1"),
        ({"account_name": "mine"}, None, "http://127.0.0.1:10000/mine"),
    ],
)
def test_the_emulator(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], address: str | None, endpoint: str
) -> None:
    if address is not None:
        monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", address)
    made = AzureStore("c", use_emulator=True, **config)
    effective = made._effective()
    assert (effective["endpoint"], effective["credential_type"]) == (endpoint, "access_key")
    assert made._client_settings().allow_http
    assert "account_key" not in made.config


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"account_name": "a"}, GenericError, "container_name"),
        ({"container_name": "c"}, GenericError, "account_name"),
        ({"container_name": "a/b", "account_name": "a"}, GenericError, "container"),
        ({"container_name": "..", "account_name": "a"}, GenericError, "container"),
        ({"account_name": "a/b"}, GenericError, "storage account"),
        ({"account_name": "evil.example/"}, GenericError, "storage account"),
        ({"account_key": "CANARY?"}, GenericError, "account_key is no base64"),
        ({"account_key": KEY, "sas_token": SAS}, GenericError, "access key and a SAS token"),
        ({"encryption_key": KEY}, GenericError, "32 bytes"),
        ({"encryption_key": "CANARY?"}, GenericError, "32 bytes"),
        ({"credential_type": "magic"}, GenericError, "credential_type must be one of"),
        ({"credential_type": "sas_token"}, GenericError, "needs sas_key"),
        ({"use_emulator": "maybe"}, GenericError, "use_emulator"),
        ({"disable_tagging": "maybe"}, GenericError, "disable_tagging"),
        ({"endpoint": "azurite:10000"}, GenericError, "endpoint"),
        ({"endpoint": "https://u:CANARY@h"}, GenericError, "user name"),
        ({"endpoint": "https://h/?sig=CANARY"}, GenericError, "query"),
        ({"msi_endpoint": "ftp://h"}, GenericError, "msi_endpoint"),
        ({**WORKLOAD, "authority_host": "https://h?CANARY"}, GenericError, "authority_host"),
        ({**WORKLOAD, "tenant_id": "../t"}, GenericError, "tenant"),
        ({"account_key": None}, TypeError, "account_key"),
        ({"max_keys": 3}, UnknownConfigurationKeyError, "max_keys"),
        ({"credential_provider": 5}, TypeError, "credential_provider"),
        ({"prefix": "a/../b"}, ValueError, "prefix"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    if not arguments.keys() & {"container_name", "account_name"}:
        arguments = {"container_name": "c", "account_name": "a", **arguments}
    elif arguments.keys() == {"account_name"} and match == "storage account":
        arguments = {"container_name": "c", **arguments}
    with pytest.raises(error, match=match) as caught:
        AzureStore(**arguments)
    assert "CANARY" not in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_both_keys_may_be_there_if_it_is_said_which_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"account_key": KEY, "sas_token": SAS}
    assert "account_key" not in store(**both, credential_type="sas_token")._effective()
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    assert store(sas_token=SAS)._effective()["credential_type"] == "sas_token"
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", SAS)
    with pytest.raises(GenericError, match="access key and a SAS token"):
        store()
