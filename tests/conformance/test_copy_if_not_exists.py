"""Conformance: copy and rename with overwrite=False never replace an object."""

from __future__ import annotations

import pytest

from object_store_py.exceptions import AlreadyExistsError, NotSupportedError
from tests.harness.api import Api
from tests.harness.stores import Backend

FROM, TO = "test1", "not_exists_nested/test2"


@pytest.fixture(params=["copy", "rename"])
def verb(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_existing_object_is_kept(api: Api, backend: Backend, verb: str) -> None:
    backend.require("copy_if_not_exists")
    store = backend.careful_store()
    api.put(store, FROM, b"cats")
    api.put(store, TO, b"dogs")
    with pytest.raises(AlreadyExistsError):
        api.call(verb, store, FROM, TO, overwrite=False)
    assert api.read(store, FROM) == b"cats"
    assert api.read(store, TO) == b"dogs"


def test_a_free_name_is_taken(api: Api, backend: Backend, verb: str) -> None:
    store = backend.careful_store()
    api.put(store, FROM, b"cats")
    api.call(verb, store, FROM, TO, overwrite=False)
    assert api.read(store, TO) == b"cats"
    assert api.paths(store) == [TO] if verb == "rename" else [TO, FROM]


def test_s3_without_a_careful_copy_says_so(api: Api, backend: Backend, verb: str) -> None:
    backend.s3()
    api.put(backend.store, FROM, b"cats")
    with pytest.raises(NotSupportedError):
        api.call(verb, backend.store, FROM, TO, overwrite=False)
    assert api.paths(backend.store) == [FROM]
