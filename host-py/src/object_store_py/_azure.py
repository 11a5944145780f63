"""Azure's configuration: spellings of its keys, which credential counts, URLs, the emulator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote

from . import _checks, _redact, options
from ._environment import variable, variables
from .exceptions import GenericError

_SPELLINGS = {
    "account_name": "azure_storage_account_name",
    "account_key": "azure_storage_account_key azure_storage_access_key azure_storage_master_key"
    " access_key master_key",
    "client_id": "azure_storage_client_id azure_client_id",
    "client_secret": "azure_storage_client_secret azure_client_secret",
    "tenant_id": "azure_storage_tenant_id azure_storage_authority_id azure_tenant_id"
    " azure_authority_id authority_id",
    "authority_host": "azure_storage_authority_host azure_authority_host",
    "sas_key": "azure_storage_sas_key azure_storage_sas_token sas_token",
    "token": "azure_storage_token bearer_token",
    "use_emulator": "azure_storage_use_emulator",
    "endpoint": "azure_storage_endpoint azure_endpoint",
    "msi_endpoint": "azure_msi_endpoint azure_identity_endpoint identity_endpoint",
    "object_id": "azure_object_id",
    "msi_resource_id": "azure_msi_resource_id",
    "federated_token_file": "azure_federated_token_file",
    "use_fabric_endpoint": "azure_use_fabric_endpoint",
    "use_azure_cli": "azure_use_azure_cli",
    "skip_signature": "azure_skip_signature",
    "container_name": "azure_container_name",
    "disable_tagging": "azure_disable_tagging",
    "fabric_token_service_url": "azure_fabric_token_service_url",
    "fabric_workload_host": "azure_fabric_workload_host",
    "fabric_session_token": "azure_fabric_session_token",
    "fabric_cluster_identifier": "azure_fabric_cluster_identifier",
    "credential_type": "azure_credential_type",
    "encryption_key": "azure_storage_encryption_key",
}
"""Each key with its other spellings: not every key takes every prefix (azure/builder.rs)."""

SWITCHES = ("use_emulator", "use_fabric_endpoint", "use_azure_cli", "skip_signature")
"""The keys that are true or false and decide something in the host."""


class AzureKeys(options.KeyTable):
    """The keys of Azure, whose prefixes belong to each key, and its environment variables."""

    def canonical(self, name: str) -> str | None:
        """The key that a spelling means, or None."""
        lowered = name.lower()
        key = self.aliases.get(lowered, lowered)
        if key in self.keys:
            return key
        bare = lowered.removeprefix("azure_")
        return bare if bare in options.CLIENT_KEYS else None

    def from_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What environment variables say.

        `AZURE_STORAGE_...` counts more than `AZURE_...`, and `IDENTITY_ENDPOINT`, which Azure's own
        App Service sets, counts as `msi_endpoint`.
        """
        known = variables(environment)
        special = {name: v for name, v in known.items() if _is_special(name)}
        found = super().from_environment(known) | super().from_environment(special)
        if "IDENTITY_ENDPOINT" in known:
            found["msi_endpoint"] = known["IDENTITY_ENDPOINT"]
        return found


def _is_special(name: str) -> bool:
    return name.lower().startswith("azure_storage_")


KEYS = AzureKeys(
    ("azure_",),
    frozenset(_SPELLINGS),
    {other: key for key, others in _SPELLINGS.items() for other in others.split()},
)

Config: TypeAlias = dict[str, str]

_CREDENTIALS = {
    "fabric": "fabric_token_service_url fabric_workload_host fabric_session_token"
    " fabric_cluster_identifier",
    "bearer_token": "token",
    "access_key": "account_key",
    "workload_identity": "client_id tenant_id federated_token_file",
    "client_secret": "client_id client_secret tenant_id",
    "sas_token": "sas_key",
    "azure_cli": "use_azure_cli",
    "managed_identity": "",
}
"""The kinds of credential in the crate's order, each with the keys that it needs."""

_OPTIONAL = {
    "fabric": "token",
    "workload_identity": "authority_host",
    "client_secret": "authority_host",
    "managed_identity": "client_id object_id msi_resource_id msi_endpoint",
}
_SHARED = frozenset({"client_id", "tenant_id", "authority_host"})
_CREDENTIAL_KEYS = frozenset(" ".join([*_CREDENTIALS.values(), *_OPTIONAL.values()]).split())

ON_HOST = frozenset({"client_secret", "workload_identity", "azure_cli", "managed_identity"})
"""The kinds that the host asks for tokens: most need a file, a program or a variable, which the
sandbox does not have, and for all of them a token that is refused is replaced by a new one."""


def is_on(config: Mapping[str, str], key: str) -> bool:
    """Whether a switch is set."""
    return options.parse_bool(config.get(key, "false"), key)


def choose(explicit: Config, merged: Config) -> str:
    """The kind of credential that counts: what is given explicitly beats the environment.

    Raises:
        GenericError: `credential_type` is none, or the keys that it needs are missing.
    """
    kind = merged.get("credential_type", "auto").lower()
    if kind == "auto":
        complete = [kind for kind in _CREDENTIALS if _is_complete(kind, merged)]
        given = [kind for kind in complete if _is_complete(kind, explicit, _SHARED)]
        return (given or complete)[0]
    if kind not in _CREDENTIALS or kind == "fabric":
        known = ", ".join(name for name in _CREDENTIALS if name != "fabric")
        raise GenericError(f"AzureStore: credential_type must be one of auto, {known}")
    missing = [key for key in _CREDENTIALS[kind].split() if key not in merged]
    if missing and kind != "azure_cli":
        raise GenericError(f"AzureStore: credential_type {kind} needs {', '.join(missing)}")
    return kind


def _is_complete(kind: str, config: Config, elsewhere: frozenset[str] = frozenset()) -> bool:
    """Whether a kind's keys are there, apart from those that may come from elsewhere."""
    needed = set(_CREDENTIALS[kind].split()) - elsewhere
    if kind == "azure_cli":
        return is_on(config, "use_azure_cli")
    return needed <= config.keys() and bool(needed or not elsewhere)


def is_given(explicit: Config) -> bool:
    """Whether some credential is given explicitly."""
    if is_on(explicit, "use_azure_cli") or "credential_type" in explicit:
        return True
    return bool(explicit.keys() & (_CREDENTIAL_KEYS - _SHARED - {"use_azure_cli"}))


def refuse_both(explicit: Config, merged: Config, kind: str) -> None:
    """Refuse an access key beside a SAS token, unless one is given and one the environment's.

    Raises:
        GenericError: there are both.
    """
    both = {"account_key", "sas_key"}
    where = explicit if both & explicit.keys() else merged
    if kind in ("access_key", "sas_token") and both <= where.keys():
        raise GenericError(
            "AzureStore: there are both an access key and a SAS token: give one of them, or say"
            " which with credential_type"
        )


def keep_only(kind: str, config: Config) -> Config:
    """The configuration without the keys of all other kinds of credential."""
    wanted = {*_CREDENTIALS[kind].split(), *_OPTIONAL.get(kind, "").split()}
    kept = {k: v for k, v in config.items() if k in wanted or k not in _CREDENTIAL_KEYS}
    return kept if kind == "fabric" else {**kept, "credential_type": kind}


def without_credentials(config: Config) -> Config:
    """The configuration of a store that has a provider: no credential of any kind."""
    return {k: v for k, v in config.items() if k not in {*_CREDENTIAL_KEYS, "credential_type"}}


EMULATOR_URL = "http://127.0.0.1:10000"
EMULATOR_ACCOUNT = "devstoreaccount1"
_EMULATOR_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""The key of every emulator: it is public, and in its documentation."""


def emulated(config: Config) -> Config:
    """The configuration that `use_emulator` stands for: an endpoint with the account in its path.

    The address is `endpoint` where it is given, else the variable `AZURITE_BLOB_STORAGE_URL`, else
    Azurite's default.
    """
    account = config.get("account_name", EMULATOR_ACCOUNT)
    base = config.get("endpoint") or variable("AZURITE_BLOB_STORAGE_URL") or EMULATOR_URL
    base = base.rstrip("/").removesuffix(f"/{account}")
    plain = {k: v for k, v in config.items() if k != "use_emulator"}
    found = {**plain, "account_name": account, "endpoint": f"{base}/{account}"}
    if not found.keys() & {"account_key", "token", "sas_key", "skip_signature"}:
        found["account_key"] = _EMULATOR_KEY
    return found


def authority(config: Mapping[str, str]) -> str:
    """Where tokens of Entra ID come from, without a slash at its end."""
    host = config.get("authority_host", "https://login.microsoftonline.com").rstrip("/")
    return host if "://" in host else f"https://{host}"


_ACCOUNT_HOST = re.compile(
    r"(?P<account>[^.]+)\.(dfs|blob)\.(core\.windows\.net|(?P<fabric>fabric\.microsoft\.com))"
)
_PRIVATE_LINK = re.compile(r"(?P<account>[^.]+\.z[^.]*)\.(.+\.)?fabric\.microsoft\.com")


_AT_ACCOUNT = ("az", "adl", "azure", "abfs", "abfss")
"""Schemes whose URLs may have a container where others have a user: `container@account.host`."""


def parse_url(url: str) -> tuple[Config, str]:
    """The configuration and the prefix that a URL of Azure means.

    A SAS token in the query becomes `sas_key`; any other query is refused.

    Raises:
        GenericError: it is no URL of Azure, or has a password, a fragment or another query.
    """
    parts = _checks.url(url, user=True)
    refused = GenericError(f"AzureStore.from_url: {_redact.value(url)} is no URL of Azure")
    path = unquote(parts.path).strip("/")
    has_user = parts.scheme not in _AT_ACCOUNT and _redact.has_user(url)
    if parts.fragment or parts.password is not None or has_user:
        raise refused
    if parts.scheme in ("az", "adl", "azure", "abfs", "abfss") and not parts.query:
        return _from_scheme(parts.scheme, parts.netloc, refused), path
    if parts.scheme == "https" and parts.username is None:
        config = {**_from_host(parts.netloc.lower(), refused), **_from_query(parts.query, refused)}
        container, _, prefix = path.partition("/")
        return config | ({"container_name": container} if container else {}), prefix
    raise refused


def _from_scheme(scheme: str, place: str, refused: GenericError) -> Config:
    """`container`, or `container@account.host` where the scheme has that form."""
    container, at, host = place.rpartition("@")
    if not at and re.fullmatch("[^.:]+", place):
        return {"container_name": place}
    if not at or not re.fullmatch("[^.@:]+", container) or scheme in ("adl", "azure"):
        raise refused
    return {"container_name": container, **_from_host(host.lower(), refused)}


def _from_host(host: str, refused: GenericError) -> Config:
    if match := _PRIVATE_LINK.fullmatch(host):
        endpoint = f"https://{host}"
        return {"account_name": match["account"], "endpoint": endpoint} | _FABRIC
    match = _ACCOUNT_HOST.fullmatch(host)
    if match is None:
        raise refused
    return {"account_name": match["account"], **(_FABRIC if match["fabric"] else {})}


_FABRIC = {"use_fabric_endpoint": "true"}


def _from_query(query: str, refused: GenericError) -> Config:
    if not query:
        return {}
    if not re.search(r"(^|&)sig=.", query):
        raise refused
    return {"sas_key": query}
