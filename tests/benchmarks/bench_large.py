"""256 MiB on MinIO: get streamed and kept, put whole and in parts; beside obstore and boto3."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from typing import Any

import boto3
import obstore

from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.benchmarks.harness import Case, compare

SIZE = 256 << 20
KEY = "large"


def repeat(call: Callable[[], object]) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            call()

    return run


def drain(stream: Any) -> None:
    assert sum(len(chunk) for chunk in stream) == SIZE


async def drain_async(result: Any) -> None:
    total = 0
    async for chunk in result.stream():
        total += len(chunk)
    assert total == SIZE


def main(which: set[str]) -> None:
    data = bytes(SIZE)
    with Minio() as server:
        bucket = server.create_bucket()
        options = server.store_options()
        ours = S3Store(bucket, **options)
        native = obstore.store.S3Store(bucket, **options)
        client: Any = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name=server.region,
        )
        ours.put(KEY, data)

        async def ours_stream() -> None:
            await drain_async(await ours.get_async(KEY))

        async def native_stream() -> None:
            await drain_async(await native.get_async(KEY))

        groups: dict[str, dict[str, Callable[[], object]]] = {
            "get, streamed and dropped": {
                "object_store_py": lambda: drain(ours.get(KEY).stream()),
                "obstore": lambda: drain(native.get(KEY).stream()),
                "boto3": lambda: drain(
                    client.get_object(Bucket=bucket, Key=KEY)["Body"].iter_chunks(1 << 20)
                ),
            },
            "get, kept": {
                "object_store_py": lambda: ours.get(KEY).bytes(),
                "obstore": lambda: native.get(KEY).bytes(),
                "boto3": lambda: client.get_object(Bucket=bucket, Key=KEY)["Body"].read(),  # noqa: PLW0108 - the request is made in the call
            },
            "get, streamed, asyncio": {
                "object_store_py": lambda: asyncio.run(ours_stream()),
                "obstore": lambda: asyncio.run(native_stream()),
            },
            "put, one request": {
                "object_store_py": lambda: ours.put("w", data, use_multipart=False),
                "obstore": lambda: native.put("w", data, use_multipart=False),
                "boto3": lambda: client.put_object(Bucket=bucket, Key="w", Body=data),
            },
            "put, 8 MiB parts, 12 at once": {
                "object_store_py": lambda: ours.put("w", data, chunk_size=8 << 20),
                "obstore": lambda: native.put("w", data, chunk_size=8 << 20),
                "boto3": lambda: client.upload_fileobj(io.BytesIO(data), bucket, "w"),
            },
        }
        for title, calls in groups.items():
            if not which or any(word in title for word in which):
                compare(
                    f"256 MiB: {title}",
                    [Case(name, repeat(call)) for name, call in calls.items()],
                    count=1,
                    rounds=5,
                )


if __name__ == "__main__":
    main(set(sys.argv[1:]))
