"""Conformance: attributes given to put come back from get, whole or in parts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.api import Api
from tests.harness.stores import Backend

ATTRIBUTES = {
    "Cache-Control": "max-age=604800",
    "Content-Disposition": 'attachment; filename="test.html"',
    "Content-Encoding": "gzip",
    "Content-Language": "en-US",
    "Content-Type": "text/html; charset=utf-8",
    "test_key": "test_value",
    "key_with_spaces": "hello   world",
}


@pytest.mark.parametrize("how", [{}, {"use_multipart": True}], ids=["single", "multipart"])
def test_attributes_come_back(api: Api, backend: Backend, how: dict[str, Any]) -> None:
    backend.require("attributes")
    api.put(backend.store, "attributes", b"foo", attributes=ATTRIBUTES, **how)
    result = api.get(backend.store, "attributes")
    assert result.attributes == ATTRIBUTES
    assert api.bytes(result) == b"foo"


def test_attribute_names_are_matched_without_case_or_dash(api: Api, backend: Backend) -> None:
    backend.require("attributes")
    given = {"content-type": "text/plain", "cachecontrol": "no-cache"}
    api.put(backend.store, "k", b"foo", attributes=given)
    found = api.get(backend.store, "k").attributes
    assert found["Content-Type"] == "text/plain"
    assert found["Cache-Control"] == "no-cache"


def test_a_gzip_encoded_body_is_not_decoded(api: Api, backend: Backend) -> None:
    backend.require("attributes")
    body = b"\x1f\x8b these bytes only look like gzip"
    api.put(backend.store, "k", body, attributes={"Content-Encoding": "gzip"})
    assert api.read(backend.store, "k") == body


def test_a_store_without_attributes_says_so(api: Api, backend: Backend) -> None:
    backend.require_lack_of("attributes")
    backend.require("refuses_attributes")
    with pytest.raises(NotImplementedError):
        api.put(backend.store, "k", b"foo", attributes={"Content-Type": "text/plain"})
    assert api.list(backend.store) == []
