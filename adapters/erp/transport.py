"""Makes HTTP exchanges with ERP.net, bounded in time and size; redirects are refused.

Nothing here knows tokens or OData; statuses are passed up as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from adapters.http import count_answer
from jobs.ports import cover
from sync_core.errors import AppRefused, ItemRejected, SideUnavailable
from sync_core.model.sides import Side

LARGEST_ANSWER = 64 * 2**20
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ErpOptions:
    """``url`` is the root of the instance, the other fields are the trusted application's credentials."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its whole body; ``headers`` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Unreachable(SideUnavailable):
    """No connection could be opened: nothing was sent, and the address may be out of date."""


class _TooLargeError(Exception):
    """The answer is larger than the limit."""


class Transport:
    """Opens its connections inside the running loop, on first use."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_seconds, sock_connect=min(CONNECT_SECONDS, timeout_seconds)
        )
        self._client: aiohttp.ClientSession | None = None

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None, *, writing: bool = False
    ) -> Reply:
        """Send one request and read its answer, of any status but a redirect.

        Raises ``Unreachable``, ``SideUnavailable`` (``unclear`` for a write that may have arrived),
        ``AppRefused`` on a redirect, ``ItemRejected`` on an answer beyond 64 MB.
        """
        host = urlsplit(url).hostname
        try:
            async with cover.get()():
                reply = await self._exchange(method, url, headers, data)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(
                Side.ERP, f"no connection to ERP.net at {host}; see that ERPNET_URL and the network are right"
            ) from error
        except _TooLargeError as error:
            if writing:
                raise SideUnavailable(Side.ERP, str(error), unclear=True) from error
            raise ItemRejected(Side.ERP, str(error), code="too-large") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"no answer from ERP.net at {host}{' in time' if isinstance(error, TimeoutError) else ''}"
            raise SideUnavailable(Side.ERP, text, unclear=writing) from error
        count_answer(Side.ERP, reply.status)
        if 300 <= reply.status < 400:
            raise AppRefused(
                Side.ERP,
                f"ERP.net at {host} answers with a redirect ({reply.status}), which is never followed: set "
                "ERPNET_URL to the instance's own address and check that its web sites are running",
            )
        return reply

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Reply:
        client = self._open()
        address = URL(url.replace(" ", "%20"), encoded=True)
        async with client.request(method, address, headers=headers, data=data, allow_redirects=False) as response:
            content = await _read(response)
        return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, content)

    def _open(self) -> aiohttp.ClientSession:
        if self._client is None or self._client.closed:
            self._client = aiohttp.ClientSession(timeout=self._timeout)
        return self._client

    async def close(self) -> None:
        """Close the connections; the next exchange opens new ones."""
        if self._client is not None:
            await self._client.close()
            self._client = None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise _TooLargeError("ERP.net's answer is larger than 64 MB; not read")
    return bytes(content)
