"""A member of an archive of a gibibyte is read with little more bytes than it has."""

from __future__ import annotations

import random
import zipfile

import pytest

import object_store_py as obs
from object_store_py.store import S3Store
from tests.backends.faultproxy import FaultProxy
from tests.backends.minio import Minio

MIB = 1024 * 1024
MEMBERS = 256
NOISE = random.Random(1).randbytes(4 * MIB)


@pytest.mark.big
def test_one_member_of_a_zip_file_of_a_gibibyte(minio: Minio) -> None:
    bucket = minio.create_bucket()
    with (
        obs.open_writer(S3Store(bucket, **minio.store_options()), "a.zip") as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive,
    ):
        for number in range(MEMBERS):
            archive.writestr(f"member-{number:04}", number.to_bytes(2, "big") + NOISE)
    with FaultProxy(minio.port) as proxy:
        store = S3Store(bucket, **(minio.store_options() | {"endpoint": proxy.endpoint}))
        with obs.open_reader(store, "a.zip") as file, zipfile.ZipFile(file) as zipped:
            assert zipped.read("member-0100") == (100).to_bytes(2, "big") + NOISE
            size = file.size
    gets = [request for request in proxy.requests if request.method == "GET"]
    fetched = 0
    for request in gets:
        first, last = str(request.header("range")).removeprefix("bytes=").split("-")
        fetched += int(last) + 1 - int(first)
    minio.client.delete_object(Bucket=bucket, Key="a.zip")
    print(f"{fetched:,} of {size:,} bytes fetched in {len(gets)} requests, for {len(NOISE):,}")
    assert size > 1024 * MIB
    assert fetched < 3 * len(NOISE)
