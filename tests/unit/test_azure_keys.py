"""The keys of an AzureStore: every spelling, every variable, and values that come back as texts."""

from __future__ import annotations

import copy
import os
import pickle
from datetime import timedelta
from typing import Any, get_type_hints

import pytest

from object_store_py import _azure
from object_store_py.config import AzureConfig
from object_store_py.exceptions import UnknownConfigurationKeyError
from object_store_py.store import AzureStore

KEY = "Q0FOQVJZ"
SAS = "sv=2023-11-03&sp=r&sig=CANARY%3D"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "AZURITE_", "IDENTITY_")):
            monkeypatch.delenv(name)


def store(**config: Any) -> AzureStore:
    return AzureStore("c", account_name="a", **config)


# The keys, and every spelling that the crate's `AzureConfigKey` knows.
SPELLINGS = {
    "account_name": ["azure_storage_account_name"],
    "account_key": [
        "azure_storage_account_key",
        "azure_storage_access_key",
        "azure_storage_master_key",
        "access_key",
        "master_key",
    ],
    "client_id": ["azure_storage_client_id", "azure_client_id"],
    "client_secret": ["azure_storage_client_secret", "azure_client_secret"],
    "tenant_id": [
        "azure_storage_tenant_id",
        "azure_storage_authority_id",
        "azure_tenant_id",
        "azure_authority_id",
        "authority_id",
    ],
    "authority_host": ["azure_storage_authority_host", "azure_authority_host"],
    "sas_key": ["azure_storage_sas_key", "azure_storage_sas_token", "sas_token"],
    "token": ["azure_storage_token", "bearer_token"],
    "use_emulator": ["azure_storage_use_emulator"],
    "endpoint": ["azure_storage_endpoint", "azure_endpoint"],
    "msi_endpoint": ["azure_msi_endpoint", "azure_identity_endpoint", "identity_endpoint"],
    "object_id": ["azure_object_id"],
    "msi_resource_id": ["azure_msi_resource_id"],
    "federated_token_file": ["azure_federated_token_file"],
    "use_fabric_endpoint": ["azure_use_fabric_endpoint"],
    "use_azure_cli": ["azure_use_azure_cli"],
    "skip_signature": ["azure_skip_signature"],
    "container_name": ["azure_container_name"],
    "disable_tagging": ["azure_disable_tagging"],
    "fabric_token_service_url": ["azure_fabric_token_service_url"],
    "fabric_workload_host": ["azure_fabric_workload_host"],
    "fabric_session_token": ["azure_fabric_session_token"],
    "fabric_cluster_identifier": ["azure_fabric_cluster_identifier"],
    "credential_type": ["azure_credential_type"],
    "encryption_key": ["azure_storage_encryption_key"],
    "allow_http": ["azure_allow_http"],
    "timeout": ["azure_timeout"],
}
# Values that can be used, as they are given and as texts.
VALUES: dict[str, tuple[Any, str]] = {
    "account_key": (KEY, KEY),
    "sas_key": (SAS, SAS),
    "token": ("CANARY", "CANARY"),
    "endpoint": ("https://e.example", "https://e.example"),
    "msi_endpoint": ("http://127.0.0.1:1/msi", "http://127.0.0.1:1/msi"),
    "authority_host": ("https://l.example", "https://l.example"),
    "fabric_token_service_url": ("https://f.example", "https://f.example"),
    "credential_type": ("azure_cli", "azure_cli"),
    "encryption_key": ("QUFB" * 10 + "QUE=", "QUFB" * 10 + "QUE="),
    "timeout": (timedelta(seconds=3), "3s"),
    **dict.fromkeys(
        (
            "use_emulator",
            "use_fabric_endpoint",
            "use_azure_cli",
            "skip_signature",
            "disable_tagging",
            "allow_http",
        ),
        (True, "true"),
    ),
}
EVERY = [(key, spelling) for key in SPELLINGS for spelling in (key, *SPELLINGS[key])]


@pytest.mark.parametrize(("key", "spelling"), EVERY, ids=str)
def test_every_key_is_set_read_back_and_pickled(key: str, spelling: str) -> None:
    given, text = VALUES.get(key, ("value", "value"))
    defaults = {"container_name": "c", "account_name": "a"}
    defaults.pop(key, None)
    for name in (spelling, spelling.upper(), spelling.title()):
        made = AzureStore(config={**defaults, name: given})
        assert made.config[key] == text
        assert AzureStore(config=made.config) == made
        assert pickle.loads(pickle.dumps(made)) == made
        assert copy.deepcopy(made).config == made.config


def test_all_keys_are_known_and_typed() -> None:
    assert set(SPELLINGS) - {"allow_http", "timeout"} == _azure.KEYS.keys
    short = {s for names in SPELLINGS.values() for s in names if not s.startswith("azure_")}
    assert set(get_type_hints(AzureConfig)) == {*SPELLINGS, *short}


@pytest.mark.parametrize(("key", "spelling"), EVERY, ids=str)
def test_the_environment_is_read_by_the_prefixed_spellings(
    monkeypatch: pytest.MonkeyPatch, key: str, spelling: str
) -> None:
    text = VALUES.get(key, ("value", "value"))[1]
    variable = spelling == "identity_endpoint"  # App Service's own
    monkeypatch.setenv(spelling.upper(), text)
    found = _azure.KEYS.from_environment(os.environ)
    assert found == ({key: text} if spelling.startswith("azure_") or variable else {})


@pytest.mark.parametrize(
    "name", ["AZURE_ACCOUNT_NAME", "AZURE_ENCRYPTION_KEY", "AZURE_TOKEN", "AZURE_STORAGE_OBJECT_ID"]
)
def test_a_prefix_that_a_key_does_not_take(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "value")
    assert _azure.KEYS.from_environment(os.environ) == {}
    with pytest.raises(UnknownConfigurationKeyError):
        store(config={name: "value"})
