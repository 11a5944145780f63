"""Google's credentials as the host finds them: key files, gcloud's file, the metadata server."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from . import _files, _redact, _tokens
from ._credentials import CredentialAnswer, CredentialPlan
from ._effects import Block, Plan
from ._environment import expand_user
from ._http import HttpHost, Payload, Request, TransportFailure
from ._tokens import MOST_RETRIES, NoCredential
from .credentials import gcs_answer

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
METADATA_HOSTS = ("metadata.google.internal", "169.254.169.254")
REFRESH = timedelta(minutes=4)
"""How long before its expiry a token is asked for again: the crate's rule. Google's metadata server
gives out the old token until less than five minutes of it are left."""

_TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path
_KEY_FIELDS = ("private_key", "private_key_id", "client_email")
_USER_FIELDS = ("client_id", "client_secret", "refresh_token")
_LOGIN = "run `gcloud auth application-default login`"


def read(path: str) -> str:
    """Read a file of credentials.

    Raises:
        ValueError: it cannot be read; the error names it.
    """
    try:
        return _files.read_text(path)
    except (OSError, UnicodeError) as error:
        raise ValueError(f"{_redact.path(path)} cannot be read: {_files.reason(error)}") from None


def _fields(text: str, source: str, needed: tuple[str, ...]) -> dict[str, str]:
    """The texts in a file of credentials; its values are secrets and never shown."""
    try:
        found: dict[str, Any] = dict(json.loads(text))
    except (ValueError, TypeError):
        raise ValueError(f"{source} is no JSON object") from None
    texts = {name: value for name, value in found.items() if isinstance(value, str) and value}
    missing = [name for name in needed if name not in texts]
    if missing:
        raise ValueError(f"{source} has no {', '.join(missing)}")
    return texts


def check_key(text: str, source: str) -> dict[str, str]:
    """Check the JSON key of a service account and return its fields.

    Raises:
        ValueError: it is none; the error shows nothing of it.
    """
    return _fields(text, source, _KEY_FIELDS)


def default_file(environment: Mapping[str, str]) -> str | None:
    """Where gcloud keeps the application default credentials, if they are there.

    In the directory that `CLOUDSDK_CONFIG` names, else in `%APPDATA%/gcloud` on Windows and in
    `~/.config/gcloud` elsewhere.
    """
    home = environment.get("CLOUDSDK_CONFIG")
    if not home and sys.platform == "win32":
        home = os.path.join(environment.get("APPDATA", ""), "gcloud")
    path = os.path.join(
        home or expand_user("~/.config/gcloud"), "application_default_credentials.json"
    )
    return path if os.path.isfile(path) else None  # also where the directory cannot be read


def default_credentials(path: str) -> dict[str, str]:
    """The configuration that a file of application default credentials means.

    For a service account it is `service_account_key`; for a user `application_credentials` (the
    file, which is read again for each token) and `token_uri`.

    Raises:
        ValueError: it cannot be read, or is of a kind that only google-auth knows.
    """
    text = read(path)
    kind = _fields(text, repr(path), ("type",))["type"]
    if kind == "service_account":
        check_key(text, repr(path))
        return {"service_account_key": text}
    if kind == "authorized_user":
        user = _fields(text, repr(path), _USER_FIELDS)
        return {"application_credentials": path, "token_uri": user.get("token_uri", TOKEN_URI)}
    shown = kind if re.fullmatch(r"\w{1,60}", kind) else "unknown"
    raise ValueError(
        f"{path!r} has credentials of the type {shown}: install google-auth and give"
        " credential_provider=object_store_py.auth.google.GoogleCredentialProvider()"
    )


def user_plan(path: str, token_uri: str) -> CredentialPlan:
    """Tokens for a user who logged in with gcloud (RFC 6749, section 6)."""

    def plan(host: HttpHost) -> Plan[CredentialAnswer]:
        text = yield Block(lambda: read(path))
        user = _fields(text, repr(path), _USER_FIELDS)
        form = {"grant_type": "refresh_token", **{name: user[name] for name in _USER_FIELDS}}
        body = "&".join(f"{name}={quote_plus(value)}" for name, value in form.items()).encode()
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        request = Request("POST", token_uri, kind, Payload([memoryview(body)]))
        secrets = [user[name] for name in _USER_FIELDS]
        who = f"{path!r}: the token endpoint"
        try:
            response = yield from _tokens.ask(host, request, who, MOST_RETRIES, secrets)
        except NoCredential as error:
            raise ValueError(f"{error}; {_LOGIN} again") from None
        return _answer(response.text)

    return plan


def metadata_hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where the metadata server is, each `host` or `host:port`, the first to be asked first.

    `GCE_METADATA_HOST` (or `GCE_METADATA_ROOT`) replaces the name, `GCE_METADATA_IP` the address.
    A server that is named is the only one to be asked.
    """
    named = environment.get("GCE_METADATA_HOST") or environment.get("GCE_METADATA_ROOT")
    address = environment.get("GCE_METADATA_IP")
    if named or address:
        return tuple(host for host in (named, address) if host)
    return METADATA_HOSTS


def metadata_plan(hosts: tuple[str, ...]) -> CredentialPlan:
    """Tokens for the service account of this machine."""

    def plan(host: HttpHost) -> Plan[CredentialAnswer]:
        failures: list[str] = []
        for name in hosts:
            url, header = f"http://{name}{_TOKEN_PATH}", [("Metadata-Flavor", "Google")]
            try:
                request = Request("GET", url, header, metadata=True)
                response = yield from _tokens.send(host, request, MOST_RETRIES)
            except TransportFailure as failure:
                failures.append(f"{name}: {failure}")
                continue
            if response.status == 200:
                return _answer(response.text)
            failures.append(f"{name}: status {response.status}")
        raise ValueError(
            f"no credential was given, and the metadata server gave no token"
            f" ({'; '.join(failures)}): give service_account or a credential_provider,"
            f" {_LOGIN}, or set skip_signature=True for public data"
        )

    return plan


def _answer(text: str) -> CredentialAnswer:
    """A token endpoint's answer (RFC 6749, section 5.1)."""
    try:
        found: Any = json.loads(text)
        token, seconds = found["access_token"], int(found["expires_in"])
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise ValueError("the token endpoint's answer has no access_token and expires_in") from None
    return gcs_answer({"token": token, "expires_at": expires}, REFRESH)
