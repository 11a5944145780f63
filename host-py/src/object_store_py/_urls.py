"""Which store a URL means: `parse_scheme`, and `from_url` of `object_store_py.store`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from . import _checks, _redact
from ._frames import forgetful
from .config import ClientConfig, RetryConfig
from .exceptions import BaseError, GenericError
from .stores.local import LocalStore
from .stores.memory import MemoryStore

if TYPE_CHECKING:
    from .store import ObjectStore

Scheme: TypeAlias = Literal["s3", "gcs", "http", "local", "memory", "azure"]

_WIRING = ("transport", "async_transport", "on_request", "request_policy")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BY_SCHEME: dict[str, Scheme] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "az": "azure",
    "adl": "azure",
    "azure": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "http": "http",
}
_BY_HOST: dict[str, Scheme] = {
    "amazonaws.com": "s3",
    "r2.cloudflarestorage.com": "s3",
    "dfs.core.windows.net": "azure",
    "blob.core.windows.net": "azure",
    "dfs.fabric.microsoft.com": "azure",
    "blob.fabric.microsoft.com": "azure",
}


@forgetful
def parse_scheme(url: str) -> Scheme:
    """Which kind of store a URL means.

    `s3:` and `s3a:` are `"s3"`; `gs:` is `"gcs"`; `az:`, `adl:`, `azure:`, `abfs:` and `abfss:` are
    `"azure"`; `file:` is `"local"`, `memory:` is `"memory"`. An `https:` URL is `"s3"` or `"azure"`
    by its host (Amazon, Cloudflare R2, Azure, Microsoft Fabric). All others, and `http:`, are
    `"http"`.

    Raises:
        GenericError: no store has such URLs.
        ValueError: it is no absolute URL.
    """
    text = _checks.text(url, "url").strip()
    match = _SCHEME.match(text)
    if match is None:
        raise ValueError(f"relative URL without a base: {_redact.value(url)}")
    scheme = _recognise(match[1].lower(), *_split(text))
    if scheme is None:
        raise GenericError(f"Generic URL error: Unable to recognise URL {_redact.value(url)}")
    return scheme


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"{_redact.value(url)} is no valid URL") from None
    return parts.netloc, (parts.hostname or "")


def _recognise(scheme: str, authority: str, host: str) -> Scheme | None:
    if scheme == "file":
        return "local" if host in ("", "localhost") else None
    if scheme == "memory":
        return None if authority else "memory"
    if not host:
        return None
    if scheme == "https":
        return next((_BY_HOST[name] for name in _BY_HOST if _below(host, name)), None) or "http"
    return _BY_SCHEME.get(scheme)


def _below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


@forgetful
def from_url(
    url: str,
    *,
    config: Mapping[str, Any] | None = None,
    client_options: ClientConfig | Mapping[str, Any] | None = None,
    retry_config: RetryConfig | Mapping[str, Any] | None = None,
    credential_provider: Callable[[], Any] | None = None,
    **kwargs: Any,
) -> ObjectStore:
    """Make the store that a URL means; see `parse_scheme` for which.

    Args:
        url: such as `s3://bucket/prefix`, `gs://bucket`, `az://container/prefix`,
            `https://example.com/data`, `file:///folder` or `memory:///`.
        config: configuration of an `S3Store`, `GCSStore` or `AzureStore`; what is given here wins
            over what the URL says.
        client_options: the HTTP client's options; of no meaning for local files and memory.
        retry_config: when to try again; of no meaning for local files and memory.
        credential_provider: a function that returns a credential, for the same three stores.
        **kwargs: more configuration; for local files `automatic_cleanup`, `mkdir` and
            `follow_symlinks`; for remote stores also `transport`, `async_transport`,
            `on_request` and `request_policy`.

    Raises:
        GenericError: no store has such URLs, or the configuration cannot be used.
        BaseError: configuration or credentials for a store that has none.
        ValueError: it is no absolute URL.
    """
    from . import store  # which imports this module

    scheme = parse_scheme(url)
    client: dict[str, Any] = {"client_options": client_options, "retry_config": retry_config}
    if scheme == "memory":
        _refuse("MemoryStore", config, kwargs)
        return MemoryStore()
    if scheme == "local":
        if credential_provider is not None:
            raise BaseError("LocalStore does not accept a credential provider")
        return LocalStore.from_url(url, **kwargs)
    if scheme == "http":
        wiring = {key: kwargs.pop(key, None) for key in _WIRING}
        _refuse("HTTPStore", config, kwargs, credential_provider)
        return store.HTTPStore.from_url(url, **client, **wiring)
    kind: Any = getattr(store, {"s3": "S3Store", "gcs": "GCSStore", "azure": "AzureStore"}[scheme])
    client["credential_provider"] = credential_provider
    made: ObjectStore = kind.from_url(url, config=config, **client, **kwargs)
    return made


def _refuse(name: str, *given: object) -> None:
    if any(given):
        raise BaseError(f"{name} does not accept any configuration")
