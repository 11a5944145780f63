"""`S3Store`: Amazon S3 and what speaks its API (R2, MinIO, ...)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _aws_files, _checks, _redact, options
from .._credentials import CredentialPlan
from .._frames import forgetful
from ..config import ClientConfig, RetryConfig, S3Config
from ..credentials import S3CredentialProvider
from ..exceptions import GenericError
from . import _s3_access as access
from .remote import RemoteStore, check_endpoint, url_path

if TYPE_CHECKING:
    import httpx

    from .._backend import Backend
    from .._core import Brain, Learn
    from .._http import Response
    from .._metrics import OnRequest
    from .._policy import RequestPolicy
    from .._transport import Host

T = TypeVar("T", bound="S3Store")

_ALIASES = {
    "token": "session_token",
    "bucket_name": "bucket",
    "endpoint_url": "endpoint",
    "aws_endpoint_url_s3": "endpoint_url_s3",
    "sts_endpoint": "endpoint_url_sts",
    "requester_pays": "request_payer",
    "ec2_metadata_service_endpoint": "metadata_endpoint",
}
_KEYS = frozenset(
    "access_key_id secret_access_key session_token region default_region bucket endpoint"
    " endpoint_url_s3 endpoint_url_sts virtual_hosted_style_request s3_express imdsv1_fallback"
    " metadata_endpoint unsigned_payload checksum_algorithm container_credentials_relative_uri"
    " container_credentials_full_uri container_authorization_token_file web_identity_token_file"
    " role_arn role_session_name skip_signature copy_if_not_exists conditional_put disable_tagging"
    " disable_bulk_delete request_payer server_side_encryption sse_kms_key_id"
    " sse_bucket_key_enabled sse_customer_key_base64 profile container_authorization_token"
    " ec2_metadata_disabled ignore_configured_endpoint_urls ca_bundle".split()
)
_SWITCHES = (
    "virtual_hosted_style_request s3_express imdsv1_fallback unsigned_payload skip_signature"
    " disable_tagging disable_bulk_delete sse_bucket_key_enabled ignore_configured_endpoint_urls"
).split()
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_BUCKET = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:$-]{1,255}")
"""Amazon's names, and Ceph's for buckets of other tenants: `tenant:bucket`, `tenant$bucket`."""
_HOSTS = (
    # The first that fits: Express and dual-stack hosts look like buckets to the patterns below.
    re.compile(
        r"(?P<express>[a-z0-9.-]+--x-s3)\.s3express-[a-z0-9-]+\.(?P<region>[a-z0-9-]+)"
        r"\.amazonaws\.com"
    ),
    re.compile(
        r"((?P<bucket>[^/]+?)\.)?(?P<dual>s3\.dualstack\.(?P<region>[a-z0-9-]+)"
        r"\.amazonaws\.com)"
    ),
    re.compile(r"(?P<bucket>[^/]+?)\.s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com"),
    re.compile(r"(?P<bucket>[^/]+?)\.s3\.amazonaws\.com"),
    re.compile(r"s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com"),
    re.compile(r"(?P<account>[a-z0-9.]+)\.r2\.cloudflarestorage\.com"),
)


class S3Store(RemoteStore):
    """A bucket of Amazon S3, or of a server that speaks its API.

    What is not given explicitly is read from the environment (`AWS_REGION`,
    `AWS_ACCESS_KEY_ID`, ...); what is given always wins.

    Credentials come from the first of these that is set:

    1. `credential_provider`;
    2. a `profile` that is given as an argument;
    3. `access_key_id` and `secret_access_key`, with `session_token` where they are temporary;
    4. nowhere, if `skip_signature` is true: for public data;
    5. `web_identity_token_file` and `role_arn`: AssumeRoleWithWebIdentity;
    6. `container_credentials_relative_uri` (ECS), `container_credentials_full_uri` with
       `container_authorization_token_file` or `container_authorization_token` (EKS, Lambda);
    7. the shared configuration, where `AWS_PROFILE` is set or `~/.aws/config` or
       `~/.aws/credentials` exist (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` name others):
       keys, roles, SSO and processes, through botocore if it is installed;
    8. the instance's metadata service (IMDSv2), unless `AWS_EC2_METADATA_DISABLED` is true.

    Temporary credentials are asked for again five minutes before they expire, and when the server
    says that they have expired. The region comes from `region`, from the profile, or else from
    the server's own answer to the first request that goes to the wrong one.

    Args:
        bucket: the bucket's name.
        prefix: put in front of all paths.
        config: configuration; the keys are those of `S3Config`, in any case, with or without
            `aws_` in front.
        client_options: the HTTP client's options, see `ClientConfig`.
        retry_config: when to try again, see `RetryConfig`.
        credential_provider: a function that returns an `S3Credential`, or an awaitable of one.
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

    _table = options.KeyTable(("aws_",), _KEYS, _ALIASES)
    _bucket_key = "bucket"
    _kind = "s3"
    _min_part_size = 5 * 1024 * 1024
    _host_keys = access.HOST_KEYS

    @forgetful
    def __init__(
        self,
        bucket: str | None = None,
        *,
        prefix: str | None = None,
        config: S3Config | Mapping[str, Any] | None = None,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        credential_provider: S3CredentialProvider | None = None,
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
    def from_env(cls: type[T], bucket: str, **arguments: Any) -> T:
        """Make a store of what the environment says: the same as the constructor."""
        return cls(bucket, **arguments)

    @classmethod
    def from_session(cls: type[T], session: Any, bucket: str, **arguments: Any) -> T:
        """Make a store with the credentials and the region of a boto3 or botocore session.

        The credentials are asked for again before they expire.
        """
        from ..auth.boto3 import Boto3CredentialProvider

        return cls(bucket, credential_provider=Boto3CredentialProvider(session), **arguments)

    @classmethod
    @forgetful
    def from_url(cls: type[T], url: str, **arguments: Any) -> T:
        """Make a store of an `s3://bucket/prefix` or `https://` URL of S3 or R2."""
        given, prefix = parse_url(url)
        explicit = dict(_checks.named(arguments.pop("config", None), "config"))
        known = {cls._table.canonical(key) for key in (*explicit, *arguments)}
        config = {key: value for key, value in given.items() if key not in known}
        return cls(prefix=prefix or None, config={**config, **explicit}, **arguments)

    def __repr__(self) -> str:
        return self._repr("bucket", self._effective().get("bucket"))

    def _check(self, config: dict[str, str]) -> None:
        bucket = config.get("bucket")
        if not bucket:
            raise GenericError("S3Store: no bucket: give it as the first argument, or AWS_BUCKET")
        if not _BUCKET.fullmatch(bucket):
            raise GenericError(f"S3Store: {_redact.value(bucket)} is no name of a bucket")
        in_host = config.get("virtual_hosted_style_request", "false")
        if re.search("[:$]", bucket) and options.parse_bool(
            in_host, "virtual_hosted_style_request"
        ):
            raise GenericError(
                f"S3Store: the bucket {_redact.value(bucket)} can be no part of a host's name: do"
                " not set virtual_hosted_style_request"
            )
        for name in ("region", "default_region"):
            if name in config and not _REGION.fullmatch(config[name]):
                shown = _redact.value(config[name])
                raise GenericError(f"S3Store: {name} {shown} is no name of a region")
        for name in ("endpoint", "endpoint_url_s3", "endpoint_url_sts", "metadata_endpoint"):
            if name in config:
                check_endpoint(config[name], name)
        for name in _SWITCHES:
            if name in config:
                options.parse_bool(config[name], name)
        access.check(config, self._config)

    def _effective(self) -> dict[str, str]:
        merged = super()._effective()
        given = {**self._provided, **self._config}
        for name in access.hidden(given, self._credential_provider is not None):
            merged.pop(name, None)
        if "endpoint" in given and "endpoint_url_s3" not in given:
            merged.pop("endpoint_url_s3", None)  # the environment's must not win over what is given
        if "endpoint_url_s3" in merged:
            merged["endpoint"] = merged.pop("endpoint_url_s3")
        if "default_region" in merged:
            merged.setdefault("region", merged.pop("default_region"))
        if merged.get("request_payer", "").lower() == "requester":
            merged["request_payer"] = "true"
        return merged

    def _access(self, config: dict[str, str]) -> access.Access:
        retries = 10 if self._retry_config is None else self._retry_config.get("max_retries", 10)
        return access.choose(config, self._config, self._credential_provider, retries)

    def _origins(self, config: dict[str, str]) -> frozenset[str]:
        """The origins that this store's own configuration leads to."""
        return _bucket_origins(config) | self._access(config).origins

    def _credential(self, config: dict[str, str]) -> CredentialPlan | None:
        return self._access(config).plan

    def _complete(self, config: dict[str, str]) -> dict[str, str]:
        """The configuration with what the profile says about the server, as botocore takes it."""
        given = {**self._provided, **self._config}
        if given.keys() & {"endpoint", "endpoint_url_s3"} and "region" in config:
            return config
        profile, found = _aws_files.read(config.get("profile")), dict(config)
        if "region" not in config and self._access(config).way == "shared" and profile.region:
            found["region"] = profile.region
        if given.keys() & {"endpoint", "endpoint_url_s3"}:
            return found
        ignores = config.get("ignore_configured_endpoint_urls")
        if profile.ignores_endpoints if ignores is None else options.parse_bool(ignores, ""):
            found.pop("endpoint", None)
        elif "endpoint" not in config and profile.endpoint_url is not None:
            check_endpoint(profile.endpoint_url, "endpoint_url of the shared AWS configuration")
            found["endpoint"] = profile.endpoint_url
        return found

    def _client_settings(self) -> options.ClientSettings:
        settings = super()._client_settings()
        path = self._effective().get("ca_bundle")
        bundle = None if path is None else (path, "ca_bundle (AWS_CA_BUNDLE)")
        return dataclasses.replace(settings, ca_bundle=bundle)

    def _host_settings(self) -> options.ClientSettings:
        settings = self._client_settings()
        if settings.ca_bundle is not None or settings.disable_system_certificates:
            return settings
        path = _aws_files.read(self._effective().get("profile")).ca_bundle
        bundle = None if path is None else (path, "ca_bundle of the shared AWS configuration")
        return dataclasses.replace(settings, ca_bundle=bundle)

    def _backend_of(self, brain: Brain, retry: dict[str, Any]) -> Backend:
        from .._s3_copying import S3Backend

        return S3Backend(brain, retry, self._min_part_size)

    def _learn(self, config: dict[str, str], host: Host) -> Learn | None:
        if "region" in config or options.parse_bool(config.get("s3_express", "false"), ""):
            return None

        def learn(response: Response) -> dict[str, str] | None:
            region = access.bucket_region(response)
            if region is None or region == access.DEFAULT_REGION:
                return None
            host.allow(_bucket_origins({**config, "region": region}))
            return {"region": region}

        return learn


def _bucket_origins(config: dict[str, str]) -> frozenset[str]:
    region, bucket = config.get("region", access.DEFAULT_REGION), config["bucket"]
    if (zone := _express_zone(bucket)) is not None:
        express = {f"https://{bucket}.s3express-{zone}.{region}.amazonaws.com".lower()}
    else:
        express = set[str]()
    if "endpoint" in config:
        return frozenset({check_endpoint(config["endpoint"], "endpoint")} | express)
    paths = f"https://s3.{region}.amazonaws.com"
    return frozenset({paths, f"https://{bucket}.s3.{region}.amazonaws.com".lower()} | express)


def _express_zone(bucket: str) -> str | None:
    match = re.fullmatch(r".+--([a-z0-9-]+)--x-s3", bucket)
    return match[1] if match else None


def parse_url(url: str) -> tuple[dict[str, str], str]:
    """The configuration and the prefix that a URL of S3 means.

    Raises:
        GenericError: it is no URL of S3.
    """
    parts = _checks.url(url)
    path = url_path(url)
    if parts.scheme in ("s3", "s3a") and parts.netloc:
        return {"bucket": parts.netloc}, path
    for pattern in _HOSTS if parts.scheme == "https" else ():
        match = pattern.fullmatch(parts.netloc.lower())
        if match:
            return _from_host(match.groupdict(), parts.netloc, path)
    raise GenericError(f"S3Store.from_url: {_redact.value(url)} is no URL of S3")


def _from_host(found: dict[str, str], host: str, path: str) -> tuple[dict[str, str], str]:
    config: dict[str, str] = {}
    if "account" in found:
        config.update(region="auto", endpoint=f"https://{host}")
    elif found.get("region"):
        config["region"] = found["region"]
    if "dual" in found:
        config["endpoint"] = f"https://{host}"
    if "express" in found:
        return {**config, "bucket": found["express"], "s3_express": "true"}, path
    if found.get("bucket"):
        return {**config, "bucket": found["bucket"], "virtual_hosted_style_request": "true"}, path
    bucket, _, prefix = path.partition("/")
    return {**config, "bucket": bucket}, prefix
