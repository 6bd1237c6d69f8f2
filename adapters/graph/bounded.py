"""Bounds what is kept of answers: their size, and their cookies.

A compressed answer is counted while it unpacks, before it can fill the memory. Only gzip is asked for (httpx would
offer whatever is installed), and unpacked here piece by piece.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

LARGEST_ANSWER = 128 * 2**20
"""Bytes; 200 events with bodies of half a megabyte each."""

ACCEPTED = {"Accept-Encoding": "gzip"}

PIECE = 2**16

_GZIP = 16 + zlib.MAX_WBITS


class NoCookies(httpx.Cookies):
    """Keeps none, whatever an answer sets: each request is signed, and one mailbox's are no other's. Looking for
    them takes a tenth of a request's time."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave them."""


class Client(httpx.AsyncClient):
    """httpx's client, without cookies."""

    @property
    def cookies(self) -> httpx.Cookies:
        """None."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Nobody sets any."""
        raise AttributeError("cookies")


_NO_COOKIES = NoCookies()


class TooLarge(httpx.DecodingError):
    """The answer is larger than the limit, or has an encoding that was not asked for."""


async def bound(response: httpx.Response) -> None:
    """A response hook: it replaces the body by an unpacked one that raises ``TooLarge`` beyond the limit."""
    packing = response.headers.pop("content-encoding", "identity").lower()
    if packing not in ("gzip", "x-gzip", "identity"):
        raise TooLarge("an answer packed in a way that was not asked for; not read")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Bounded(response.stream, is_packed=packing != "identity")


class _Bounded(httpx.AsyncByteStream):
    """A body that is unpacked and counted while it is read."""

    def __init__(self, inner: httpx.AsyncByteStream, *, is_packed: bool) -> None:
        self._inner = inner
        self._is_packed = is_packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._plain():
            size += len(piece)
            if size > LARGEST_ANSWER:
                raise TooLarge(f"an answer of more than {LARGEST_ANSWER // 2**20} MB; not read")
            yield piece

    async def _plain(self) -> AsyncIterator[bytes]:
        if not self._is_packed:
            async for piece in self._inner:
                yield piece
            return
        unpacker = zlib.decompressobj(_GZIP)
        async for packed in self._inner:
            while packed:
                yield unpacker.decompress(packed, PIECE)
                packed = unpacker.unconsumed_tail
        yield unpacker.flush()

    async def aclose(self) -> None:
        await self._inner.aclose()
