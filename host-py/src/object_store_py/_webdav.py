"""What is special about plain HTTP servers and WebDAV: folders, no parts, and maybe no listing."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._backend import Fetched, GetRequest, ListRequest, Page
from ._bad_keys import WAY_OUT
from ._brain import BrainBackend
from ._effects import Plan
from ._exact_urls import ExactUrls
from ._http import HttpHost, Request, Response, changed
from .exceptions import (
    AlreadyExistsError,
    BaseError,
    GenericError,
    InvalidPathError,
    NotFoundError,
    NotSupportedError,
)

if TYPE_CHECKING:
    from ._core import Brain

_NO_WEBDAV = frozenset({400, 405, 415, 501})
"""How servers that know no PROPFIND answer it."""
_NO_HEAD = frozenset({403, 405, 501})
"""How servers that know no HEAD answer it; and how a presigned URL does, which is for GET alone."""


_NOT_OF_FOLDERS = frozenset({400, 403, 409})
"""How servers refuse to delete a folder without what is in it."""


class WebDavBackend(BrainBackend):
    """A plain HTTP server, or one that speaks WebDAV."""

    multipart = False
    has_root = True

    def __init__(self, brain: Brain, retry: dict[str, Any], exact: ExactUrls, url: str) -> None:
        super().__init__(brain, retry, 0)
        self._exact = exact
        self._target = urlsplit(url).path.removeprefix("/")

    def _get(self, path: str, options: GetRequest) -> Plan[Fetched]:
        return super()._get(path, options) if path else self._get_root(options)

    def _get_root(self, options: GetRequest) -> Plan[Fetched]:
        """Read what the store's own URL names, which is no path below it."""
        path = self._exact.path_of(self._target)
        try:
            fetched = yield from super()._get(path, options)
        except BaseError as error:
            error.path, error.args = "", (str(error).replace(repr(path), "''"),)
            raise
        fetched.meta = fetched.meta._replace(path="")
        return fetched

    def delete(self, paths: list[str]) -> Plan[None]:
        """Delete objects; never a folder, which WebDAV deletes with all that is in it."""
        for path in paths:
            if path.endswith("/"):
                raise InvalidPathError(
                    f"{path!r} is a folder, and WebDAV deletes one with all that is in it: use"
                    " delete_prefix",
                    path=path,
                )
            try:
                yield from super().delete([path])
            except BaseError as error:
                if error.status in _NOT_OF_FOLDERS and (yield from self._holds(path)):
                    raise NotFoundError(
                        f"{path!r} is a folder: there is no such object",
                        path=path,
                        status=error.status,
                    ) from error
                raise

    def copy(self, source: str, target: str, overwrite: bool) -> Plan[None]:
        """Copy an object; WebDAV would delete a whole folder to put an object in its place."""
        try:
            yield from super().copy(source, target, False)
        except AlreadyExistsError:
            if not overwrite:
                raise
            try:
                is_folder = yield from self._holds(target)
            except BaseError as error:
                raise GenericError(
                    f"{source!r} is not copied, for what is at {target!r} cannot be told: {error}",
                    store=error.store,
                    path=source,
                    status=error.status,
                ) from error
            if is_folder:
                raise InvalidPathError(
                    f"{target!r} is a folder, which WebDAV would delete with all that is in it",
                    path=target,
                ) from None
            yield from super().copy(source, target, True)

    def _holds(self, path: str) -> Plan[bool]:
        """Whether something is below a path, as far as the server tells."""
        below = ListRequest(path.removesuffix("/"), delimiter=True, on_bad_key="skip")
        try:
            page = yield from self.list_page(below)
        except NotSupportedError:  # no WebDAV, so there are no folders
            return False
        return bool(page.objects or page.prefixes or page.skipped)

    def list_page(self, request: ListRequest) -> Plan[Page]:
        """Read a listing; says what is missing where the server cannot list."""
        try:
            return (yield from super().list_page(request))
        except BaseError as error:
            if "Encountered invalid path" in str(error):  # the crate's words, of this store alone
                raise InvalidPathError(f"{error}: {WAY_OUT}", store=error.store) from None
            reason = _reason(error.status)
            if reason is None:
                raise
            known = {"store": error.store, "path": error.path, "status": error.status}
            raise NotSupportedError(f"{error.store or 'HTTPStore'}: {reason}", **known) from error


def _reason(status: int | None) -> str | None:
    if status in _NO_WEBDAV:
        return (
            f"the server cannot list: it answers WebDAV's PROPFIND with status {status}. A plain"
            " HTTP server has no listing; read the objects by their names"
        )
    if status == 403:
        return (
            "the server refuses WebDAV's PROPFIND (status 403): either the folder, or listings of"
            " any depth (Apache: `DavDepthInfinity On`; or use list_with_delimiter)"
        )
    return None


class WebDavHost:
    """Sends requests by another host, and reads the answers as WebDAV means them.

    The default headers are set here, not by the brain: only where nothing is signed may
    `Authorization` be one of them.
    """

    def __init__(
        self, host: HttpHost, default_headers: Mapping[str, str], exact: ExactUrls
    ) -> None:
        self._host = host
        self._exact = exact
        self._headers = list(default_headers.items())

    def _prepared(self, request: Request) -> Request:
        request = self._exact.restored(request)
        if request.method in ("DELETE", "COPY"):
            # RFC 4918, 9.6.1 and 9.8.3: of a folder this is refused, or done without what is in it
            request = changed(request, headers=[*request.headers, ("depth", "0")])
        if not self._headers:
            return request
        given = {name.lower() for name, _ in request.headers}
        more = [(name, value) for name, value in self._headers if name.lower() not in given]
        return changed(request, headers=[*request.headers, *more])

    def exchange(self, request: Request) -> Response:
        """Send a request, blocking."""
        answers = self._answers(self._prepared(request))
        wanted = next(answers)
        while True:
            response = self._host.exchange(wanted)
            if request.method == "HEAD" and response.body is not None:
                response.body.close()
            try:
                wanted = answers.send(response)
            except StopIteration as stop:
                last: Response = stop.value
                return last

    async def exchange_async(self, request: Request) -> Response:
        """Send a request, awaiting."""
        answers = self._answers(self._prepared(request))
        wanted = next(answers)
        while True:
            response = await self._host.exchange_async(wanted)
            if request.method == "HEAD" and response.body is not None:
                await response.body.close_async()
            try:
                wanted = answers.send(response)
            except StopIteration as stop:
                last: Response = stop.value
                return last

    def _answers(self, request: Request) -> Generator[Request, Response, Response]:
        """What is sent for a request, until something is the answer to it."""
        response = yield request
        if request.method == "HEAD":
            if response.status in _NO_HEAD or _lacks_length(response):
                response = yield from _asked_by_get(request)
            return changed(response, text="", body=None) if response.status < 300 else response
        if _may_be_there(request, response):
            response = yield changed(request, delay=0.0)
        return _meaning(request, response)


def _asked_by_get(request: Request) -> Generator[Request, Response, Response]:
    """The answer to a HEAD, found out by reading as little as possible of the object."""
    get = changed(request, method="GET", keep_body=True, delay=0.0)
    response = yield changed(get, headers=[*get.headers, ("Range", "bytes=0-0")])
    if response.status not in (206, 416):
        return response
    size = _whole_size(response)
    if size is None:
        return (yield get)
    kept = [line for line in response.headers.split("\n") if not _is_about_a_part(line)]
    return changed(response, status=200, headers="\n".join([*kept, f"content-length:{size}"]))


_TOTAL = re.compile(
    r"^content-range:[ \t]*bytes[ \t]{1,9}(?:0-0|\*)/([0-9]{1,19})[ \t]*$", re.I | re.M
)


def _whole_size(response: Response) -> str | None:
    """How long an object is, of which a part was asked for; None if the server does not say."""
    found = _TOTAL.search(response.headers)
    return None if found is None or (response.status == 416 and int(found[1])) else found[1]


def _is_about_a_part(line: str) -> bool:
    return line.partition(":")[0].lower() in ("content-range", "content-length")


def _may_be_there(request: Request, response: Response) -> bool:
    """Whether a folder that was refused may be there now.

    Apache answers 403, too, where another writer makes it at the same moment.
    """
    return request.method == "MKCOL" and response.status == 403


def _lacks_length(response: Response) -> bool:
    """Whether a HEAD's answer has no length: Apache leaves it out of those of empty objects."""
    if not 200 <= response.status < 300:
        return False
    return "\ncontent-length:" not in f"\n{response.headers}".lower()


def _meaning(request: Request, response: Response) -> Response:
    # RFC 4918, 9.3.1: MKCOL of what exists answers 405. Somebody else was faster: all is well.
    if request.method == "MKCOL" and response.status == 405:
        return changed(response, status=201, text="")
    # RFC 4918, 9.1: PROPFIND is answered with 207. Who answers 200 took it for a GET. 501 would be
    # tried again, but a method that a server does not have will not come.
    took_for_get = 200 <= response.status < 300 and response.status != 207
    if request.method == "PROPFIND" and (took_for_get or response.status == 501):
        return changed(response, status=405, text="")
    return response
