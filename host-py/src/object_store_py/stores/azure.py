"""`AzureStore`: Azure Blob Storage, Data Lake Gen2, OneLake, and the emulator Azurite."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _azure, _checks, _redact, options
from .._azure_tokens import plan_for
from .._credentials import CredentialPlan, from_provider
from .._frames import forgetful
from ..config import AzureConfig, ClientConfig, RetryConfig
from ..credentials import DEFAULT_REFRESH_THRESHOLD, AzureCredentialProvider, azure_answer
from ..exceptions import GenericError
from .remote import RemoteStore, check_endpoint

if TYPE_CHECKING:
    import httpx

    from .._backend import Backend
    from .._core import Brain
    from .._metrics import OnRequest
    from .._policy import RequestPolicy

T = TypeVar("T", bound="AzureStore")

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_CONTAINER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._$-]{1,255}")
_TENANT = re.compile(r"[A-Za-z0-9._-]{1,128}")
_URLS = ("endpoint", "msi_endpoint", "fabric_token_service_url")
_KEY_BYTES = 32


class AzureStore(RemoteStore):
    """A container of Azure Blob Storage, or of a server that speaks its API.

    What is not given explicitly is read from the environment, where the variables are the longest
    spellings of `AzureConfig`'s keys in capitals (`AZURE_STORAGE_ACCOUNT_NAME`,
    `AZURE_STORAGE_ACCOUNT_KEY`, `AZURE_CLIENT_ID`, ...), and three more: `IDENTITY_ENDPOINT` and
    `IDENTITY_HEADER` (App Service's managed identity) and `AZURITE_BLOB_STORAGE_URL` (the address
    for `use_emulator`). What is given always wins: a credential that is given explicitly counts
    before every credential of the environment.

    Credentials are tried in this order unless `credential_type` names one: a Fabric session, a
    bearer token, an access key, workload identity, a client secret, a SAS token, the Azure CLI if
    `use_azure_cli`, managed identity.

    Args:
        container_name: the container's name.
        prefix: put in front of all paths.
        config: configuration; the keys are those of `AzureConfig`, in any case.
        client_options: the HTTP client's options, see `ClientConfig`.
        retry_config: when to try again, see `RetryConfig`.
        credential_provider: a function that returns an `AzureCredential`, or an awaitable of one.
        transport: an `httpx.BaseTransport` that carries out all requests of the sync methods, such
            as `httpx.MockTransport`; token requests, too.
        async_transport: the same for the asynchronous methods.
        on_request: called with a `RequestInfo` after each request; see docs/observing.md.
        request_policy: called with the method and the URL (without its query) before each request:
            returns True to send it, False to refuse it, or an origin to send it to instead.
        **kwargs: more configuration.

    Raises:
        UnknownConfigurationKeyError: a key is not known; the error names the nearest one.
        GenericError: a key is given twice, or a value cannot be used.
    """

    _table = _azure.KEYS
    _bucket_key = "container_name"
    _kind = "azure"
    _host_keys = frozenset(
        {"client_secret", "federated_token_file", "use_azure_cli", "msi_endpoint"}
    )

    @forgetful
    def __init__(
        self,
        container_name: str | None = None,
        *,
        prefix: str | None = None,
        config: AzureConfig | Mapping[str, Any] | None = None,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        credential_provider: AzureCredentialProvider | None = None,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        on_request: OnRequest | None = None,
        request_policy: RequestPolicy | None = None,
        **kwargs: Any,
    ) -> None:
        self._wire(transport, async_transport, on_request, request_policy)
        self._configure(
            container_name,
            getattr(credential_provider, "prefix", None) if prefix is None else prefix,
            config,
            client_options,
            retry_config,
            credential_provider,
            kwargs,
        )

    @classmethod
    @forgetful
    def from_env(cls: type[T], container_name: str | None = None, **arguments: Any) -> T:
        """Make a store of what the environment says: the same as the constructor."""
        return cls(container_name, **arguments)

    @classmethod
    @forgetful
    def from_url(cls: type[T], url: str, **arguments: Any) -> T:
        """Make a store of a URL of Azure.

        Known are `az://container/prefix` (also `adl`, `azure`, `abfs`, `abfss`),
        `abfss://container@account.dfs.core.windows.net/prefix` (also `az`, `abfs`; `blob` for
        `dfs`), `https://account.blob.core.windows.net/container/prefix` (also `dfs`), and the same
        with `fabric.microsoft.com`. A SAS token in the query of an `https` URL is used as
        `sas_token`; any other query is refused.
        """
        given, prefix = _azure.parse_url(url)
        explicit = dict(_checks.named(arguments.pop("config", None), "config"))
        known = {cls._table.canonical(key) for key in (*explicit, *arguments)}
        if "sas_key" in given and arguments.get("credential_provider") is not None:
            raise GenericError(
                "AzureStore.from_url: the URL has a SAS token, and there is a credential_provider,"
                " too: give one of them"
            )
        config = {key: value for key, value in given.items() if key not in known}
        return cls(prefix=prefix or None, config={**config, **explicit}, **arguments)

    def __repr__(self) -> str:
        config = super()._effective()
        default = _azure.EMULATOR_ACCOUNT if _azure.is_on(config, "use_emulator") else None
        account = config.get("account_name", default)
        return self._repr(
            "container_name", config.get("container_name"), f"account_name={account!r}"
        )

    def _check(self, config: dict[str, str]) -> None:
        account, container = config.get("account_name"), config.get("container_name")
        if not container:
            raise GenericError(
                "AzureStore: no container_name: give it as the first argument, or in the variable"
                " AZURE_CONTAINER_NAME"
            )
        if not account:
            raise GenericError(
                "AzureStore: no account_name: give it, or set AZURE_STORAGE_ACCOUNT_NAME"
            )
        if not _CONTAINER.fullmatch(container):
            raise GenericError(f"AzureStore: {_redact.value(container)} is no name of a container")
        if not _ACCOUNT.fullmatch(account):
            raise GenericError(
                f"AzureStore: {_redact.value(account)} is no name of a storage account"
            )
        if not _TENANT.fullmatch(config.get("tenant_id", "common")):
            tenant = _redact.value(config["tenant_id"])
            raise GenericError(f"AzureStore: tenant_id {tenant} is no tenant")
        for name in _URLS:
            if name in config:
                check_endpoint(config[name], name)
        check_endpoint(_azure.authority(config), "authority_host")
        _check_keys(config)

    def _effective(self) -> dict[str, str]:
        """The configuration that counts, with one kind of credential alone."""
        merged = super()._effective()
        for name in (*_azure.SWITCHES, "disable_tagging"):
            if name in merged:
                options.parse_bool(merged[name], name)
        explicit = {**self._provided, **self._config}
        if _azure.is_on(merged, "use_emulator"):
            merged = _azure.emulated(merged)
        merged.pop("use_emulator", None)
        if _azure.is_given(explicit) or self._credential_provider is not None:
            for name in {"skip_signature", "credential_type"} - explicit.keys():
                merged.pop(name, None)  # the environment's must not hide what is given
        if self._credential_provider is not None:
            return _azure.without_credentials(merged)
        kind = _azure.choose(explicit, merged)
        if "credential_type" not in merged:
            _azure.refuse_both(explicit, merged, kind)
        return _azure.keep_only(kind, merged)

    def _client_settings(self) -> options.ClientSettings:
        settings = super()._client_settings()
        if _azure.is_on({**self._environment, **self._config}, "use_emulator"):
            return dataclasses.replace(settings, allow_http=True)
        return settings

    def _origins(self, config: dict[str, str]) -> frozenset[str]:
        """The origins that this store's own configuration leads to."""
        host = "fabric.microsoft.com" if _azure.is_on(config, "use_fabric_endpoint") else ""
        service = f"https://{config['account_name']}.blob.{host or 'core.windows.net'}"
        found = {check_endpoint(config.get("endpoint", service), "endpoint")}
        match self._credential_kind(config):
            case "client_secret" | "workload_identity":
                found.add(check_endpoint(_azure.authority(config), "authority_host"))
            case "managed_identity":
                url = config.get("msi_endpoint", "http://169.254.169.254")
                found.add(check_endpoint(url, "msi_endpoint"))
            case "fabric":
                url = config["fabric_token_service_url"]
                found.add(check_endpoint(url, "fabric_token_service_url"))
            case _:
                pass
        return frozenset(found)

    def _credential_kind(self, config: dict[str, str]) -> str | None:
        """The kind of credential that is asked for over HTTP or on this machine, if any is."""
        if self._credential_provider is not None or _azure.is_on(config, "skip_signature"):
            return None
        return _azure.choose({}, config)

    def _backend_of(self, brain: Brain, retry: dict[str, Any]) -> Backend:
        from .._azure_copying import AzureBackend

        return AzureBackend(brain, retry, self._min_part_size)

    def _credential(self, config: dict[str, str]) -> CredentialPlan | None:
        provider = self._credential_provider
        if provider is not None:
            threshold = getattr(provider, "refresh_threshold", None) or DEFAULT_REFRESH_THRESHOLD
            return from_provider(provider, lambda given: azure_answer(given, threshold))
        kind = self._credential_kind(config)
        if kind not in _azure.ON_HOST:
            return None
        retries: int = options.retry_to_border(self._retry_config)["max_retries"]
        return plan_for(kind, config, retries)


def _check_keys(config: Mapping[str, str]) -> None:
    """Check the keys, without showing them."""
    if "account_key" in config and not _decoded(config["account_key"]):
        raise GenericError("AzureStore: account_key is no base64")
    key = config.get("encryption_key")
    if key is not None and len(_decoded(key)) != _KEY_BYTES:
        raise GenericError(f"AzureStore: encryption_key must be {_KEY_BYTES} bytes in base64")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
