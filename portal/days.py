"""The last thirty days in numbers, and how they are drawn: bars of actions, lines of how long people waited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.http import Json
from sync_core.model.day import Day, by_day

DAYS = 30

WIDTH, HEIGHT = 640, 120
"""Of the drawing, in its own units; the page scales it."""

HALF, NEARLY_ALL = 0.5, 0.95


def last_days(found: Iterable[Day], today: date) -> list[Json]:
    """Each of the last days (UTC), the oldest first, those without a row as days on which nothing was done.

    ``p50`` and ``p95``: within how many seconds so many changes were across, null where no lag is known.
    """
    known = by_day(found)
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [_told(known.get(day, Day(day))) for day in days]


def _told(one: Day) -> Json:
    return {
        "day": one.day.isoformat(),
        "actions": one.actions,
        "failures": one.failures,
        "p50": one.lag_of(HALF),
        "p95": one.lag_of(NEARLY_ALL),
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's bar."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """``bars`` of the actions; ``lines`` by name, each of stretches (SVG points), broken where nothing is known.
    ``most`` and ``longest`` are what the top stands for."""

    bars: tuple[Bar, ...]
    lines: dict[str, tuple[str, ...]]
    most: int
    longest: int
    width: int = WIDTH
    height: int = HEIGHT


def drawn(days: Sequence[Json]) -> Drawing:
    """The geometry of these days."""
    most = max((day["actions"] for day in days), default=0)
    longest = max((day[name] or 0 for day in days for name in ("p50", "p95")), default=0)
    step = WIDTH / max(1, len(days))
    bars = [
        Bar(round(step * n + step * 0.15, 1), round(HEIGHT - tall, 1), round(step * 0.7, 1), round(tall, 1))
        for n, day in enumerate(days)
        for tall in [HEIGHT * day["actions"] / most if most else 0.0]
    ]
    lines = {name: _stretches([day[name] for day in days], step, longest) for name in ("p50", "p95")}
    return Drawing(tuple(bars), lines, most, longest)


def _stretches(values: Sequence[int | None], step: float, longest: int) -> tuple[str, ...]:
    """The points of the days of which a value is known; a day alone becomes a short dash."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((step * (number + 0.5), HEIGHT - HEIGHT * value / longest))
    return tuple(_points(found, step) for found in stretches if found)


def _points(found: list[tuple[float, float]], step: float) -> str:
    if len(found) == 1:
        [(x, y)] = found
        found = [(x - step / 4, y), (x + step / 4, y)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in found)
