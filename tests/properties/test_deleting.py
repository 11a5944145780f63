"""Whatever tree there is and whatever deletes or moves in it, only what was named is gone.

A dictionary is told what each call names, and forgets that alone. Trees have markers of folders,
links, objects beside directories of the same name, and names that are patterns, URLs or both.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path
from typing import Any

import pytest
from fsspec.utils import glob_translate
from hypothesis import given
from hypothesis import strategies as st

import object_store_py as obs
from object_store_py.exceptions import BaseError
from object_store_py.fsspec import FsspecStore
from object_store_py.store import LocalStore, S3Store
from object_store_py.zarr import ObjectStoreAdapter
from tests.backends.minio import Minio
from tests.harness.servers import Servers
from tests.properties.profile import profile
from tests.properties.trees import KEYS, TREES, Bucket, Files, Memory, Tree, World

pytestmark = pytest.mark.row("F30")


@dataclass
class Named:
    """What a call names: what it deletes, and what it moves where."""

    gone: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)


State = dict[str, bytes]
Call = tuple[Callable[[World, str, str], Any], Callable[[State, str, str], Named]]


def below(state: State, name: str) -> set[str]:
    """What is in a directory, its marker included."""
    return {key for key in state if key.startswith(f"{name}/")}


def exactly(state: State, name: str, _: str) -> Named:
    return Named({name} & state.keys())


def tree_of(state: State, name: str, _: str) -> Named:
    return Named(below(state, name))


def all_of(state: State, name: str, _: str) -> Named:
    return Named(({name} & state.keys()) | below(state, name))


def is_pattern(state: State, name: str) -> bool:
    """Whether a name means what it matches: only where nothing has that very name."""
    return has_magic(name) and name not in state and not below(state, name)


def matched(state: State, name: str) -> list[str]:
    """The names that a name means for fsspec."""
    if not is_pattern(state, name):
        return [name]
    parts = [key.split("/") for key in state if not key.startswith("../")]
    places = {"/".join(part[:end]) for part in parts for end in range(1, len(part) + 1)}
    pattern = re.compile(glob_translate(name))
    return [place for place in places if pattern.match(place)]


def matching(state: State, name: str, _: str) -> Named:
    return Named({place for place in matched(state, name) if place in state})


def trees_matching(state: State, name: str, _: str) -> Named:
    return Named(set().union(*(all_of(state, place, "").gone for place in matched(state, name))))


def everything(state: State, name: str, to: str) -> Named:
    del name, to
    return Named({key for key in state if not key.startswith("../")})


def nothing(state: State, name: str, to: str) -> Named:
    del state, name, to
    return Named()


def file_to(state: State, name: str, to: str) -> Named:
    return Named(moved={name: to} if name in state and name != to else {})


def file_into_itself(state: State, name: str, to: str) -> Named:
    """A directory cannot be moved into itself; an object's name can get longer."""
    return Named() if below(state, name) else file_to(state, name, f"{name}/{to}")


def tree_to(state: State, name: str, to: str) -> Named:
    """A directory moves with all that is below it; an object of that name moves alone."""
    moved = {key: to + key[len(name) :] for key in below(state, name)}
    return Named(moved=moved | file_to(state, name, to).moved)


def zarr(world: World) -> Any:
    return ObjectStoreAdapter(world.store)


CALLS: dict[str, Call] = {
    "delete": (lambda w, n, _: obs.delete(w.store, n), exactly),
    "delete many": (lambda w, n, _: obs.delete(w.store, [n, n]), exactly),
    "delete_prefix": (lambda w, n, _: obs.delete_prefix(w.store, n), tree_of),
    "rename": (lambda w, n, to: obs.rename(w.store, n, to), file_to),
    "rename onto itself": (lambda w, n, _: obs.rename(w.store, n, n), nothing),
    "copy onto itself": (lambda w, n, _: obs.copy(w.store, n, n), nothing),
    "fs.rm_file": (lambda w, n, _: w.fs.rm_file(path(w, n)), exactly),
    "fs.rm": (lambda w, n, _: w.fs.rm(path(w, n)), matching),
    "fs.rm tree": (lambda w, n, _: w.fs.rm(path(w, n), recursive=True), trees_matching),
    "fs.delete tree": (lambda w, n, _: w.fs.delete(path(w, n), recursive=True), trees_matching),
    "fs.mapper": (lambda w, n, _: w.fs.get_mapper(w.root).__delitem__(n), exactly),
    "fs.mv": (lambda w, n, to: w.fs.mv(path(w, n), path(w, to)), file_to),
    "fs.mv tree": (lambda w, n, to: w.fs.mv(path(w, n), path(w, to), recursive=True), tree_to),
    "fs.mv onto itself": (lambda w, n, _: w.fs.mv(path(w, n), path(w, n)), nothing),
    "fs.mv tree onto itself": (
        lambda w, n, _: w.fs.mv(path(w, n), f"{path(w, n)}/", recursive=True),
        nothing,
    ),
    "fs.mv into itself": (
        lambda w, n, to: w.fs.mv(path(w, n), f"{path(w, n)}/{to}", recursive=True),
        file_into_itself,
    ),
    "zarr delete": (lambda w, n, _: asyncio.run(zarr(w).delete(n)), exactly),
    "zarr delete_dir": (lambda w, n, _: asyncio.run(zarr(w).delete_dir(n)), tree_of),
    "zarr clear": (lambda w, *_: asyncio.run(zarr(w).clear()), everything),
}
KEPT = ("rename onto itself", "copy onto itself", "fs.mv onto itself", "fs.mv tree onto itself")


def path(world: World, name: str) -> str:
    return f"{world.root}/{name}"


def check(world: World, tree: Tree, call: str, name: str, to: str) -> bool:
    """Make a tree and a call, and compare with the dictionary; whether the call worked."""
    world.clear()
    before = world.fill(tree)
    if call.startswith("fs.mv") and is_pattern(before, name):
        return False  # what is moved by a pattern is fsspec's to say
    act, names = CALLS[call]
    named = names(before, name, to)
    try:
        act(world, name, to)
        done = True
    except (BaseError, OSError, ValueError, NotImplementedError, KeyError):
        done = False
    world.fs.invalidate_cache()
    after = world.state()
    what = f"{call} of {name!r} to {to!r}: {sorted(before)} -> {sorted(after)}"
    for key, data in before.items():
        if key in named.gone or key in named.moved or key in named.moved.values():
            continue
        if key in after and data.startswith(b"->") and call == "copy onto itself":
            continue  # the copy of what a link leads to takes the link's place
        assert after.get(key) == data, f"{key!r} is gone; {what}"
    for key, new in named.moved.items():
        if key.endswith("/"):
            continue  # a directory is moved by moving what is in it
        assert before[key] in (after.get(key), after.get(new)), f"{key!r} is lost; {what}"
    if done and call not in KEPT:
        left = {key for key in named.gone if key in after}
        assert not left or world.files, f"{left} are still there; {what}"
    return done


@contextmanager
def world_of(kind: str, servers: Servers, folder: Path) -> Iterator[World]:
    """A backend, and its three faces."""
    if kind == "memory":
        fs = FsspecStore("memory")
        yield Memory(fs._objects._store(""), fs, "")
    elif kind == "local":
        root = folder / "root"
        root.mkdir()
        yield Files(LocalStore(root), FsspecStore("file"), str(root))
    else:
        server: Minio = servers.get("minio", Minio)
        prefix = f"deleting-{secrets.token_hex(4)}"
        options = server.store_options()
        bucket = server.shared_bucket
        store = S3Store(bucket, prefix=prefix, **options)
        yield Bucket(store, FsspecStore("s3", **options), f"{bucket}/{prefix}", server.client)


EXAMPLES = {"memory": 30, "local": 20, "minio": 5}
"""How many trees each call gets."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", EXAMPLES)
def test_only_what_was_named_is_gone(kind: str, tmp_path: Path, servers: Servers) -> None:
    worked: dict[str, int] = dict.fromkeys(CALLS, 0)

    with world_of(kind, servers, tmp_path) as world:

        def run(call: str, tree: Tree, data: st.DataObject) -> None:
            parts = [key.rsplit("/", depth)[0] for key in tree.keys for depth in (0, 1, 2)]
            places = sorted({*parts, *tree.markers, *(name for name, _ in tree.links)})
            names = st.sampled_from(tree.keys) | st.sampled_from(places) | KEYS
            name = data.draw(names, label="name")
            to = data.draw(st.sampled_from(("new", "new/[y]", "n?w/deep")), label="to")
            worked[call] += check(world, tree, call, name, to)

        for call in CALLS:
            profile(EXAMPLES[kind])(given(st.just(call), TREES, st.data())(run))()
    idle = [call for call in CALLS if not worked[call]]
    # S3 refuses a copy onto itself.
    assert not set(idle) - {"fs.mv into itself", "copy onto itself"}, "these calls never worked"
