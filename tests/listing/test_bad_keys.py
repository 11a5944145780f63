"""Keys that no path can name: a listing names the key and ends, or leaves it out and says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

import object_store_py as obs
from object_store_py.exceptions import InvalidPathError
from object_store_py.store import AzureStore, GCSStore, HTTPStore, LocalStore, S3Store
from tests.backends.azurite import Azurite
from tests.backends.gcs import GcsEmulator
from tests.backends.moddav import ModDav
from tests.backends.rawserver import RawServer, response
from tests.harness.api import Api
from tests.harness.servers import Servers

BAD = ["a//b", "../x", "p/./<&>", "a\tb"]
OUTSIDE = ["pre", "pre2/x", "etc/passwd", "/etc/passwd", "../x", "..", "/"]
"""Keys that a listing below `pre/` must not have."""


def page(keys: list[str], prefixes: Sequence[str] = (), token: str = "") -> bytes:
    objects = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;x&quot;</ETag><Size>3</Size><Owner><ID>a//b</ID></Owner></Contents>"
        for key in keys
    )
    below = "".join(
        f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>" for prefix in prefixes
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return response(
        200,
        (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
            f"<Prefix></Prefix><KeyCount>{len(keys)}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{objects}{below}"
            "</ListBucketResult>"
        ).encode(),
    )


def store_at(server: RawServer, prefix: str | None = None) -> S3Store:
    return S3Store(
        "b",
        prefix=prefix,
        endpoint=server.endpoint,
        access_key_id="a",
        secret_access_key="b",
        region="us-east-1",
        client_options={"allow_http": True},
    )


@pytest.mark.row("I11")
@pytest.mark.parametrize("key", BAD)
def test_a_bad_key_ends_the_listing_and_is_named(api: Api, key: str) -> None:
    with RawServer([page([key, "good"])]) as server:
        with pytest.raises(InvalidPathError, match="on_bad_key='skip'") as caught:
            api.list(store_at(server))
        assert key.replace("\t", " ") in str(caught.value)


def test_bad_keys_are_left_out_and_named(api: Api) -> None:
    pages = [page([BAD[0], "good", BAD[1]], token="more"), page([BAD[2]], token="end"),
             page(["/slash/", "<&>", BAD[3], "slash/"])]  # fmt: skip
    with RawServer(pages) as server:
        listing = obs.list(store_at(server), on_bad_key="skip")
        assert listing.skipped == []
        found = [meta["path"] for meta in api.collect(listing)]
    assert found == ["good", "<&>", "slash/"]
    assert listing.skipped == [*BAD[:3], "/slash/", BAD[3]]


def one_level(api: Api, store: Any) -> Any:
    """One level, whose listing says how to go on where it ends, and so goes on."""
    with pytest.raises(InvalidPathError, match="on_bad_key='skip'"):
        api.list_with_delimiter(store)
    return api.call("list_with_delimiter", store, on_bad_key="skip")


def test_one_level_leaves_out_bad_keys_and_prefixes(api: Api) -> None:
    pages = [page([BAD[1], "good"], ["b/", "../y/"], token="more"), page([BAD[3]], ["a/", "//"])]
    with RawServer([pages[0], *pages]) as server:
        found = one_level(api, store_at(server))
    assert [meta["path"] for meta in found["objects"]] == ["good"]
    assert found["common_prefixes"] == ["a", "b"]
    assert found["skipped"] == [BAD[1], "../y/", BAD[3], "//"]


@pytest.mark.row("F36")
@pytest.mark.parametrize("key", OUTSIDE)
def test_a_key_outside_the_prefix_is_a_bad_key(api: Api, key: str) -> None:
    pages = [page([key, "pre/good"], [f"{key}/", "pre/a/"])] * 4
    with RawServer(pages) as server:
        store = store_at(server, prefix="pre")
        for choice in ("raise", "keep"):
            with pytest.raises(InvalidPathError, match="not below 'pre'") as caught:
                api.list(store, on_bad_key=choice)
            assert f"'{key}'" in str(caught.value)
        listing = obs.list(store, on_bad_key="skip")
        assert [meta["path"] for meta in api.collect(listing)] == ["good"]
        assert listing.skipped[0] == key
        found = api.call("list_with_delimiter", store, on_bad_key="skip")
        assert [meta["path"] for meta in found["objects"]] == ["good"]
        assert found["common_prefixes"] == ["a"]
        assert key in found["skipped"]


@pytest.mark.row("F36")
def test_nothing_outside_the_prefix_is_deleted_or_written(api: Api, tmp_path: Path) -> None:
    with RawServer([page(["other/x", "pre/good"])] * 3) as server:
        store = store_at(server, prefix="pre")
        with pytest.raises(InvalidPathError, match="other/x"):
            api.call("delete_prefix", store, "", everything=True)
        with pytest.raises(InvalidPathError, match="other/x"):
            api.call("download", store, "", tmp_path)
        with pytest.raises(InvalidPathError, match="other/x"):
            api.list(store)
        assert [request.method for request in server.requests] == ["GET"] * 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("F36")
def test_a_bad_prefix_of_the_caller_is_no_bad_key(api: Api) -> None:
    """Keys below a prefix of the caller's are checked against that one, too."""
    with RawServer([page(["a/b", "a/", "ab/c"])] * 2) as server:
        with pytest.raises(InvalidPathError, match="'ab/c', which is not below 'a'"):
            api.list(store_at(server), "a")
        listing = obs.list(store_at(server), "a", on_bad_key="skip")
        assert [meta["path"] for meta in api.collect(listing)] == ["a/b", "a/"]


def test_one_level_as_arrow_names_what_it_left_out() -> None:
    with RawServer([page(["a//b", "good"])]) as server:
        found = store_at(server).list_with_delimiter(return_arrow=True, on_bad_key="skip")
    assert (found["objects"].num_rows, found.get("skipped")) == (1, ["a//b"])


def test_another_word_is_refused() -> None:
    unknown: Any = "ignore"
    with RawServer([]) as server:
        for verb in (obs.list, obs.list_with_delimiter):
            with pytest.raises(ValueError, match="'raise' or 'skip' or 'keep'"):
                verb(store_at(server), on_bad_key=unknown)


def test_azure_lists_around_bad_keys(api: Api, servers: Servers) -> None:
    server: Azurite = servers.get("azurite", Azurite)
    container = server.create_container()
    store = AzureStore(container, **server.store_options())
    api.put(store, "good", b"")
    server.ask("PUT", f"{container}/a//b", "", {"x-ms-blob-type": "BlockBlob"})
    with pytest.raises(InvalidPathError, match="a//b"):
        api.list(store)
    listing = obs.list(store, on_bad_key="skip")
    assert [meta["path"] for meta in api.collect(listing)] == ["good"]
    assert listing.skipped == ["a//b"]


def test_webdav_lists_around_bad_keys(api: Api, servers: Servers) -> None:
    server: ModDav = servers.get("moddav", ModDav)
    url = server.create_folder()
    store = HTTPStore(url, **server.store_options())
    api.put(store, "a/good", b"")
    folder = server.data / url.rstrip("/").rpartition("/")[2]
    (folder / "a" / "x\ty").write_bytes(b"")
    with pytest.raises(InvalidPathError, match="x y"):
        api.list(store)
    listing = obs.list(store, on_bad_key="skip")
    assert [meta["path"] for meta in api.collect(listing)] == ["a/good"]
    assert [key.rpartition("/")[2] for key in listing.skipped] == ["x\ty"]
    (folder / "x\ty").write_bytes(b"")
    found = one_level(api, store)
    assert (found["common_prefixes"], len(found["skipped"])) == (["a"], 1)


def test_google_lists_around_bad_keys(api: Api, servers: Servers) -> None:
    server: GcsEmulator = servers.get("gcs", GcsEmulator)
    name = server.create_bucket()
    store = GCSStore(name, **server.store_options())
    api.put(store, "good", b"")
    server.write(server.buckets[name], "a//b", b"", {})
    with pytest.raises(InvalidPathError, match="a//b"):
        api.list(store)
    listing = obs.list(store, on_bad_key="skip")
    assert [meta["path"] for meta in api.collect(listing)] == ["good"]
    assert listing.skipped == ["a//b"]


def test_files_whose_names_are_no_paths(api: Api, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"")
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "a\nb" / "c").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"")
    store = LocalStore(tmp_path)
    with pytest.raises(InvalidPathError, match=r"a\\nb"):
        api.list(store)
    listing = obs.list(store, on_bad_key="skip")
    assert [meta["path"] for meta in api.collect(listing)] == ["good"]
    assert listing.skipped == ["a\nb", "\udcff"]
    assert one_level(api, store)["skipped"] == ["a\nb", "\udcff"]
