"""S3, S11, S12: a core that was tampered with reaches nothing, and stops when its time is over."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from object_store_py import _engine
from object_store_py.exceptions import GenericError
from object_store_py.store import S3Store

from . import hostile_core
from .conftest import Install


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on this machine that must not hear a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def store() -> S3Store:
    """A store whose own server is nobody."""
    return S3Store(
        "bucket",
        endpoint="http://127.0.0.1:9",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
        skip_signature=True,
    )


def heard(listener: socket.socket) -> bool:
    """Whether somebody connected."""
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


@pytest.mark.row("S3")
def test_another_origin_is_refused_and_logged(
    install: Install, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/loot"
    wish = f"request\n0\nnone\ntext\nPOST\n{url}\nx-loot: all of it\n\n"
    install(hostile_core.build({"list": wish}))
    with caplog.at_level(logging.WARNING), pytest.raises(GenericError, match="as you wish"):
        store().list().collect()
    assert not heard(listener)
    assert "127.0.0.1" in caplog.text
    assert "origin" in caplog.text


@pytest.mark.row("S12")
def test_it_sees_no_file_no_variable_and_no_argument(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    install(
        hostile_core.build(
            bodies={
                "parse-path": hostile_core.COUNT_DIRECTORIES,
                "mail": hostile_core.COUNT_VARIABLES,
                "cancel": hostile_core.COUNT_ARGUMENTS,
            }
        )
    )
    instance = _engine.Instance()
    seen = [instance.call("parse-path", ""), instance.call("mail"), instance.call("cancel", 1)]
    assert seen == ["0", "0", "0"]


@pytest.mark.row("S12")
def test_it_gets_no_connection(install: Install, listener: socket.socket) -> None:
    install(hostile_core.build(bodies={"mail": hostile_core.connect(listener.getsockname()[1])}))
    assert _engine.Instance().call("mail") == "2"  # access-denied
    assert not heard(listener)


@pytest.mark.slow
@pytest.mark.row("S11")
def test_an_endless_loop_is_stopped_and_other_stores_go_on(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_engine, "TIME_LIMIT", 1)
    install(hostile_core.build(bodies={"list": "(loop (br 0)) (unreachable)"}))
    runaway, calls = store(), 0
    other = _engine.Instance()
    errors: list[str] = []

    def run() -> None:
        with pytest.raises(GenericError) as caught:
            runaway.list().collect()
        errors.append(str(caught.value))

    thread = threading.Thread(target=run)
    started = time.monotonic()
    thread.start()
    while thread.is_alive():
        assert time.monotonic() - started < 10
        assert other.call("parse-path", "a") == hostile_core.FAILED
        calls += 1
        time.sleep(0.01)
    assert "sandboxed core stopped" in errors[0]
    assert "interrupt" in errors[0]
    assert calls > 10
    with pytest.raises(GenericError, match="as you wish"):
        runaway.head("a")  # by a new instance


def test_a_trap_is_an_error(install: Install) -> None:
    install(hostile_core.build(bodies={"list": "(unreachable)"}))
    with pytest.raises(GenericError, match="sandboxed core stopped"):
        store().list().collect()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "done",
        "done\nnot json",
        "failed\n{}",
        "request\n",
        "request\n0\nnone\ntext\nGET /\n",
        "request\nx\nnone\ntext\nGET\nfile:///etc/passwd\n\n",
        "request\n0\nnone\ntext\nGET\nfile:///etc/passwd\n\n",
        "credential\n",
        "nonsense",
        'done\n{"objects": 7}',
    ],
)
def test_nonsense_ends_in_an_error(install: Install, answer: str) -> None:
    install(hostile_core.build({"list": answer}))
    with pytest.raises((GenericError, ValueError, KeyError, TypeError, AttributeError)):
        store().list().collect()
