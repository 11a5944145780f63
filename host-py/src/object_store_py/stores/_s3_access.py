"""Which way an `S3Store` gets its credentials, and what its own configuration lets it talk to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .. import _aws_credentials, _redact, options
from .._aws_credentials import Fetch
from .._credentials import CredentialAnswer, CredentialPlan, from_provider
from .._effects import Plan
from .._http import HttpHost, Response
from .._tokens import MOST_RETRIES, NoCredential
from ..credentials import DEFAULT_REFRESH_THRESHOLD, s3_answer
from ..exceptions import GenericError
from .remote import check_endpoint

STATIC = frozenset({"access_key_id", "secret_access_key"})
HOST_KEYS = frozenset(
    "web_identity_token_file role_arn role_session_name endpoint_url_sts profile metadata_endpoint"
    " container_credentials_relative_uri container_credentials_full_uri imdsv1_fallback"
    " container_authorization_token container_authorization_token_file"
    " ec2_metadata_disabled ignore_configured_endpoint_urls ca_bundle".split()
)
"""The keys of credentials that the host gets."""
_GROUPS = tuple(
    frozenset(keys.split())
    for keys in (
        "access_key_id secret_access_key session_token",
        "web_identity_token_file role_arn role_session_name",
        "container_credentials_relative_uri container_credentials_full_uri"
        " container_authorization_token container_authorization_token_file",
        "skip_signature",
    )
)
"""The keys of each way to get credentials but profiles, which say more than credentials."""
_ALONE = (
    (STATIC, {"session_token"}),
    ({"container_credentials_full_uri"}, {"container_credentials_relative_uri"}),
    ({"container_authorization_token"}, {"container_authorization_token_file"}),
)
"""Keys, and others that would change what they mean."""
DEFAULT_REGION = "us-east-1"
_ECS = "http://169.254.170.2"
_EC2 = "http://169.254.169.254"
_CONTAINER_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})
_RELATIVE = re.compile(r"/[\x21-\x7e]*")
_REGION_HEADER = re.compile(r"^x-amz-bucket-region:[ \t]*([a-z0-9-]{1,32})[ \t]*$", re.I | re.M)
_REGION_ELEMENT = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")
_TELLS_REGION = frozenset({301, 307, 400, 403})


@dataclass(frozen=True)
class Access:
    """Where a store's credentials come from."""

    way: str
    plan: CredentialPlan | None = None
    origins: frozenset[str] = frozenset()
    """Where they are asked for."""


def choose(
    config: Mapping[str, str],
    explicit: Mapping[str, str],
    provider: Callable[[], Any] | None,
    max_retries: int,
) -> Access:
    """The first way that the configuration opens, in the order that `S3Store` documents.

    `config` is the whole configuration, `explicit` what was given and not read from the
    environment.
    """
    if provider is not None:
        return Access("provider", _provider_plan(provider))
    retries = min(max_retries, MOST_RETRIES)
    named = "profile" in explicit and not explicit.keys() & STATIC
    if config.keys() & STATIC and not named:
        return Access("static")
    if _flag(config, "skip_signature"):
        return Access("none", _unsigned)
    if named:
        return _shared(config, retries)
    return _web_identity(config, retries) or _container(config, retries) or _last(config, retries)


def hidden(given: Mapping[str, str], has_provider: bool) -> set[str]:
    """The keys that count for nothing if only the environment has them.

    A way to get credentials that is given hides those of the environment.
    """
    ways = [group for group in _GROUPS if group & given.keys()]
    if given.get("skip_signature") is not None and not _flag(given, "skip_signature"):
        ways.remove(frozenset({"skip_signature"}))  # it says that something is signed, not how
    chosen = bool(ways) or has_provider or "profile" in given
    names = {name for group in _GROUPS if chosen for name in group - given.keys()}
    for group in ways:
        names -= group
    for some, others in _ALONE:
        names |= others - given.keys() if some & given.keys() else set()
    return names


def _flag(config: Mapping[str, str], name: str) -> bool:
    return options.parse_bool(config.get(name, "false"), name)


def _provider_plan(provider: Callable[[], Any]) -> CredentialPlan:
    threshold = getattr(provider, "refresh_threshold", None) or DEFAULT_REFRESH_THRESHOLD
    return from_provider(provider, lambda given: s3_answer(given, threshold))


def _unsigned(host: HttpHost) -> Plan[CredentialAnswer]:
    del host
    yield from ()
    return "", 0, "skip_signature is set and no credential was given, so nothing can be signed"


def _web_identity(config: Mapping[str, str], retries: int) -> Access | None:
    if "web_identity_token_file" not in config or "role_arn" not in config:
        return None
    region = config.get("region", DEFAULT_REGION)
    url = config.get("endpoint_url_sts", f"https://sts.{region}.amazonaws.com")
    fetch = _aws_credentials.web_identity(
        url,
        config["web_identity_token_file"],
        config["role_arn"],
        config.get("role_session_name", "WebIdentitySession"),
        retries,
    )
    return _access("web identity", fetch, check_endpoint(url, "endpoint_url_sts"))


def _container(config: Mapping[str, str], retries: int) -> Access | None:
    if "container_credentials_relative_uri" in config:
        url = _ECS + config["container_credentials_relative_uri"]
    elif "container_credentials_full_uri" in config:
        url = config["container_credentials_full_uri"]
    else:
        return None
    file = config.get("container_authorization_token_file")
    token = config.get("container_authorization_token")
    fetch = _aws_credentials.container(url, file, token, retries)
    origin = _ECS if url.startswith(f"{_ECS}/") else check_container_uri(url)
    return _access("container", fetch, origin)


def _last(config: Mapping[str, str], retries: int) -> Access:
    from ..auth._shared import has_files

    if "profile" in config or has_files():
        return _shared(config, retries)
    fetch, origins = _instance(config, retries)
    if fetch is None:
        return Access("none", _aws_credentials.kept(_nothing))
    return _access("instance", fetch, *origins)


def _shared(config: Mapping[str, str], retries: int) -> Access:
    from ..auth._shared import fetch_of

    profile = config.get("profile")
    otherwise, origins = (None, []) if profile else _instance(config, retries)
    return _access("shared", fetch_of(profile, otherwise), *origins)


def _instance(config: Mapping[str, str], retries: int) -> tuple[Fetch | None, list[str]]:
    if _flag(config, "ec2_metadata_disabled"):
        return None, []
    endpoint = config.get("metadata_endpoint", _EC2)
    fetch = _aws_credentials.instance(endpoint, _flag(config, "imdsv1_fallback"), retries)
    return fetch, [check_endpoint(endpoint, "metadata_endpoint")]


def _nothing(host: HttpHost) -> Plan[Any]:
    del host
    yield from ()
    raise NoCredential(f"{_aws_credentials.OFF_CLOUD} (AWS_EC2_METADATA_DISABLED is set)")


def _access(way: str, fetch: Fetch, *origins: str) -> Access:
    return Access(way, _aws_credentials.kept(fetch), frozenset(origins))


def check(config: Mapping[str, str], explicit: Mapping[str, str]) -> None:
    """Refuse credential settings that cannot work, or that would ask the wrong host."""
    if "web_identity_token_file" in explicit and "role_arn" not in config:
        raise GenericError("S3Store: web_identity_token_file needs role_arn, too")
    if (url := config.get("container_credentials_full_uri")) is not None:
        check_container_uri(url)
    path = config.get("container_credentials_relative_uri")
    if path is not None and not _RELATIVE.fullmatch(path):
        raise GenericError(
            "S3Store: container_credentials_relative_uri must be a path that starts with a slash,"
            f" not {_redact.value(path)}"
        )
    for name in ("ec2_metadata_disabled", "imdsv1_fallback"):
        _flag(config, name)


def check_container_uri(url: str) -> str:
    """The origin of a container's credential endpoint; only those that AWS's SDKs take, too.

    <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
    """
    name = "container_credentials_full_uri"
    origin = check_endpoint(url, name)
    host = (urlsplit(url).hostname or "").lower()
    if origin.startswith("https:") or host in _CONTAINER_HOSTS or _is_loopback(host):
        return origin
    raise GenericError(
        f"S3Store: {name} must be https, or name this machine or a container service of AWS"
        f" (169.254.170.2, 169.254.170.23), not {_redact.value(host)}"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bucket_region(response: Response) -> str | None:
    """The bucket's region, if the response says that the request went to another one.

    S3 says it in `x-amz-bucket-region`; MinIO and others in the body of a refused signature.
    """
    if response.status not in _TELLS_REGION:
        return None
    found = _REGION_HEADER.search(response.headers)
    if found is None and "<Code>AuthorizationHeaderMalformed</Code>" in response.text:
        found = _REGION_ELEMENT.search(response.text)
    return None if found is None else found[1].lower()
