"""Walking a tree that was listed at once, as `os.walk` would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ._locations import parent
from ._tree import Info


def walk_tree(
    top: str, found: Iterable[Info], topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    """Each directory with the directories and files in it: names, or (`detail`) infos by name.

    With `topdown`, what the caller takes out of the directories is not walked.
    """
    inside: dict[str, list[Info]] = {}
    for entry in found:
        if entry["name"] != top:
            above = parent(entry["name"])
            while above.endswith("/") and above != "/":  # of keys that are no paths
                above = parent(above)
            inside.setdefault(above, []).append(entry)
        elif entry["type"] == "file":
            inside.setdefault(top, []).append({**entry, "name": f"{top}/"})
    yield from _walk(top, inside, topdown, detail)


def _walk(
    path: str, inside: Mapping[str, list[Info]], topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    folders, files = split_level(path, inside.get(path, []), detail)
    if topdown:
        yield path, folders, files
    for name in list(folders):
        yield from _walk(f"{path.rstrip('/')}/{name}", inside, topdown, detail)
    if not topdown:
        yield path, folders, files


def split_level(path: str, entries: Iterable[Info], detail: bool) -> tuple[Any, Any]:
    """The directories and the files of one level: names, or (`detail`) infos by name."""
    folders: dict[str, Info] = {}
    files: dict[str, Info] = {}
    for entry in sorted(entries, key=lambda entry: str(entry["name"])):
        name = entry["name"][len(path) :].removeprefix("/").removesuffix("/")
        (folders if entry["type"] == "directory" else files)[name] = entry
    return (folders, files) if detail else (list(folders), list(files))
