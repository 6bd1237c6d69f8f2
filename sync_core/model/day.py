"""What the rounds of one day did, in numbers: actions, failures, and how long people waited for them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate

UP_TO = (1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600)
"""Seconds: the upper ends of the classes in which lags are counted. A longer lag counts in the last one."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC) of everybody's rounds.

    ``lags`` are how many rounds with an action ended so long after what woke them, by the classes of ``UP_TO``.
    """

    day: date
    actions: int = 0
    failures: int = 0
    lags: tuple[int, ...] = ()

    def lag_of(self, share: float) -> int | None:
        """Within how many seconds this share of the rounds with an action ended; None where no lag is known."""
        wanted = share * sum(self.lags)
        reached = zip(UP_TO, accumulate(self.lags), strict=False)
        return next((seconds for seconds, count in reached if count >= wanted > 0), None)


def lags_of(seconds: float | None) -> tuple[int, ...]:
    """The counts of one lag; () for none."""
    if seconds is None:
        return ()
    found = min(bisect_left(UP_TO, seconds), len(UP_TO) - 1)
    return (*(0,) * found, 1)


def joined(one: Day, other: Day) -> Day:
    """Both together, as ``one``'s day."""
    longer, shorter = sorted((one.lags, other.lags), key=len, reverse=True)
    padded = shorter + (0,) * (len(longer) - len(shorter))
    return replace(
        one,
        actions=one.actions + other.actions,
        failures=one.failures + other.failures,
        lags=tuple(a + b for a, b in zip(longer, padded, strict=True)),
    )


def by_day(found: Iterable[Day]) -> dict[date, Day]:
    """The days, each once, the parts of one joined."""
    days: dict[date, Day] = {}
    for one in found:
        known = days.get(one.day)
        days[one.day] = one if known is None else joined(known, one)
    return days
