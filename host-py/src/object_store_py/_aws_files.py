"""AWS's shared configuration files: what a profile says about the region, servers and trust.

Credentials of profiles are botocore's business (`auth._shared`); this needs no package.
<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
"""

from __future__ import annotations

import configparser
import os
import shlex
from dataclasses import dataclass

from ._environment import expand_user, variable
from .exceptions import GenericError

_PLACES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
_MOST = 1 << 20
"""The most that is read of a file, in bytes."""


@dataclass(frozen=True)
class Profile:
    """What a profile says, apart from credentials."""

    region: str | None = None
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    ignores_endpoints: bool | None = None
    """Whether endpoints of the environment and of these files count for nothing."""


def paths() -> tuple[str, str]:
    """Where the file of configuration and that of credentials are, if they are there."""
    config, credentials = (expand_user(variable(name) or usual) for name, usual in _PLACES.items())
    return config, credentials


def read(name: str | None) -> Profile:
    """What a profile says; the one that the environment names, or the default one, for None.

    Raises:
        GenericError: a file cannot be understood.
    """
    config, credentials = paths()
    wanted = name or variable("AWS_PROFILE", "AWS_DEFAULT_PROFILE") or "default"
    sections = {_words(title): values for title, values in _sections(config).items()}
    found: dict[str, str] = {}
    for title in ((wanted,) if wanted == "default" else (), ("profile", wanted)):
        found.update(sections.get(title, {}))
    found.update(_sections(credentials).get(wanted, {}))
    ignores = found.get("ignore_configured_endpoint_urls")
    return Profile(
        region=found.get("region"),
        endpoint_url=_of_services(sections, found, config) or found.get("endpoint_url"),
        ca_bundle=found.get("ca_bundle"),
        ignores_endpoints=None if ignores is None else ignores.lower() == "true",
    )


def _of_services(
    sections: dict[tuple[str, ...], dict[str, str]], profile: dict[str, str], path: str
) -> str | None:
    """S3's endpoint in the section `services` that the profile names."""
    name = profile.get("services")
    if name is None:
        return None
    section = sections.get(("services", name))
    if section is None:
        raise GenericError(f"{path}: a profile names the services {name!r}, but they are not there")
    # "s3 =" and below it, indented, "endpoint_url = ..."
    pairs = [line.partition("=") for line in section.get("s3", "").splitlines()]
    return {key.strip(): value.strip() for key, _, value in pairs}.get("endpoint_url") or None


def _words(title: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(title))
    except ValueError:  # a quotation without end
        return (title,)


def _sections(path: str) -> dict[str, dict[str, str]]:
    """The sections of a file, without what is empty; none if it is not there or not ours to read.

    Raises:
        GenericError: it is not in the form of AWS's files.
    """
    parser = configparser.RawConfigParser(default_section="")
    try:
        if not os.path.isfile(path):
            return {}
        with open(path, encoding="utf-8-sig") as file:
            parser.read_string(file.read(_MOST), path)
    except OSError:
        return {}
    except (configparser.Error, UnicodeError) as error:
        line = getattr(error, "lineno", None)  # its text would show the line, which may be a secret
        where = path if line is None else f"{path}, line {line}"
        raise GenericError(f"{where}: not in the form of AWS's shared configuration") from None
    return {
        title: {key: value for key, value in parser[title].items() if value}
        for title in parser.sections()
    }
