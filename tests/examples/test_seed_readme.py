"""Every code example of the library's first README runs as written."""

from __future__ import annotations

import ast
import inspect
import types
from typing import Any

import anyio
import pytest

from tests.backends.minio import Minio

SYNC = """
import object_store_py as obs

store = obs.store.MemoryStore()

obs.put(store, "file.txt", b"hello world!")
response = obs.get(store, "file.txt")
response.meta
# {'path': 'file.txt',
#  'last_modified': datetime.datetime(2024, 10, 21, 16, 19, 45, 102620, tzinfo=datetime.timezone.utc),
#  'size': 12,
#  'e_tag': '0',
#  'version': None}
assert response.bytes() == b"hello world!"

byte_range = obs.get_range(store, "file.txt", offset=0, length=5)
assert byte_range == b"hello"

obs.copy(store, "file.txt", "other.txt")
assert obs.get(store, "other.txt").bytes() == b"hello world!"
"""  # noqa: E501 - as it stands in the README

ASYNC = """
import object_store_py as obs

store = obs.store.MemoryStore()

await obs.put_async(store, "file.txt", b"hello world!")
response = await obs.get_async(store, "file.txt")
response.meta
# {'path': 'file.txt',
#  'last_modified': datetime.datetime(2024, 10, 21, 16, 20, 36, 477418, tzinfo=datetime.timezone.utc),
#  'size': 12,
#  'e_tag': '0',
#  'version': None}
assert await response.bytes_async() == b"hello world!"

byte_range = await obs.get_range_async(store, "file.txt", offset=0, length=5)
assert byte_range == b"hello"

await obs.copy_async(store, "file.txt", "other.txt")
resp = await obs.get_async(store, "other.txt")
assert await resp.bytes_async() == b"hello world!"
"""  # noqa: E501 - as it stands in the README

SESSION = """
import boto3
from object_store_py.store import S3Store

session = boto3.Session()
store = S3Store.from_session(session, "bucket-name", config={"AWS_REGION": "us-east-1"})
"""


def run(code: str) -> dict[str, Any]:
    """Runs an example at the top level of a module of its own."""
    names: dict[str, Any] = {}
    exec(compile(code, "README", "exec"), names)
    return names


async def run_async(code: str) -> dict[str, Any]:
    """The same for an example that awaits at the top level, as in a notebook."""
    names: dict[str, Any] = {}
    compiled = compile(code, "README", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    awaited = types.FunctionType(compiled, names)()
    assert inspect.isawaitable(awaited)
    await awaited
    return names


def test_the_sync_example() -> None:
    meta = run(SYNC)["response"].meta
    assert list(meta) == ["path", "last_modified", "size", "e_tag", "version"]
    # object_store 0.14 quotes the e_tag, as RFC 9110 wants; the README was written before.
    assert (meta["path"], meta["size"], meta["e_tag"], meta["version"]) == (
        "file.txt",
        12,
        '"0"',
        None,
    )


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_the_async_example(loop: str) -> None:
    meta = anyio.run(run_async, ASYNC, backend=loop)["response"].meta
    assert (meta["size"], meta["e_tag"]) == (12, '"0"')


def test_the_session_example(monkeypatch: pytest.MonkeyPatch, minio: Minio) -> None:
    bucket = minio.create_bucket()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", minio.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", minio.secret_access_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", minio.endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    store = run(SESSION.replace("bucket-name", bucket))["store"]
    store.put("file.txt", b"hello world!")
    assert minio.client.get_object(Bucket=bucket, Key="file.txt")["Body"].read() == b"hello world!"
    assert store.get("file.txt").bytes() == b"hello world!"


def test_a_session_with_everything_in_the_config(minio: Minio, shared_bucket: str) -> None:
    from object_store_py.store import S3Store  # noqa: PLC0415 - as a user would, beside the session

    config: Any = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT": minio.endpoint}
    options: Any = {"ALLOW_HTTP": "true"}
    store = S3Store.from_session(
        minio.boto3_session(), shared_bucket, config=config, client_options=options
    )
    store.put("session/file.txt", b"hello world!")
    assert store.head("session/file.txt")["size"] == 12
