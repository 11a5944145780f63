"""The options of S3 that a MinIO can show: encryption, copies, conditions, checksums, tags."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from object_store_py.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotImplementedError,
    PermissionDeniedError,
)
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.harness.api import Api
from tests.harness.reroute import Reroute
from tests.harness.servers import Servers


@pytest.fixture
def tls_minio(servers: Servers) -> Minio:
    minio: Minio = servers.get("minio over TLS", lambda: Minio(tls=True))
    return minio


@pytest.fixture
def prefix() -> str:
    return f"options-{secrets.token_hex(4)}"


def facts(minio: Minio, store: S3Store, key: str, **more: Any) -> dict[str, Any]:
    """What boto3 says about an object."""
    bucket, path = store.config["bucket"], f"{store.prefix}/{key}"
    found: dict[str, Any] = minio.client.head_object(Bucket=bucket, Key=path, **more)
    return found


def use(api: Api, store: S3Store) -> None:
    """One put, one upload in parts, one copy; each read back."""
    api.put(store, "whole", b"body")
    assert api.read(store, "whole") == b"body"
    parts = b"0123456789" * 600_000
    api.put(store, "parts", parts, use_multipart=True)
    assert api.get_range(store, "parts", start=5_999_995, length=5) == b"56789"
    api.copy(store, "whole", "copy")
    assert api.read(store, "copy") == b"body"


@pytest.mark.parametrize(
    ("option", "more"),
    [("AES256", {}), ("aws:kms", {"sse_kms_key_id": "tests"})],
)
def test_encryption_by_the_server(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, option: str, more: dict[str, Any]
) -> None:
    options = {**minio.store_options(), "server_side_encryption": option, **more}
    store = S3Store(shared_bucket, prefix=prefix, **options)
    use(api, store)
    for key in ("whole", "parts", "copy"):
        found = facts(minio, store, key)
        assert found["ServerSideEncryption"] == option
        if option == "aws:kms":
            assert found["SSEKMSKeyId"].endswith("tests")


def test_encryption_with_a_key_of_the_customer(api: Api, tls_minio: Minio, prefix: str) -> None:
    key = secrets.token_bytes(32)
    options = {
        **tls_minio.store_options(),
        "server_side_encryption": "sse-c",
        "sse_customer_key_base64": base64.b64encode(key).decode(),
    }
    bucket = tls_minio.create_bucket()
    store = S3Store(bucket, prefix=prefix, **options)
    api.put(store, "whole", b"body")
    assert api.read(store, "whole") == b"body"
    assert api.head(store, "whole")["size"] == 4
    customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    assert facts(tls_minio, store, "whole", **customer)["SSECustomerAlgorithm"] == "AES256"
    other = S3Store(bucket, prefix=prefix, **tls_minio.store_options())
    with pytest.raises(BaseError):
        api.read(other, "whole")


@pytest.mark.parametrize("checksum", ["SHA256", "sha256"])
def test_checksums_travel_and_are_kept(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, checksum: str
) -> None:
    store = S3Store(
        shared_bucket, prefix=prefix, checksum_algorithm=checksum, **minio.store_options()
    )
    use(api, store)
    found = facts(minio, store, "whole", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"body").digest()).decode()


def test_unsigned_payloads(api: Api, minio: Minio, shared_bucket: str, prefix: str) -> None:
    options = {**minio.store_options(), "unsigned_payload": True}
    use(api, S3Store(shared_bucket, prefix=prefix, **options))


def test_copies_only_where_nothing_is(
    api: Api, minio: Minio, shared_bucket: str, prefix: str
) -> None:
    options = {**minio.store_options(), "copy_if_not_exists": "multipart"}
    store = S3Store(shared_bucket, prefix=prefix, **options)
    api.put(store, "source", b"new")
    api.put(store, "taken", b"old")
    with pytest.raises(AlreadyExistsError):
        api.copy(store, "source", "taken", overwrite=False)
    assert api.read(store, "taken") == b"old"
    api.copy(store, "source", "free", overwrite=False)
    assert api.read(store, "free") == b"new"
    uploads = minio.client.list_multipart_uploads(Bucket=shared_bucket, Prefix=f"{prefix}/")
    assert uploads.get("Uploads", []) == []


@pytest.mark.parametrize("mode", ["create", "update"])
def test_conditional_put(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, mode: str
) -> None:
    store = S3Store(shared_bucket, prefix=prefix, **minio.store_options())
    plain = S3Store(
        shared_bucket, prefix=prefix, conditional_put="disabled", **minio.store_options()
    )
    e_tag = api.put(store, "k", b"old")["e_tag"]
    wanted: Any = "create" if mode == "create" else {"e_tag": "other"}
    with pytest.raises(BaseError):
        api.put(store, "k", b"new", mode=wanted)
    with pytest.raises(NotImplementedError):
        api.put(plain, "k", b"new", mode=wanted)
    assert api.read(plain, "k") == b"old"
    if mode == "update":
        api.put(store, "k", b"new", mode={"e_tag": e_tag})


def test_tags_that_are_switched_off(
    api: Api, minio: Minio, shared_bucket: str, prefix: str
) -> None:
    for disabled, count in ((False, 1), (True, None)):
        options = {**minio.store_options(), "disable_tagging": disabled}
        store = S3Store(shared_bucket, prefix=prefix, **options)
        api.put(store, f"k-{disabled}", b"x", tags={"a": "b"})
        tags = minio.client.get_object_tagging(Bucket=shared_bucket, Key=f"{prefix}/k-{disabled}")[
            "TagSet"
        ]
        assert len(tags) == (count or 0)


@pytest.mark.parametrize("disabled", [False, True])
def test_deletes_one_by_one(
    api: Api, minio: Minio, shared_bucket: str, prefix: str, disabled: bool
) -> None:
    options = {**minio.store_options(), "disable_bulk_delete": disabled}
    store = S3Store(shared_bucket, prefix=prefix, **options)
    keys = [f"k{n}" for n in range(12)]
    for key in keys:
        api.put(store, key, b"x")
    api.delete(store, keys)
    assert api.list(store) == []


def test_public_buckets_without_a_signature(api: Api, minio: Minio, prefix: str) -> None:
    bucket = minio.create_bucket()
    everyone = {"Effect": "Allow", "Principal": {"AWS": ["*"]}}
    resources = {"Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
    statement = {**everyone, **resources, "Action": ["s3:GetObject", "s3:ListBucket"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    minio.client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    api.put(S3Store(bucket, prefix=prefix, **minio.store_options()), "k", b"x")
    public = S3Store(
        bucket,
        prefix=prefix,
        endpoint=minio.endpoint,
        skip_signature=True,
        client_options={"allow_http": True},
    )
    assert api.read(public, "k") == b"x"
    assert api.paths(public) == ["k"]
    with pytest.raises(PermissionDeniedError):
        api.put(public, "k", b"y")


@pytest.mark.slow
def test_virtual_hosts(api: Api, servers: Servers, prefix: str) -> None:
    minio: Minio = servers.get("minio with domain", start_with_domain)
    bucket = minio.create_bucket()
    host = f"{bucket}.minio.test"
    reroute = Reroute(host, minio.port)
    options = minio.store_options() | {"endpoint": f"http://{host}"}
    store = S3Store(
        bucket,
        prefix=prefix,
        virtual_hosted_style_request=True,
        transport=reroute,
        async_transport=reroute,
        **options,
    )
    use(api, store)
    assert facts(minio, store, "whole")["ContentLength"] == 4


@contextmanager
def start_with_domain() -> Iterator[Minio]:
    with Minio(environment={"MINIO_DOMAIN": "minio.test"}) as minio:
        yield minio
