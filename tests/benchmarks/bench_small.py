"""1 KiB objects on MinIO: get one after another, in threads, in tasks; beside obstore and boto3."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import obstore

import object_store_py as obs
from object_store_py.store import S3Store
from tests.backends.minio import Minio
from tests.benchmarks.harness import Case, compare

KEY = "k"


def sequential(call: Callable[[], object]) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            call()

    return run


def threads(call: Callable[[], object], workers: int) -> Callable[[int], None]:
    def run(count: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda _index: call(), range(count)))

    return run


def tasks(call: Callable[[], Awaitable[object]], workers: int) -> Callable[[int], None]:
    async def main(count: int) -> None:
        todo = iter(range(count))

        async def worker() -> None:
            for _ in todo:
                await call()

        await asyncio.gather(*(worker() for _ in range(workers)))

    return lambda count: asyncio.run(main(count))


def main(which: set[str]) -> None:
    with Minio() as server:
        bucket = server.create_bucket()
        options = server.store_options()
        ours = S3Store(bucket, **options)
        ours.put(KEY, bytes(1024))
        native = obstore.store.S3Store(bucket, **options)
        client: Any = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name=server.region,
        )

        async def ours_async() -> object:
            return await (await obs.get_async(ours, KEY)).bytes_async()

        async def native_async() -> object:
            return await (await obstore.get_async(native, KEY)).bytes_async()

        calls: dict[str, Callable[[], object]] = {
            "object_store_py": lambda: obs.get(ours, KEY).bytes(),
            "obstore": lambda: obstore.get(native, KEY).bytes(),
            "boto3": lambda: client.get_object(Bucket=bucket, Key=KEY)["Body"].read(),  # noqa: PLW0108 - the request is made in the call
        }
        if "sequential" in which:
            cases = [Case(name, sequential(call)) for name, call in calls.items()]
            compare("get 1 KiB, one after another", cases, 200)
        for workers in (8, 32):
            if f"threads{workers}" in which:
                cases = [Case(n, threads(call, workers)) for n, call in calls.items()]
                compare(f"get 1 KiB, {workers} threads", cases, 400)
        for workers in (16, 64, 256):
            if f"tasks{workers}" in which:
                both = [
                    Case("object_store_py", tasks(ours_async, workers)),
                    Case("obstore", tasks(native_async, workers)),
                ]
                compare(f"get 1 KiB, {workers} tasks", both, 640)


ALL = {"sequential", "threads8", "threads32", "tasks16", "tasks64", "tasks256"}

if __name__ == "__main__":
    main(set(sys.argv[1:]) or ALL)
