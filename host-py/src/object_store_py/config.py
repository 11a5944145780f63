"""The types of configurations: what stores, the HTTP client and retries can be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias, TypedDict

__all__ = [
    "AzureConfig",
    "BackoffConfig",
    "ClientConfig",
    "GCSConfig",
    "RetryConfig",
    "S3Config",
]

S3ChecksumAlgorithm: TypeAlias = Literal["SHA256"]
AzureCredentialType: TypeAlias = Literal[
    "auto",
    "bearer_token",
    "access_key",
    "client_secret",
    "workload_identity",
    "sas_token",
    "azure_cli",
    "managed_identity",
]
S3EncryptionAlgorithm: TypeAlias = Literal["AES256", "aws:kms", "aws:kms:dsse", "sse-c"]


class BackoffConfig(TypedDict, total=False):
    """How long to wait before a request is sent again (decorrelated jitter)."""

    init_backoff: timedelta
    """The first wait; 100 ms by default."""
    max_backoff: timedelta
    """The longest wait; 15 s by default."""
    base: int | float
    """Each wait is drawn between the first one and `base` times the last one; 2 by default."""


class RetryConfig(TypedDict, total=False):
    """When to send a request again. Server errors, 429, 408 and lost connections are retried."""

    backoff: BackoffConfig
    """How long to wait."""
    max_retries: int
    """How many times at most; 10 by default, 0 for never."""
    retry_timeout: timedelta
    """No retry begins later than this after the first request; 3 minutes by default."""


class ClientConfig(TypedDict, total=False):
    """The HTTP client. Durations are `timedelta`s or texts such as `"30s"` or `"2h 37min"`.

    Without a `proxy_url`, the environment variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY
    name the proxies, as everywhere; `proxy_excludes` counts instead of NO_PROXY. The variables
    REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE, else OpenSSL's own SSL_CERT_FILE and SSL_CERT_DIR say
    where the system's certificates are. Variables without a value are not set.
    """

    allow_http: bool | str
    """Allow connections that are not encrypted; not by default."""
    allow_invalid_certificates: bool | str
    """Accept any TLS certificate: only for tests."""
    connect_timeout: str | timedelta
    """The time for connecting; 5 s by default."""
    default_content_type: str
    """The Content-Type of what is put without one."""
    default_headers: dict[str, str] | dict[str, bytes]
    """Headers that are sent (and signed) with every request to the store."""
    disable_system_certificates: bool | str
    """Trust only `root_certificate`, not the system's certificates."""
    http1_only: bool | str
    """Speak HTTP/1.1 only; the default. False: HTTP/2 with servers that offer it, if the package
    `h2` is installed."""
    http2_keep_alive_interval: str | timedelta
    """Without effect: connections that are idle are given up after `pool_idle_timeout`."""
    http2_keep_alive_timeout: str | timedelta
    """Without effect, as `http2_keep_alive_interval`."""
    http2_keep_alive_while_idle: bool | str
    """Without effect, as `http2_keep_alive_interval`."""
    http2_max_frame_size: str
    """Without effect: a connection carries one request at a time."""
    http2_only: bool | str
    """Speak HTTP/2 only; needs the package `h2`: `pip install 'object-store-py[http2]'`."""
    pool_idle_timeout: str | timedelta
    """How long an idle connection is kept; 90 s by default."""
    pool_max_idle_per_host: str
    """How many idle connections are kept; no limit by default."""
    proxy_ca_certificate: str | bytes
    """PEM certificates to trust for the proxy, and for what it shows in the place of servers."""
    proxy_excludes: str
    """Hosts that are asked without a proxy, such as
    `"localhost,.internal.example,db:8080,10.0.0.0/8"`; `"*"` for all."""
    proxy_url: str
    """The proxy for all requests, such as `http://user:password@proxy:3128`."""
    randomize_addresses: bool | str
    """Without effect: a server's addresses are tried in the order of the system's resolver."""
    read_timeout: str | timedelta
    """The time for each read; no limit of its own by default."""
    root_certificate: str | bytes
    """PEM certificates to trust beside the system's."""
    timeout: str | timedelta
    """The time for a request and its response; 30 s by default. Time that the caller takes between
    reading two chunks does not count."""
    user_agent: str
    """The User-Agent header."""


class S3Config(TypedDict, total=False):
    """Amazon S3 and what speaks its API.

    Each key may also be spelled with `aws_` in front, and in any case; each is read from the
    environment variable `AWS_<KEY>` where it is not given.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str
    token: str
    region: str
    default_region: str
    bucket: str
    bucket_name: str
    endpoint: str
    endpoint_url: str
    aws_endpoint_url_s3: str
    endpoint_url_sts: str
    virtual_hosted_style_request: bool | str
    s3_express: bool | str
    imdsv1_fallback: bool | str
    """Ask version 1 of the metadata service where version 2 is refused."""
    metadata_endpoint: str
    unsigned_payload: bool | str
    checksum_algorithm: S3ChecksumAlgorithm | str
    container_credentials_relative_uri: str
    container_credentials_full_uri: str
    container_authorization_token: str
    """What a container's credential endpoint wants as Authorization; the file below wins."""
    container_authorization_token_file: str
    web_identity_token_file: str
    role_arn: str
    role_session_name: str
    profile: str
    """A profile of the shared AWS configuration; read through botocore."""
    ec2_metadata_disabled: bool | str
    """Never ask the instance's metadata service for credentials."""
    ignore_configured_endpoint_urls: bool | str
    """Let endpoints of the environment and of the shared AWS configuration count for nothing."""
    ca_bundle: str
    """A file or folder of the certificates to trust in the place of the system's; else `ca_bundle`
    of the profile, else what `ClientConfig` says."""
    skip_signature: bool | str
    copy_if_not_exists: str
    conditional_put: str
    disable_tagging: bool | str
    disable_bulk_delete: bool | str
    request_payer: bool | str
    server_side_encryption: S3EncryptionAlgorithm | str
    sse_kms_key_id: str
    sse_bucket_key_enabled: bool | str
    sse_customer_key_base64: str
    allow_http: bool | str
    timeout: str | timedelta


class GCSConfig(TypedDict, total=False):
    """Google Cloud Storage.

    Each key may also be spelled with `google_` in front, and in any case; each is read from the
    environment variable `GOOGLE_<KEY>` where it is not given (`service_account` from
    `SERVICE_ACCOUNT`, too).
    """

    service_account: str
    """The path of a service account's key file."""
    service_account_path: str
    service_account_key: str
    """The text of a service account's key file: JSON."""
    bucket: str
    bucket_name: str
    base_url: str
    """Where the storage is; https://storage.googleapis.com by default."""
    application_credentials: str
    """The path of a file of application default credentials."""
    bearer_token: str
    """An OAuth 2 access token, which is never renewed."""
    skip_signature: bool | str
    """Ask as nobody: for public data."""
    allow_http: bool | str
    timeout: str | timedelta


class AzureConfig(TypedDict, total=False):
    """Azure Blob Storage and what speaks its API.

    Each key may be written in any case, and in the longer spellings given here, which in capitals
    are the environment variables that are read where a key is not given.
    """

    account_name: str
    """The storage account; `azure_storage_account_name`."""
    account_key: str
    """Its access key in base64; `azure_storage_account_key`, `azure_storage_access_key`,
    `azure_storage_master_key`."""
    access_key: str
    master_key: str
    client_id: str
    """The application, or the managed identity; `azure_storage_client_id`, `azure_client_id`."""
    client_secret: str
    """The application's secret; `azure_storage_client_secret`, `azure_client_secret`."""
    tenant_id: str
    """The application's tenant; `azure_storage_tenant_id`, `azure_tenant_id`, and each with
    `authority_id` for `tenant_id`."""
    authority_id: str
    authority_host: str
    """Where tokens come from, `https://login.microsoftonline.com` by default;
    `azure_storage_authority_host`, `azure_authority_host`."""
    sas_key: str
    """A shared access signature, percent-encoded as the portal shows it; `azure_storage_sas_key`,
    `azure_storage_sas_token`."""
    sas_token: str
    token: str
    """A bearer token, never renewed; `azure_storage_token`."""
    bearer_token: str
    use_emulator: bool | str
    """Use Azurite; `azure_storage_use_emulator`. Its address is `endpoint`, else the variable
    `AZURITE_BLOB_STORAGE_URL`, else `http://127.0.0.1:10000`."""
    endpoint: str
    """The server, `https://<account>.blob.core.windows.net` by default; `azure_storage_endpoint`,
    `azure_endpoint`."""
    use_fabric_endpoint: bool | str
    """Use `https://<account>.blob.fabric.microsoft.com`; `azure_use_fabric_endpoint`."""
    msi_endpoint: str
    """Where managed identity asks; `azure_msi_endpoint`, `azure_identity_endpoint`, and the
    variable `IDENTITY_ENDPOINT`."""
    identity_endpoint: str
    object_id: str
    """The managed identity's object; `azure_object_id`."""
    msi_resource_id: str
    """The managed identity's resource; `azure_msi_resource_id`."""
    federated_token_file: str
    """The file with the token of workload identity, read anew for each request of a token;
    `azure_federated_token_file`."""
    use_azure_cli: bool | str
    """Ask `az` on PATH for tokens; `azure_use_azure_cli`."""
    skip_signature: bool | str
    """Send requests without credentials, for public data; `azure_skip_signature`."""
    container_name: str
    """The container; `azure_container_name`."""
    disable_tagging: bool | str
    """Do not send the tags that `put` is given; `azure_disable_tagging`."""
    fabric_token_service_url: str
    """Fabric's token service; `azure_fabric_token_service_url`. The next three belong to it."""
    fabric_workload_host: str
    fabric_session_token: str
    fabric_cluster_identifier: str
    credential_type: AzureCredentialType | str
    """The only kind of credential to use; `azure_credential_type`."""
    encryption_key: str
    """A key of the customer's own, 32 bytes in base64; `azure_storage_encryption_key`. It is sent
    with every request and never kept by Azure: who loses it loses the data."""
    allow_http: bool | str
    timeout: str | timedelta
