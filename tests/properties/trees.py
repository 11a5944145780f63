"""Trees for the properties of deleting and moving: what they are made of, and what is left."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

SEGMENTS = ("a", "b", "x", "[x]", "?", "*", "#1", "C#7", "s p", "%2F", "a%41", "ü", "run", "a.b")
KEYS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join)


@dataclass(frozen=True)
class Tree:
    """Keys of objects, markers of folders, and links: each name with what it leads to."""

    keys: tuple[str, ...]
    markers: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


TREES = st.builds(
    Tree,
    st.lists(KEYS, min_size=1, max_size=7, unique=True).map(tuple),
    st.lists(KEYS, max_size=2, unique=True).map(tuple),
    st.lists(
        st.tuples(st.sampled_from(("l", "a/l", "run/l")), st.sampled_from(("a", "run", "out"))),
        max_size=2,
        unique_by=lambda link: link[0],
    ).map(tuple),
)


class World:
    """One backend with a tree in it. `state` reads it by other means than the library's."""

    files = False
    """Whether it is a file system: it has links, no markers, and no object beside its directory."""

    def __init__(self, store: Any, fs: Any, root: str) -> None:
        self.store = store
        self.fs = fs
        self.root = root

    def fill(self, tree: Tree) -> dict[str, bytes]:
        """Make a tree, as far as the backend can; what is there now."""
        for index, key in enumerate((*tree.keys, *(f"{marker}/" for marker in tree.markers))):
            self.write(key, b"" if key.endswith("/") else f"{index} {key}".encode())
        return self.state()

    def write(self, key: str, data: bytes) -> None:
        raise NotImplementedError

    def state(self) -> dict[str, bytes]:
        """All keys with their bytes; a link is its name with `->` and what it leads to."""
        raise NotImplementedError

    def clear(self) -> None:
        """Empty it."""
        raise NotImplementedError


class Memory(World):
    """A MemoryStore, whose objects are seen from within."""

    def _objects(self) -> dict[str, Any]:
        found: dict[str, Any] = self.store._backend._objects
        return found

    def write(self, key: str, data: bytes) -> None:
        self.store.put(key, data)

    def state(self) -> dict[str, bytes]:
        return {key: bytes(kept.data) for key, kept in self._objects().items()}

    def clear(self) -> None:
        self._objects().clear()
        self.store._backend._sorted = []


class Files(World):
    """A directory, with links to what is in it and to what is beside it."""

    files = True

    def fill(self, tree: Tree) -> dict[str, bytes]:
        outside = Path(self.root).with_name("outside")
        shutil.rmtree(outside, ignore_errors=True)
        outside.mkdir()
        (outside / "kept").write_bytes(b"kept")
        super().fill(tree)
        for name, target in tree.links:
            path = Path(self.root, name)
            there = outside if target == "out" else Path(self.root, target)
            if path.parent.is_dir() and not path.parent.is_symlink() and not path.exists():
                path.symlink_to(there)
        return self.state()

    def write(self, key: str, data: bytes) -> None:
        path = Path(self.root, key)
        above = [parent for parent in path.parents if parent.is_relative_to(self.root)]
        if path.exists() or any(parent.is_file() for parent in above):
            return
        if key.endswith("/"):
            path.mkdir(parents=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def state(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        top = Path(self.root).parent
        for folder, folders, names in os.walk(top):
            for name in (*folders, *names):
                path = Path(folder, name)
                key = (
                    path.relative_to(self.root).as_posix()
                    if path.is_relative_to(self.root)
                    else f"../{path.relative_to(top).as_posix()}"
                )
                if path.is_symlink():
                    found[key] = b"->" + os.fsencode(path.readlink())
                elif path.is_file():
                    found[key] = path.read_bytes()
        return found

    def clear(self) -> None:
        shutil.rmtree(self.root)
        Path(self.root).mkdir()


class Bucket(World):
    """A prefix of a bucket, as boto3 sees it."""

    def __init__(self, store: Any, fs: Any, root: str, client: Any) -> None:
        super().__init__(store, fs, root)
        self._client = client
        self._bucket, _, self._prefix = root.partition("/")

    def write(self, key: str, data: bytes) -> None:
        full = f"{self._prefix}/{key}"
        try:
            self._client.put_object(Bucket=self._bucket, Key=full, Body=data)
        except self._client.exceptions.ClientError as error:
            # MinIO has no object below an object.
            if "ParentIsObject" not in str(error) and "ObjectExistsAsDirectory" not in str(error):
                raise

    def _keys(self) -> list[str]:
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{self._prefix}/")
        return [item["Key"] for item in listed.get("Contents", [])]

    def state(self) -> dict[str, bytes]:
        read = self._client.get_object
        return {
            key[len(self._prefix) + 1 :]: read(Bucket=self._bucket, Key=key)["Body"].read()
            for key in self._keys()
        }

    def clear(self) -> None:
        for key in self._keys():
            self._client.delete_object(Bucket=self._bucket, Key=key)
