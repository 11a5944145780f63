"""boto3 as the independent witness of an S3 server: what tests compare the library with."""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import Any

import boto3

from tests.backends.server import Server


class S3Witness(Server):
    """An S3 server with boto3 beside it."""

    access_key_id: str
    secret_access_key: str
    region = "us-east-1"
    _client: Any = None

    def trusted(self) -> str | None:
        """The file of the authority to trust, if the server has one of its own."""
        return None

    @property
    def client(self) -> Any:
        """A boto3 S3 client: the independent witness that tests compare with."""
        if self._client is None:
            self._client = self.boto3_client("s3")
        return self._client

    def boto3_client(self, service: str) -> Any:
        """A boto3 client of this server, such as for `sts`."""
        session = self.boto3_session()
        return session.client(service, endpoint_url=self.endpoint, verify=self.trusted())

    def boto3_session(self) -> Any:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region,
        )

    def stop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        super().stop()

    @cached_property
    def shared_bucket(self) -> str:
        """One bucket for all tests that keep to a prefix of their own."""
        return self.create_bucket()

    @cached_property
    def many(self) -> tuple[str, list[str]]:
        """A prefix of the shared bucket with 1,005 keys, more than a page has; read-only."""
        keys = [f"{index:04d}" for index in range(1005)]
        for key in keys:
            self.client.put_object(Bucket=self.shared_bucket, Key=f"many/{key}", Body=b"")
        return "many", keys

    def create_bucket(self, name: str | None = None, *, versioned: bool = False) -> str:
        """Makes a bucket and returns its name; without a name, a fresh one."""
        bucket = name or f"bucket-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=bucket)
        if versioned:
            enabled = {"Status": "Enabled"}
            self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
        return bucket

    def tags(self, bucket: str, key: str) -> dict[str, str]:
        """The tags of an object."""
        found = self.client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}
