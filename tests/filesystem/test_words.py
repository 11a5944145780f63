"""The words of s3fs, gcsfs and adlfs: options of filesystems and files, caches, what infos say."""

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import fsspec
import httpx
import pytest
from fsspec.registry import _registry

from object_store_py.exceptions import BaseError, NotSupportedError, UnknownConfigurationKeyError
from object_store_py.fsspec import FsspecStore, register
from tests.backends.faultproxy import FaultProxy
from tests.backends.minio import Minio
from tests.filesystem.conftest import Filesystem
from tests.filesystem.test_options import config_of

UNSIGNED = object()


@pytest.mark.parametrize(
    "protocol, given, expected",
    [
        ("s3", {"username": "k", "password": "s"},
         {"access_key_id": "k", "secret_access_key": "s"}),
        ("s3", {"requester_pays": True}, {"request_payer": "true"}),
        ("s3", {"config_kwargs": {"signature_version": UNSIGNED}}, {"skip_signature": "true"}),
        ("s3", {"config_kwargs": {"s3": {"addressing_style": "virtual"}}},
         {"virtual_hosted_style_request": "true"}),
        ("s3", {"config_kwargs": {"region_name": "eu-west-2", "max_pool_connections": 50}},
         {"region": "eu-west-2"}),
        ("s3", {"s3_additional_kwargs": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "id"}},
         {"server_side_encryption": "aws:kms", "sse_kms_key_id": "id"}),
        ("az", {"account_name": "acc", "tenant_id": "t", "client_id": "c", "client_secret": "s",
                "blocksize": 1 << 20, "assume_container_exists": True, "socket_timeout": 5,
                "request_session": None, "location_mode": "primary", "max_concurrency": 4},
         {"account_name": "acc", "client_id": "c"}),
        ("gs", {"token": "anon", "project": "p", "access": "read_only", "block_size": 1 << 20,
                "consistency": "none", "requests_timeout": 10, "check_connection": False,
                "session_kwargs": {}, "secure_serialize": True, "default_location": "EU",
                "requester_pays": False, "version_aware": True, "cache_timeout": 0},
         {"skip_signature": "true"}),
    ],
)  # fmt: skip
def test_the_words_of_filesystems(
    protocol: str, given: dict[str, Any], expected: dict[str, str]
) -> None:
    assert config_of(FsspecStore(protocol, **given)).items() >= expected.items()


def test_words_that_become_options_of_the_client() -> None:
    fs: Any = FsspecStore(
        "s3",
        config_kwargs={
            "connect_timeout": 3,
            "read_timeout": 7.5,
            "retries": {"max_attempts": 2, "mode": "adaptive"},
            "proxies": {"https": "http://proxy:3128"},
        },
        default_block_size=1 << 20,
        default_fill_cache=False,
        default_cache_type="none",
        version_aware=True,
        cache_regions=True,
        fixed_upload_size=True,
        local_expiry_check=True,
        max_concurrency=3,
    )
    store = fs._objects.locate("bucket/key")[0]
    assert store.client_options["connect_timeout"] == "3s"
    assert store.client_options["proxy_url"] == "http://proxy:3128"
    assert store.retry_config["max_retries"] == 2
    assert fs._objects.max_concurrency == 3
    http: Any = FsspecStore("https", headers={"X-A": "1"}, client_kwargs={"headers": {"X-B": "2"}})
    found = http._objects.locate("host/key")[0].client_options["default_headers"]
    assert found == {"X-A": "1", "X-B": "2"}


@pytest.mark.parametrize(
    "protocol, given, words",
    [
        ("s3", {"default_blocksize": 1}, "did you mean 'default_block_size'"),
        ("s3", {"config_kwargs": {"read_timeot": 1}}, "did you mean 'read_timeout'"),
        ("gs", {"projet": "p"}, "did you mean 'project'"),
        ("az", {"sas_tokn": "p"}, "did you mean 'sas_token'"),
    ],
)
def test_an_unknown_word_of_a_filesystem(protocol: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownConfigurationKeyError, match=words):
        FsspecStore(protocol, **given)


def test_words_that_ask_for_what_cannot_be() -> None:
    for given in (
        {"username": "a", "key": "b"},
        {"s3_additional_kwargs": {"ACL": "public-read"}},
        {"config_kwargs": {"use_dualstack_endpoint": True}},
        {"config_kwargs": {"signature_version": "s3"}},
        {"max_concurrency": 0},
    ):
        with pytest.raises(ValueError, match=r"."):
            FsspecStore("s3", **given)
    with pytest.raises(TypeError, match="did you mean 'ContentType'"):
        FsspecStore("s3", s3_additional_kwargs={"ContentTyp": "x"})


def test_a_bucket_in_the_configuration() -> None:
    for given in (
        {"config": {"bucket": "one"}},
        {"bucket": "one"},
        {"config": {"AWS_BUCKET": "one"}},
    ):
        fs: Any = FsspecStore("s3", **given)
        assert fs._objects.locate("one/key")[1] == "key"
        with pytest.raises(ValueError, match="the configuration names 'one'"):
            fs._objects.locate("two/key")
        with pytest.raises(ValueError, match="the configuration names 'one'"):
            fs.cat_file("s3://two/key")


def test_the_words_of_files(place: Filesystem) -> None:
    fs, path = place.fs, f"{place.path}/file"
    fs.pipe_file(path, b"0123456789" * 10)
    for given in (
        {"default_cache": "none"},
        {"default_cache": "readahead", "fill_cache": False},
        {"block_size": 16, "acl": False, "cache_options": None, "requester_pays": False},
        {"cache_type": "readahead", "block_size": 10},
        {"cache_type": "none", "size": 100, "consistency": None},
    ):
        with fs.open(path, **given) as file:
            assert file.read(10) == b"0123456789"
            file.seek(-5, 2)
            assert file.read() == b"56789"
    with pytest.raises(TypeError, match="did you mean 'cache_type'"):
        fs.open(path, cache_typ="none")
    with pytest.raises(TypeError, match="did you mean 'ContentType'"):
        fs.open(path, "wb", ContentTyp="none")
    with pytest.raises(ValueError, match="acl='public-read' cannot be sent"):
        fs.open(path, "wb", acl="public-read")
    with pytest.raises(ValueError, match="cache_type must be one of"):
        fs.open(path, cache_type="nonsense")


def test_what_is_written_has_the_attributes_of_s3fs(minio: Minio, on_minio: Filesystem) -> None:
    fs, top = on_minio.fs, f"{on_minio.path}/words"
    words: dict[str, Any] = {"ContentType": "text/x", "Metadata": {"by": "me"}, "ACL": "private"}
    fs.pipe_file(f"{top}/piped", b"1", **words)
    with fs.open(f"{top}/opened", "wb", CacheControl="no-store", **words) as file:
        file.write(b"2")
    fs.touch(f"{top}/touched", **words)
    for name in ("piped", "opened", "touched"):
        info = fs.info(f"{top}/{name}")
        assert info["ContentType"] == "text/x"
        assert isinstance(info["LastModified"], datetime)
        assert info["ETag"] == info["e_tag"]
        assert (info["Key"], info["Size"]) == (info["name"], info["size"])
        assert fs.metadata(f"{top}/{name}") == {"by": "me"}
        assert fs.getxattr(f"{top}/{name}", "by") == "me"
    listed = fs.ls(top, detail=True)[0]  # to the millisecond
    assert listed["LastModified"].replace(microsecond=0) == fs.info(listed["name"])["LastModified"]
    default: Any = FsspecStore(
        "s3", s3_additional_kwargs={"ContentType": "text/d"}, **on_minio.options
    )
    default.pipe_file(f"{top}/default", b"1")
    default.pipe_file(f"{top}/given", b"1", ContentType="text/g")
    assert fs.info(f"{top}/default")["ContentType"] == "text/d"
    assert fs.info(f"{top}/given")["ContentType"] == "text/g"
    bucket, _, key = f"{top}/opened".partition("/")
    assert minio.client.head_object(Bucket=bucket, Key=key)["CacheControl"] == "no-store"


def test_options_of_the_store_that_a_file_has(minio: Minio, on_minio: Filesystem) -> None:
    path = f"{on_minio.path}/payer"
    on_minio.fs.pipe_file(path, b"1")
    with FaultProxy(minio.port) as proxy:
        fs: Any = FsspecStore(
            "s3", **(on_minio.options | {"endpoint": f"http://127.0.0.1:{proxy.port}"})
        )
        with fs.open(path, requester_pays=True) as file:
            assert file.read() == b"1"
        assert all("x-amz-request-payer" in str(item).lower() for item in proxy.requests)
        proxy.requests.clear()
        assert fs.cat_file(path) == b"1"
        assert not any("x-amz-request-payer" in str(item).lower() for item in proxy.requests)
    with pytest.raises(ValueError, match="is no option of 'memory'"):
        FsspecStore("memory").open("/x", "wb", ServerSideEncryption="AES256")


def test_urls_as_s3fs_makes_them(on_minio: Filesystem) -> None:
    path = f"{on_minio.path}/url"
    on_minio.fs.pipe_file(path, b"there")
    assert httpx.get(on_minio.fs.url(path)).content == b"there"
    put = on_minio.fs.url(path, expires=60, client_method="put_object")
    assert httpx.put(put, content=b"new").status_code == 200
    assert on_minio.fs.cat(path) == b"new"
    with pytest.raises(ValueError, match="get_object"):
        on_minio.fs.url(path, client_method="list_buckets")


def test_buckets_are_not_made_silently(minio: Minio, on_minio: Filesystem) -> None:
    fs, bucket = on_minio.fs, minio.create_bucket()
    for verb in (fs.mkdir, fs.makedirs):
        with pytest.raises(NotSupportedError, match="makes none"):
            verb("no-such-bucket-here")
        with pytest.raises(FileExistsError):
            verb(bucket)
    fs.makedirs(bucket, exist_ok=True)
    fs.mkdir(f"{bucket}/key")
    mapper = fsspec.FSMap(bucket, fs, create=True)
    mapper["a"] = b"1"
    assert dict(mapper) == {"a": b"1"}


READS = [(0, 10), (10, 10), (500, 10), (0, 5), (990, 10), (100, 300), (20, 10)]
S3FS = {
    "none": (7, 7),
    "readahead": (6, 6),
    "bytes": (6, 6),
    "blockcache": (9, 3),
    "mmap": (4, 3),
    "first": (4, 3),
    "all": (1, 1),
    "parts": (0, 0),
}
"""How many requests s3fs 2026.9 sends for the reads, with blocks of 50 and of 400 bytes."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # fsspec's mmap
@pytest.mark.parametrize("cache_type", [*S3FS, "background"])
def test_caches_send_the_requests_that_s3fs_sends(
    minio: Minio, on_minio: Filesystem, cache_type: str
) -> None:
    data, path = bytes(range(250)) * 4, f"{on_minio.path}/cached"
    on_minio.fs.pipe_file(path, data)
    with FaultProxy(minio.port) as proxy:
        endpoint = f"http://127.0.0.1:{proxy.port}"
        fs: Any = FsspecStore("s3", **(on_minio.options | {"endpoint": endpoint}))
        for block, count in zip((50, 400), S3FS.get(cache_type, (None, None))):
            proxy.requests.clear()
            given: dict[str, Any] = {"cache_type": cache_type, "block_size": block}
            if cache_type == "parts":
                given["cache_options"] = {"data": {(0, 1000): data}}
            with fs.open(path, **given) as f:
                for start, length in READS:
                    f.seek(start)
                    assert f.read(length) == data[start : start + length]
            sent = [request.method for request in proxy.requests]
            assert count is None or sent.count("GET") == count


@pytest.fixture
def unregistered() -> Any:
    """What was registered, back again after the test."""
    before = dict(_registry)
    yield
    _registry.clear()
    _registry.update(before)


@pytest.mark.usefixtures("unregistered")
def test_registered_classes_that_are_asynchronous(on_minio: Filesystem) -> None:
    register("s3", asynchronous=True)
    fs: Any = fsspec.filesystem("s3", **on_minio.options)
    assert fs.asynchronous
    assert not fsspec.filesystem("s3", asynchronous=False, **on_minio.options).asynchronous
    for again in (pickle.loads(pickle.dumps(fs)), FsspecStore.from_json(fs.to_json())):
        assert (again.asynchronous, type(again)) == (True, type(fs))
    register("s3")
    sync: Any = fsspec.filesystem("s3", **on_minio.options)
    assert not sync.asynchronous
    assert fsspec.filesystem("s3", asynchronous=True, **on_minio.options).asynchronous
    with pytest.raises(BaseError):
        sync.cat_file(f"{on_minio.path}/not-there")
