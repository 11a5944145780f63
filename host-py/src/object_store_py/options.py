"""Configurations parsed once, when a store is made: keys, spellings, types, defaults."""

from __future__ import annotations

import difflib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from . import _redact
from .config import BackoffConfig, RetryConfig
from .durations import format_duration, parse_duration
from .exceptions import GenericError, UnknownConfigurationKeyError

CLIENT_KEYS = frozenset(
    "allow_http allow_invalid_certificates connect_timeout default_content_type default_headers"
    " disable_system_certificates http1_only http2_keep_alive_interval http2_keep_alive_timeout"
    " http2_keep_alive_while_idle http2_max_frame_size http2_only pool_idle_timeout"
    " pool_max_idle_per_host proxy_ca_certificate proxy_excludes proxy_url randomize_addresses"
    " read_timeout root_certificate timeout user_agent".split()
)
"""The keys of `client_options`."""

_TRUE = frozenset({"1", "true", "on", "yes", "y"})
_FALSE = frozenset({"0", "false", "off", "no", "n"})


def parse_bool(text: str, name: str) -> bool:
    """Read a switch as the crate does; the error names the argument."""
    lowered = text.lower()
    if lowered in _TRUE or lowered in _FALSE:
        return lowered in _TRUE
    raise GenericError(f"{name} must be true or false, not {_redact.value(text)}")


def to_text(value: object, name: str) -> str:
    """A configuration value as a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} must be a str, a bool or a timedelta, not {type(value).__name__}")


@dataclass(frozen=True)
class KeyTable:
    """The configuration keys of one kind of store."""

    prefixes: tuple[str, ...]
    """What may stand before a key, such as `aws_`."""
    keys: frozenset[str]
    aliases: Mapping[str, str]
    """Other spellings, each with the key that it means."""

    def canonical(self, name: str) -> str | None:
        """The key that a spelling means, or None."""
        lowered = name.lower()
        bare = next((lowered[len(p) :] for p in self.prefixes if lowered.startswith(p)), lowered)
        for spelling in (lowered, bare):
            candidate = self.aliases.get(spelling, spelling)
            if candidate in self.keys or candidate in CLIENT_KEYS:
                return candidate
        return None

    def normalise(self, *sources: Mapping[str, Any]) -> dict[str, str]:
        """Bring given configurations together under their canonical keys."""
        merged: dict[str, str] = {}
        for source in sources:
            for name, value in source.items():
                key = self.canonical(name)
                if key is None:
                    raise unknown_key(name, self.keys | CLIENT_KEYS)
                if key in merged:
                    raise GenericError(f"Duplicate key {self.prefixes[0]}{key} provided")
                merged[key] = to_text(value, name)
        return merged

    def from_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What environment variables say; those that are no key are somebody else's."""
        found: dict[str, str] = {}
        for name, value in environment.items():
            if name.lower().startswith(self.prefixes):
                key = self.canonical(name)
                if key is not None:
                    found[key] = value
        return found


def unknown_key(name: str, known: Iterable[str]) -> UnknownConfigurationKeyError:
    """The error for a key that nobody knows; it names the nearest one."""
    nearest = difflib.get_close_matches(name.lower(), list(known), 1, 0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return UnknownConfigurationKeyError(f"{name!r} is no configuration key{hint}")


def _user_agent() -> str:
    from . import __version__

    return f"object_store_py/{__version__}"


@dataclass(frozen=True)
class ClientSettings:
    """`client_options`, parsed."""

    allow_http: bool = False
    allow_invalid_certificates: bool = False
    connect_timeout: float | None = 5.0
    default_content_type: str | None = None
    default_headers: dict[str, str] = field(default_factory=dict[str, str])
    http2_only: bool = False
    pool_idle_timeout: float = 90.0
    proxy_url: str | None = None
    read_timeout: float | None = None
    root_certificate: str | None = None
    timeout: float | None = 30.0
    user_agent: str = field(default_factory=_user_agent)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> ClientSettings:
        """Read options under any spelling of their keys."""
        settings: dict[str, Any] = {}
        for name, value in options.items():
            key = name.lower()
            if key not in CLIENT_KEYS:
                hint = difflib.get_close_matches(key, CLIENT_KEYS, 1, 0.5)
                raise ValueError(
                    f"Invalid key: {name}." + (f" Did you mean {hint[0]!r}?" if hint else "")
                )
            if key in cls.__dataclass_fields__:
                settings[key] = _CLIENT_PARSERS[key](value, key)
            elif key not in _WITHOUT_EFFECT:
                raise NotImplementedError(f"client_options[{key!r}] is not implemented yet")
        return cls(**settings)

    @property
    def timeouts(self) -> dict[str, float | None]:
        """The time limits of one request, as httpx takes them."""
        limits = [seconds for seconds in (self.read_timeout, self.timeout) if seconds is not None]
        each = min(limits) if limits else None
        return {"connect": self.connect_timeout, "read": each, "write": each, "pool": each}

    def transport_arguments(self, context: ssl.SSLContext) -> dict[str, Any]:
        """The arguments of an httpx transport with one connection."""
        import httpx

        limits = httpx.Limits(
            max_connections=1, max_keepalive_connections=1, keepalive_expiry=self.pool_idle_timeout
        )
        http2 = {"http1": False, "http2": True} if self.http2_only else {}
        return {"verify": context, "limits": limits, "proxy": self.proxy_url, **http2}

    def ssl_context(self) -> ssl.SSLContext:
        """The trust in servers: the system's certificates and those given."""
        context = ssl.create_default_context()
        if self.root_certificate is not None:
            context.load_verify_locations(cadata=self.root_certificate)
        if self.allow_invalid_certificates:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


_WITHOUT_EFFECT = frozenset({"http1_only", "randomize_addresses"})
"""Accepted because they ask for what is done anyway, or for what the host's resolver does."""


def _parse_switch(value: object, name: str) -> bool:
    return parse_bool(to_text(value, name), name)


def _parse_headers(value: object, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    pairs: dict[Any, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
    return {
        str(key): item.decode("latin-1") if isinstance(item, bytes) else to_text(item, str(key))
        for key, item in pairs.items()
    }


def _parse_certificate(value: object, name: str) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else to_text(value, name)
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(f"No certificates found in {name}: it must be PEM")
    return text


def _parse_proxy(value: object, name: str) -> str:
    text = to_text(value, name)
    if "://" not in text:
        raise ValueError(f"{name} must be a URL such as 'http://proxy:3128'")
    return text


_CLIENT_PARSERS: dict[str, Any] = {
    **dict.fromkeys(("allow_http", "allow_invalid_certificates", "http2_only"), _parse_switch),
    **dict.fromkeys(
        ("connect_timeout", "pool_idle_timeout", "read_timeout", "timeout"), parse_duration
    ),
    **dict.fromkeys(("default_content_type", "user_agent"), to_text),
    "default_headers": _parse_headers,
    "proxy_url": _parse_proxy,
    "root_certificate": _parse_certificate,
}


def client_options_out(options: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`client_options` as the store's property shows them: normalised, ready to be given again."""
    if options is None:
        return None
    return {
        name.lower(): value if isinstance(value, bytes | dict) else to_text(value, name)
        for name, value in options.items()
    }


def retry_config_out(config: Mapping[str, Any] | None) -> RetryConfig | None:
    """`retry_config` with its defaults filled in; None stays None."""
    if config is None:
        return None
    backoff: Mapping[str, Any] = config.get("backoff") or {}
    base = backoff.get("base", 2)
    if not isinstance(base, int | float) or isinstance(base, bool) or base < 1:
        raise ValueError(f"retry_config: base must be a number of at least 1, not {base!r}")
    retries = config.get("max_retries", 10)
    if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
        raise ValueError(f"retry_config: max_retries must be an int from 0, not {retries!r}")
    return RetryConfig(
        backoff=BackoffConfig(
            init_backoff=_delta(backoff, "init_backoff", timedelta(milliseconds=100)),
            max_backoff=_delta(backoff, "max_backoff", timedelta(seconds=15)),
            base=base,
        ),
        max_retries=retries,
        retry_timeout=_delta(config, "retry_timeout", timedelta(seconds=180)),
    )


def _delta(config: Mapping[str, Any], name: str, default: timedelta) -> timedelta:
    value = config.get(name, default)
    if not isinstance(value, timedelta):
        raise TypeError(f"retry_config: {name} must be a timedelta, not {value!r}")
    if value < timedelta(0):
        raise ValueError(f"retry_config: {name} must not be negative, but is {value!r}")
    return value


def retry_to_border(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """`retry_config` as the brain takes it."""
    full: Any = retry_config_out(config or {})
    milliseconds = timedelta(milliseconds=1)
    return {
        "max_retries": full["max_retries"],
        "retry_timeout_ms": full["retry_timeout"] // milliseconds,
        "init_backoff_ms": full["backoff"]["init_backoff"] // milliseconds,
        "max_backoff_ms": full["backoff"]["max_backoff"] // milliseconds,
        "base": float(full["backoff"]["base"]),
    }
