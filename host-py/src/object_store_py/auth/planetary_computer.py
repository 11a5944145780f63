"""SAS tokens of Microsoft's Planetary Computer, for its containers of Azure Blob Storage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from .. import _azure, _files, _redact, _tokens
from .._driver import run, run_async
from .._effects import Plan
from .._environment import expand_user, variable
from .._http import Request
from .._tokens import NoCredential
from ..config import AzureConfig
from ..credentials import AzureSASToken
from ..exceptions import GenericError, UnauthenticatedError
from ._http import Asker, secure_origin

__all__ = ["PlanetaryComputerAsyncCredentialProvider", "PlanetaryComputerCredentialProvider"]

DEFAULT_SAS_URL = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
SETTINGS = "~/.planetarycomputer/settings.env"
_WHO = "the Planetary Computer's token service"
_OPTIONS = ("xarray:storage_options", "table:storage_options")

P = TypeVar("P", bound="_Provider")


class Asset(Protocol):
    """What is used of a `pystac.Asset`."""

    href: str
    extra_fields: dict[str, Any]


class _Provider:
    """What the two providers share: whose token, and how to ask for it."""

    def __init__(
        self,
        url: str | None = None,
        *,
        account_name: str | None = None,
        container_name: str | None = None,
        session: Any = None,
        subscription_key: str | None = None,
        sas_url: str | None = None,
    ) -> None:
        account, container, prefix = _place(url, account_name, container_name)
        self.config: AzureConfig = {"account_name": account, "container_name": container}
        """The account and the container, which `AzureStore` takes from here."""
        self.prefix: str | None = prefix or None
        """The prefix in the URL, which `AzureStore` takes where it is given none."""
        base = (sas_url or _setting("PC_SDK_SAS_URL") or DEFAULT_SAS_URL).rstrip("/")
        self._key = subscription_key or _setting("PC_SDK_SUBSCRIPTION_KEY")
        self._url = f"{base}/{quote(account, safe='')}/{quote(container, safe='')}"
        self._asker = Asker(*self._sessions(session), {secure_origin(base, "sas_url")})

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    @classmethod
    def from_asset(
        cls: type[P],
        asset: Asset | Mapping[str, Any],
        *,
        session: Any = None,
        subscription_key: str | None = None,
        sas_url: str | None = None,
    ) -> P:
        """Make a provider for where an asset of a STAC item is.

        Args:
            asset: a `pystac.Asset`, or an asset as it stands in an item's JSON. Its `href` says
                the container, and the account unless its storage options do.
            session: as for the constructor.
            subscription_key: as for the constructor.
            sas_url: as for the constructor.

        Raises:
            ValueError: the asset is in no container of Azure.
        """
        fields: Mapping[str, Any] = asset if isinstance(asset, Mapping) else asset.extra_fields
        href = asset.get("href") if isinstance(asset, Mapping) else asset.href
        if not isinstance(href, str):
            raise ValueError("the asset has no href")  # noqa: TRY004 - bad data, not a bad type
        more: Any = fields.get("extra_fields")  # of a `pystac.Asset` whose __dict__ it is
        known: list[Mapping[str, Any]] = [fields, more] if isinstance(more, Mapping) else [fields]
        named = [_account_of(part.get(name)) for part in known for name in _OPTIONS]
        return cls(
            href,
            account_name=next((name for name in named if name is not None), None),
            session=session,
            subscription_key=subscription_key,
            sas_url=sas_url,
        )

    def _token(self) -> Plan[AzureSASToken]:
        """Ask for a token."""
        secrets = [] if self._key is None else [self._key]
        headers = [("Ocp-Apim-Subscription-Key", key) for key in secrets]
        request = Request("GET", self._url, [("Accept", "application/json"), *headers])
        try:
            response = yield from _tokens.ask(
                self._asker, request, _WHO, _tokens.MOST_RETRIES, secrets
            )
            return _answer(response.text)
        except NoCredential as error:
            raise UnauthenticatedError(str(error)) from None


class PlanetaryComputerCredentialProvider(_Provider):
    """Asks the Planetary Computer for SAS tokens; for all methods.

    ```py
    url = "https://naipeuwest.blob.core.windows.net/naip/v002"
    store = AzureStore(credential_provider=PlanetaryComputerCredentialProvider(url))
    ```

    Args:
        url: where the data are: `https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX`, or
            `abfs://CONTAINER/PREFIX` with an `account_name`.
        account_name: the storage account, if there is no `url` that names it.
        container_name: the container, where there is no `url`.
        session: an `httpx.Client` for the token requests, which stays yours to close; its own
            connections if None. A provider that has one cannot be pickled.
        subscription_key: raises the limits on requests. If None, it is read from the variable
            `PC_SDK_SUBSCRIPTION_KEY`, or else from `~/.planetarycomputer/settings.env`, a file of
            lines `NAME=VALUE`.
        sas_url: where tokens come from, a URL of https. If None, `PC_SDK_SAS_URL` of the same
            two places, or else the Planetary Computer.

    Raises:
        ValueError: the URL is of no container, or contradicts the other arguments.
    """

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        return session, None

    def __call__(self) -> AzureSASToken:
        """Return a new token.

        Raises:
            UnauthenticatedError: there is none; says why.
        """
        return run(self._token())


class PlanetaryComputerAsyncCredentialProvider(_Provider):
    """Asks the Planetary Computer for SAS tokens; for the `_async` methods.

    The arguments are those of `PlanetaryComputerCredentialProvider`, but `session` is an
    `httpx.AsyncClient`.
    """

    def _sessions(self, session: Any) -> tuple[Any, Any]:
        return None, session

    async def __call__(self) -> AzureSASToken:
        """Return a new token.

        Raises:
            UnauthenticatedError: there is none; says why.
        """
        return await run_async(self._token())


def _place(url: str | None, account: str | None, container: str | None) -> tuple[str, str, str]:
    """The account, the container and the prefix that are meant."""
    named: dict[str, str] = {}
    prefix = ""
    if url is not None:
        if container is not None:
            raise ValueError("give url or container_name, not both: the container is in the url")
        try:
            named, prefix = _azure.parse_url(url)
        except GenericError:
            named = {"": ""}
        if not named.keys() <= {"account_name", "container_name"} or ".dfs." in url:
            raise ValueError(
                "url must be https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX, without a"
                f" token, not {_redact.value(url)}"
            )
    for name, given in (("account_name", account), ("container_name", container)):
        if given is not None and named.setdefault(name, given) != given:
            raise ValueError(f"{name} is {given!r}, but the url says {named[name]!r}")
    missing = [name for name in ("account_name", "container_name") if not named.get(name)]
    if missing:
        raise ValueError(f"there is no {' and no '.join(missing)}: give it, or a url that has it")
    return named["account_name"], named["container_name"], prefix


def _account_of(options: Any) -> str | None:
    name: Any = options.get("account_name") if isinstance(options, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - a STAC item's own JSON
    return name if isinstance(name, str) else None


def _setting(name: str) -> str | None:
    """A setting: of the environment, or else of the file of settings."""
    if (said := variable(name)) is not None:
        return said
    try:
        text = _files.read_text(expand_user(SETTINGS))
    except _files.UnfitFileError as error:
        raise ValueError(f"{SETTINGS} cannot be read: {_files.reason(error)}") from None
    except (OSError, UnicodeError):
        return None
    lines = [line.strip().removeprefix("export ").partition("=") for line in text.splitlines()]
    found = {key.strip(): value.strip().strip("'\"") for key, _, value in lines}
    return found.get(name) or None


def _answer(text: str) -> AzureSASToken:
    values = _tokens.parse(text) or {}
    try:
        token, end = values["token"], datetime.fromisoformat(values["msft:expiry"])
    except (KeyError, TypeError, ValueError):
        raise NoCredential(f"{_WHO} answered without token and msft:expiry") from None
    if not isinstance(token, str) or not token:
        raise NoCredential(f"{_WHO} answered a token that is no text")
    return {"sas_token": token, "expires_at": end if end.tzinfo else end.replace(tzinfo=UTC)}
