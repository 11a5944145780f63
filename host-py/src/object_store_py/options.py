"""Configurations parsed once, when a store is made: keys, spellings, types, defaults."""

from __future__ import annotations

import difflib
import os
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from . import _checks, _proxies, _redact
from ._environment import variables
from ._proxies import Proxies
from ._trust import make_context, only_http2, parse_certificates
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
        for spelling in (name.lower(), self._bare(name)):
            candidate = self.aliases.get(spelling, spelling)
            if candidate in self.keys or candidate in CLIENT_KEYS:
                return candidate
        return None

    def _bare(self, name: str) -> str:
        """The spelling without the prefix, in lower case."""
        low = name.lower()
        return next((low.removeprefix(p) for p in self.prefixes if low.startswith(p)), low)

    def normalise(self, *sources: Mapping[str, Any]) -> dict[str, str]:
        """Bring given configurations together under their canonical keys."""
        merged: dict[str, str] = {}
        for source in sources:
            _check_mapping(source, "config")
            for name, value in source.items():
                key = self.canonical(name)
                if key is None:
                    raise unknown_key(name, self.keys | CLIENT_KEYS, self._bare(name))
                if key in merged:
                    raise GenericError(f"Duplicate key {self.prefixes[0]}{key} provided")
                merged[key] = to_text(value, name)
        return merged

    def from_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What environment variables say; those that are no key are somebody else's.

        Of several for one key, the longest name counts: `AWS_ENDPOINT_URL` before `AWS_ENDPOINT`.
        """
        found: dict[str, str] = {}
        known = variables(environment)
        for name in sorted(known, key=lambda name: (len(name), name.swapcase())):
            if name.lower().startswith(self.prefixes):
                key = self.canonical(name)
                if key is not None:
                    found[key] = known[name]
        return found


def _check_mapping(given: object, name: str, known: Iterable[str] = ()) -> None:
    """Refuse what is no dict, or has a key besides `known`; the error names the nearest."""
    keys = _checks.named(given, name)
    for key in keys if known else ():
        if key not in known:
            hint = difflib.get_close_matches(key, list(known), 1, 0.5)
            meant = f" Did you mean {hint[0]!r}?" if hint else ""
            raise ValueError(f"{name} has no key {_redact.value(key)}.{meant}")


def unknown_key(
    name: str, known: Iterable[str], bare: str | None = None
) -> UnknownConfigurationKeyError:
    """The error for a key that nobody knows; it names the one that is nearest to `bare`."""
    nearest = difflib.get_close_matches(bare or name.lower(), list(known), 1, 0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return UnknownConfigurationKeyError(f"{name!r} is no configuration key{hint}")


def _user_agent() -> str:
    from . import __version__

    return f"object_store_py/{__version__}"


@dataclass(frozen=True)
class ClientSettings:
    """`client_options`, parsed. Without a `proxy_url`, the environment names the proxies."""

    allow_http: bool = False
    allow_invalid_certificates: bool = False
    connect_timeout: float | None = 5.0
    default_content_type: str | None = None
    default_headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    disable_system_certificates: bool = False
    http1_only: bool | None = None
    http2_only: bool = False
    pool_idle_timeout: float = 90.0
    pool_max_idle_per_host: int | None = None
    proxy_ca_certificate: str | None = None
    proxy_excludes: str | None = None
    proxy_url: str | None = field(default=None, repr=False)
    read_timeout: float | None = None
    root_certificate: str | None = None
    timeout: float | None = 30.0
    user_agent: str = field(default_factory=_user_agent)
    proxies: Proxies = field(default_factory=Proxies)
    ca_bundle: tuple[str, str] | None = None
    """A file or folder of certificates that stands for the system's, and who names it."""

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
            settings[key] = _CLIENT_PARSERS[key](value, key)
        _check_http2(settings)
        if "proxy_url" in settings:
            found = _proxies.given(settings["proxy_url"], settings.get("proxy_excludes"))
        else:
            found = _proxies.from_environment(os.environ, settings.get("proxy_excludes"))
        known = {key: value for key, value in settings.items() if key in cls.__dataclass_fields__}
        return cls(**known, proxies=found)

    @property
    def needs_httpx(self) -> bool:
        """Whether only httpx can do what is asked for: a proxy, or HTTP/2."""
        return bool(self.proxies.urls) or self.http2

    @property
    def http2(self) -> bool:
        """Whether servers are asked for HTTP/2."""
        return self.http2_only or (self.http1_only is False and _has_h2())

    def transport_arguments(
        self, context: ssl.SSLContext, origin: str, direct: bool = False
    ) -> dict[str, Any]:
        """The arguments of an httpx transport with one connection to an origin."""
        import httpx

        limits = httpx.Limits(
            max_connections=1, max_keepalive_connections=1, keepalive_expiry=self.pool_idle_timeout
        )
        url = None if direct else self.proxies.find(origin)
        arguments: dict[str, Any] = {"verify": context, "limits": limits, "http2": self.http2}
        arguments["http1"] = not self.http2_only
        if url is not None:
            secure = url.lower().startswith("https:")
            trust = self._make_context() if secure else None
            arguments["proxy"] = httpx.Proxy(url, ssl_context=trust)
        return arguments

    def ssl_context(self) -> ssl.SSLContext:
        """The trust in servers, and in the proxy: the system's certificates and those given."""
        context = self._make_context()
        return only_http2(context) if self.http2_only else context

    def _make_context(self) -> ssl.SSLContext:
        given = (self.root_certificate, self.proxy_ca_certificate)
        return make_context(
            [text for text in given if text is not None],
            system=not self.disable_system_certificates,
            verify=not self.allow_invalid_certificates,
            bundle=self.ca_bundle,
        )


def _has_h2() -> bool:
    return find_spec("h2") is not None


def _check_http2(settings: Mapping[str, Any]) -> None:
    if not settings.get("http2_only"):
        return
    if settings.get("http1_only"):
        raise GenericError("client_options: http1_only and http2_only exclude each other")
    if not _has_h2():
        raise ImportError(
            "client_options: http2_only needs the package h2: pip install 'object-store-py[http2]'"
        )


def _parse_switch(value: object, name: str) -> bool:
    return parse_bool(to_text(value, name), name)


def _parse_headers(value: object, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    pairs: dict[Any, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType] - checked below
    return dict(_parse_header(key, item) for key, item in pairs.items())


def _parse_header(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise ValueError(f"default_headers: {_redact.value(name)} is no name of a header")
    if name.lower() in _RESERVED_HEADERS:
        raise ValueError(f"default_headers cannot set {name}: each request has its own")
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise TypeError(
            f"default_headers: {name!r} must be str or bytes, not {type(text).__name__}"
        )
    return name, _parse_header_text(text, f"default_headers: {name!r}")


def _parse_header_text(value: object, name: str) -> str:
    text = to_text(value, name)
    if not _HEADER_TEXT.fullmatch(text):
        # The value is not shown: it may be a secret.
        raise ValueError(f"{name} has characters that a header cannot have")
    return text


def _parse_count(value: object, name: str) -> int:
    text = to_text(value, name)
    if not (text.isascii() and text.isdigit()):
        raise GenericError(f"{name} must be a number such as '8', not {_redact.value(text)}")
    return int(text)


def _parse_proxy(value: object, name: str) -> str:
    text = to_text(value, name)
    reason = _proxies.refusal(text)
    if reason is not None:
        raise (ImportError if "socksio" in reason else ValueError)(f"{name} {reason}")
    return text


_RESERVED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SWITCH_KEYS = (
    "allow_http allow_invalid_certificates disable_system_certificates http1_only http2_only"
    " http2_keep_alive_while_idle randomize_addresses"
)
_DURATION_KEYS = (
    "connect_timeout pool_idle_timeout read_timeout timeout http2_keep_alive_interval"
    " http2_keep_alive_timeout"
)
# Parsed and checked, but without effect: `randomize_addresses`, because the order of a server's
# addresses is the resolver's, and `http2_keep_alive_*` and `http2_max_frame_size`, because a
# connection carries one request at a time and is given up when it is idle.
_CLIENT_PARSERS: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(_SWITCH_KEYS.split(), _parse_switch),
    **dict.fromkeys(_DURATION_KEYS.split(), parse_duration),
    **dict.fromkeys(("default_content_type", "user_agent"), _parse_header_text),
    **dict.fromkeys(("pool_max_idle_per_host", "http2_max_frame_size"), _parse_count),
    **dict.fromkeys(("root_certificate", "proxy_ca_certificate"), parse_certificates),
    "default_headers": _parse_headers,
    "proxy_excludes": to_text,
    "proxy_url": _parse_proxy,
}


def client_options_out(options: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`client_options` as the store's property shows them: normalised, ready to be given again."""
    if options is None:
        return None
    shown: dict[str, Any] = {}
    _check_mapping(options, "client_options")
    for name, value in options.items():
        if name.lower() in shown:
            raise GenericError(f"Duplicate key {name.lower()} provided in client_options")
        shown[name.lower()] = _option_out(value, name)
    return shown


def _option_out(value: object, name: str) -> Any:
    if isinstance(value, Mapping):
        pairs: dict[Any, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType] - checked below
        return pairs
    return value if isinstance(value, bytes) else to_text(value, name)


def retry_config_out(config: Mapping[str, Any] | None) -> RetryConfig | None:
    """`retry_config` with its defaults filled in; None stays None."""
    if config is None:
        return None
    _check_mapping(config, "retry_config", RetryConfig.__annotations__)
    retries = config.get("max_retries", 10)
    if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries < 2**31:
        shown = _redact.value(retries)
        raise ValueError(f"retry_config: max_retries must be an int from 0 to 2^31, not {shown}")
    return RetryConfig(
        backoff=_backoff_out(config.get("backoff") or {}),
        max_retries=retries,
        retry_timeout=_delta(config, "retry_timeout", timedelta(seconds=180)),
    )


def _backoff_out(config: Mapping[str, Any]) -> BackoffConfig:
    _check_mapping(config, "retry_config: backoff", BackoffConfig.__annotations__)
    base = config.get("base", 2)
    if not isinstance(base, int | float) or isinstance(base, bool) or not 1 < base <= 1000:
        shown = _redact.value(base)
        raise ValueError(f"retry_config: base must be a number over 1, at most 1000, not {shown}")
    first = _delta(config, "init_backoff", timedelta(milliseconds=100))
    most = _delta(config, "max_backoff", timedelta(seconds=15))
    if not timedelta(milliseconds=1) <= first <= most <= timedelta(days=1):
        raise ValueError(
            "retry_config: init_backoff must be from 1 ms to max_backoff, and that at most a day,"
            f" but they are {first} and {most}"
        )
    return BackoffConfig(init_backoff=first, max_backoff=most, base=base)


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
