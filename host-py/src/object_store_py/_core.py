"""The brain's side of an operation: start it, carry its requests out, return its result.

`Brain` owns the sandboxed instance of one store, and a lock for it. Its `operate` is a plan that
follows an operation's steps (see wit/types.wit) until it is done or failed.
"""

from __future__ import annotations

import html
import itertools
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from . import _redact, exceptions
from ._credentials import CredentialPlan
from ._effects import Await, Exchange, Mailbox, Plan
from ._engine import CoreStopped, Instance
from ._http import (
    EMPTY,
    INSTANCE_METADATA,
    Body,
    HttpHost,
    Payload,
    Request,
    Response,
    TransportFailure,
)

logger = logging.getLogger("object_store_py.core")

_decode = json.JSONDecoder().raw_decode

_ERRORS: dict[str, type[Exception]] = {
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


Learn: TypeAlias = Callable[[Response], dict[str, str] | None]
"""What a response teaches about the store's own configuration: keys to change, or None."""


@dataclass(slots=True)
class Outcome:
    """What an operation came to: its result, and the response body that was left in the host."""

    result: Any
    body: Body | None = None


@dataclass(slots=True)
class _Facts:
    """What the host saw of an operation, for its errors."""

    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    attempt: int = 0
    method: str = ""
    status: int | None = None
    request_id: str | None = None
    code: str | None = None
    """The server's error code, where a header says it: the answer to a HEAD has no body."""
    url: str = ""
    failure: str = ""
    renewed: bool = False
    """Whether the credential was refused once and got anew."""
    moved: bool = False
    """Whether a response changed the configuration."""


class _Again(Exception):
    """The store was opened anew; the operation, which had no effect, starts anew, too."""


class Brain:
    """The core of one store."""

    def __init__(
        self,
        kind: str,
        options: dict[str, Any],
        host: HttpHost,
        label: str,
        prefix: str = "",
        credential: CredentialPlan | None = None,
        learn: Learn | None = None,
    ) -> None:
        self.kind = kind
        self._options = options
        self._learn = learn
        self._host = host
        self._store = label
        self._label = _redact.cut(label)
        self._prefix = f"{prefix}/" if prefix else ""
        self._credential_plan = credential
        self._lock = threading.Lock()
        self._instance: Instance | None = None
        self._numbers = itertools.count(1)
        self._mailboxes: dict[int, Mailbox] = {}
        self.wants_digest = False
        self.delete_batch = 1

    def open(self) -> None:
        """Open the store in its sandbox, if it is not; errors name what is wrong with it."""
        with self._lock:
            self._open()

    def _open(self) -> Instance:
        instance = self._instance
        if instance is None or instance.dead:
            instance = Instance()
            word, _, rest = instance.call("open", self.kind, json.dumps(self._options)).partition(
                "\n"
            )
            if word.lstrip("*") != "done":
                raise self._error(json.loads(rest), None, None)
            opened = json.loads(rest)
            self.wants_digest = opened["digest"]
            self.delete_batch = opened["delete_batch"]
            self._instance = instance
        return instance

    def parse_path(self, path: str) -> str:
        """Parse a path by the brain's own rules."""
        with self._lock:
            word, _, rest = self._open().call("parse-path", path).partition("\n")
        if word.lstrip("*") != "done":
            raise self._error(json.loads(rest), path, None)
        parsed: str = json.loads(rest)
        return parsed

    def operate(
        self, verb: str, path: str | None, *arguments: Any, payload: Payload | None = None
    ) -> Plan[Outcome]:
        """Run an operation to its end: a plan that returns its result."""
        facts = _Facts()
        while True:
            try:
                return (yield from self._attempt(facts, verb, path, arguments, payload))
            except _Again:
                continue

    def _attempt(
        self,
        facts: _Facts,
        verb: str,
        path: str | None,
        arguments: tuple[Any, ...],
        payload: Payload | None,
    ) -> Plan[Outcome]:
        instance, operation = self._begin()
        body: Body | None = None
        ended = False
        try:
            step = self._call(instance, verb, operation, *arguments)
            while True:
                word, _, rest = step.partition("\n")
                if word == "request":
                    step, body = yield from self._exchange(
                        instance, operation, rest, payload, facts
                    )
                elif word == "done":
                    ended = True
                    return Outcome(_decode(rest)[0], body)
                elif word == "failed":
                    ended = True
                    failed = json.loads(rest)
                    self._renew(instance, failed, facts)
                    raise self._error(failed, path, facts)
                elif word == "credential":
                    step = yield from self._credential(instance, operation)
                else:
                    step = yield Await(self._mailboxes[operation])
        except BaseException:
            if body is not None:
                body.abandon()
            raise
        finally:
            self._end(instance, operation, ended)

    def _renew(self, instance: Instance, failed: dict[str, Any], facts: _Facts) -> None:
        """Where a server refused a credential that the host got: forget it, and try a new one."""
        refused = facts.status == 401 or _code(failed, facts) in _EXPIRED
        if self._credential_plan is None or facts.renewed or not refused:
            return
        facts.renewed = True
        logger.info("%s: the server refused the credential; getting a new one", self._label)
        with self._lock:
            if self._instance is instance:  # those under way end with the old one
                self._instance = None
        raise _Again

    def _moved(self, instance: Instance, response: Response, facts: _Facts) -> bool:
        """Whether a response taught us a configuration with which to try again."""
        if self._learn is None or facts.moved or response.status < 300:
            return False
        changes = self._learn(response)
        if changes is None:
            return False
        facts.moved = True
        with self._lock:
            config = self._options["config"]
            if config.items() >= changes.items():
                return instance is not self._instance  # another operation learned it first
            logger.info("%s: the server says %s", self._label, changes)
            self._options = {**self._options, "config": {**config, **changes}}
            self._instance = None
        return True

    def _begin(self) -> tuple[Instance, int]:
        instance = self._instance
        if instance is None or instance.dead:
            with self._lock:
                instance = self._open()
        return instance, next(self._numbers)

    def _end(self, instance: Instance, operation: int, ended: bool) -> None:
        if not ended and not instance.dead:
            with self._lock:
                if not instance.dead and instance.call("cancel", operation):
                    self._deliver(instance)
        if self._mailboxes:
            self._mailboxes.pop(operation, None)

    def _call(self, instance: Instance, name: str, operation: int, *arguments: Any) -> str:
        try:
            with self._lock:
                step = instance.call(name, operation, *arguments)
                if step[:1] == "*":
                    step = step[1:]
                    self._deliver(instance)
                if step.startswith("waiting"):  # while the lock is held, so that no mail is missed
                    self._mailboxes[operation] = Mailbox()
        except CoreStopped as stopped:
            self._stop(stopped)
            raise exceptions.GenericError(
                f"{self._label}: the sandboxed core stopped ({stopped}) and this operation with it;"
                " the next operation starts a new one",
                store=self._store,
            ) from None
        return step

    def _stop(self, stopped: Exception) -> None:
        failed = json.dumps(
            {"kind": "generic", "message": f"the sandboxed core stopped: {stopped}"}
        )
        for mailbox in list(self._mailboxes.values()):
            mailbox.deliver(f"failed\n{failed}")

    def _deliver(self, instance: Instance) -> None:
        """Hand the instance's mail out; the lock is held."""
        while mail := instance.call("mail"):
            head, _, message = mail.partition("\n")
            word, _, argument = head.partition(" ")
            if word == "log":
                logger.log(_LEVELS.get(argument, logging.INFO), "%s: %s", self._label, message)
            elif (mailbox := self._mailboxes.get(int(argument))) is not None:
                mailbox.deliver(message)

    def _exchange(
        self,
        instance: Instance,
        operation: int,
        text: str,
        payload: Payload | None,
        facts: _Facts,
    ) -> Plan[tuple[str, Body | None]]:
        request = parse_request(text, payload)
        facts.requests += 1
        again = request.url == facts.url and request.method == facts.method
        facts.attempt = request.attempt = facts.attempt + 1 if again else 1
        facts.url, facts.method = request.url, request.method
        try:
            response = yield Exchange(self._host, request)
        except TransportFailure as failure:
            facts.failure, facts.status, facts.code = str(failure), None, None
            kind = "unknown" if request.url.startswith(INSTANCE_METADATA) else failure.kind
            return self._call(instance, "fail", operation, kind, str(failure)), None
        facts.status, facts.request_id = response.status, response.request_id
        found = None if response.status < 400 else _CODE_HEADER.search(response.headers)
        facts.code = None if found is None else found[1]
        if self._moved(instance, response, facts):
            raise _Again
        step = self._call(
            instance, "respond", operation, response.status, response.headers, response.text
        )
        return step, response.body

    def _credential(self, instance: Instance, operation: int) -> Plan[str]:
        assert self._credential_plan is not None
        try:
            credential, expires, message = yield from self._credential_plan(self._host)
        except exceptions.PermissionDeniedError:
            raise  # the host's own policy
        except Exception as error:
            credential, expires = "", 0
            message = f"the credential provider failed: {type(error).__name__}: {error}"
        return self._call(
            instance, "credential", operation, credential, expires, _redact.url(message)
        )

    def _error(self, failed: dict[str, Any], path: str | None, facts: _Facts | None) -> Exception:
        kind = _ERRORS.get(failed["kind"], exceptions.GenericError)
        path = None if path is None else path.removeprefix(self._prefix)
        where = self._label if path is None else f"{self._label}, {path!r}"
        message = html.unescape(failed.get("detail") or failed["message"])
        # Azure's texts go on with what `request_id` and the log say anyway.
        message = " ".join(message.partition("\nRequestId:")[0].split())
        if code := _code(failed, facts):
            message = f"{code}: {message}"
        if facts is None:
            known_kind = kind if issubclass(kind, exceptions.BaseError) else exceptions.GenericError
            return known_kind(_redact.cut(f"{where}: {message}", _LONGEST), store=self._store)
        if not issubclass(kind, exceptions.BaseError):
            return kind(message)
        kind, advice = _advice(self.kind, kind, code, facts)
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


_EXPIRED = frozenset(
    "ExpiredToken ExpiredTokenException TokenRefreshRequired AuthenticationFailed".split()
)
"""Error codes of servers that mean: this credential is over; the last, a SAS token of Azure."""
_CODE_HEADER = re.compile(r"^x-ms-error-code:[ \t]*([A-Za-z0-9]{1,100})[ \t]*$", re.I | re.M)
_LONGEST = 2048
"""The longest text of an error, in characters."""
_LEVELS = {"error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO}
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


def _code(failed: dict[str, Any], facts: _Facts | None) -> str | None:
    return failed.get("code") or (None if facts is None else facts.code)


def _advice(
    store: str, kind: type[exceptions.BaseError], code: str | None, facts: _Facts
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


def parse_request(text: str, payload: Payload | None) -> Request:
    """A `request` step, after its first line, as a request (see wit/http.wit)."""
    head, _, body = text.partition("\n\n")
    delay, carries, keeps, method, url, *lines = head.split("\n")
    content = payload if carries == "host" else _text_payload(body) if carries == "text" else None
    parts = [line.partition(":") for line in lines if line]
    headers = [(name, value) for name, _, value in parts]
    return Request(method, url, headers, content, keeps == "host", int(delay) / 1000)


def _text_payload(text: str) -> Payload:
    return Payload([memoryview(text.encode())]) if text else EMPTY
