"""The sandbox: two ways of calling agree, memory is capped, a trap ends one instance only."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from object_store_py import _convert, _engine, _paths
from object_store_py.exceptions import GenericError, InvalidPathError, NotFoundError
from object_store_py.store import S3Store

HUGE = "x" * (40 << 20)
"""More text than a small instance can hold."""


def store(answer: Any) -> S3Store:
    """A store whose requests are all answered by `answer`."""
    return S3Store(
        "bucket",
        access_key_id="AKID",
        secret_access_key="secret",
        retry_config={"max_retries": 0},
        transport=httpx.MockTransport(answer),
    )


def test_the_fast_way_of_calling_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def session() -> list[str]:
        instance = _engine.Instance()
        options = {"config": {"bucket": "b", "skip_signature": "true"}}
        return [
            instance.call("open", "s3", json.dumps(options)),
            instance.call("parse-path", "grüße/😀"),
            instance.call("put", 1, "a", 5_000_000_000 % 2**32, "", ""),
            instance.call("fail", 1, "unknown", "broken"),
            instance.call("copy", 2, "a", "b", True),
            instance.call("cancel", 2),
            instance.call("credential", 7, "", 2**40, "none"),
            instance.call("mail"),
        ]

    fast = session()
    monkeypatch.setattr(
        _convert, "bind", lambda store, function, _: _convert.bind_slow(store, function)
    )
    slow = session()
    assert fast[1:] == slow[1:]
    assert fast[0].partition("\n")[2] == slow[0].partition("\n")[2]


def test_a_host_without_the_private_parts_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Any:
        raise AttributeError("gone")

    monkeypatch.setattr(_convert, "_bind_fast", missing)
    assert _engine.Instance().call("parse-path", "/a/") == 'done\n"a"'


def test_without_a_native_library_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    with pytest.raises(ImportError, match=r"no native library for \w+ on \w+") as caught:
        _engine._import_wasmtime()
    assert "MemoryStore and LocalStore work without it" in str(caught.value)


@pytest.mark.row("F17", "S11")
class TestTrap:
    """A core that runs out of its memory traps."""

    @pytest.fixture(autouse=True)
    def small_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_engine, "MEMORY_LIMIT", 16 << 20)

    def test_the_operation_fails_and_the_next_one_works(self) -> None:
        answers = iter([httpx.Response(200, text=HUGE), httpx.Response(404)])
        subject = store(lambda _: next(answers))
        with pytest.raises(GenericError, match="sandboxed core stopped"):
            subject.list().collect()
        with pytest.raises(NotFoundError):
            subject.get("a")

    def test_operations_under_way_fail_clearly(self) -> None:
        entered, release = threading.Event(), threading.Event()

        def answer(request: httpx.Request) -> httpx.Response:
            if request.method == "GET" and "list-type" in str(request.url):
                return httpx.Response(200, text=HUGE)
            entered.set()
            release.wait(10)
            return httpx.Response(200, headers={"etag": '"x"', "content-length": "0"})

        subject, errors = store(answer), []

        def slow() -> None:
            try:
                subject.put("a", b"x")
            except GenericError as error:
                errors.append(str(error))

        thread = threading.Thread(target=slow)
        thread.start()
        assert entered.wait(10)
        with pytest.raises(GenericError):
            subject.list().collect()
        release.set()
        thread.join(10)
        assert len(errors) == 1
        assert "sandboxed core stopped" in errors[0]
        assert subject.put("a", b"x")["e_tag"] == '"x"'


@settings(deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.text("./a\x7f ", max_size=12)
)
def test_both_parsers_of_paths_agree(path: str) -> None:
    word, _, rest = CORE.call("parse-path", path).partition("\n")
    try:
        parsed = _paths.parse(path)
    except InvalidPathError:
        assert word == "failed"
        assert json.loads(rest)["kind"] == "invalid-path"
    else:
        assert (word, json.loads(rest)) == ("done", parsed)


CORE = _engine.Instance()
