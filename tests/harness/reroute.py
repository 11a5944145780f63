"""A user's transport that plays hosts which a test machine does not have."""

from __future__ import annotations

import httpx


class Reroute(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends what is meant for one host to a local port; all else goes where it should."""

    def __init__(self, place: str, port: int) -> None:
        self._place, self._port = place, port

    def _rerouted(self, request: httpx.Request) -> httpx.Request:
        if request.url.host == self._place:
            request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return request

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with httpx.HTTPTransport() as transport:
            answer = transport.handle_request(self._rerouted(request))
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncHTTPTransport() as transport:
            answer = await transport.handle_async_request(self._rerouted(request))
            body = await answer.aread()
            return httpx.Response(answer.status_code, headers=answer.headers, content=body)
