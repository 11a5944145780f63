"""`GCSStore`: Google Cloud Storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _checks, _google, _redact, options
from .._credentials import CredentialPlan, from_provider
from .._environment import variables
from .._frames import forgetful
from ..config import ClientConfig, GCSConfig, RetryConfig
from ..credentials import DEFAULT_REFRESH_THRESHOLD, GCSCredentialProvider, gcs_answer
from ..exceptions import GenericError, UnauthenticatedError
from .remote import RemoteStore, check_endpoint, url_path

if TYPE_CHECKING:
    import httpx

    from .._metrics import OnRequest
    from .._policy import RequestPolicy

T = TypeVar("T", bound="GCSStore")

_CREDENTIALS = frozenset(
    {"service_account", "service_account_key", "application_credentials", "bearer_token"}
)
_KEYS = _CREDENTIALS | {"bucket", "base_url", "skip_signature"}
_ALIASES = {"bucket_name": "bucket", "service_account_path": "service_account"}
_BUCKET = re.compile(r"[A-Za-z0-9._:-]{1,222}")
_SIGNER = "https://iamcredentials.googleapis.com"
_TOKEN = re.compile(r"[!-~]{1,16384}")


class _Keys(options.KeyTable):
    """The keys of GCS, and the one environment variable without Google's name in front."""

    def from_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What environment variables say."""
        known = variables(environment)
        found = super().from_environment(known)
        if "SERVICE_ACCOUNT" in known:
            found.setdefault("service_account", known["SERVICE_ACCOUNT"])
        return found


class GCSStore(RemoteStore):
    """A bucket of Google Cloud Storage.

    Who asks is found in this order: `credential_provider`; `bearer_token`; `service_account_key` or
    the file `service_account`; the application default credentials (the file
    `application_credentials`, else the one that `gcloud auth application-default login` wrote); the
    metadata server of a machine at Google. With `skip_signature` nothing is looked for. A
    credential that is given hides all those of the environment.

    The environment is read where nothing is given: `GOOGLE_SERVICE_ACCOUNT`,
    `GOOGLE_SERVICE_ACCOUNT_PATH` and `SERVICE_ACCOUNT` (a key file), `GOOGLE_SERVICE_ACCOUNT_KEY`
    (its text), `GOOGLE_APPLICATION_CREDENTIALS`, `GOOGLE_BEARER_TOKEN`, `GOOGLE_BUCKET`,
    `GOOGLE_BUCKET_NAME`, `GOOGLE_BASE_URL`, `GOOGLE_SKIP_SIGNATURE`, and `GOOGLE_` with any key of
    `ClientConfig`; `CLOUDSDK_CONFIG` (gcloud's directory); `GCE_METADATA_HOST`,
    `GCE_METADATA_ROOT` and `GCE_METADATA_IP` (another metadata server, as `host` or `host:port`).

    URLs can be signed with the key of a service account, and on a machine at Google, whose service
    account then needs the permission `iam.serviceAccounts.signBlob` for itself.

    Args:
        bucket: the bucket's name.
        prefix: put in front of all paths.
        config: configuration; the keys are those of `GCSConfig`, in any case, with or without
            `google_` in front.
        client_options: the HTTP client's options, see `ClientConfig`.
        retry_config: when to try again, see `RetryConfig`.
        credential_provider: a function that returns a `GCSCredential`, or an awaitable of one.
        transport: an `httpx.BaseTransport` that carries out all requests of the sync methods, such
            as `httpx.MockTransport`.
        async_transport: the same for the asynchronous methods.
        on_request: called with a `RequestInfo` after each request; see docs/observing.md.
        request_policy: called with the method and the URL (without its query) before each request:
            returns True to send it, False to refuse it, or an origin to send it to instead.
        **kwargs: more configuration.

    Raises:
        UnknownConfigurationKeyError: a key is not known; the error names the nearest one.
        GenericError: a key is given twice, or a value cannot be used.
    """

    _table = _Keys(("google_",), _KEYS, _ALIASES)
    _bucket_key = "bucket"
    _kind = "gcs"
    _min_part_size = 5 * 1024 * 1024
    _host_keys = frozenset({"service_account", "application_credentials", "token_uri"})

    @forgetful
    def __init__(
        self,
        bucket: str | None = None,
        *,
        prefix: str | None = None,
        config: GCSConfig | Mapping[str, Any] | None = None,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        credential_provider: GCSCredentialProvider | None = None,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        on_request: OnRequest | None = None,
        request_policy: RequestPolicy | None = None,
        **kwargs: Any,
    ) -> None:
        self._wire(transport, async_transport, on_request, request_policy)
        self._configure(
            bucket,
            prefix,
            config,
            client_options,
            retry_config,
            credential_provider,
            kwargs,
        )

    @classmethod
    @forgetful
    def from_env(cls: type[T], bucket: str | None = None, **arguments: Any) -> T:
        """Make a store of what the environment says: the same as the constructor."""
        return cls(bucket, **arguments)

    @classmethod
    @forgetful
    def from_url(cls: type[T], url: str, **arguments: Any) -> T:
        """Make a store of a URL `gs://bucket/prefix`."""
        parts = _checks.url(url)
        if parts.scheme != "gs" or not parts.netloc:
            raise GenericError(f"GCSStore.from_url: {_redact.value(url)} is no URL of GCS")
        explicit = dict(_checks.named(arguments.pop("config", None), "config"))
        known = {cls._table.canonical(key) for key in (*explicit, *arguments)}
        given = {} if "bucket" in known else {"bucket": parts.netloc}
        return cls(prefix=url_path(url) or None, config={**given, **explicit}, **arguments)

    def __repr__(self) -> str:
        return self._repr("bucket", self._effective().get("bucket"))

    def _check(self, config: dict[str, str]) -> None:
        bucket = config.get("bucket")
        if not bucket:
            raise GenericError("GCSStore: no bucket: give it as first argument, or GOOGLE_BUCKET")
        if not _BUCKET.fullmatch(bucket) or bucket in (".", ".."):
            raise GenericError(f"GCSStore: {_redact.value(bucket)} is no name of a bucket")
        if "base_url" in config:
            check_endpoint(config["base_url"], "base_url")
        options.parse_bool(config.get("skip_signature", "false"), "skip_signature")
        if "service_account" in config and "service_account_key" in config:
            raise GenericError("GCSStore: give service_account or service_account_key, not both")
        if not _TOKEN.fullmatch(config.get("bearer_token", "-")):
            raise GenericError("GCSStore: bearer_token is not printable ASCII without spaces")
        if "service_account_key" in config or "service_account" in self._config:
            self._service_account(config, GenericError)

    def _effective(self) -> dict[str, str]:
        merged = super()._effective()
        if "base_url" in merged:
            merged["base_url"] = merged["base_url"].rstrip("/")
        given = self._provided.keys() | self._config.keys()
        unsigned = self._unsigned(self._config)
        if self._credential_provider is not None or unsigned or given & _CREDENTIALS:
            for name in (_CREDENTIALS | {"skip_signature"}) - given:
                merged.pop(name, None)  # the environment's must not mix with what is given
        return merged

    @staticmethod
    def _unsigned(config: Mapping[str, str]) -> bool:
        return options.parse_bool(config.get("skip_signature", "false"), "skip_signature")

    def _service_account(
        self, config: Mapping[str, str], kind: type[GenericError | UnauthenticatedError]
    ) -> str:
        """The key of the service account that is configured, as text."""
        path, text = config.get("service_account"), config.get("service_account_key", "")
        try:
            text = text if path is None else _google.read(path)
            _google.check_key(text, "service_account_key" if path is None else repr(path))
        except ValueError as error:
            raise kind(f"{self!r}: the service account's key cannot be used: {error}") from None
        return text

    def _complete(self, config: dict[str, str]) -> dict[str, str]:
        """Read the files of credentials."""
        if "service_account" in config:
            key = self._service_account(config, UnauthenticatedError)
            config = {**config, "service_account_key": key}
        has_own = config.keys() & {"service_account", "service_account_key", "bearer_token"}
        if self._credential_provider is not None or self._unsigned(config) or has_own:
            return {k: v for k, v in config.items() if k != "application_credentials"}
        path = config.get("application_credentials") or _google.default_file(variables())
        if path is None:
            return config
        try:
            return {**config, **_google.default_credentials(path)}
        except ValueError as error:
            raise UnauthenticatedError(
                f"{self!r}: the application default credentials cannot be used: {error}"
            ) from None

    def _origins(self, config: dict[str, str]) -> frozenset[str]:
        """The storage, and what gives tokens: nothing for a key, which signs its own."""
        base = config.get("base_url", "https://storage.googleapis.com")
        if "service_account_key" in config and "base_url" not in config:
            key = _google.check_key(config["service_account_key"], "service_account_key")
            base = key.get("gcs_base_url", base)
        found = {check_endpoint(base, "base_url")}
        if self._needs_instance(config):
            hosts = _google.metadata_hosts(variables())
            found |= {check_endpoint(f"http://{host}", "GCE_METADATA_HOST") for host in hosts}
            found |= {_SIGNER} if self._instance_signs(config) else set()
        if "token_uri" in config:
            found.add(check_endpoint(config["token_uri"], "token_uri"))
        return frozenset(found)

    def _instance_signs(self, config: dict[str, str]) -> bool:
        # The brain asks Google's own metadata server, and knows of no other.
        hosts = _google.metadata_hosts(variables())
        return self._needs_instance(config) and hosts == _google.METADATA_HOSTS

    def _needs_instance(self, config: Mapping[str, str]) -> bool:
        own = config.keys() & {"service_account_key", "bearer_token", "token_uri"}
        return not (own or self._credential_provider is not None or self._unsigned(config))

    def _credential(self, config: dict[str, str]) -> CredentialPlan | None:
        provider = self._credential_provider
        if self._unsigned(config):
            return None
        if provider is not None:
            threshold = getattr(provider, "refresh_threshold", None) or DEFAULT_REFRESH_THRESHOLD
            return from_provider(provider, lambda given: gcs_answer(given, threshold))
        if "token_uri" in config:
            return _google.user_plan(config["application_credentials"], config["token_uri"])
        if self._needs_instance(config):
            return _google.metadata_plan(_google.metadata_hosts(variables()))
        return None
