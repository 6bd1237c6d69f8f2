"""Back-off: how long to wait before the next try. It grows exponentially, is bounded and has jitter."""

from __future__ import annotations

import random

LICENCE_BACKOFF = 60.0
"""Seconds of back-off if ERP.net has no licence left and gives no ``Retry-After`` (erpnet.md §3)."""


def jittered(seconds: float, share: float = 0.1) -> float:
    """Add jitter: ``seconds`` and at most ``share`` of them more, so that waits begun together end apart."""
    return seconds * random.uniform(1.0, 1.0 + share)  # noqa: S311 - jitter, no secret


def exponential(tries: int, first: float, longest: float) -> float:
    """Exponential back-off: seconds after ``tries`` vain tries, doubling from ``first``, at most ``longest``.

    Jitter takes up to a fifth off or adds it.
    """
    return min(longest, first * 2.0 ** min(tries, 16)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
