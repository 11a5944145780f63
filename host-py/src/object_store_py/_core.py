"""The brain's side of an operation: start it, carry its requests out, return its result.

`Brain` owns the sandboxed instance of one store, and a lock for it. Its `operate` is a plan that
follows an operation's steps (see wit/types.wit) until it is done or failed.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from . import _redact, exceptions
from ._bulk_deletes import deletes_in_bulk, forgive
from ._credentials import CredentialPlan, is_at_work
from ._effects import Await, Block, Entangled, Exchange, Plan
from ._engine import CoreStopped, Instance
from ._failures import EXPIRED, Facts, Failures, code_of
from ._http import (
    INSTANCE_METADATA,
    Body,
    HttpHost,
    Payload,
    Request,
    Response,
    TransportFailure,
)
from ._mail import Records, deliver, sweep, unstick
from ._parking import inside, marked
from ._steps import Outcome, decode, decode_rows, parse_request

logger = logging.getLogger("object_store_py.core")

LARGE = 1 << 20
"""Texts over so many characters are read aside: an event loop would stand still meanwhile."""

Learn: TypeAlias = Callable[[Response], dict[str, str] | None]
"""What a response teaches about the store's own configuration: keys to change, or None."""


class _Again(Exception):
    """The store was opened anew; the operation, which had no effect, starts anew, too."""


class _Alone(Exception):
    """What the operation waits for can only be done by this thread, which is in its middle."""


class Brain:
    """The core of one store.

    It has one instance, which the operations of all threads share. Who comes to it from inside of
    an instance (see `_parking`) gets another one for its operation.
    """

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
        self._failures = Failures(kind, label, prefix)
        self._label = self._failures.label
        self._credential_plan = credential
        self._lock = threading.RLock()
        self._instance: Instance | None = None
        self._numbers = itertools.count(1)
        self._aside: set[int] = set()
        """The operations whose long texts the core reads now, in threads."""
        self.wants_digest = False
        self.delete_batch = 1
        _brains.add(self)

    def begin_anew(self) -> None:
        """In a forked child: readers and listings go on, with an instance and a lock of its own."""
        self._lock = threading.RLock()
        if self._instance is not None:
            self._instance.parking.lock = threading.Lock()
        self._instance = None

    @property
    def label(self) -> str:
        """What errors call the store."""
        return self._label

    @property
    def config(self) -> dict[str, str]:
        """The store's configuration, as it was given or learned."""
        found: dict[str, str] = self._options["config"]
        return found

    def open(self) -> None:
        """Open the store in its sandbox, if it is not; errors name what is wrong with it."""
        self._open()

    def _open(self) -> Instance:
        if threading.get_ident() in inside:
            return self._make()
        instance = self._instance
        if instance is None or instance.dead:
            with self._lock:
                instance = self._instance
                if instance is None or instance.dead:
                    instance = self._instance = self._make()
        return instance

    def _make(self) -> Instance:
        with marked():
            instance = Instance()
            try:
                step = instance.call("open", self.kind, json.dumps(self._options))
            except CoreStopped as stopped:
                raise self._failures.stopped(stopped) from None
        word, _, rest = step.partition("\n")
        if word.lstrip("*") != "done":
            raise self._failures.make(json.loads(rest), None, None)
        opened = json.loads(rest)
        self.wants_digest = opened["digest"]
        self.delete_batch = opened["delete_batch"]
        return instance

    def parse_path(self, path: str) -> str:
        """Parse a path by the brain's own rules."""
        instance = self._open()
        with marked(), instance.parking.lock:
            word, _, rest = instance.call("parse-path", path).partition("\n")
        if word.lstrip("*") != "done":
            raise self._failures.make(json.loads(rest), path, None)
        parsed: str = json.loads(rest)
        return parsed

    def operate(
        self, verb: str, path: str | None, *arguments: Any, payload: Payload | None = None
    ) -> Plan[Outcome]:
        """Run an operation to its end: a plan that returns its result."""
        facts = Facts()
        alone = False
        while True:
            try:
                return (yield from self._attempt(facts, alone, verb, path, arguments, payload))
            except _Again:
                continue
            except _Alone:
                alone = True

    def _attempt(
        self,
        facts: Facts,
        alone: bool,
        verb: str,
        path: str | None,
        arguments: tuple[Any, ...],
        payload: Payload | None,
    ) -> Plan[Outcome]:
        instance = self._make() if alone else self._open()
        operation = next(self._numbers)
        instance.parking.enter(operation)
        body: Body | None = None
        ended = False
        try:
            step = yield from self._tell(instance, verb, operation, *arguments)
            while True:
                word, _, rest = step.partition("\n")
                if word == "request":
                    request = parse_request(rest, payload)
                    step = rest = ""  # who reports errors records the locals of frames
                    step, body = yield from self._exchange(instance, operation, request, facts)
                elif word == "done":
                    ended = True
                    if len(rest) > LARGE:
                        return Outcome((yield Block(partial(decode_rows, rest))), body)
                    return Outcome(decode(rest)[0], body, facts.copying)
                elif word == "failed":
                    ended = True
                    failed = json.loads(rest)
                    self._renew(instance, failed, facts)
                    raise self._failures.make(failed, path, facts)
                elif word == "credential":
                    step = yield from self._credential(instance, operation)
                elif word == "waiting":
                    step = yield from self._wait(instance, operation, facts)
                else:
                    raise exceptions.GenericError(f"{self._label}: the core's step is none")
        except BaseException:
            if body is not None:
                body.abandon()
            raise
        finally:
            self._end(instance, operation, ended)

    def _wait(self, instance: Instance, operation: int, facts: Facts) -> Plan[str]:
        """Wait for another operation, which asks for the credential that this one needs, too."""
        if self._credential_plan is not None and is_at_work(self._credential_plan):
            raise exceptions.UnauthenticatedError(f"{self._label}: {_ITSELF}", store=self._label)
        parking = instance.parking
        try:
            step: str = yield Await(parking.box(operation), lambda: parking.is_here(operation))
        except Entangled:
            if not facts.requests:
                raise _Alone from None
            raise exceptions.GenericError(
                f"{self._label}: the credential is asked for by an operation that this one"
                " interrupted",
                store=self._label,
            ) from None
        return step

    def _renew(self, instance: Instance, failed: dict[str, Any], facts: Facts) -> None:
        """Where a server refused a credential that the host got: forget it, and try a new one."""
        refused = facts.status == 401 or code_of(failed, facts) in EXPIRED
        if self._credential_plan is None or facts.renewed or not refused:
            return
        facts.renewed = True
        logger.info("%s: the server refused the credential; getting a new one", self._label)
        with self._lock:
            if self._instance is instance:  # those under way end with the old one
                self._instance = None
        raise _Again

    def _moved(self, instance: Instance, response: Response, facts: Facts) -> bool:
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
            self._options = {**self._options, "config": {**config, **changes}}
            self._instance = None
        logger.info("%s: the server says %s", self._label, changes)
        return True

    def _end(self, instance: Instance, operation: int, ended: bool) -> None:
        if ended or instance.dead:
            instance.parking.leave(operation)
        else:
            instance.parking.left.append(operation)
        if instance.parking.left or instance.parking.stuck:
            records = Records()
            sweep(instance, records)
            self._log(records)

    def _tell(self, instance: Instance, name: str, operation: int, *arguments: Any) -> Plan[str]:
        """Call the core; aside, if what it is told is large, or it is reading what is."""
        last = arguments[-1] if arguments else None
        large = isinstance(last, str) and len(last) > LARGE
        if not large and not self._aside:
            return self._call(instance, name, operation, *arguments)
        step: str
        if large:
            self._aside.add(operation)
        try:
            step = yield Block(partial(self._call, instance, name, operation, *arguments))
        finally:
            self._aside.discard(operation)
        return step

    def _call(self, instance: Instance, name: str, operation: int, *arguments: Any) -> str:
        parking, records = instance.parking, Records()
        me = threading.get_ident()
        again = me in inside  # as `marked` does, which costs more
        try:
            inside.add(me)
            with parking.lock:
                step = instance.call(name, operation, *arguments)
                mail = step[:1] == "*"
                if step.startswith("waiting", mail):  # before its mail, which may be for itself
                    parking.park(operation)
                if mail:
                    step = step[1:]
                    deliver(instance, records)
                if parking.stuck:
                    unstick(instance)
        except CoreStopped as stopped:
            arguments = ()
            parking.fail(str(stopped))
            raise self._failures.stopped(stopped) from None
        finally:
            if not again:
                inside.discard(me)
        if parking.left:
            sweep(instance, records)
        try:
            return step
        finally:
            arguments, step = (), ""  # a handler that looks at frames sees no header in them
            self._log(records)

    def _log(self, records: Records) -> None:
        for level, text in records:
            logger.log(level, "%s: %s", self._label, text)

    def _exchange(
        self,
        instance: Instance,
        operation: int,
        request: Request,
        facts: Facts,
    ) -> Plan[tuple[str, Body | None]]:
        facts.requests += 1
        again = request.url == facts.url and request.method == facts.method
        facts.attempt = request.attempt = facts.attempt + 1 if again else 1
        facts.url, facts.method = request.url, request.method
        try:
            response = yield Exchange(self._host, request)
        except TransportFailure as failure:
            facts.lose(str(failure))
            kind = self._kind_of(failure, request, facts)
            return self._call(instance, "fail", operation, kind, str(failure)), None
        facts.see(response)
        if self._moved(instance, response, facts):
            raise _Again
        if facts.lost:
            response.text = forgive(response.text)
        step = yield from self._tell(
            instance, "respond", operation, response.status, response.headers, response.text
        )
        return step, response.body

    def _kind_of(self, failure: TransportFailure, request: Request, facts: Facts) -> str:
        """What the core is told, which decides by it whether to try again."""
        if request.url.startswith(INSTANCE_METADATA):
            return "unknown"
        lost = failure.kind in ("interrupted", "timeout")
        if lost and deletes_in_bulk(request.method, request.url):
            facts.lost = True
            retry: Any = self._options["retry"]
            if facts.attempt <= retry["max_retries"]:
                return "request"  # the crate takes every POST for one that must not be repeated
        return failure.kind

    def _credential(self, instance: Instance, operation: int) -> Plan[str]:
        assert self._credential_plan is not None
        try:
            if is_at_work(self._credential_plan):
                raise RecursionError(_ITSELF)
            answer = [(yield from self._credential_plan(self._host))]
        except exceptions.PermissionDeniedError:
            raise  # the host's own policy
        except Exception as error:
            message = f"the credential provider failed: {type(error).__name__}: {error}"
            answer = [("", 0, _redact.url(message))]
        return self._call(instance, "credential", operation, *answer.pop())  # no local has it


_brains: weakref.WeakSet[Brain] = weakref.WeakSet()


def _after_fork() -> None:
    for brain in list(_brains):
        brain.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_ITSELF = "its credential provider uses the store that it is for"
