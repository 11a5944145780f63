"""The core reads every text of a server in linear time (S22)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from object_store_py.exceptions import BaseError
from object_store_py.store import AzureStore, HTTPStore, S3Store
from tests.security.test_linear import SEEDS, check_linear


def answering(status: int) -> tuple[list[str], httpx.MockTransport]:
    """A transport that answers every request with the one text of a list."""
    text = [""]
    return text, httpx.MockTransport(lambda _: httpx.Response(status, content=text[0].encode()))


def opened(kind: str, transport: httpx.MockTransport) -> Any:
    """A store of a kind that tries once."""
    given: dict[str, Any] = {"transport": transport, "retry_config": {"max_retries": 0}}
    if kind == "HTTP":
        return HTTPStore("https://h", **given)
    given["skip_signature"] = True
    if kind == "S3":
        return S3Store("b", region="us-east-1", endpoint="https://h", **given)
    return AzureStore("b", account_name="a", **given)


CORE_SEEDS = (
    *(seed for seed in SEEDS if "<" in seed or "&" in seed or "Token" in seed),
    *("a", "{", "[", "odified>a", "<a><LastModified>a", "<Deleted>", "<Error><Key>a</Key></Error>"),
)


@pytest.mark.slow
@pytest.mark.row("S22")
@pytest.mark.parametrize(
    ("kind", "status"), [("S3", 200), ("S3", 400), ("Azure", 200), ("HTTP", 207)]
)
def test_the_core_reads_every_text_in_linear_time(kind: str, status: int) -> None:
    text, transport = answering(status)
    store = opened(kind, transport)

    def read(given: str) -> None:
        text[0] = given
        for call in (store.list().collect, lambda: store.delete(["a", "b"])):
            try:
                call()
            except BaseError as error:
                assert len(str(error)) < 4096

    check_linear(read, CORE_SEEDS)
