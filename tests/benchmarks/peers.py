"""The libraries that are compared, each behind the same few methods, on an S3 server.

Nothing is imported before it is used, so that a fresh process can measure what one of them costs.
A peer leaves out the methods that it has nothing for.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from typing import Any

MIB = 1 << 20
PART = 8 * MIB
PARALLEL = 12
WORKERS = 256
"""How many connections the pools of the peers may have."""


class Stores:
    """object_store_py and obstore, which have one interface."""

    def __init__(self, server: dict[str, Any], module: str) -> None:
        self.library: Any = importlib.import_module(module)
        options = {key: server[key] for key in ("endpoint", "region")}
        options |= {key: server[key] for key in ("access_key_id", "secret_access_key")}
        kind: Any = importlib.import_module(f"{module}.store").S3Store
        self.open = lambda: kind(server["bucket"], **options, client_options={"allow_http": True})
        self.store = self.open()

    def get(self, key: str) -> Any:
        return self.library.get(self.store, key).bytes()

    def put(self, key: str, data: bytes) -> object:
        return self.library.put(self.store, key, data, use_multipart=False)

    def head(self, key: str) -> object:
        return self.library.head(self.store, key)

    def stream(self, key: str) -> int:
        return sum(len(chunk) for chunk in self.library.get(self.store, key).stream())

    def get_parallel(self, key: str, size: int) -> object:
        step = -(-size // 4)
        starts = list(range(0, size, step))
        parts = self.library.get_ranges(
            self.store, key, starts=starts, lengths=[step] * 4, coalesce=0
        )
        assert sum(len(part) for part in parts) == size
        return parts

    def put_parts(self, key: str, data: bytes) -> object:
        return self.library.put(
            self.store, key, data, use_multipart=True, chunk_size=PART, max_concurrency=PARALLEL
        )

    def ranges(self, key: str, starts: list[int], length: int, coalesce: int = 0) -> object:
        lengths = [length] * len(starts)
        return self.library.get_ranges(
            self.store, key, starts=starts, lengths=lengths, coalesce=coalesce
        )

    def list(self) -> int:
        return sum(len(chunk) for chunk in self.library.list(self.store, chunk_size=1000))

    def list_arrow(self) -> int:
        batches = self.library.list(self.store, chunk_size=1000, return_arrow=True)
        return sum(batch.num_rows for batch in batches)

    def delete(self, keys: list[str]) -> object:
        return self.library.delete(self.store, keys)


class Ours(Stores):
    """object_store_py."""

    def __init__(self, server: dict[str, Any]) -> None:
        super().__init__(server, "object_store_py")

    def get_into(self, key: str, buffer: bytearray) -> object:
        return self.library.get_into(self.store, key, buffer)


class Boto3:
    """boto3."""

    def __init__(self, server: dict[str, Any]) -> None:
        boto3: Any = importlib.import_module("boto3")
        config: Any = importlib.import_module("botocore.config").Config
        self.bucket = server["bucket"]
        self.client = boto3.client(
            "s3",
            endpoint_url=server["endpoint"],
            aws_access_key_id=server["access_key_id"],
            aws_secret_access_key=server["secret_access_key"],
            region_name=server["region"],
            config=config(max_pool_connections=WORKERS, signature_version="s3v4"),
        )

    def _body(self, key: str) -> Any:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"]

    def get(self, key: str) -> Any:
        return self._body(key).read()

    def put(self, key: str, data: bytes) -> object:
        return self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def head(self, key: str) -> object:
        return self.client.head_object(Bucket=self.bucket, Key=key)

    def stream(self, key: str) -> int:
        return sum(len(chunk) for chunk in self._body(key).iter_chunks(MIB))

    def _transfer(self) -> Any:
        config: Any = importlib.import_module("boto3.s3.transfer").TransferConfig
        return config(multipart_chunksize=PART, max_concurrency=PARALLEL)

    def get_parallel(self, key: str, size: int) -> object:
        target = io.BytesIO()
        self.client.download_fileobj(self.bucket, key, target, Config=self._transfer())
        assert target.getbuffer().nbytes == size
        return target

    def put_parts(self, key: str, data: bytes) -> object:
        source = io.BytesIO(data)
        return self.client.upload_fileobj(source, self.bucket, key, Config=self._transfer())

    def list(self) -> int:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sum(len(page.get("Contents", ())) for page in pages)

    def delete(self, keys: list[str]) -> None:
        for start in range(0, len(keys), 1000):
            batch = {"Objects": [{"Key": key} for key in keys[start : start + 1000]]}
            self.client.delete_objects(Bucket=self.bucket, Delete=batch | {"Quiet": True})


class MinioPy:
    """minio-py."""

    def __init__(self, server: dict[str, Any]) -> None:
        minio: Any = importlib.import_module("minio")
        urllib3: Any = importlib.import_module("urllib3")
        self.delete_object: Any = importlib.import_module("minio.deleteobjects").DeleteObject
        self.bucket = server["bucket"]
        self.client = minio.Minio(
            server["endpoint"].removeprefix("http://"),
            access_key=server["access_key_id"],
            secret_key=server["secret_access_key"],
            region=server["region"],
            secure=False,
            http_client=urllib3.PoolManager(maxsize=WORKERS),
        )

    def _read(self, key: str, chunk: int) -> Iterator[bytes]:
        response = self.client.get_object(bucket_name=self.bucket, object_name=key)
        try:
            yield from response.stream(chunk) if chunk else [response.read()]
        finally:
            response.close()
            response.release_conn()

    def get(self, key: str) -> Any:
        return next(self._read(key, 0))

    def put(self, key: str, data: bytes) -> object:
        # It makes parts of what is larger than a part; 5 GiB is the largest.
        return self._put(key, data, 5 << 30, 1)

    def _put(self, key: str, data: bytes, part_size: int, parallel: int) -> object:
        return self.client.put_object(
            bucket_name=self.bucket,
            object_name=key,
            data=io.BytesIO(data),
            length=len(data),
            part_size=part_size,
            num_parallel_uploads=parallel,
        )

    def head(self, key: str) -> object:
        return self.client.stat_object(bucket_name=self.bucket, object_name=key)

    def stream(self, key: str) -> int:
        return sum(len(chunk) for chunk in self._read(key, MIB))

    def put_parts(self, key: str, data: bytes) -> object:
        return self._put(key, data, PART, PARALLEL)

    def list(self) -> int:
        return sum(1 for _ in self.client.list_objects(bucket_name=self.bucket, recursive=True))

    def delete(self, keys: list[str]) -> None:
        listed = [self.delete_object(key) for key in keys]
        failed = self.client.remove_objects(bucket_name=self.bucket, delete_object_list=listed)
        assert not list(failed)


def s3_file_system(server: dict[str, Any], **options: Any) -> Any:
    """An s3fs file system that remembers no listing."""
    s3fs: Any = importlib.import_module("s3fs")
    return s3fs.S3FileSystem(
        key=server["access_key_id"],
        secret=server["secret_access_key"],
        client_kwargs={"endpoint_url": server["endpoint"], "region_name": server["region"]},
        config_kwargs={"max_pool_connections": WORKERS},
        skip_instance_cache=True,
        use_listings_cache=False,
        **options,
    )


class S3fs:
    """s3fs."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.bucket = server["bucket"]
        self.files = s3_file_system(server, default_block_size=PART, max_concurrency=PARALLEL)

    def get(self, key: str) -> Any:
        return self.files.cat_file(f"{self.bucket}/{key}")

    def put(self, key: str, data: bytes) -> object:
        return self.files.pipe_file(f"{self.bucket}/{key}", data, chunksize=len(data) + 1)

    def head(self, key: str) -> object:
        return self.files.info(f"{self.bucket}/{key}", refresh=True)

    def stream(self, key: str) -> int:
        total = 0
        with self.files.open(f"{self.bucket}/{key}", "rb") as file:
            while chunk := file.read(PART):
                total += len(chunk)
        return total

    def put_parts(self, key: str, data: bytes) -> object:
        return self.files.pipe_file(f"{self.bucket}/{key}", data, chunksize=PART)

    def ranges(self, key: str, starts: list[int], length: int) -> object:
        paths = [f"{self.bucket}/{key}"] * len(starts)
        ends = [start + length for start in starts]
        return self.files.cat_ranges(paths, starts, ends)

    def list(self) -> int:
        return len(self.files.find(self.bucket, detail=True))

    def delete(self, keys: list[str]) -> object:
        return self.files.rm([f"{self.bucket}/{key}" for key in keys])


PEERS: dict[str, Any] = {
    "object_store_py": Ours,
    "obstore": lambda server: Stores(server, "obstore"),
    "boto3": Boto3,
    "minio-py": MinioPy,
    "s3fs": S3fs,
}
