"""Conformance: a multipart put makes one object of its parts, also of none."""

from __future__ import annotations

import pytest

from tests.harness.api import Api
from tests.harness.stores import Backend

PART = 5 * 1024 * 1024


def test_two_parts_make_one_object(api: Api, backend: Backend) -> None:
    backend.require("multipart")
    body = bytes(PART) + b"\1" * PART
    api.put(backend.store, "k", body, use_multipart=True, chunk_size=PART)
    assert api.head(backend.store, "k")["size"] == 2 * PART
    assert api.read(backend.store, "k") == body


def test_no_parts_make_an_empty_object(api: Api, backend: Backend) -> None:
    backend.require("multipart")
    api.put(backend.store, "k", b"", use_multipart=True)
    assert api.head(backend.store, "k")["size"] == 0


def test_a_store_without_parts_says_so(api: Api, backend: Backend) -> None:
    backend.require_lack_of("multipart")
    with pytest.raises(NotImplementedError, match="multipart"):
        api.put(backend.store, "k", b"x", use_multipart=True)
    assert api.list(backend.store) == []


def test_only_a_body_over_the_chunk_size_is_split(api: Api, backend: Backend) -> None:
    backend.require("multipart_e_tags")
    whole = api.put(backend.store, "whole", bytes(PART), chunk_size=PART)
    split = api.put(backend.store, "split", bytes(PART + 1), chunk_size=PART)
    assert "-" not in whole["e_tag"]
    assert split["e_tag"].endswith('-2"')


@pytest.mark.parametrize("mode", ["create", "overwrite"])
def test_a_large_body_respects_the_mode(api: Api, backend: Backend, mode: str) -> None:
    if mode == "create":
        backend.require("conditional_put")
    api.put(backend.store, "k", bytes(PART + 1), chunk_size=PART, mode=mode)
    assert api.head(backend.store, "k")["size"] == PART + 1


def test_use_multipart_false_sends_one_request(api: Api, backend: Backend) -> None:
    backend.require("multipart_e_tags")
    pieces = [bytes(PART), bytes(PART)]
    tag = api.put(backend.store, "k", api.source(pieces), use_multipart=False)["e_tag"]
    assert "-" not in tag
    assert api.head(backend.store, "k")["size"] == 2 * PART
