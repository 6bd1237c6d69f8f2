"""Bounds what is kept of answers: a compressed one is counted while it unpacks, before it can fill the memory.

Only gzip is asked for (httpx would offer whatever is installed), and unpacked here piece by piece.
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


class TooLarge(httpx.DecodingError):
    """The answer is larger than the limit, or has an encoding that was not asked for."""


async def read_bounded(pieces: AsyncIterator[bytes], packing: str) -> bytes:
    """A body that arrives in pieces, whole and unpacked. Raises ``TooLarge`` and zlib's errors."""
    if packing not in ("gzip", "x-gzip", "identity"):
        raise TooLarge("an answer packed in a way that was not asked for; not read")
    content = bytearray()
    async for piece in pieces if packing == "identity" else _unpacked(pieces):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise TooLarge(f"an answer of more than {LARGEST_ANSWER // 2**20} MB; not read")
    return bytes(content)


async def _unpacked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    async for packed in pieces:
        while packed:
            yield unpacker.decompress(packed, PIECE)
            packed = unpacker.unconsumed_tail
    yield unpacker.flush()
