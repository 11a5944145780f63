"""The types of configurations: what stores, the HTTP client and retries can be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias, TypedDict

__all__ = ["BackoffConfig", "ClientConfig", "RetryConfig", "S3Config"]

S3ChecksumAlgorithm: TypeAlias = Literal["SHA256"]
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
    """The HTTP client. Durations are `timedelta`s or texts such as `"30s"` or `"2h 37min"`."""

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
    http1_only: bool | str
    """Speak HTTP/1.1 only; the default."""
    http2_only: bool | str
    """Speak HTTP/2 only; needs the package `h2`."""
    pool_idle_timeout: str | timedelta
    """How long an idle connection is kept; 90 s by default."""
    pool_max_idle_per_host: str
    """How many idle connections are kept; no limit by default."""
    proxy_url: str
    """The proxy for all requests, such as `http://proxy:3128`."""
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
    metadata_endpoint: str
    unsigned_payload: bool | str
    checksum_algorithm: S3ChecksumAlgorithm | str
    container_credentials_relative_uri: str
    container_credentials_full_uri: str
    container_authorization_token_file: str
    web_identity_token_file: str
    role_arn: str
    role_session_name: str
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
