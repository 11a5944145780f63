"""Writers on the wire: which requests they send, how many at once, and what a failure leaves."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

import object_store_py as obs
from object_store_py.exceptions import BaseError, GenericError, PermissionDeniedError
from tests.backends.faultproxy import Fault, FaultProxy, answer_status
from tests.faults.conftest import is_part
from tests.files.facade import open_writer
from tests.harness.api import Api

MIB = 1024 * 1024
PART = bytes(5 * MIB)
DELAY = 0.5


def test_what_fits_in_the_buffer_is_one_request(api: Api, store: Any, proxy: FaultProxy) -> None:
    with open_writer(api, store, "a", buffer_size=5 * MIB) as file:
        for start in range(0, 5 * MIB, MIB):
            file.write(PART[start : start + MIB])
        file.flush()
        assert proxy.requests == []
    assert [(request.method, request.query) for request in proxy.requests] == [("PUT", {})]


@pytest.mark.slow
def test_parts_go_together_but_not_too_many(api: Api, store: Any, proxy: FaultProxy) -> None:
    with open_writer(api, store, "a", buffer_size=5 * MIB, max_concurrency=2) as file:
        proxy.add(Fault(times=4, when=is_part, delay=DELAY))
        for _ in range(4):
            file.write(PART)
    times = [request.received_at for request in proxy.requests if is_part(request)]
    assert len(times) == 4
    assert times[1] - times[0] < DELAY
    assert times[2] - times[0] >= DELAY
    assert times[3] - times[2] < DELAY


def test_a_small_buffer_makes_parts_that_the_store_takes(api: Api, store: Any, direct: Any) -> None:
    with open_writer(api, store, "a", buffer_size=1000) as file:
        file.write(PART + b"end")
    assert obs.get(direct, "a").bytes() == PART + b"end"


@pytest.mark.row("F13")
def test_a_part_that_fails_ends_the_upload(
    api: Api, store: Any, proxy: FaultProxy, uploads: Any
) -> None:
    proxy.add(Fault(answer=answer_status(403).answer, when=is_part))
    file = open_writer(api, store, "a", buffer_size=5 * MIB, max_concurrency=1)
    with pytest.raises(PermissionDeniedError):
        file.write(PART * 3)
        file.flush()
    with pytest.raises(GenericError, match="nothing was written, because an earlier call failed"):
        file.write(b"more")
    with pytest.raises(GenericError, match="nothing was written"):
        file.close()
    assert file.closed
    assert uploads() == []
    with pytest.raises(FileNotFoundError):
        api.head(store, "a")


@pytest.mark.row("F13")
def test_a_completion_that_fails_ends_the_upload(
    api: Api, store: Any, proxy: FaultProxy, uploads: Any
) -> None:
    proxy.add(
        Fault(
            answer=answer_status(403).answer,
            when=lambda request: request.method == "POST" and "uploadId" in request.query,
        )
    )
    refused = pytest.raises(PermissionDeniedError)
    with refused, open_writer(api, store, "a", buffer_size=5 * MIB) as file:
        file.write(PART * 2)
    assert uploads() == []


def test_an_abort_that_fails_does_not_hide_the_reason(
    api: Api, store: Any, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.add(
        Fault(answer=answer_status(403).answer, when=lambda request: request.method == "DELETE")
    )
    with (
        pytest.raises(ZeroDivisionError),
        open_writer(api, store, "a", buffer_size=5 * MIB, max_concurrency=1) as file,
    ):
        file.write(PART * 2)
        _ = 1 / 0
    assert "an upload could not be given up, its parts may stay" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.row("F13")
def test_cancelling_a_write_ends_the_upload(
    store: Any, proxy: FaultProxy, uploads: Any, loop: str, inside: bool
) -> None:
    proxy.add(Fault(times=4, when=is_part, delay=3))

    async def write() -> None:
        async with obs.open_writer_async(
            store, "a", buffer_size=5 * MIB, max_concurrency=2
        ) as file:
            with anyio.move_on_after(DELAY if inside else 60) as scope:
                await file.write(PART * 3)
            assert scope.cancelled_caught

    async def main() -> None:
        await obs.put_async(store, "b", b"")  # the first request takes longer than the others
        with anyio.move_on_after(60 if inside else DELAY) as scope:
            if inside:
                with pytest.raises(BaseError, match="nothing was written"):
                    await write()
            else:
                await write()
        assert scope.cancelled_caught is not inside

    anyio.run(main, backend=loop)
    assert any(is_part(request) for request in proxy.requests)
    assert uploads() == []


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_cancelling_the_block_ends_the_upload(store: Any, uploads: Any, loop: str) -> None:
    async def main() -> None:
        with anyio.move_on_after(DELAY) as scope:
            async with obs.open_writer_async(
                store, "a", buffer_size=5 * MIB, max_concurrency=1
            ) as file:
                await file.write(PART * 2)
                assert uploads() != []
                scope.cancel()
                await anyio.sleep(60)

    anyio.run(main, backend=loop)
    assert uploads() == []
