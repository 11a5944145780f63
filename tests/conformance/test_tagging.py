"""Conformance: tags given to put are on the object, as another client reads them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api
from tests.harness.stores import Backend

TAGS = {"project": "object store", "a+b/c": "100:_=.-"}


@pytest.mark.parametrize(
    ("capability", "how"),
    [("tags", {}), ("multipart_tags", {"use_multipart": True})],
    ids=["single", "multipart"],
)
def test_tags_arrive(api: Api, backend: Backend, capability: str, how: dict[str, Any]) -> None:
    backend.require(capability)
    api.put(backend.store, "k", b"foo", tags=TAGS, **how)
    assert backend.tags_of("k") == TAGS


def test_tags_can_be_switched_off(api: Api, backend: Backend) -> None:
    backend.require("tags")
    store = backend.another_store(disable_tagging=True)
    api.put(store, "k", b"foo", tags=TAGS)
    assert backend.tags_of("k") == {}
