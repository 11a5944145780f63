"""What is left after an interruption: by Ctrl-C, cancellation, a failing part or page."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from object_store_py.exceptions import PermissionDeniedError
from object_store_py.store import S3Store
from object_store_py.testing import ScriptedTransport
from tests.backends.faultproxy import Fault, FaultProxy, answer_status
from tests.backends.minio import Minio
from tests.faults.conftest import is_part
from tests.harness.api import Api

PART = bytes(5 << 20)


class Interrupting(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Interrupts at one request of a session, and is real otherwise."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.scope: anyio.CancelScope | None = None
        self._inner = httpx.HTTPTransport()
        self._async_inner = httpx.AsyncHTTPTransport()

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._async_inner.aclose()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or be interrupted by Ctrl-C in the middle of it."""
        response = self._inner.handle_request(request)
        self.left -= 1
        if self.left == 0:
            response.close()
            raise KeyboardInterrupt
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or be cancelled in the middle of it."""
        self.left -= 1
        if self.left == 0 and self.scope is not None:
            self.scope.cancel()
        return await self._async_inner.handle_async_request(request)


@pytest.mark.row("F16", "F13")
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_ctrl_c_at_any_request_of_an_upload(
    minio: Minio, shared_bucket: str, prefix: str, uploads: Any, at: int
) -> None:
    transport = Interrupting(at)
    store = S3Store(shared_bucket, prefix=prefix, transport=transport, **minio.store_options())
    with pytest.raises(KeyboardInterrupt):
        store.put("a", iter([PART, b"end"]), max_concurrency=1)
    if at > 1:  # of an upload whose id never arrived nobody can know
        assert uploads() == []
    store.put("a", b"after")
    assert store.get("a").bytes() == b"after"
    transport.close()


@pytest.mark.slow
@pytest.mark.row("F16", "F13")
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_cancellation_at_any_request_of_an_upload(
    minio: Minio, shared_bucket: str, prefix: str, uploads: Any, at: int, loop: str
) -> None:
    transport = Interrupting(at)
    options = minio.store_options()
    store = S3Store(shared_bucket, prefix=prefix, async_transport=transport, **options)

    async def main() -> None:
        with anyio.CancelScope() as scope:
            transport.scope = scope
            await store.put_async("a", iter([PART, b"end"]), max_concurrency=1)
        assert scope.cancelled_caught
        transport.scope = None
        await store.put_async("a", b"after")
        assert await (await store.get_async("a")).bytes_async() == b"after"
        await transport.aclose()

    anyio.run(main, backend=loop)
    assert uploads() == []


@pytest.mark.row("F13")
def test_a_part_that_fails_for_good_ends_the_upload(
    api: Api, store: Any, proxy: FaultProxy, uploads: Any
) -> None:
    proxy.add(Fault(answer=answer_status(403).answer, when=is_part))
    with pytest.raises(PermissionDeniedError):
        api.put(store, "a", iter([PART, PART]), use_multipart=True)
    assert uploads() == []


PAGE = """<ListBucketResult><Name>bucket</Name><IsTruncated>{more}</IsTruncated>
{token}<Contents><Key>k{number}</Key>
<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><Size>1</Size></Contents>
</ListBucketResult>"""


def page(number: int) -> httpx.Response:
    """One page of twenty."""
    token = f"<NextContinuationToken>t{number}</NextContinuationToken>" if number < 20 else ""
    more = "true" if token else "false"
    return httpx.Response(200, text=PAGE.format(more=more, token=token, number=number))


@pytest.mark.row("F15")
@pytest.mark.parametrize("fault", [httpx.Response(503), httpx.ReadError("reset")])
def test_a_page_that_fails_is_asked_for_again(api: Api, fault: Any) -> None:
    pages = [page(number) for number in range(1, 21)]
    script = ScriptedTransport([*pages[:6], fault, *pages[6:]])
    store = S3Store("bucket", skip_signature=True, transport=script, async_transport=script)
    listed = [item["path"] for item in api.list(store)]
    assert listed == [f"k{number}" for number in range(1, 21)]
    tokens = [request.url.params.get("continuation-token") for request in script.requests]
    later = [f"t{number}" for number in range(1, 20)]
    assert tokens == [None, *later[:6], "t6", *later[6:]]  # the seventh page twice


@pytest.mark.row("F21")
def test_a_wrong_clock_is_called_by_its_name(api: Api) -> None:
    text = "<Error><Code>RequestTimeTooSkewed</Code><Message>Too far off.</Message></Error>"
    script = ScriptedTransport([httpx.Response(403, text=text)])
    store = S3Store(
        "bucket",
        access_key_id="AKID",
        secret_access_key="secret",
        transport=script,
        async_transport=script,
    )
    with pytest.raises(PermissionDeniedError, match="clock"):
        api.get(store, "a")
