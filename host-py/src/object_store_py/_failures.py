"""Why an operation failed, as an exception: from what the core says and what the host saw."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from . import _redact, exceptions
from ._http import INSTANCE_METADATA, Response

_KINDS: dict[str, type[Exception]] = {
    "not-found": exceptions.NotFoundError,
    "already-exists": exceptions.AlreadyExistsError,
    "precondition": exceptions.PreconditionError,
    "not-modified": exceptions.NotModifiedError,
    "permission-denied": exceptions.PermissionDeniedError,
    "unauthenticated": exceptions.UnauthenticatedError,
    "not-supported": exceptions.NotSupportedError,
    "not-implemented": exceptions.NotImplementedError,
    "invalid-path": exceptions.InvalidPathError,
    "unknown-configuration-key": exceptions.UnknownConfigurationKeyError,
    "invalid-input": ValueError,
    "generic": exceptions.GenericError,
}

EXPIRED = frozenset(
    "ExpiredToken ExpiredTokenException TokenRefreshRequired AuthenticationFailed".split()
)
"""Error codes of servers that mean: this credential is over; the last, a SAS token of Azure."""
_COPYING = re.compile(r"^x-ms-copy-status:[ \t]*(\w{1,20})", re.M)
_CODE_HEADER = re.compile(r"^x-ms-error-code:[ \t]*([A-Za-z0-9]{1,100})[ \t]*$", re.I | re.M)
_LONGEST = 2048
"""The longest text of an error, in characters."""
_ADVICE = {
    "InvalidAccessKeyId": "check access_key_id",
    "SignatureDoesNotMatch": "check secret_access_key and region",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "ExpiredToken": "the session token has expired: get a new one",
    "NoSuchBucket": "check the bucket's name, or create it first",
    "AuthorizationHeaderMalformed": "check region",
    "PermanentRedirect": "check region and endpoint",
    "ContainerNotFound": "check container_name, or create the container first",
    "AuthenticationFailed": "check account_name and its key or token, and this machine's clock",
    "AuthorizationPermissionMismatch": "this identity lacks a role, such as Blob Data Reader",
    "InvalidBlockList": "another upload to this key was completed meanwhile: write it again",
    "EntityTooSmall": "parts must have at least 5 MiB: give a larger chunk_size",
}


@dataclass(slots=True)
class Facts:
    """What the host saw of an operation, for its errors."""

    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    attempt: int = 0
    method: str = ""
    status: int | None = None
    request_id: str | None = None
    code: str | None = None
    """The server's error code, where a header says it: the answer to a HEAD has no body."""
    copying: str | None = None
    """How far the server is with a copy, where the last answer says it."""
    url: str = field(default="", repr=False)
    failure: str = ""
    lost: bool = False
    """Whether a request to delete many objects may have arrived, though its answer did not."""
    renewed: bool = False
    """Whether the credential was refused once and got anew."""
    moved: bool = False
    """Whether a response changed the configuration."""

    def see(self, response: Response) -> None:
        """Note what a response says, for the error that it may become."""
        self.status, self.request_id = response.status, response.request_id
        found = None if response.status < 400 else _CODE_HEADER.search(response.headers)
        self.code = None if found is None else found[1]
        self.copying = None
        if "x-ms-copy-status" in response.headers:
            copying = _COPYING.search(response.headers)
            self.copying = None if copying is None else copying[1].lower()

    def lose(self, reason: str) -> None:
        """Note why no response came."""
        self.failure, self.status, self.code = reason, None, None


class Failures:
    """Makes the exceptions of one store; no text of them is long or has a secret in it."""

    def __init__(self, kind: str, store: str, prefix: str) -> None:
        self._kind = kind
        self._store = store
        self.label = _redact.cut(store)
        self._prefix = f"{prefix}/" if prefix else ""

    def stopped(self, reason: object) -> exceptions.GenericError:
        """The sandboxed core stopped in the middle of an operation."""
        return exceptions.GenericError(
            f"{self.label}: the sandboxed core stopped ({reason}) and this operation with it;"
            " the next operation starts a new one",
            store=self._store,
        )

    def make(self, failed: dict[str, Any], path: str | None, facts: Facts | None) -> Exception:
        """The exception for a `failed` step; without `facts`, nothing was sent."""
        kind = _KINDS.get(failed["kind"], exceptions.GenericError)
        path = None if path is None else path.removeprefix(self._prefix)
        where = self.label if path is None else f"{self.label}, {path!r}"
        message = failed.get("detail") or failed["message"]  # decoded, and without secrets
        # Azure's texts go on with what `request_id` and the log say anyway.
        message = " ".join(message.partition("\nRequestId:")[0].split())
        if code := code_of(failed, facts):
            message = f"{code}: {message}"
        if facts is None:
            known_kind = kind if issubclass(kind, exceptions.BaseError) else exceptions.GenericError
            return known_kind(_redact.cut(f"{where}: {message}", _LONGEST), store=self._store)
        if not issubclass(kind, exceptions.BaseError):
            return kind(message)
        kind, advice = _advice(self._kind, kind, code, facts)
        known = {
            "store": self._store,
            "path": path,
            "status": facts.status,
            "code": code,
            "retries": max(facts.requests - 1, 0),
            "elapsed": time.monotonic() - facts.started,
            "request_id": facts.request_id,
        }
        text = _redact.cut(f"{where}: {message}", _LONGEST - len(advice))
        return kind(f"{text}{advice}", **known)


def code_of(failed: dict[str, Any], facts: Facts | None) -> str | None:
    """The server's own error code."""
    return failed.get("code") or (None if facts is None else facts.code)


def _advice(
    store: str, kind: type[exceptions.BaseError], code: str | None, facts: Facts
) -> tuple[type[exceptions.BaseError], str]:
    """The class that fits what the host saw, and what the reader can do."""
    if facts.url.startswith(INSTANCE_METADATA):
        return exceptions.UnauthenticatedError, "" if store != "s3" else (
            " (no credential was given, and this machine has no instance credentials: give"
            " access_key_id and secret_access_key, or a credential_provider, or skip_signature=True"
            " for public data)"
        )
    if code in _ADVICE:
        return kind, f" ({_ADVICE[code]})"
    return kind, ""
