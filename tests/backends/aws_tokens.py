"""AWS's token services in small (IMDS, ECS, EKS, STS); they hand out keys of MinIO's own."""

from __future__ import annotations

import json
import re
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.backends.http1 import RecordedRequest
from tests.backends.minio import Minio
from tests.backends.rawserver import RawServer, response

ROLE = "instance-role"
ROLES = "/latest/meta-data/iam/security-credentials/"


class AwsTokens(RawServer):
    """One server for all of them; every request is recorded, and handed-out keys are kept."""

    def __init__(self, minio: Minio) -> None:
        super().__init__(self._route)
        self._minio = minio
        self._sts = minio.boto3_client("sts")
        self.session = secrets.token_hex(16)
        self.authorization: Callable[[], str] | None = None
        """What a container must send; anything, if None."""
        self.imds_v2 = True
        self.refuse: bytes | None = None
        self.hold = 0.0
        """Seconds that a refusal takes, so that others come to wait for it."""
        """What is answered to everything, if not None."""
        self.lifetime: timedelta | None = None
        """How long the handed-out keys are said to live; the truth, if None."""
        self.failures: list[bytes] = []
        """What is answered to the next requests, each once."""
        self.handed_out: list[str] = []
        """The access keys, in order."""
        self.secrets: list[str] = []
        """Secret keys and session tokens."""

    def stop(self) -> None:
        super().stop()
        self._sts.close()

    def asked(self) -> int:
        """How many requests for keys there were, refused ones included."""
        return sum(not _is_preparation(request) for request in self.requests)

    def _route(self, request: RecordedRequest) -> bytes:
        if self.failures:
            return self.failures.pop(0)
        if self.refuse is not None:
            time.sleep(self.hold)
            return self.refuse
        path = request.target.decode().partition("?")[0]
        if path.startswith("/latest/"):
            return self._instance(request, path)
        if request.method == "POST":
            return self._web_identity(request)
        if self.authorization is not None and request.header("authorization") != (
            self.authorization()
        ):
            return _json(401, {"code": "AccessDeniedException", "message": "wrong token"})
        return _json(200, self._mint())

    def _instance(self, request: RecordedRequest, path: str) -> bytes:
        if path == "/latest/api/token":
            good = request.method == "PUT" and request.header(
                "x-aws-ec2-metadata-token-ttl-seconds"
            )
            if not self.imds_v2:
                return response(403, b"Forbidden")
            return response(200 if good else 400, self.session.encode() if good else b"")
        given = request.header("x-aws-ec2-metadata-token")
        if given != (self.session if self.imds_v2 else None):
            return response(401, b"Unauthorized")
        if path == ROLES:
            return response(200, ROLE.encode())
        assert path == ROLES + ROLE
        return _json(200, {"Code": "Success", "Type": "AWS-HMAC", **self._mint()})

    def _web_identity(self, request: RecordedRequest) -> bytes:
        """MinIO's own answer to AssumeRoleWithWebIdentity, with our expiry."""
        again = urllib.request.Request(self._minio.endpoint, request.body, method="POST")
        again.add_header("Content-Type", request.header("content-type") or "")
        try:
            with urllib.request.urlopen(again, timeout=20) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return response(refused.code, refused.read())
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        found = [re.findall(f"<{name}>(.*?)</{name}>", text)[0] for name in names]
        self._remember(*found)
        if self.lifetime is not None:
            text = re.sub("(?<=<Expiration>).*?(?=</Expiration>)", self._expiration(), text)
        return response(200, text.encode())

    def _mint(self) -> dict[str, Any]:
        given = self._sts.assume_role(
            RoleArn="arn:aws:iam::123456789012:role/tests",
            RoleSessionName="tests",
            DurationSeconds=900,
        )["Credentials"]
        self._remember(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        end = given["Expiration"].isoformat() if self.lifetime is None else self._expiration()
        return {
            "AccessKeyId": given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            "Token": given["SessionToken"],
            "Expiration": end,
        }

    def _remember(self, key: str, *hidden: str) -> None:
        self.handed_out.append(key)
        self.secrets += hidden

    def _expiration(self) -> str:
        assert self.lifetime is not None
        return (datetime.now(UTC) + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_preparation(request: RecordedRequest) -> bool:
    return request.target in (b"/latest/api/token", ROLES.encode())


def _json(status: int, document: dict[str, Any]) -> bytes:
    headers = {"Content-Type": "application/json"}
    return response(status, json.dumps(document).encode(), headers)
