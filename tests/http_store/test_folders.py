"""Folders of WebDAV that many writers need at the same moment."""

from __future__ import annotations

from functools import partial

import pytest

from object_store_py.exceptions import PermissionDeniedError
from object_store_py.store import HTTPStore
from tests.backends.http1 import RecordedRequest
from tests.backends.moddav import ModDav
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.harness.servers import Servers

ROUNDS, WRITERS = 20, 8


def test_many_write_into_new_folders_at_once(api: Api, servers: Servers) -> None:
    server: ModDav = servers.get("moddav", ModDav)
    store = HTTPStore(server.create_folder(), **server.store_options())
    for number in range(ROUNDS):
        keys = [f"new-{number}/below/{writer}" for writer in range(WRITERS)]
        api.together(*(partial(api.put, store, key, b"x") for key in keys))
        assert sorted(api.paths(store, f"new-{number}")) == keys


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_folder_that_is_refused_is_asked_for_once_more(api: Api, refusals: int) -> None:
    """Apache refuses what another one makes at that moment, in the words for what is forbidden."""
    asked: list[str] = []

    def answer(request: RecordedRequest) -> bytes:
        asked.append(request.method)
        if request.method == "MKCOL":
            return response(403 if asked.count("MKCOL") <= refusals else 405)
        return response(409 if "MKCOL" not in asked else 201)

    with RawServer(answer) as server:
        store = HTTPStore(server.endpoint, client_options={"allow_http": True})
        if refusals == 1:
            api.put(store, "folder/k", b"x")
            assert asked == ["PUT", "MKCOL", "MKCOL", "PUT"]
        else:
            with pytest.raises(PermissionDeniedError, match="MKCOL"):
                api.put(store, "folder/k", b"x")
            assert asked == ["PUT", "MKCOL", "MKCOL"]
