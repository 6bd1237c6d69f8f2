"""What is changed in Outlook reaches each linked date (R17 to R20, R27), by the outcome on both sides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jobs.approvals import find_choice, make_choice
from sync_core.model.action import Action
from sync_core.model.link import WATCHED
from sync_core.model.series import day_in
from sync_core.plan.repattern import ANOTHER_DATE
from tests.support.budget import in_turn
from tests.support.days import only
from tests.support.house import House
from tests.support.series import (
    MONDAYS,
    READINGS,
    clock,
    every_weekday,
    in_each_reading,
    kept_meetings,
    mondays,
    nine,
    on,
    repeating,
    starts,
)

TUESDAYS = [day + timedelta(days=1) for day in MONDAYS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each disputed fact either way, some of them in turn."""
    in_turn(metafunc, "house", READINGS)


house = pytest.fixture(in_each_reading)


def ids(house: House) -> dict[str, str]:
    """Activity id → start, of all that are not void."""
    return {row["Id"]: row["StartTime"][:16] for row in house.desk().activities() if not row["Void"]}


async def test_one_renamed_date_is_one_patch(house: House) -> None:
    """No stub's missing title reads as cleared."""
    series = mondays(house, body="agenda")
    await house.step()
    house.outlook().edit_date(series, MONDAYS[2], subject="Special")
    house.erp.requests.clear()
    report = await house.step()

    assert dict(report.done) == {"activity updated": 1}
    assert sum(seen.body.count(b"PATCH ") + (seen.method == "PATCH") for seen in house.erp.requests) == 1
    assert [on(house, day)["Subject"] for day in MONDAYS] == ["Week", "Week", "Special", "Week", "Week"]
    assert {row["Notes"] for row in house.desk().activities()} == {"agenda"}
    assert await house.settle() == {}


async def test_a_moved_date_keeps_its_activity_and_its_key(house: House) -> None:
    """By two days."""
    series = mondays(house)
    await house.step()
    third = on(house, MONDAYS[2])
    moved = MONDAYS[2] + timedelta(days=2)
    house.outlook().move_date(series, MONDAYS[2], clock(moved, 11), clock(moved, 12))
    await house.step()

    now = house.desk().get(third["Id"])
    assert (now["StartTime"][:16], now["ExternalId"]) == (f"{moved}T11:00", third["ExternalId"])
    assert await house.settle() == {}


async def test_a_date_moved_out_of_the_window_takes_its_activity_along(house: House) -> None:
    """Nothing is voided, and no second one is made when the window comes there."""
    series = mondays(house)
    await house.step()
    last = on(house, MONDAYS[4])
    beyond = MONDAYS[4] + timedelta(days=6)
    house.outlook().move_date(series, MONDAYS[4], clock(beyond), clock(beyond, 10))
    await house.step()
    assert house.desk().get(last["Id"])["StartTime"][:16] == f"{beyond}T09:00"

    house.advance(days=10)
    await house.settle()
    assert [row["Id"] for row in house.desk().activities() if row["StartTime"].startswith(str(beyond))] == [
        last["Id"]
    ]
    assert starts(house, void=True) == []


async def test_a_renamed_series_renames_its_dates(house: House) -> None:
    """One renamed in ERP.net meanwhile is a conflict that the policy solves; what is over for a day is left alone."""
    series = mondays(house)
    await house.step()
    house.advance(days=9)
    await house.step()
    house.desk().edit(on(house, MONDAYS[3])["Id"], subject="Theirs")
    house.outlook().edit(series, subject="Renamed")
    await house.step()

    titles = {row["StartTime"][:10]: row["Subject"] for row in house.desk().activities()}
    assert [titles[str(day)] for day in MONDAYS] == ["Week", "Week", "Renamed", "Renamed", "Renamed"]
    journal = await house.world.store.read_journal((await house.user()).id)
    assert "the whole series was changed in Outlook" in {e.reason for e in journal if e.action == "activity updated"}
    assert "Theirs" in [v for e in journal if e.action == "value kept" for v in e.before.values()]
    assert await house.settle() == {}


async def test_mondays_become_tuesdays(house: House) -> None:
    """The same activities with the new dates and keys; none is voided, none is made."""
    series = mondays(house)
    await house.step()
    before = ids(house)
    house.outlook().make_series(series, repeating("tuesday", since=date(2024, 1, 23)))
    await house.step()

    after = ids(house)
    assert sorted(after.values()) == nine(*TUESDAYS)
    assert {i: start[:10] for i, start in after.items()} == {
        i: str(date.fromisoformat(start[:10]) + timedelta(days=1)) for i, start in before.items()
    }
    assert starts(house, void=True) == []
    assert {day_in(row["ExternalId"]) for row in house.desk().activities()} == set(TUESDAYS)
    assert await house.settle() == {}
    journal = await house.world.store.read_journal((await house.user()).id)
    assert [(e.reason, len(e.dates)) for e in journal if e.action == Action.FOUND_AGAIN] == [
        (ANOTHER_DATE, len(MONDAYS))
    ]


@pytest.mark.parametrize("months", [1, 2])
async def test_a_date_that_leaves_the_window_by_another_pattern_keeps_its_activity(house: House, months: int) -> None:
    """Mondays become Fridays, and the last one is beyond the window by that, or was, since the window is shorter by
    now: nothing is voided, and nothing made again when the window comes there."""
    house.set_policy(months_ahead=months)
    series = mondays(house)
    await house.step()
    before = ids(house)
    house.set_policy(months_ahead=1)
    house.outlook().make_series(series, repeating("friday", since=date(2024, 1, 26)))
    await house.settle()

    fridays = [date.fromisoformat(start[:10]) + timedelta(days=4) for start in before.values()]
    assert sorted(ids(house).values()) == nine(*sorted(fridays))
    assert (set(ids(house)), starts(house, void=True)) == (set(before), [])
    house.advance(days=3)
    await house.settle()
    assert (set(ids(house)), starts(house, void=True)) == (set(before), [])


async def test_a_deleted_date_is_one_void(house: House) -> None:
    """No removal comes for it."""
    series = mondays(house)
    await house.step()
    house.outlook().delete_date(series, MONDAYS[3])
    report = await house.step()

    assert dict(report.done) == {"activity voided": 1}
    assert starts(house, void=True) == nine(MONDAYS[3])
    assert await house.settle() == {}


async def test_this_and_following_goes_on_with_the_same_activities(house: House) -> None:
    """A new series with another title takes over; its dates bear its keys."""
    series = mondays(house)
    await house.step()
    before = ids(house)
    house.outlook().split(series, MONDAYS[2], subject="New")
    await house.settle()

    assert ids(house) == before
    assert [on(house, day)["Subject"] for day in MONDAYS] == ["Week", "Week", "New", "New", "New"]
    assert starts(house, void=True) == []
    links = [link for link in (await house.recall()).links if link.occurrence]
    assert len({link.occurrence.series_uid for link in links if link.occurrence}) == 2
    assert {row["ExternalId"] for row in house.desk().activities()} == {link.ical_uid for link in links}


async def test_this_and_following_may_come_in_two_rounds(house: House) -> None:
    """First the old series ends earlier, then the new one is there: one round is waited."""
    series = mondays(house)
    await house.step()
    before = ids(house)
    house.outlook().end_before(series, MONDAYS[3])
    assert dict((await house.step()).done) == {}
    house.outlook().create(
        "Later",
        clock(TUESDAYS[3], 15),
        clock(TUESDAYS[3], 16),
        recurrence=repeating("tuesday", since=TUESDAYS[3]),
    )
    await house.settle()

    assert set(ids(house)) == set(before)
    assert starts(house) == [*nine(*MONDAYS[:3]), *(f"{day}T15:00" for day in TUESDAYS[3:])]
    assert starts(house, void=True) == []


async def test_a_series_that_ends_earlier_voids_the_rest_one_round_later(house: House) -> None:
    """When nothing has taken their place."""
    series = mondays(house)
    await house.step()
    house.outlook().end_before(series, MONDAYS[3])
    assert dict((await house.step()).done) == {}
    await house.step()

    assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS[:3]), nine(*MONDAYS[3:]))
    assert await house.settle() == {}


async def test_a_single_meeting_becomes_weekly_and_single_again(house: House) -> None:
    """Its activity stays that of its date all the time; the others come and go."""
    single = house.outlook().create("One", clock(MONDAYS[1]), clock(MONDAYS[1], 10))
    await house.step()
    first = only(house.desk().activities())["Id"]
    house.outlook().make_series(single, repeating("monday", since=MONDAYS[1]))
    await house.settle()

    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first

    house.outlook().make_single(single)
    await house.settle()
    assert ids(house) == {first: nine(MONDAYS[1])[0]}
    assert starts(house, void=True) == nine(*MONDAYS[2:])


@pytest.mark.parametrize("hours", [20, 28, 70])
async def test_a_meeting_that_took_place_becomes_weekly(house: House, hours: int) -> None:
    """Its activity tells of it as before; the dates to come get their own."""
    single = house.outlook().create("One", clock(MONDAYS[0], 15), clock(MONDAYS[0], 16))
    await house.step()
    first = only(house.desk().activities())
    house.advance(hours=hours)
    house.outlook().make_series(single, repeating("monday", since=MONDAYS[0]))
    await house.settle()

    assert house.desk().get(first["Id"])["StartTime"] == first["StartTime"]
    assert starts(house) == [f"{day}T15:00" for day in MONDAYS]


async def test_a_meeting_that_took_place_is_put_off_and_weekly_from_then_on(house: House) -> None:
    """Its activity goes along."""
    single = house.outlook().create("One", clock(MONDAYS[0], 15), clock(MONDAYS[0], 16))
    await house.step()
    first = only(house.desk().activities())["Id"]
    house.advance(hours=28)
    house.outlook().edit(single, start=clock(MONDAYS[1]), end=clock(MONDAYS[1], 10))
    house.outlook().make_series(single, repeating("monday", since=MONDAYS[1]))
    await house.settle()

    assert (on(house, MONDAYS[1])["Id"], starts(house)) == (first, nine(*MONDAYS[1:]))


async def test_a_series_becomes_single_on_a_day_that_is_over(house: House) -> None:
    """No activity of a date to come is moved there: that day has its own."""
    series = mondays(house)
    await house.step()
    first = on(house, MONDAYS[0])["Id"]
    house.advance(hours=28)
    house.outlook().edit(series, recurrence=None, start=clock(MONDAYS[0]), end=clock(MONDAYS[0], 10))
    await house.settle()

    assert ids(house) == {first: nine(MONDAYS[0])[0]}
    assert starts(house, void=True) == nine(*MONDAYS[1:])


@pytest.mark.parametrize(
    "day", [date(2026, 3, 9), date(2026, 4, 6)], ids=["soon", "later than the delta query tells"]
)
async def test_a_series_becomes_single_beyond_the_window(house: House, day: date) -> None:
    """The activity of its first date goes there."""
    kept_meetings(house)
    series = mondays(house)
    await house.step()
    first = on(house, MONDAYS[0])["Id"]
    house.outlook().edit(series, recurrence=None, start=clock(day), end=clock(day, 10))
    await house.settle()

    assert on(house, day)["Id"] == first
    assert starts(house, void=True) == nine(*MONDAYS[1:])


@pytest.mark.parametrize("limit", [(0, 0.0), (1, 0.0)])
async def test_what_a_series_leaves_that_becomes_single_is_one_decision(
    house: House, limit: tuple[int, float]
) -> None:
    """All its other dates count as one deletion: none is let through where no deletion is, and none is held where one
    is. The list names each, and a yes carries them all out."""
    house.set_policy(mass_deletion=limit)
    kept_meetings(house)
    series = every_weekday(house)
    await house.step()
    house.outlook().make_single(series)
    await house.settle()

    if limit[0]:
        assert (len(starts(house, void=True)), (await house.recall()).holds) == (23, ())
        return
    (hold,) = (await house.recall()).holds
    units = {item.unit or item.event_id for item in hold.items}
    assert (hold.why, len(hold.items), len(units)) == ("1 of 4 linked meetings were deleted at once", 23, 1)
    assert starts(house, void=True) == []
    await make_choice(house.world, *await find_choice(house.world, hold.id), approved=True)
    await house.settle()
    assert (len(starts(house, void=True)), (await house.recall()).holds) == (23, ())


async def test_a_date_says_how_often_its_series_takes_place_by_now(house: House) -> None:
    """Every week becomes every second one; the dates that stay say so as soon as they were read."""
    series = mondays(house)
    await house.step()
    told = {link.occurrence.text for link in (await house.recall()).links if link.occurrence}
    assert told == {f"Weekly, {day.day} {day:%B}" for day in MONDAYS}
    house.outlook().make_series(series, repeating("monday", since=MONDAYS[0], interval=2))
    await house.settle()

    told = {x.occurrence.text for x in (await house.recall()).links if x.occurrence and x.status in WATCHED}
    assert told == {f"Every second week, {day.day} {day:%B}" for day in MONDAYS[::2]}


async def test_a_deleted_weekday_series_counts_as_one_deletion(house: House) -> None:
    """All its future dates are void and nobody is asked, since another meeting is left."""
    kept_meetings(house)
    series = every_weekday(house)
    await house.step()
    assert len(starts(house)) == 2 + 24
    house.outlook().delete(series)
    await house.settle()

    assert len(starts(house, void=True)) == 24
    assert (await house.recall()).holds == ()


async def test_several_deleted_series_wait_for_a_person_and_go_then(house: House) -> None:
    """All of three are too many at once; a yes carries out every date, each read again first."""
    series = [mondays(house, f"Week {n}") for n in range(3)]
    await house.step()
    for one in series:
        house.outlook().delete(one)
    await house.settle()
    (hold,) = (await house.recall()).holds
    assert (len(hold.items), hold.why, starts(house, void=True)) == (
        15,
        "3 of 3 linked meetings were deleted at once",
        [],
    )

    await make_choice(house.world, *await find_choice(house.world, hold.id), approved=True)
    await house.settle()
    assert (starts(house), len(starts(house, void=True))) == ([], 15)
