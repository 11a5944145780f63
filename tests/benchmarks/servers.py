"""MinIO for benchmarks, as a plain description that a fresh process can be handed; and its keys."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.backends.minio import Minio


@contextmanager
def minio() -> Iterator[dict[str, Any]]:
    """A server with one bucket; what clients must know of it."""
    with Minio() as server:
        yield {
            "endpoint": server.endpoint,
            "access_key_id": server.access_key_id,
            "secret_access_key": server.secret_access_key,
            "region": server.region,
            "bucket": server.create_bucket(),
            "client": server.client,
        }


def fill(server: dict[str, Any], count: int, folder: str) -> list[str]:
    """Make `count` small objects and return their keys; MinIO unpacks them from one tar."""
    keys = [f"{folder}/some-key-{number:07d}" for number in range(count)]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for key in keys:
            member = tarfile.TarInfo(key)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    server["client"].put_object(
        Bucket=server["bucket"],
        Key="packed.tar",
        Body=packed.getvalue(),
        Metadata={"snowball-auto-extract": "true"},
    )
    return keys
