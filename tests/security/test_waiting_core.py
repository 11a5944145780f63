"""S11: a core whose operations wait for each other, or whose mail does not end, is given up."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest

from object_store_py import _engine
from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store
from tests.backends.rawserver import Pause, RawServer, response
from tests.harness.api import Api

from . import hostile_core
from .conftest import Install

pytestmark = pytest.mark.row("S11")
FOR_EACH_OTHER = "stopped: each operation waits for another one"


def store(endpoint: str = "http://127.0.0.1:9") -> S3Store:
    options = {"allow_http": True}
    return S3Store("b", endpoint=endpoint, client_options=options, skip_signature=True)


@pytest.fixture(autouse=True)
def soon() -> Any:
    """Whatever the core does, a test ends within seconds."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("step", ["waiting", "*waiting", "waiting\nfor ever"])
def test_an_operation_that_only_waits_fails(api: Api, install: Install, step: str) -> None:
    install(hostile_core.build({"list": step}))
    with pytest.raises(GenericError, match=FOR_EACH_OTHER):
        api.list(store())


def test_the_next_operation_has_a_new_core(api: Api, install: Install) -> None:
    install(hostile_core.build({"list": "waiting"}))
    subject = store()
    for _ in range(3):
        with pytest.raises(GenericError, match=FOR_EACH_OTHER):
            api.list(subject)
        with pytest.raises(GenericError, match="as you wish"):
            api.head(subject, "k")


def test_who_waits_for_one_that_works_waits_until_it_ends(api: Api, install: Install) -> None:
    with RawServer([[Pause(0.5), response(200)]]) as server:
        wish = f"request\n0\nnone\ntext\nGET\n{server.endpoint}/b/k\n\n"
        install(hostile_core.build({"get": wish, "list": "waiting"}))
        subject, ended = store(server.endpoint), dict[str, float]()

        def work() -> None:
            with pytest.raises(GenericError, match="as you wish"):
                api.get(subject, "k")
            ended["get"] = time.monotonic()

        def wait() -> None:
            while not server.requests:
                time.sleep(0.01)
            with pytest.raises(GenericError, match=FOR_EACH_OTHER):
                api.list(subject)
            ended["list"] = time.monotonic()

        api.together(work, wait)
    assert abs(ended["list"] - ended["get"]) < 0.4


def test_many_that_wait_for_each_other_fail_together(api: Api, install: Install) -> None:
    install(hostile_core.build({"list": "waiting"}))
    subject = store()

    def wait() -> None:
        with pytest.raises(GenericError, match="stopped"):
            api.list(subject)

    api.together(*[wait] * 20)


def test_mail_that_says_wait_on_is_none(api: Api, install: Install) -> None:
    install(hostile_core.build({"list": "*waiting", "mail": "step 1\nwaiting"}))
    with pytest.raises(GenericError, match="mail does not end"):
        api.list(store())


def test_mail_without_an_end(api: Api, install: Install, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    install(hostile_core.build({"list": "*failed\n{}", "mail": "log info\nhello"}))
    with pytest.raises(GenericError, match="mail does not end"):
        api.list(store())


def test_a_step_that_is_none_arrives_by_mail(api: Api, install: Install) -> None:
    letters = "(call $digit (i32.const 0))"  # a mail of one digit, again and again
    install(hostile_core.build({"list": "*waiting"}, bodies={"mail": letters}))
    with pytest.raises((GenericError, ValueError)):
        api.list(store())


def test_a_core_that_traps_when_it_opens_or_forgets(api: Api, install: Install) -> None:
    install(hostile_core.build(bodies={"open": "(unreachable)"}))
    with pytest.raises(GenericError, match="sandboxed core stopped"):
        api.list(store())
    install(hostile_core.build({"list": "nonsense"}, bodies={"cancel": "(unreachable)"}))
    with pytest.raises(GenericError, match="the core's step is none"):
        api.list(store())


def test_the_parked_operation_of_a_thread_is_woken_by_a_trap(install: Install) -> None:
    with RawServer([[Pause(0.3), response(200)]]) as server:
        wish = f"request\n0\nnone\ntext\nGET\n{server.endpoint}/b/k\n\n"
        trap = {"respond": "(unreachable)"}
        install(hostile_core.build({"get": wish, "list": "waiting"}, bodies=trap))
        subject = store(server.endpoint)

        def work() -> None:
            with pytest.raises(GenericError, match="sandboxed core stopped"):
                subject.get("k")

        thread = threading.Thread(target=work)
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        with pytest.raises(GenericError, match="sandboxed core stopped"):
            subject.list().collect()
        thread.join(10)
        assert not thread.is_alive()


def test_nothing_is_left_parked(install: Install) -> None:
    install(hostile_core.build({"list": "waiting"}))
    subject: Any = store()
    with pytest.raises(GenericError):
        subject.list().collect()
    instance: _engine.Instance = subject._verbs().backend._brain._instance
    assert instance.dead
    assert len(instance.parking) == 0
    assert not instance.parking.stuck
