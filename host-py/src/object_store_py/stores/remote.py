"""What the remote stores share: configuration, HTTP client, retries, credentials."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from urllib.parse import unquote, urlsplit

from .. import _checks, _paths, _redact, options
from .._limits import OF_KIND
from ..config import ClientConfig, RetryConfig
from ..exceptions import GenericError
from .wired import WiredStore

if TYPE_CHECKING:
    from .._backend import Backend
    from .._core import Brain, Learn
    from .._credentials import CredentialPlan
    from .._transport import Host

S = TypeVar("S", bound="RemoteStore")

SHORTEST = 3
"""The shortest name of a bucket or container, in characters, with all three providers."""
_PLACE = frozenset({"account_name", "bucket", "container_name", "region"})
"""Where objects are: what a provider says of it counts as given with the store."""


class RemoteStore(WiredStore):
    """A store with buckets and credentials. Two stores are equal if they are configured alike."""

    _table: ClassVar[options.KeyTable]
    _bucket_key: ClassVar[str]
    _can_sign: ClassVar[bool] = True
    _kind: ClassVar[str]
    _min_part_size: ClassVar[int] = 0
    _host_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys that the host alone reads, so that the brain never sees them."""

    def _configure(
        self,
        bucket: str | None,
        prefix: str | None,
        config: Mapping[str, Any] | None,
        client_options: Mapping[str, Any] | None,
        retry_config: Mapping[str, Any] | None,
        credential_provider: Callable[[], Any] | None,
        keywords: Mapping[str, Any],
    ) -> None:
        if credential_provider is not None and not callable(credential_provider):  # pyright: ignore[reportUnnecessaryComparison] - not all callers are typed
            raise TypeError("Expected callable object for credential_provider.")
        named = {} if bucket is None else {self._bucket_key: bucket}
        given = self._table.normalise(named, {} if config is None else config, keywords)
        self._provided = self._table.normalise(getattr(credential_provider, "config", None) or {})
        self._config = {key: self._provided[key] for key in _PLACE & self._provided.keys()} | given
        self._environment = self._table.from_environment(os.environ)
        self._prefix = self._whole_prefix(prefix)
        OF_KIND[self._kind].check_key(self._prefix or "", "prefix")
        self._client_options = options.client_options_out(client_options)
        self._retry_config = options.retry_config_out(retry_config)
        self._credential_provider = credential_provider
        self._client_settings()
        self._start()
        self._check(self._effective())

    def _whole_prefix(self, prefix: str | None) -> str | None:
        """The prefix, below what is after the first slash of `bucket/prefix`."""
        parsed = _paths.parse(prefix or "", "prefix") if prefix is not None else None
        key = self._bucket_key
        source = self._config if key in self._config else self._environment
        bucket, slash, above = source.get(key, "").partition("/")
        if not slash or len(bucket) < SHORTEST or bucket.endswith(":") or bucket[:4] == "arn:":
            return parsed  # nothing follows it, or it is none, which is an error of its own
        source[key] = bucket
        above = _paths.parse(above, key)
        return _paths.join(above, parsed or "") or parsed

    def _check(self, config: dict[str, str]) -> None:
        """Refuse a configuration that cannot work."""

    def _effective(self) -> dict[str, str]:
        """The configuration that counts: the environment's, the provider's, the explicit one."""
        merged = {**self._environment, **self._provided, **self._config}
        return {key: value for key, value in merged.items() if key not in options.CLIENT_KEYS}

    def _client_settings(self) -> options.ClientSettings:
        found: dict[str, Any] = {}
        for source in (self._environment, self._config):
            found.update({k: v for k, v in source.items() if k in options.CLIENT_KEYS})
        return options.ClientSettings.parse({**found, **(self._client_options or {})})

    def _make_prefix(self) -> str:
        return self._prefix or ""

    def _origins(self, config: dict[str, str]) -> frozenset[str]:
        """The origins that this store's own configuration leads to; all others are refused."""
        raise NotImplementedError

    def _credential(self, config: dict[str, str]) -> CredentialPlan | None:
        """How the host gets credentials; None where the configuration has them."""
        raise NotImplementedError

    def _complete(self, config: dict[str, str]) -> dict[str, str]:
        """The configuration with what is only looked up on first use, such as in shared files."""
        return config

    def _instance_signs(self, config: dict[str, str]) -> bool:
        """Whether URLs are signed by the cloud as this machine's own account (`stores.open`)."""
        return False

    def _learn(self, config: dict[str, str], host: Host) -> Learn | None:
        """What reads the store's own configuration out of responses; None where all is given."""
        return None

    def _make_backend(self) -> Backend:
        from .._core import Brain

        config, settings = self._complete(self._effective()), self._client_settings()
        retry = options.retry_to_border(self._retry_config)
        credential = self._credential(config)
        client = {"allow_http": "true" if settings.allow_http else "false"}
        if settings.default_content_type is not None:
            client["default_content_type"] = settings.default_content_type
        border: dict[str, Any] = {
            "config": {k: v for k, v in config.items() if k not in self._host_keys} | client,
            "retry": retry,
            "default_headers": settings.default_headers,
            "secrets": _redact.in_headers(settings.default_headers.items()),
            "host_credentials": credential is not None,
            "instance_signs": self._instance_signs(config),
        }
        host = self._make_host(self._origins(config))
        label, learn = repr(self), self._learn(config, host)
        sender, prefix = self._metered(host), self._make_prefix()
        brain = Brain(self._kind, border, sender, label, prefix, credential, learn)
        return self._backend_of(brain, retry)

    def _backend_of(self, brain: Brain, retry: dict[str, Any]) -> Backend:
        from .._brain import BrainBackend

        return BrainBackend(brain, retry, self._min_part_size)

    @property
    def prefix(self) -> str | None:
        """The prefix that is put in front of all paths."""
        return self._prefix

    @property
    def config(self) -> dict[str, str]:
        """The configuration that was given, under canonical keys and as texts.

        The account, container, bucket and region that a credential provider knows are in it, too.
        What the environment says is not in it.
        """
        return dict(self._config)

    @property
    def client_options(self) -> ClientConfig | None:
        """The client options that were given."""
        given = self._client_options
        return None if given is None else cast("ClientConfig", dict(given))

    @property
    def retry_config(self) -> RetryConfig | None:
        """The retry configuration that was given, with its defaults filled in."""
        return self._retry_config

    @property
    def credential_provider(self) -> Callable[[], Any] | None:
        """The credential provider that was given."""
        return self._credential_provider

    def _place(self) -> object:
        provider = self._credential_provider
        return type(self), self._effective(), self._client_options, self._wiring(), provider

    def _identity(self) -> tuple[Any, ...]:
        return (
            self._config,
            self._prefix or "",
            self._client_options,
            self._retry_config,
            self._wiring(),
        )

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, RemoteStore)
        if self._identity() != other._identity():
            return False
        try:
            return bool(self._credential_provider == other._credential_provider)
        except Exception:
            return False

    def __hash__(self) -> int:
        """Equal stores have equal hashes, by bucket and prefix."""
        return hash((type(self), self._config.get(self._bucket_key), self._prefix or ""))

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        """What makes the same store again, also for Rust libraries that take stores."""
        return (), {
            "prefix": self._prefix,
            "config": dict(self._config),
            "client_options": self._client_options,
            "retry_config": self._retry_config,
            "credential_provider": self._credential_provider,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = self.__getnewargs_ex__()[1] | self._pickled_wiring()
        return (_remake, (type(self), arguments))

    def _repr(self, name: str, bucket: str | None, *more: str) -> str:
        parts = [f"{name}={bucket!r}", *more]
        if self._prefix:
            parts.append(f"prefix={self._prefix!r}")
        return f"{type(self).__name__}({', '.join(parts)})".replace("'", '"')


def _remake(kind: type[S], arguments: dict[str, Any]) -> S:
    return kind(**arguments)


LONGEST_URL = 2048
"""The longest URL of a server, in characters: a path comes after it; servers take some 8,000."""


def check_endpoint(url: str, name: str) -> str:
    """Check the URL of a server and return its origin; the error never shows a secret.

    Raises:
        GenericError: it is no http(s) URL, has a user name, a query or a fragment, or is too long.
    """
    if "@" in url:  # nor in the path, where the core would not have it either
        shown = _redact.value(url if "://" in url else f"://{url}")
        raise GenericError(f"{name} must not have a user name or password in it: {shown}")
    parts = _checks.url(url, name)
    port = parts.port
    shown = _redact.value(url)
    if len(url) > LONGEST_URL:
        raise GenericError(f"{name} has more than {LONGEST_URL} characters: {shown}")
    if not url.isprintable():
        raise GenericError(f"{name} must not have control characters or lone surrogates: {shown}")
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise GenericError(f"{name} must be a URL with http:// or https:// and a host, not {shown}")
    if parts.query or parts.fragment:
        raise GenericError(f"{name} must not have a query or fragment: {shown}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme.lower()]
    suffix = "" if port in (None, default) else f":{port}"
    return f"{parts.scheme.lower()}://{host.lower()}{suffix}"


def url_path(url: str) -> str:
    """The path of a store's URL, decoded, without slashes at its ends."""
    return unquote(urlsplit(url).path).strip("/")
