"""Days and clocks of series (R7, R16, R29): what enters the window, changes of the clocks, zones, whole days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sync_core.model.policy import SeriesRule
from sync_core.model.series import day_in
from sync_core.model.sides import GraphReading
from tests.support.house import House
from tests.support.series import (
    MONDAYS,
    clock,
    every_weekday,
    kept_meetings,
    mondays,
    nine,
    on,
    open_series,
    repeating,
    starts,
)

pytestmark = pytest.mark.parametrize("readings", ["as captured", "ids that pass", "bare delta"])


async def test_an_untouched_date_arrives_on_its_day(readings: str) -> None:
    """Nothing changed in Outlook, so that the delta query says nothing: week after week, until a new one is begun."""
    async with open_series(readings=readings) as house:
        mondays(house)
        await house.step()
        told = watch_delta(house)
        for week in range(1, 13):
            told.clear()
            begun = (await house.recall()).cursors.delta_window
            house.advance(days=7)
            assert dict((await house.step()).done) == {"activity created": 1}
            assert starts(house) == nine(*(MONDAYS[0] + timedelta(days=7 * n) for n in range(5 + week)))
            is_anew = (await house.recall()).cursors.delta_window != begun
            assert bool(told) == is_anew, "an old delta query tells of nothing"
            assert await house.settle() == {}
        assert starts(house, void=True) == []


def watch_delta(house: House) -> list[str]:
    """The ids of all items that delta queries tell of from now on."""
    told: list[str] = []
    read_changes = house.world.calendar.read_changes

    async def watched(*args: Any, **kwargs: Any) -> GraphReading:
        reading = await read_changes(*args, **kwargs)
        told.extend([*(event.id for event in reading.events), *reading.removed, *reading.series])
        return reading

    house.world.calendar.read_changes = watched  # type: ignore[method-assign]
    return told


async def test_a_clock_that_changes_changes_nothing(readings: str) -> None:
    """Nine in New York, read in Sofia, over both changes in March: right instants, no edit, nothing written twice."""
    async with open_series(readings=readings, at=datetime(2026, 3, 2, 6, tzinfo=UTC)) as house:
        nine_in_new_york(house, date(2026, 3, 2))
        await house.step()

        # New York changes on March 8, Sofia on March 29
        assert starts(house) == [
            "2026-03-02T16:00",
            "2026-03-09T15:00",
            "2026-03-16T15:00",
            "2026-03-23T15:00",
            "2026-03-30T16:00",
        ]
        house.advance(days=29)
        assert set(await house.settle()) <= {"activity created"}
        assert len(starts(house)) == 9
        assert starts(house)[:5] == [
            f"2026-03-{d:02}T{h}:00" for d, h in [(2, 16), (9, 15), (16, 15), (23, 15), (30, 16)]
        ]


async def test_a_clock_that_is_put_back_changes_nothing(readings: str) -> None:
    """In autumn Sofia's clock goes back a week before New York's."""
    async with open_series(readings=readings, at=datetime(2026, 10, 12, 6, tzinfo=UTC)) as house:
        first = date(2026, 10, 12)
        nine_in_new_york(house, first)
        await house.step()
        days = [first + timedelta(days=7 * n) for n in range(5)]
        told = [f"{day}T{hour}:00" for day, hour in zip(days, (16, 16, 15, 16, 16), strict=True)]
        assert starts(house) == told

        for _ in range(4):
            house.advance(days=7)
            assert set(await house.settle()) <= {"activity created"}
        assert starts(house)[:5] == told
        assert len(starts(house)) == 9


@pytest.mark.parametrize(
    ("zone", "hour", "days_off", "told"),
    [
        ("New Zealand Standard Time", 7, -1, "20:00"),
        ("Line Islands Standard Time", 9, -1, "21:00"),
        ("Dateline Standard Time", 20, 1, "10:00"),
    ],
)
async def test_a_series_at_the_date_line_is_known_by_its_own_dates(
    readings: str, zone: str, hour: int, days_off: int, told: str
) -> None:
    """Its Monday is Sofia's Sunday in the east and Tuesday in the west; one date edited and one deleted there are
    these and no others."""
    async with open_series(readings=readings) as house:
        since = MONDAYS[1]
        series = house.outlook().create(
            "Far", clock(since, hour), clock(since, hour + 1), zone=zone, recurrence=repeating("monday", since=since)
        )
        await house.step()
        here = [day + timedelta(days=days_off) for day in MONDAYS[1:]]
        assert starts(house) == [f"{day}T{told}" for day in here]
        assert {day_in(row["ExternalId"]) for row in house.desk().activities()} == set(MONDAYS[1:])

        house.outlook().edit_date(series, MONDAYS[2], subject="Special")
        house.outlook().delete_date(series, MONDAYS[3])
        await house.settle()
        assert on(house, here[1])["Subject"] == "Special"
        assert starts(house, void=True) == [f"{here[2]}T{told}"]


async def test_an_evening_in_the_west_is_known_by_its_own_date(readings: str) -> None:
    """20:00 in Los Angeles is another day in UTC and in Sofia: the keys are the dates of Los Angeles."""
    async with open_series(readings=readings) as house:
        series = house.outlook().create(
            "West",
            clock(MONDAYS[0], 20),
            clock(MONDAYS[0], 21),
            zone="Pacific Standard Time",
            recurrence=repeating("monday", since=MONDAYS[0]),
        )
        await house.step()
        tuesdays = [day + timedelta(days=1) for day in MONDAYS]
        assert starts(house) == [f"{day}T06:00" for day in tuesdays]
        assert {day_in(row["ExternalId"]) for row in house.desk().activities()} == set(MONDAYS)

        house.outlook().edit_date(series, MONDAYS[1], subject="Special")
        await house.step()
        assert on(house, tuesdays[1])["Subject"] == "Special"
        assert await house.settle() == {}


async def test_whole_days_are_dates(readings: str) -> None:
    """One is moved by a day: its activity goes along, and no other."""
    async with open_series(readings=readings) as house:
        series = house.outlook().create(
            "Day off",
            MONDAYS[0],
            MONDAYS[0] + timedelta(days=1),
            all_day=True,
            recurrence=repeating("monday", since=MONDAYS[0]),
        )
        await house.step()
        assert starts(house) == [f"{day}T00:00" for day in MONDAYS]
        second = on(house, MONDAYS[1])["Id"]

        moved = MONDAYS[1] + timedelta(days=1)
        house.outlook().move_date(series, MONDAYS[1], moved, moved + timedelta(days=1), all_day=True)
        await house.step()
        assert house.desk().get(second)["StartTime"][:16] == f"{moved}T00:00"
        assert {day_in(row["ExternalId"]) for row in house.desk().activities()} == set(MONDAYS)
        assert await house.settle() == {}


async def test_switched_off_and_on_again(readings: str) -> None:
    """Off: links are parked, nothing is voided, nothing is written, whatever happens. On: compared with the bases."""
    async with open_series(readings=readings) as house:
        series = mondays(house)
        await house.step()
        house.set_policy(series=SeriesRule.SKIP)
        house.outlook().edit_date(series, MONDAYS[1], subject="In Outlook")
        house.outlook().delete_date(series, MONDAYS[2])
        house.desk().edit(on(house, MONDAYS[3])["Id"], subject="In ERP.net")
        house.graph.requests.clear()
        assert await house.settle() == {}
        assert (house.patches(), house.graph_writes()) == ([], [])
        assert {link.reason for link in (await house.recall()).links} == {"part of a recurring series"}

        house.set_policy(series=SeriesRule.WINDOW)
        await house.settle()
        left = [day for day in MONDAYS if day != MONDAYS[2]]
        assert (starts(house), starts(house, void=True)) == (nine(*left), nine(MONDAYS[2]))
        assert on(house, MONDAYS[1])["Subject"] == "In Outlook"
        shown = house.outlook().get(house.outlook().occurrence(series, MONDAYS[3]))
        assert shown["subject"] == "In ERP.net"


async def test_a_series_that_is_deleted_while_off_is_void_when_on(readings: str) -> None:
    """Nothing is voided before."""
    async with open_series(readings=readings) as house:
        kept_meetings(house)
        series = every_weekday(house)
        await house.step()
        house.set_policy(series=SeriesRule.SKIP)
        house.outlook().delete(series)
        await house.settle()
        assert starts(house, void=True) == []

        house.set_policy(series=SeriesRule.WINDOW)
        await house.settle()
        assert len(starts(house, void=True)) == 24


def nine_in_new_york(house: House, first: date) -> None:
    """Mondays at nine in New York, from this one on."""
    rule = repeating("monday", since=first)
    house.outlook().create("New York", clock(first), clock(first, 10), zone="Eastern Standard Time", recurrence=rule)
