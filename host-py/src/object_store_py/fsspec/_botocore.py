"""What s3fs takes for botocore, in our words: `client_kwargs`, `config_kwargs` and its like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from .. import options
from ._words import Given, check_acl, file_words

_CLIENT_NOTHING = frozenset({"api_version", "aws_account_id"})
_CONFIG_NOTHING = frozenset(
    "account_id_endpoint_mode auth_scheme_preference connector_args defaults_mode"
    " disable_request_compression http_session_cls ignore_configured_endpoint_urls"
    " inject_host_prefix max_pool_connections parameter_validation proxies_config"
    " request_checksum_calculation request_min_compression_size_bytes"
    " response_checksum_validation sigv4a_signing_region_set tcp_keepalive user_agent_appid"
    " user_agent_extra".split()
)
"""What is about botocore itself, or means nothing for how this library works."""
_CONFIG = frozenset(
    "client_cert connect_timeout proxies read_timeout region_name retries s3 signature_version"
    " use_dualstack_endpoint use_fips_endpoint user_agent".split()
)
_ENCRYPTION = frozenset({"ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "RequestPayer"})


def s3_words(wanted: Given) -> Given:
    """Put s3fs's options into our words, in place; returns options of what is written."""
    _account(wanted)
    _client_kwargs(wanted)
    _config_kwargs(wanted)
    _session(wanted)
    if wanted.pop("use_ssl", True) is False:
        client_option(wanted, "allow_http", True)
    allow_given_http(wanted, "endpoint_url")
    return _additional(wanted)


def _account(wanted: Given) -> None:
    for name, usual in (("username", "key"), ("password", "secret")):
        value = wanted.pop(name, None)
        if value is not None:
            if usual in wanted:
                raise ValueError(f"give {name} or {usual}, not both")
            wanted[usual] = value


def _dict(wanted: Given, name: str) -> Mapping[str, Any]:
    given = wanted.pop(name, None)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(given).__name__}")
    return cast("Mapping[str, Any]", given)


def _client_kwargs(wanted: Given) -> None:
    for name, value in _dict(wanted, "client_kwargs").items():
        if name == "verify":
            _verify(wanted, value)
        elif name == "config":
            given = getattr(value, "_user_provided_options", None)
            wanted["config_kwargs"] = {**(given or {}), **wanted.get("config_kwargs", {})}
        elif name not in _CLIENT_NOTHING and value is not None:
            wanted.setdefault(name, value)


def _verify(wanted: Given, value: Any) -> None:
    if value is False:
        client_option(wanted, "allow_invalid_certificates", True)
    elif isinstance(value, str | Path):
        client_option(wanted, "root_certificate", Path(value).read_bytes())
    elif value not in (True, None):
        raise ValueError("client_kwargs['verify'] must be True, False or a file of certificates")


def _config_kwargs(wanted: Given) -> None:
    given = _dict(wanted, "config_kwargs")
    for name, value in given.items():
        if name not in _CONFIG | _CONFIG_NOTHING:
            raise options.unknown_key(name, _CONFIG | _CONFIG_NOTHING)
        if value is None or name in _CONFIG_NOTHING:
            continue
        if name in ("connect_timeout", "read_timeout"):
            client_option(wanted, name, timedelta(seconds=float(value)))
        elif name == "user_agent":
            client_option(wanted, name, value)
        elif name == "region_name":
            wanted.setdefault("region_name", value)
        elif name == "signature_version":
            _signature(wanted, value)
        elif name == "retries":
            _retries(wanted, value)
        elif name == "proxies":
            _proxies(wanted, value)
        elif name == "s3":
            _s3_config(wanted, value)
        elif value:
            raise ValueError(f"config_kwargs[{name!r}] cannot be had: give the endpoint_url itself")


def _signature(wanted: Given, value: Any) -> None:
    if not isinstance(value, str):  # botocore.UNSIGNED
        wanted["skip_signature"] = True
    elif value not in ("s3v4", "v4"):
        raise ValueError(f"config_kwargs['signature_version'] is 's3v4', not {value!r}")


def _retries(wanted: Given, value: Mapping[str, Any]) -> None:
    if "total_max_attempts" in value:
        count = int(value["total_max_attempts"]) - 1
    elif "max_attempts" in value:
        count = int(value["max_attempts"])
    else:
        return
    wanted["retry_config"] = {"max_retries": count, **(wanted.get("retry_config") or {})}


def _proxies(wanted: Given, value: Mapping[str, Any]) -> None:
    url = value.get("https", value.get("http"))
    if url:
        client_option(wanted, "proxy_url", url if "://" in url else f"http://{url}")


def _s3_config(wanted: Given, value: Mapping[str, Any]) -> None:
    style = value.get("addressing_style")
    if style in ("virtual", "path"):
        wanted["virtual_hosted_style_request"] = style == "virtual"
    if value.get("payload_signing_enabled") is False:
        wanted["unsigned_payload"] = True
    if value.get("use_accelerate_endpoint"):
        raise ValueError("config_kwargs['s3'] cannot use the accelerate endpoint: give its URL")


def _session(wanted: Given) -> None:
    """A session of boto3 or botocore; those of aiobotocore are read by their profile."""
    session = wanted.pop("session", None)
    if session is None:
        return
    if hasattr(session, "get_credentials") and not type(session).__module__.startswith("aio"):
        from ..auth.boto3 import Boto3CredentialProvider

        wanted["credential_provider"] = Boto3CredentialProvider(session)
    elif getattr(session, "profile", None):
        wanted.setdefault("profile", session.profile)
    region = getattr(session, "region_name", None)
    if region:
        wanted.setdefault("region_name", region)


def _additional(wanted: Given) -> Given:
    written: Given = {}
    for name, value in _dict(wanted, "s3_additional_kwargs").items():
        if name in ("ACL", "acl"):
            check_acl(name, value)
        elif name in _ENCRYPTION:
            wanted.update(file_words({name: value}).store)
        else:
            file_words({name: value})  # an unknown word is an error now
            written[name] = value
    return written


def allow_given_http(wanted: Given, name: str) -> None:
    """Who writes out `http://` as s3fs, gcsfs and adlfs want it need not allow it once more."""
    if isinstance(url := wanted.get(name), str) and url.lower().startswith("http://"):
        client_option(wanted, "allow_http", True)


def client_option(wanted: Given, name: str, value: object) -> None:
    """Add a client option that is not given otherwise."""
    given = dict(wanted.get("client_options") or {})
    known = {key.lower() for source in (given, wanted) for key in source}
    if name not in known:
        wanted["client_options"] = {**given, name: value}
