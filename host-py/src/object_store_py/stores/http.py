"""`HTTPStore`: a plain HTTP server, or one that speaks WebDAV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlsplit

from .. import _redact, options
from .._exact_urls import ExactUrls
from .._frames import forgetful
from ..config import ClientConfig, RetryConfig
from ..exceptions import GenericError
from .remote import check_endpoint
from .wired import WiredStore

if TYPE_CHECKING:
    import httpx

    from .._backend import Backend
    from .._http import HttpHost
    from .._metrics import OnRequest
    from .._policy import RequestPolicy

T = TypeVar("T", bound="HTTPStore")

_UNQUOTED = "!$%&'()*+,/:;=@|[]^~"
"""What may stand in a URL's path; the rest is quoted as browsers do."""


class HTTPStore(WiredStore):
    """Objects on a plain HTTP server, or on one that speaks WebDAV.

    Every server can read (`get`, `get_range`, `head`). Writing, deleting, copying and listing need
    WebDAV (Apache's mod_dav, for one); folders are made when they are missing. There are no parts
    (an object is written in one request, which holds it in memory), tags, modes or user metadata.

    Redirects of reading requests are followed, at most ten: within the server, and to other origins
    over https only. Nothing that may hold a secret goes to another origin, no header of
    `default_headers` either.

    Args:
        url: where the objects are: `https://example.com/data`. No user name or password (give an
            `Authorization` header in `client_options={"default_headers": ...}`), and no query,
            which would have to be sent with every object. 2,048 characters at most.
        client_options: the HTTP client's options, see `ClientConfig`.
        retry_config: when to try again, see `RetryConfig`.
        transport: an `httpx.BaseTransport` that carries out all requests of the sync methods, such
            as `httpx.MockTransport`.
        async_transport: the same for the asynchronous methods.
        on_request: called with a `RequestInfo` after each request; see docs/observing.md.
        request_policy: called with the method and the URL (without its query) before each request:
            returns True to send it, False to refuse it, or an origin to send it to instead.

    Raises:
        GenericError: the URL cannot be used; the error says why, without any secret of it.
    """

    @forgetful
    def __init__(
        self,
        url: str,
        *,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        on_request: OnRequest | None = None,
        request_policy: RequestPolicy | None = None,
    ) -> None:
        self._wire(transport, async_transport, on_request, request_policy)
        self._url, self._origin = _parse_url(url)
        self._client_options = options.client_options_out(client_options)
        self._retry_config = options.retry_config_out(retry_config)
        self._exact = ExactUrls()
        self._client_settings()
        self._start()

    @classmethod
    @forgetful
    def from_url(
        cls: type[T],
        url: str,
        *,
        client_options: ClientConfig | Mapping[str, Any] | None = None,
        retry_config: RetryConfig | Mapping[str, Any] | None = None,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        on_request: OnRequest | None = None,
        request_policy: RequestPolicy | None = None,
    ) -> T:
        """Make a store of a URL: the same as the constructor."""
        return cls(
            url,
            client_options=client_options,
            retry_config=retry_config,
            transport=transport,
            async_transport=async_transport,
            on_request=on_request,
            request_policy=request_policy,
        )

    @property
    def url(self) -> str:
        """Where the objects are."""
        return self._url

    @property
    def client_options(self) -> ClientConfig | None:
        """The client options that were given."""
        given = self._client_options
        return None if given is None else cast("ClientConfig", dict(given))

    @property
    def retry_config(self) -> RetryConfig | None:
        """The retry configuration that was given, with its defaults filled in."""
        return self._retry_config

    def _client_settings(self) -> options.ClientSettings:
        return options.ClientSettings.parse(self._client_options or {})

    def _host_of(self, origin: str) -> HttpHost:
        return self._metered(self._make_host(frozenset({origin})))

    def _make_backend(self) -> Backend:
        from .._core import Brain
        from .._redirects import FollowingHost
        from .._webdav import WebDavBackend, WebDavHost

        settings = self._client_settings()
        retry = options.retry_to_border(self._retry_config)
        # With a slash at its end, the crate would put a second one before each path.
        root = self._url.rstrip("/") if self._url.count("/") > 3 else self._url
        config = {"url": root, "allow_http": "true" if settings.allow_http else "false"}
        if settings.default_content_type is not None:
            config["default_content_type"] = settings.default_content_type
        secrets = _redact.in_headers(settings.default_headers.items())
        border: dict[str, Any] = {"config": config, "retry": retry, "secrets": secrets}
        following = FollowingHost(self._host_of(self._origin), self._host_of)
        host = WebDavHost(following, settings.default_headers, self._exact)
        brain = Brain("http", border, host, repr(self))
        return WebDavBackend(brain, retry, self._exact, self._url)

    def _place(self) -> object:
        return type(self), self._identity()

    def _identity(self) -> tuple[Any, ...]:
        return (
            self._url,
            self._client_options,
            self._retry_config,
            self._wiring(),
        )

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, HTTPStore)
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        """Equal stores have equal hashes, by URL."""
        return hash((type(self), self._url))

    def __repr__(self) -> str:
        return f'{type(self).__name__}("{self._url}")'

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """What makes the same store again, also for Rust libraries that take stores."""
        return (self._url,), {
            "client_options": self._client_options,
            "retry_config": self._retry_config,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        (url,), arguments = self.__getnewargs_ex__()
        return (_remake, (type(self), url, arguments | self._pickled_wiring()))


def _remake(kind: type[T], url: str, arguments: dict[str, Any]) -> T:
    return kind(url, **arguments)


def _parse_url(given: object) -> tuple[str, str]:
    """The URL as browsers write it, and its origin."""
    if not isinstance(given, str):
        raise TypeError(f"url must be a str, not {type(given).__name__}")
    text = given.strip()
    if "?" in text:
        raise GenericError(
            f"HTTPStore: the url must not have a query: {_redact.value(given)}. It would have to be"
            " sent with every object; give a key or token as a header, in"
            " client_options={'default_headers': ...}"
        )
    origin = _ascii(check_endpoint(text, "url"))
    path = quote(urlsplit(text).path, safe=_UNQUOTED)
    if any(segment in (".", "..") for segment in path.split("/")):
        raise GenericError(
            f"HTTPStore: the url must not have . or .. in it: {_redact.value(given)}"
        )
    return f"{origin}{path or '/'}", origin


def _ascii(origin: str) -> str:
    """An origin with its host's name as DNS knows it."""
    if origin.isascii():
        return origin
    scheme, _, authority = origin.partition("://")
    host, colon, port = authority.partition(":")
    try:
        return f"{scheme}://{host.encode('idna').decode()}{colon}{port}"
    except UnicodeError:
        raise GenericError(
            f"HTTPStore: the url's host {_redact.value(host)} is no name of a host"
        ) from None
