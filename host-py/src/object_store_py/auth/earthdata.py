"""Temporary credentials of NASA Earthdata for its buckets of S3."""

from __future__ import annotations

import base64
import email.message
import netrc
import re
import sys
import urllib.request
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urljoin

from .. import _files, _redact, _tokens
from .._aws_credentials import credential
from .._driver import run, run_async
from .._effects import Block, Plan
from .._environment import expand_user, variable
from .._http import Request, Response, TransportFailure
from .._tokens import NoCredential
from .._wire import split_url
from ..config import S3Config
from ..credentials import S3Credential
from ..exceptions import GenericError, UnauthenticatedError
from ._http import Asker, secure_origin

__all__ = [
    "DEFAULT_EARTHDATA_HOST",
    "NasaEarthdataAsyncCredentialProvider",
    "NasaEarthdataCredentialProvider",
]

DEFAULT_EARTHDATA_HOST = "urs.earthdata.nasa.gov"
"""Where people log in to Earthdata, unless another host is named."""

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")
_WHO = "the Earthdata credentials endpoint"


class _Provider:
    """What the two providers share: who logs in, and how."""

    def __init__(
        self,
        credentials_url: str,
        *,
        host: str | None = None,
        auth: str | tuple[str, str] | None = None,
        session: Any = None,
    ) -> None:
        self.config: S3Config = {"region": "us-west-2"}
        """Where NASA's buckets are; `S3Store` takes it from here."""
        self._url = credentials_url
        self._origin = secure_origin(credentials_url, "credentials_url")
        self._login_host = host or variable("EARTHDATA_HOST") or DEFAULT_EARTHDATA_HOST
        if not _HOST.fullmatch(self._login_host):
            raise ValueError(f"host must be the name of a host, not {_redact.value(host)}")
        self._login_origin = secure_origin(f"https://{self._login_host}", "host")
        self._auth = _checked(auth) if auth is not None else _of_environment()
        self._asker = Asker(*self._sessions(session), {self._origin, self._login_origin})

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    def _credential(self) -> Plan[S3Credential]:
        """Get a credential, by way of the login."""
        try:
            response = yield from self._visit()
        except TransportFailure as failure:
            raise UnauthenticatedError(f"{_WHO} did not answer: {failure}") from None
        except NoCredential as error:
            raise UnauthenticatedError(str(error)) from None
        values = _tokens.parse(response.text)
        if values is None:
            raise UnauthenticatedError(
                f"{_WHO} answered with a page instead of credentials: check the login, and that"
                f" its account has approved the application, at https://{self._login_host}"
            )
        names = ("accessKeyId", "secretAccessKey", "sessionToken", "expiration")
        try:
            return credential(_WHO, *(values.get(name) for name in names))
        except NoCredential as error:
            raise UnauthenticatedError(str(error)) from None

    def _visit(self) -> Plan[Response]:
        """Ask for the credentials, follow to the login and back."""
        auth = self._auth or (yield Block(self._of_netrc))
        jar, url = CookieJar(), self._url
        for _ in range(_MOST_REDIRECTS + 1):
            headers = [("Accept", "application/json"), *self._headers(url, auth)]
            page = urllib.request.Request(url)  # noqa: S310 - never opened: what cookies are for
            jar.add_cookie_header(page)
            headers += [("Cookie", text) for text in [page.get_header("Cookie")] if text]
            request = Request("GET", url, headers)
            response = yield from _tokens.send(self._asker, request, _tokens.MOST_RETRIES)
            jar.extract_cookies(_Answer(response), page)  # type: ignore[arg-type] # needs info() alone
            if response.status not in _REDIRECTS:
                return self._accepted(response, url, auth)
            url = self._next(url, response)
        raise NoCredential(f"{_WHO} redirects more than {_MOST_REDIRECTS} times")

    def _headers(self, url: str, auth: str | tuple[str, str] | None) -> list[tuple[str, str]]:
        """The login, where it belongs: nowhere but at the hosts that the user named.

        A token goes to the credentials endpoint, too, which takes it without a login; a password
        never does.
        """
        origin = split_url(url)[0]
        if isinstance(auth, str) and origin in (self._origin, self._login_origin):
            return [("Authorization", f"Bearer {auth}")]
        if origin != self._login_origin:
            return []
        if not isinstance(auth, tuple):
            raise NoCredential(
                f"there is no login for Earthdata: give auth, set EARTHDATA_TOKEN or"
                f" EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or add {self._login_host} to .netrc"
            )
        pair = base64.b64encode(":".join(auth).encode()).decode("ascii")
        return [("Authorization", f"Basic {pair}")]

    def _accepted(
        self, response: Response, url: str, auth: str | tuple[str, str] | None
    ) -> Response:
        if response.status == 200:
            return response
        who = _WHO
        if split_url(url)[0] == self._login_origin:
            who = f"Earthdata Login at {self._login_host}"
        secrets = [auth] if isinstance(auth, str) else (auth or ())
        raise NoCredential(_tokens.refusal(who, response, secrets))

    def _next(self, url: str, response: Response) -> str:
        """Where a redirect leads: to https alone, and to others than the login without a login."""
        location = next((value for name, value in _lines(response) if name == "location"), "")
        there = urljoin(url, location).partition("#")[0]
        try:
            self._asker.allow(secure_origin(there, "the redirect"))
        except (GenericError, ValueError):
            shown = _redact.value(there)
            raise NoCredential(f"{_WHO} redirects to {shown}, which is not followed") from None
        return there

    def _of_netrc(self) -> tuple[str, str] | None:
        """The login in the user's netrc file, which is read anew for each credential."""
        usual = "~/_netrc" if sys.platform == "win32" else "~/.netrc"
        path = expand_user(variable("NETRC") or usual)
        try:
            _files.check(path)
            found = netrc.netrc(path).authenticators(self._login_host)
        except _files.UnfitFileError as error:
            raise NoCredential(f"{path} cannot be read: {_files.reason(error)}") from None
        except OSError:
            return None
        except netrc.NetrcParseError as error:
            raise NoCredential(f"{path}, line {error.lineno}: not in the form of netrc") from None
        return None if found is None else (found[0], found[2] or "")


class NasaEarthdataCredentialProvider(_Provider):
    """Logs in to NASA Earthdata and asks for credentials of S3; for all methods.

    ```py
    url = "https://data.ornldaac.earthdata.nasa.gov/s3credentials"
    provider = NasaEarthdataCredentialProvider(url)
    store = S3Store("ornl-cumulus-prod-protected", credential_provider=provider)
    ```

    They work in AWS's region us-west-2 alone, and for an hour; the store asks again in time.

    Args:
        credentials_url: the endpoint of the archive that has the data, a URL of https.
        host: where people log in. If None, the variable `EARTHDATA_HOST`, or else
            `DEFAULT_EARTHDATA_HOST`.
        auth: an Earthdata token, or a user name and a password. If None, the variable
            `EARTHDATA_TOKEN`, or `EARTHDATA_USERNAME` and `EARTHDATA_PASSWORD`, or the entry of
            `host` in the netrc file (`~/.netrc`, or what the variable `NETRC` names). User name and
            password are sent to `host` alone; a token to `credentials_url`, too.
        session: an `httpx.Client` for the requests, which stays yours to close; its own
            connections if None. A provider that has one cannot be pickled.
    """

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        return session, None

    def __call__(self) -> S3Credential:
        """Return new credentials.

        Raises:
            UnauthenticatedError: there are none; says why.
        """
        return run(self._credential())

    def close(self) -> None:
        """Close the provider's own connections; a later call opens new ones."""
        self._asker.drop()


class NasaEarthdataAsyncCredentialProvider(_Provider):
    """Logs in to NASA Earthdata and asks for credentials of S3; for the `_async` methods.

    The arguments are those of `NasaEarthdataCredentialProvider`, but `session` is an
    `httpx.AsyncClient`.
    """

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        return None, session

    async def __call__(self) -> S3Credential:
        """Return new credentials.

        Raises:
            UnauthenticatedError: there are none; says why.
        """
        return await run_async(self._credential())

    async def close(self) -> None:
        """Give the provider's own connections up, which end with the event loop at the latest."""
        self._asker.drop()


class _Answer:
    """A response as `http.cookiejar` wants to see it."""

    def __init__(self, response: Response) -> None:
        self._message = email.message.Message()
        for name, value in _lines(response):
            self._message[name] = value

    def info(self) -> email.message.Message:
        """The headers."""
        return self._message


def _lines(response: Response) -> list[tuple[str, str]]:
    pairs = [line.partition(":") for line in response.headers.split("\n")]
    return [(name.lower(), value.strip()) for name, _, value in pairs]


def _of_environment() -> str | tuple[str, str] | None:
    if token := variable("EARTHDATA_TOKEN"):
        return _checked(token)
    pair = variable("EARTHDATA_USERNAME"), variable("EARTHDATA_PASSWORD")
    return _checked((pair[0], pair[1])) if pair[0] and pair[1] else None


def _checked(auth: Any) -> str | tuple[str, str]:
    """A token that can stand in a header, or a pair of texts; errors never show them."""
    if isinstance(auth, str) and auth.isascii() and auth.isprintable() and auth:
        return auth
    texts: list[Any] = list(auth) if isinstance(auth, tuple | list) else []  # pyright: ignore[reportUnknownArgumentType] - checked below
    if len(texts) == 2 and all(isinstance(text, str) for text in texts) and ":" not in texts[0]:
        return texts[0], texts[1]
    raise ValueError(
        "auth must be a token, or a pair of a user name (without colon) and a password"
    )
