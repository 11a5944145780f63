"""Starts the test servers and prints how to reach them, until Ctrl-C."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from tests.backends.azurite import Azurite
from tests.backends.cache import BackendUnavailable
from tests.backends.minio import Minio
from tests.backends.s3server import S3Server


def main() -> None:
    with contextlib.ExitStack() as stack:
        for server in (Minio(), S3Server()):
            try:
                show(stack.enter_context(server))
            except BackendUnavailable as missing:
                print(f"left out: {missing}")
        try:
            show_azurite(stack.enter_context(Azurite()))
        except BackendUnavailable as missing:
            print(f"left out: {missing}")
        print("Ctrl-C stops them.")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def show(server: Any) -> None:
    server.create_bucket("bucket")
    print(f"{type(server).__name__}: {server.endpoint}, bucket 'bucket'")
    print(f"  AWS_ACCESS_KEY_ID={server.access_key_id}")
    print(f"  AWS_SECRET_ACCESS_KEY={server.secret_access_key}\n")


def show_azurite(server: Azurite) -> None:
    print(f"Azurite: {server.endpoint}, container {server.create_container()!r}")
    print("  AZURE_STORAGE_USE_EMULATOR=true")
    print(f"  AZURITE_BLOB_STORAGE_URL={server.address}\n")


if __name__ == "__main__":
    main()
