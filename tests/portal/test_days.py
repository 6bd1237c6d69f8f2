"""The last thirty days on the page about everybody: numbers, their drawing, and what it costs to look."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from portal.days import DAYS, HEIGHT, WIDTH, drawn, last_days
from portal.sign_in import Role
from sync_core.model.day import Day, lags_of
from tests.support.house import House
from tests.support.visitor import Visitor, signed_in

TODAY = date(2026, 3, 1)


def test_thirty_days_end_today() -> None:
    """Days without a row are there, older ones are not, the parts of a day are joined."""
    days = last_days([Day(TODAY, 2), Day(TODAY, 3, 1), Day(TODAY - timedelta(days=30), 9)], TODAY)

    assert (len(days), days[0]["day"], days[-1]["day"]) == (DAYS, "2026-01-31", "2026-03-01")
    assert days[-1] == {"day": "2026-03-01", "actions": 5, "failures": 1, "p50": None, "p95": None}
    assert sum(day["actions"] for day in days) == 5


@pytest.mark.parametrize(
    "days",
    [
        [],
        [Day(TODAY)],
        [Day(TODAY, 1, lags=lags_of(4.0))],
        [Day(TODAY - timedelta(days=n), 10**n, lags=lags_of(10.0**n)) for n in (0, 1, 3, 4, 5)],
    ],
    ids=["no row", "nothing done", "one day", "a gap"],
)
def test_a_drawing_stays_within_its_frame(days: list[Day]) -> None:
    """Bars stand on the ground and touch neither each other nor the edges; lines go from day to day."""
    chart = drawn(last_days(days, TODAY))

    assert all(bar.y >= 0 and bar.y + bar.height == pytest.approx(HEIGHT, abs=0.2) for bar in chart.bars)
    assert all(a.x + a.width < b.x for a, b in pairwise(chart.bars))
    assert chart.bars[-1].x + chart.bars[-1].width <= WIDTH
    points = [pair.split(",") for line in chart.lines.values() for one in line for pair in one.split(" ")]
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)
    assert max((bar.height for bar in chart.bars), default=0) == (HEIGHT if any(d.actions for d in days) else 0)


def test_a_line_is_broken_where_nothing_is_known() -> None:
    """Two stretches with a quiet day between; a day alone is seen, too."""
    days = [Day(TODAY - timedelta(days=n), 1, lags=lags_of(3.0)) for n in (0, 2, 3)]
    chart = drawn(last_days(days, TODAY))

    assert [len(stretch.split(" ")) for stretch in chart.lines["p50"]] == [2, 2]
    assert len(chart.lines["p95"]) == 2


async def test_the_page_draws_and_tells_the_days(house: House) -> None:
    """As a picture with a name and as a table with the same numbers, newest first."""
    store, today = house.world.store, house.now.date()
    for back, actions in ((0, 7), (1, 3)):
        await store.add_to_day(Day(today - timedelta(days=back), actions, back, lags_of(4.0)), "u")
    vera = Visitor(house, signed_in("vera", Role.ADMIN))
    page = await vera.read("/portal/everyone")

    assert page.count('<svg class="chart"') == 2
    assert 'role="img" aria-label="Actions a day, at most 7"' in page
    assert re.findall(r'data-name="Actions">(\d+)<', page) == ["7", "3"]
    assert re.findall(r'data-name="Half within">([^<]+)<', page) == ["5 s", "5 s"]
    assert "style=" not in page
    told = await vera.json("/everyone")
    assert told["days"][-1] == {"day": today.isoformat(), "actions": 7, "failures": 0, "p50": 5, "p95": 5}


async def test_a_look_costs_the_same_for_ten_people_as_for_a_thousand(house: House) -> None:
    """The rows of a day are as many however many people have rounds."""
    store, today = house.world.store, house.now.date()
    for number in range(1_000):
        await store.add_to_day(Day(today, 1), f"user {number}")
    parts = await store.list_days()

    assert len(parts) <= 4
    assert sum(part.actions for part in parts) == 1_000
