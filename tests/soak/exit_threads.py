"""Uses a store from threads and ends as its argument says; run by `exits`, a bucket on stdin."""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import object_store_py as obs
from object_store_py.exceptions import BaseError
from object_store_py.store import S3Store

BODY = bytes(range(256)) * 4096
kept: list[Any] = []
"""What is still there when the interpreter ends."""


def use(store: Any, key: str) -> None:
    store.put(f"{key}/whole", BODY)
    store.put(f"{key}/parts", iter([BODY]), use_multipart=True)
    assert store.get(f"{key}/whole").bytes() == BODY
    assert store.get_range(f"{key}/whole", start=1, end=4) == b"\x01\x02\x03"
    assert [item["path"] for item in store.list(key).collect()] == [f"{key}/parts", f"{key}/whole"]


def work(store: Any) -> None:
    """What all ways have in common."""
    threads = [
        threading.Thread(target=use, args=(store, f"threads/{number}")) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def unread(store: Any) -> None:
    result = store.get("threads/0/whole")
    stream = iter(result.stream(1024))
    assert next(stream)
    kept.extend([result, stream, store.get("threads/1/whole")])


def daemons(store: Any) -> None:
    # Without an upload in parts: it would be said, rightly, that one could not be given up.
    def again(key: str) -> None:
        with suppress(BaseError):  # that the interpreter is ending
            while True:
                store.put(key, BODY)
                assert store.get(key).bytes() == BODY

    for number in range(4):
        threading.Thread(target=again, args=(f"threads/d{number}",), daemon=True).start()
    time.sleep(0.05)


def pool(store: Any) -> None:
    executor = ThreadPoolExecutor(4)
    kept.append(executor)
    kept.extend(executor.submit(use, store, f"threads/p{number}") for number in range(8))


def files_open(store: Any) -> None:
    reader = obs.open_reader(store, "threads/0/whole", buffer_size=1024)
    assert reader.read(10) == BODY[:10]
    writer = obs.open_writer(store, "threads/w", buffer_size=5 << 20)
    writer.write(bytes(11 << 20))  # the upload has begun
    kept.extend([reader, writer])


def nothing(store: Any) -> None:
    del store


ENDS = {
    "nothing is left": nothing,
    "streams are unread": unread,
    "daemon threads are running": daemons,
    "a pool is running": pool,
    "files are open": files_open,
    "the store is in a global": kept.append,
}


def main(end: str, store: Any) -> None:
    work(store)
    ENDS[end](store)


if __name__ == "__main__":
    bucket, options = json.loads(sys.stdin.read())
    main(sys.argv[1], S3Store(bucket, **options))
    print("done")
