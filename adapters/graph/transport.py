"""Carries the SDK's requests over aiohttp, as ERP.net's are carried: the SDK asks for a client of httpx, whose own
ways take four times the CPU.

An answer is read whole, within bounds; no cookie is kept (each request is signed, and one mailbox's are no other's)
and no redirect followed. A request is sent once, over HTTP/1.1: a mailbox has three under way at most, and taking
HTTP/2 apart in Python costs more than a connection for each.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

from adapters.graph.bounded import ACCEPTED, read_bounded

LONGEST_LINE = 2**16
"""Bytes of a header that are read; aiohttp's own limit is 8 KiB."""

CONTENT_ENCODING = b"content-encoding"
"""It is said of what was unpacked no more; httpx would unpack it again."""


class Client(httpx.AsyncClient):
    """What the SDK's request adapter needs of httpx's client: to make a request and to send it.

    ``root`` is the address that all requests go to. Connections are opened on first use, inside the running loop.
    """

    def __init__(self, root: str, seconds: float, trusted: ssl.SSLContext) -> None:
        super().__init__(transport=_Nowhere())
        self._root = root
        self._seconds = seconds
        self._trusted = trusted
        self._session: aiohttp.ClientSession | None = None

    def build_request(self, method: str, url: httpx.URL | str, **given: Any) -> httpx.Request:
        """A request with the headers that it is given, and no others."""
        return httpx.Request(method, url, **{**given, "headers": {**ACCEPTED, **given["headers"]}})

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request and read its answer, unpacked. Raises ``httpx.ConnectError`` where nothing was sent,
        ``httpx.ReadError`` where the connection was lost, and what ``read_bounded`` raises."""
        asked = self._opened().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=request.headers.multi_items(),
            data=request.content or None,
            allow_redirects=False,
        )
        try:
            async with asked as answer:
                packing = answer.headers.get("Content-Encoding", "identity").lower()
                content = await read_bounded(answer.content.iter_any(), packing)
        except (aiohttp.ClientError, ConnectionError) as problem:
            raise httpx.ReadError(str(problem)) from problem
        headers = [(name, value) for name, value in answer.raw_headers if name.lower() != CONTENT_ENCODING]
        return httpx.Response(answer.status, headers=headers, content=content, request=request)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trusted),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._seconds),
                proxy=proxy_for(self._root),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
                middlewares=(_once,),
            )
        return self._session

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class _Nowhere(httpx.AsyncBaseTransport):
    """Is never asked; without it httpx would make connections of its own ready."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send once: aiohttp would repeat a GET and a DELETE whose connection is lost, did it see its own error."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
        raise httpx.ConnectError(str(problem)) from problem
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise httpx.ReadError(str(problem)) from problem


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address; None where it names none."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
