"""Azure's tokens: client secret, workload identity, managed identity, the Azure CLI.

Each plan ends in a bearer token for storage and its lifetime, or in a text that says why not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

from . import _files, _redact, _tokens
from ._azure import authority
from ._credentials import CredentialAnswer, CredentialPlan
from ._effects import Block, Plan
from ._environment import variable
from ._http import HttpHost, Payload, Request, TransportFailure
from ._tokens import MOST_RETRIES, NoCredential

SCOPE = "https://storage.azure.com/.default"
RESOURCE = "https://storage.azure.com"
INSTANCE_URL = "http://169.254.169.254/metadata/identity/oauth2/token"

_EARLY = 300
"""A token is asked for again so many seconds before it expires, as the crate does."""
_CLI_PATIENCE = 60

Config: TypeAlias = Mapping[str, str]


def plan_for(kind: str, config: Config, retries: int) -> CredentialPlan:
    """The plan that gets tokens of one of the kinds of credential in `_azure.ON_HOST`.

    `retries` is how often a request may be repeated; three times are enough.
    """
    most = min(retries, MOST_RETRIES)
    steps: Callable[[HttpHost, Config, int], Plan[CredentialAnswer]] = {
        "client_secret": _client_secret,
        "workload_identity": _workload_identity,
        "managed_identity": _managed_identity,
        "azure_cli": _azure_cli,
    }[kind]

    def plan(host: HttpHost) -> Plan[CredentialAnswer]:
        try:
            return (yield from steps(host, config, most))
        except NoCredential as reason:
            return "", 0, f"AzureStore, {kind}: {reason}"

    return plan


def _workload_identity(host: HttpHost, config: Config, retries: int) -> Plan[CredentialAnswer]:
    """Exchange the token in a file, which Kubernetes renews, for one of Entra ID."""
    name = config["federated_token_file"]
    try:
        assertion = yield Block(lambda: _files.read_text(name).strip())
    except (OSError, UnicodeError) as error:
        why = _files.reason(error)
        raise NoCredential(
            f"the federated_token_file {_redact.path(name)} cannot be read: {why}"
        ) from None
    form = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return (yield from _entra_id(host, config, form, retries, assertion))


def _client_secret(host: HttpHost, config: Config, retries: int) -> Plan[CredentialAnswer]:
    """Ask Entra ID with an application's secret.

    The brain could do this, too, but only the host gets a new token when one is refused.
    """
    secret = config["client_secret"]
    return (yield from _entra_id(host, config, {"client_secret": secret}, retries, secret))


def _entra_id(
    host: HttpHost, config: Config, proof: dict[str, str], retries: int, secret: str
) -> Plan[CredentialAnswer]:
    """Ask Entra ID for a token: the client credentials flow of OAuth 2."""
    form = {
        "client_id": config["client_id"],
        **proof,
        "scope": SCOPE,
        "grant_type": "client_credentials",
    }
    request = Request(
        "POST",
        f"{authority(config)}/{config['tenant_id']}/oauth2/v2.0/token",
        [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")],
        Payload([memoryview(urlencode(form).encode())]),
    )
    return (yield from _fetch(host, request, retries, secret))


def _managed_identity(host: HttpHost, config: Config, retries: int) -> Plan[CredentialAnswer]:
    """Ask the machine's own token service, of a VM or of App Service."""
    own = config.get("msi_endpoint")
    query = {"api-version": "2019-08-01", "resource": RESOURCE}
    for key, parameter in _IDENTITIES:
        if key in config:
            query[parameter] = config[key]
            break
    headers = [("Metadata", "true")]
    secret = variable("IDENTITY_HEADER") or "" if own is not None else ""
    if secret:
        headers.append(("X-IDENTITY-HEADER", secret))
    request = Request("GET", f"{own or INSTANCE_URL}?{urlencode(query)}", headers, metadata=True)
    return (yield from _fetch(host, request, retries, secret))


_IDENTITIES = (
    ("msi_resource_id", "msi_res_id"),
    ("object_id", "object_id"),
    ("client_id", "client_id"),
)
"""The ways to name one of several identities; the first that is given counts."""


def _fetch(host: HttpHost, request: Request, retries: int, secret: str) -> Plan[CredentialAnswer]:
    """Send a token request and read the token."""
    # 404 and 410 are how the instance service says that it is not ready.
    not_ready = (404, 410) if request.metadata else ()
    try:
        response = yield from _tokens.send(host, request, retries, not_ready)
    except TransportFailure as failure:
        raise NoCredential(_unreachable(request, failure)) from None
    if response.status >= 400:
        raise NoCredential(_tokens.refusal("the token service", response, [secret]))
    return _answer(response.text)


def _unreachable(request: Request, failure: TransportFailure) -> str:
    if not request.metadata:
        return f"the token service cannot be reached: {failure}"
    return (
        "no credential was given, and this machine has no managed identity"
        f" ({failure}); give account_key, sas_token, a client_secret or a credential_provider,"
        " or skip_signature=True for public data"
    )


def _answer(text: str) -> CredentialAnswer:
    """The token in a service's answer, and how long it lives."""
    try:
        body: Any = json.loads(text)
        token = body["access_token"]
        if "expires_in" in body:
            left = float(body["expires_in"])
        else:
            left = float(body["expires_on"]) - time.time()
    except (ValueError, KeyError, TypeError):
        raise NoCredential("the token service answered something else than a token") from None
    return _bearer(token, left)


def _bearer(token: object, seconds: float) -> CredentialAnswer:
    if not isinstance(token, str) or not token:
        raise NoCredential("the token is no text")
    return json.dumps({"token": token}), max(int((seconds - _EARLY) * 1000), 100), ""


def _azure_cli(host: HttpHost, config: Config, retries: int) -> Plan[CredentialAnswer]:
    """Ask the `az` program on PATH, which the user has logged in with `az login`."""
    del host, config, retries
    output = yield Block(_run_cli)
    try:
        body: Any = json.loads(output)
        token, kind = body["accessToken"], body.get("tokenType", "Bearer")
        left = _cli_expiry(body) - time.time()
    except (ValueError, KeyError, TypeError, OverflowError):
        raise NoCredential("az answered something else than a token") from None
    if str(kind).lower() != "bearer":
        raise NoCredential("az answered a token that is no bearer token")
    return _bearer(token, left)


def _cli_expiry(body: Any) -> float:
    """When az's token expires: seconds since 1970, or in older versions this machine's time."""
    if isinstance(body.get("expires_on"), int):
        return float(body["expires_on"])
    return datetime.fromisoformat(body["expiresOn"]).timestamp()


def _run_cli() -> str:
    program = shutil.which("az")
    if program is None:
        raise NoCredential("the Azure CLI is not installed: there is no az on PATH")
    command = [program, "account", "get-access-token", "--output", "json", "--scope", SCOPE]
    try:
        done = subprocess.run(  # noqa: S603 # the program is the user's own
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CLI_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoCredential(f"az could not be run: {type(error).__name__}") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise NoCredential(_redact.url(f"az failed: {said}")[:500])
    return done.stdout.decode("utf-8", "replace")
