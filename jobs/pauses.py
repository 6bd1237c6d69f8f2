"""Back-off: how long to wait before the next try, growing, bounded and with jitter."""

from __future__ import annotations

import random

LICENCE_REST = 60.0
"""Seconds to leave ERP.net alone where it has no licence and does not say for how long (erpnet.md §3)."""


def spread(seconds: float, share: float = 0.1) -> float:
    """``seconds`` and at most ``share`` of them more: those who begin to wait together do not end together."""
    return seconds * random.uniform(1.0, 1.0 + share)  # noqa: S311 - jitter, no secret


def growing(tries: int, first: float, longest: float) -> float:
    """Seconds before the next try after ``tries`` ones: doubling from ``first``, at most ``longest``, a fifth off
    either way."""
    return min(longest, first * 2.0 ** min(tries, 16)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
