"""ministack with a witness: the second opinion on S3 in the conformance suite."""

from __future__ import annotations

from tests.backends.s3server import S3Server
from tests.backends.witness import S3Witness


class Ministack(S3Witness, S3Server):
    """The S3 server of the quick start, with boto3 beside it."""
