"""Draws curves over sizes as SVG: both axes by powers of ten, each curve with its name at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 260, 46, 130, 30, 34
"""Of one panel and of its edges, in pixels."""

COLOURS = ("#0b5394", "#38761d", "#b45f06", "#741b47")


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost by size; a cost of nothing is drawn at the bottom."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over the same sizes."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True, slots=True)
class Scale:
    """Powers of ten from ``low`` to ``high`` along so many pixels."""

    low: int
    high: int
    pixels: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        power = math.log10(max(value, 10**self.low))
        return (power - self.low) / (self.high - self.low) * self.pixels

    @property
    def powers(self) -> range:
        """The powers of ten that have a line."""
        return range(self.low, self.high + 1)


def drawn(panels: Sequence[Panel]) -> str:
    """The panels, two in a row."""
    parts = [
        f'<g transform="translate({place % 2 * WIDTH},{place // 2 * HEIGHT})">{"".join(_panel(panel))}</g>'
        for place, panel in enumerate(panels)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {math.ceil(len(panels) / 2) * HEIGHT}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def scale_of(values: Sequence[float], pixels: float) -> Scale:
    """The scale that holds all of them; what is less than a tenth counts as that."""
    powers = [math.log10(max(value, 0.1)) for value in values]
    low = math.floor(min(powers))
    return Scale(low, max(low + 1, math.ceil(max(powers))), pixels)


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for curve in panel.curves for point in curve.points]
    across = scale_of([size for size, _ in points], WIDTH - LEFT - RIGHT)
    up = scale_of([cost for _, cost in points], HEIGHT - TOP - BOTTOM)
    yield f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>'
    yield from _lines(across, up)
    for colour, curve in zip(COLOURS, panel.curves, strict=False):
        places = [(LEFT + across.at(size), HEIGHT - BOTTOM - up.at(cost)) for size, cost in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        x, y = places[-1]
        yield f'<text x="{x + 7:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(curve.name)}</text>'


def _lines(across: Scale, up: Scale) -> Iterator[str]:
    for power in up.powers:
        y = HEIGHT - BOTTOM - up.at(10**power)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:,g}</text>'
    for power in across.powers:
        x = LEFT + across.at(10**power)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{10**power:,g}</text>'
