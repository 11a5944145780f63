"""Inside a network namespace of its own: the metadata addresses of AWS as they are, port 80.

Run by test_link_local.py through `unshare`; prints one line of JSON for each step.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from object_store_py.exceptions import UnauthenticatedError
from object_store_py.store import S3Store
from tests.backends.aws_tokens import AwsTokens
from tests.backends.minio import Minio

ADDRESSES = ("169.254.169.254", "169.254.170.2", "169.254.170.23")


def ip(*arguments: str) -> bool:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True)
    return done.returncode == 0


def say(step: str, **facts: Any) -> None:
    print(json.dumps({"step": step, **facts}), flush=True)


def off_cloud(step: str) -> None:
    """A store without credentials where nobody answers."""
    started = time.monotonic()
    try:
        S3Store("b", region="us-east-1").get("k")
    except UnauthenticatedError as error:
        say(step, seconds=time.monotonic() - started, error=str(error))


def on_cloud(minio: Minio, bucket: str, tokens: AwsTokens, token_file: Path) -> None:
    pod = {
        "container_credentials_full_uri": "http://169.254.170.23/v1/credentials",
        "container_authorization_token_file": str(token_file),
    }
    ways: dict[str, dict[str, Any]] = {
        "imds": {},
        "ecs": {"container_credentials_relative_uri": "/v2/credentials/1"},
        "pod": pod,
    }
    for name, options in ways.items():
        place: dict[str, Any] = {"endpoint": minio.endpoint, "region": minio.region}
        store = S3Store(bucket, client_options={"allow_http": True}, **place, **options)
        store.put(name, b"x")
        hosts = {request.header("host") for request in tokens.requests}
        tokens.requests.clear()
        say(name, body=bytes(store.get(name).bytes()).decode(), hosts=sorted(map(str, hosts)))


def main(directory: Path) -> None:
    assert ip("link", "set", "lo", "up")
    off_cloud("unreachable")
    if ip("link", "add", "hole", "type", "dummy") and ip("link", "set", "hole", "up"):
        ip("route", "add", "169.254.0.0/16", "dev", "hole")
        off_cloud("silent")
        ip("link", "del", "hole")
    for address in ADDRESSES:
        assert ip("address", "add", f"{address}/32", "dev", "lo")
    token_file = directory / "token"
    token_file.write_text("pod-token\n")
    with Minio() as minio:
        tokens = AwsTokens(minio)
        tokens.address = ("0.0.0.0", 80)
        with tokens:
            on_cloud(minio, minio.create_bucket(), tokens, token_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
