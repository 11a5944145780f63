"""Which proxy a request goes through: the one of `client_options`, or the environment's."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import urlsplit

from ._environment import variables
from .exceptions import GenericError

SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxies:
    """The proxies of a store. What they are called may have a password in it: never show it."""

    urls: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The proxy's URL for each scheme of a request."""
    excludes: tuple[str, ...] = ()
    """Hosts that are asked directly: names (with all below them), addresses, networks, or `*`;
    names and addresses also with a port."""
    unusable: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why the proxy cannot be used, for each scheme of a request where that is so."""

    def find(self, origin: str) -> str | None:
        """The URL of the proxy for requests to an origin; None for a direct connection.

        Raises:
            GenericError: there is one, but it cannot be used.
        """
        parts = urlsplit(origin)
        if parts.scheme not in self.urls:
            return None
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
        if any(_matches(host, port, rule) for rule in self.excludes):
            return None
        if parts.scheme in self.unusable:
            raise GenericError(self.unusable[parts.scheme])
        return self.urls[parts.scheme]


def given(url: str, excludes: str | None) -> Proxies:
    """The proxy that `proxy_url` names, for all hosts but those of `proxy_excludes`."""
    return Proxies(dict.fromkeys(SCHEMES, url), _split(excludes or ""))


def from_environment(environment: Mapping[str, str], excludes: str | None = None) -> Proxies:
    """What HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say, in lower or upper case.

    HTTP_PROXY in upper case counts for nothing in a CGI program, where a client can set it. What
    is given as `excludes` counts instead of NO_PROXY.
    """
    known = variables(environment)
    urls: dict[str, str] = {}
    unusable: dict[str, str] = {}
    for scheme in SCHEMES:
        names = [f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"]
        if "REQUEST_METHOD" in environment:
            names.remove("HTTP_PROXY") if scheme == "http" else None
        name = next((name for name in names if name in known), None)
        if name is not None:
            urls[scheme] = _complete(known[name])
            reason = refusal(urls[scheme])
            if reason is not None:
                unusable[scheme] = f"the variable {name} {reason}; NO_PROXY names who needs none"
    if excludes is None:
        excludes = known.get("no_proxy") or known.get("NO_PROXY")
    return Proxies(urls, _split(excludes or "") if urls else (), unusable)


def _complete(url: str) -> str:
    """A proxy's URL with its scheme; `socks`, as desktops write it, is SOCKS 5."""
    if "://" not in url:
        return f"http://{url}"
    return f"socks5{url[5:]}" if url[:8].lower() == "socks://" else url


def refusal(url: str) -> str | None:
    """Why a URL is not that of a proxy that can be used; never shows it: it may have a password."""
    try:
        parts = urlsplit(url)
        scheme, complete = parts.scheme.lower(), parts.hostname and (parts.port or True)
    except ValueError:
        scheme, complete = "", False
    if scheme not in ("http", "https", "socks5", "socks5h") or not complete:
        return "must be a URL such as 'http://proxy:3128'"
    if scheme.startswith("socks") and find_spec("socksio") is None:
        return "names a SOCKS proxy, which needs the package socksio: pip install socksio"
    return None


def _split(excludes: str) -> tuple[str, ...]:
    return tuple(excludes.replace(",", " ").lower().split())


def _matches(host: str, port: int | None, rule: str) -> bool:
    if rule == "*":
        return True
    name, wanted = _host_and_port(rule)
    if wanted and wanted != str(port):
        return False
    address = _address(host)
    if address is not None:
        return _in_network(address, name)
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _host_and_port(rule: str) -> tuple[str, str]:
    """A rule's name, address or network, and its port; an IPv6 address with a port has brackets."""
    if rule.startswith("["):
        name, _, rest = rule[1:].partition("]")
        return (name + rest, "") if rest.startswith("/") else (name, rest.removeprefix(":"))
    if rule.count(":") == 1:
        name, _, port = rule.partition(":")
        return name, port
    return rule, ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, rule: str) -> bool:
    try:
        return address in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
