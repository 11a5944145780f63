"""Walking a tree that was listed at once, as `os.walk` would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._locations import parent
from ._tree import Info


def walk_tree(
    top: str, found: Mapping[str, Info], topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    """Each directory with the directories and files in it: names, or (`detail`) infos by name.

    With `topdown`, what the caller takes out of the directories is not walked.
    """
    inside: dict[str, list[Info]] = {}
    for name, entry in found.items():
        if name != top:
            inside.setdefault(parent(name), []).append(entry)
    if found.get(top, {}).get("type") == "file":
        inside[top] = [{**found[top], "name": f"{top}/"}]
    yield from _walk(top, inside, topdown, detail)


def _walk(
    path: str, inside: Mapping[str, list[Info]], topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    named = {entry["name"][len(path) :].strip("/"): entry for entry in inside.get(path, [])}
    folders: Any = {name: item for name, item in named.items() if item["type"] == "directory"}
    files: Any = {name: item for name, item in named.items() if item["type"] == "file"}
    if not detail:
        folders, files = list(folders), list(files)
    if topdown:
        yield path, folders, files
    for name in list(folders):
        yield from _walk(f"{path.rstrip('/')}/{name}", inside, topdown, detail)
    if not topdown:
        yield path, folders, files
