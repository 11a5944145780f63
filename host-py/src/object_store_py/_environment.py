"""The environment's variables as this library reads them: what is empty is not set."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping


def variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """All variables that say something, without white space around what they say.

    Shells, compose files and CI systems set variables to nothing (`AWS_REGION=`), and what is read
    from a file ends with a newline: neither is meant.
    """
    found = os.environ if environment is None else environment
    return {name: text for name, value in found.items() if (text := value.strip())}


def variable(name: str, *others: str) -> str | None:
    """What the first of these variables says that says anything."""
    for each in (name, *others):
        if text := os.environ.get(each, "").strip():
            return text
    return None


def expand_user(path: str) -> str:
    """A path whose `~` stands for the user's directory; `HOME=` without a value is not one."""
    if os.name == "posix" and path.startswith("~/") and variable("HOME") is None:
        import pwd

        with contextlib.suppress(KeyError):  # a user without a name
            return os.path.join(pwd.getpwuid(os.getuid()).pw_dir, path[2:])
    return os.path.expanduser(path)
