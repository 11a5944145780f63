"""Which proxy a request goes through: the one of `client_options`, or the environment's."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SCHEMES = ("http", "https")


@dataclass(frozen=True)
class Proxies:
    """The proxies of a store. What they are called may have a password in it: never show it."""

    urls: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The proxy's URL for each scheme of a request."""
    excludes: tuple[str, ...] = ()
    """Hosts that are asked directly: names (with all below them), addresses, networks, or `*`."""

    def find(self, origin: str) -> str | None:
        """The URL of the proxy for requests to an origin; None for a direct connection."""
        parts = urlsplit(origin)
        url = self.urls.get(parts.scheme)
        if url is None or any(_matches(parts.hostname or "", rule) for rule in self.excludes):
            return None
        return url


def given(url: str, excludes: str | None) -> Proxies:
    """The proxy that `proxy_url` names, for all hosts but those of `proxy_excludes`."""
    return Proxies(dict.fromkeys(SCHEMES, url), _split(excludes or ""))


def from_environment(environment: Mapping[str, str]) -> Proxies:
    """What HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say, in lower or upper case.

    HTTP_PROXY in upper case counts for nothing in a CGI program, where a client can set it.
    """
    found: dict[str, str] = {}
    for scheme in SCHEMES:
        names = [f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"]
        if "REQUEST_METHOD" in environment:
            names.remove("HTTP_PROXY") if scheme == "http" else None
        url = next((environment[name] for name in names if environment.get(name)), None)
        if url is not None:
            found[scheme] = url if "://" in url else f"http://{url}"
    excludes = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return Proxies(found, _split(excludes) if found else ())


def _split(excludes: str) -> tuple[str, ...]:
    return tuple(rule for part in excludes.split(",") if (rule := part.strip().lower()))


def _matches(host: str, rule: str) -> bool:
    if rule == "*":
        return True
    address = _address(host)
    if address is not None:
        return _in_network(address, rule)
    name = rule.lstrip(".")
    return host == name or host.endswith(f".{name}")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, rule: str) -> bool:
    try:
        return address in ipaddress.ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        return False
