"""Credentials of AWS's token services, as plans: web identity, containers, instances.

Each `Fetch` asks one service and returns an `S3Credential`, or throws `NoCredential`; `kept` makes
the plan of it that the brain's `credential` step runs. No text here shows a token or a key.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

from . import _files, _redact, _tokens
from ._credentials import CredentialAnswer, CredentialPlan
from ._effects import Block, Plan
from ._http import HttpHost, Payload, Request, TransportFailure
from ._tokens import NoCredential
from .credentials import DEFAULT_REFRESH_THRESHOLD, S3Credential, s3_answer

logger = logging.getLogger("object_store_py.credentials")

Fetch: TypeAlias = Callable[[HttpHost], Plan[S3Credential]]
"""Asks one service for a credential; throws `NoCredential`."""

_NEXT_TRY = timedelta(seconds=30)
_ROLE = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")

OFF_CLOUD = (
    "no credential was given, and this machine has no instance credentials: give access_key_id and"
    " secret_access_key, or a credential_provider, or skip_signature=True for public data"
)


def kept(fetch: Fetch) -> CredentialPlan:
    """The plan of a fetch. While it fails, the last credential is used until it expires."""
    last: S3Credential | None = None

    def plan(host: HttpHost) -> Plan[CredentialAnswer]:
        nonlocal last
        try:
            last = yield from fetch(host)
        except NoCredential as error:
            left = None if last is None else _left(last)
            if last is None or left is None or left <= timedelta(0):
                return "", 0, str(error)
            logger.warning("keeping the credential until it expires: %s", error)
            again = max(min(left, _NEXT_TRY) // timedelta(milliseconds=1), 100)
            return s3_answer(last, DEFAULT_REFRESH_THRESHOLD)[0], again, ""
        return s3_answer(last, DEFAULT_REFRESH_THRESHOLD)

    return plan


def _left(credential: S3Credential) -> timedelta | None:
    expires = credential["expires_at"]
    return None if expires is None else expires - datetime.now(UTC)


def web_identity(
    url: str, token_file: str, role_arn: str, session_name: str, retries: int
) -> Fetch:
    """`AssumeRoleWithWebIdentity` at an STS endpoint, with the token that is in a file now.

    <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    """

    def fetch(host: HttpHost) -> Plan[S3Credential]:
        token = yield Block(lambda: _read_token(token_file, "web_identity_token_file"))
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "DurationSeconds": "3600",
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "WebIdentityToken": token,
        }
        # In the body and not in the query: bodies are in nobody's log.
        body = Payload([memoryview(urlencode(form).encode())])
        headers = [("content-type", "application/x-www-form-urlencoded")]
        request = Request("POST", url, headers, body)
        response = yield from _tokens.ask(host, request, "the STS endpoint", retries, [token])
        text = response.text
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        return credential("the STS endpoint", *(_tokens.element(text, name) for name in names))

    return fetch


def container(url: str, token_file: str | None, token: str | None, retries: int) -> Fetch:
    """The credential endpoint of a container: ECS, EKS pod identity, and their like.

    <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
    """
    who = "the container's credential endpoint"

    def fetch(host: HttpHost) -> Plan[S3Credential]:
        given = token
        if token_file is not None:
            file, name = token_file, "container_authorization_token_file"
            given = yield Block(lambda: _read_token(file, name))
        headers = [] if given is None else [("authorization", given)]
        request = Request("GET", url, headers, metadata=url.startswith("http:"))
        response = yield from _tokens.ask(host, request, who, retries)
        return _from_json(response.text, who, headers)

    return fetch


def instance(endpoint: str, v1_fallback: bool, retries: int) -> Fetch:
    """The metadata service of an EC2 instance: IMDSv2, and version 1 only where that is allowed.

    <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>
    """
    base = endpoint.rstrip("/")
    roles = f"{base}/latest/meta-data/iam/security-credentials/"
    who = "the instance's metadata service"

    def get(host: HttpHost, url: str, headers: list[tuple[str, str]]) -> Plan[str]:
        request = Request("GET", url, headers, metadata=True)
        text: str = (yield from _tokens.ask(host, request, who, retries)).text
        return text

    def fetch(host: HttpHost) -> Plan[S3Credential]:
        headers = yield from _session(host, f"{base}/latest/api/token", v1_fallback, retries)
        lines = (yield from get(host, roles, headers)).split()
        if not lines or not _ROLE.fullmatch(lines[0]):
            raise NoCredential(f"{who} names no role: attach one to the instance")
        return _from_json((yield from get(host, roles + lines[0], headers)), who, headers)

    def _session(
        host: HttpHost, url: str, v1_fallback: bool, retries: int
    ) -> Plan[list[tuple[str, str]]]:
        lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", "600")]
        request = Request("PUT", url, lifetime, metadata=True)
        try:
            response = yield from _tokens.send(host, request, retries)
        except TransportFailure as failure:
            raise NoCredential(f"{OFF_CLOUD} ({who} at {base}: {failure})") from None
        if response.status in (403, 404, 405) and v1_fallback:
            logger.warning("%s gives no IMDSv2 token; falling back to IMDSv1", who)
            return []
        token = response.text.strip()
        if response.status != 200 or not _TOKEN.fullmatch(token):
            hint = "" if response.status == 200 else "; imdsv1_fallback allows version 1"
            raise NoCredential(f"{_tokens.refusal(who, response)}{hint}")
        return [("x-aws-ec2-metadata-token", token)]

    return fetch


def _read_token(path: str, name: str) -> str:
    try:
        token = _files.read_text(path).strip()
    except (OSError, UnicodeError) as error:
        why = _files.reason(error)
        raise NoCredential(f"cannot read the {name} {_redact.path(path)}: {why}") from None
    if not _TOKEN.fullmatch(token):
        del token  # whoever records the locals of this frame
        raise NoCredential(f"the {name} {path!r} does not hold a token in one line")
    return token


def _from_json(text: str, who: str, headers: list[tuple[str, str]]) -> S3Credential:
    values = _tokens.parse(text)
    if values is None:
        raise NoCredential(f"{who} answered with something else than a JSON object")
    if values.get("Code", "Success") != "Success":
        raise NoCredential(f"{who} answered: {_tokens.words(text, _redact.in_headers(headers))}")
    names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
    return credential(who, *(values.get(name) for name in names))


def credential(who: str, key: Any, secret: Any, token: Any, expires: Any) -> S3Credential:
    given = {"AccessKeyId": key, "SecretAccessKey": secret, "the session token": token}
    bad = [n for n, value in given.items() if not isinstance(value, str) or not value]
    if bad:
        raise NoCredential(f"{who} answered without {', '.join(bad)}")
    return {
        "access_key_id": key,
        "secret_access_key": secret,
        "token": token,
        "expires_at": None if expires is None else _moment(who, expires),
    }


def _moment(who: str, given: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise NoCredential(f"{who} answered with an Expiration that is no time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
