"""An accident, and people who go on with a series before the next round: what both sides show once all is quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import cast

import pytest

from jobs.company import start_app
from jobs.ports import Calendar, Erp
from sync_core.model.link import LinkStatus
from sync_core.model.policy import SeriesRule
from sync_core.model.why import Why
from tests.support.budget import budget, each, told
from tests.support.days import only
from tests.support.house import House
from tests.support.moments import Watched
from tests.support.scenes import forget_everything
from tests.support.series import (
    MONDAYS,
    READINGS,
    SIDES,
    TROUBLES,
    clock,
    every_weekday,
    in_each_reading,
    mondays,
    nine,
    on,
    repeating,
    starts,
    stop_at_every_call,
    subjects,
)

TUESDAYS = [day + timedelta(days=1) for day in MONDAYS]
EVERY_MONDAY = repeating("monday", since=MONDAYS[1])


house = pytest.fixture(in_each_reading, params=READINGS)


async def sync_unanswered(house: House) -> None:
    """A sync in which ERP.net writes what it is asked to, and the answer is lost."""

    async def on_call(name: str) -> None:
        if name == "write":
            house.erp.add_fault("POST */$batch", kind="lose")

    whole = house.world
    house.world = replace(whole, erp=cast(Erp, Watched(whole.erp, on_call)))
    await house.sync()
    house.world = whole
    house.erp.faults.clear()
    house.advance(minutes=20)


def one_meeting(house: House) -> str:
    """A single meeting on the second Monday."""
    return house.outlook().create("Talk", clock(MONDAYS[1]), clock(MONDAYS[1], 10))


async def test_a_meeting_whose_first_answer_was_lost_becomes_weekly(house: House) -> None:
    """The activity that was made all the same is that of its date, and the other dates get theirs."""
    await house.step()
    event = one_meeting(house)
    await sync_unanswered(house)
    first = only(house.desk().activities())["Id"]
    house.outlook().make_series(event, EVERY_MONDAY)
    await house.settle()

    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first


async def typed_in_erp_and_weekly_in_outlook(house: House) -> str:
    """An activity whose event was made, and became a series before its link was saved; the activity's id."""
    activity = house.desk().create("Talk", clock(MONDAYS[1]), clock(MONDAYS[1], 10))

    async def on_call(name: str) -> None:
        if name == "write":
            house.graph.add_fault("*", kind="lose")

    whole = house.world
    house.world = replace(whole, calendar=cast(Calendar, Watched(whole.calendar, on_call)))
    await house.sync()
    house.world = whole
    house.graph.faults.clear()
    house.advance(minutes=20)
    house.outlook().make_series(only(house.outlook().events())["id"], EVERY_MONDAY)
    return activity


async def test_an_activity_whose_event_was_made_unanswered_becomes_weekly(house: House) -> None:
    """The event bears our mark: the activity is its date's, and the other dates get theirs."""
    await house.step()
    first = await typed_in_erp_and_weekly_in_outlook(house)
    await house.settle()

    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first
    assert len(house.outlook().events()) == 1


async def test_an_activity_whose_event_became_weekly_waits_for_series_to_be_synced(house: House) -> None:
    """With SYNC_SERIES=skip it is listed with its reason and gets no second event; with window it is its date's."""
    house.set_policy(series=SeriesRule.SKIP)
    await house.step()
    first = await typed_in_erp_and_weekly_in_outlook(house)
    await house.settle()
    listed = await house.world.store.read_unsynced((await house.user()).id)
    assert [(one.activity_id, one.reason) for one in listed.items] == [(first, Why.SERIES)]
    house.set_policy(series=SeriesRule.WINDOW)
    await house.settle()

    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first
    assert len(house.outlook().events()) == 1


async def test_a_meeting_becomes_weekly_while_the_state_tables_are_lost(house: House) -> None:
    """Its activity goes on as that of its date."""
    event = one_meeting(house)
    await house.step()
    first = only(house.desk().activities())["Id"]
    house.outlook().make_series(event, EVERY_MONDAY)
    await forget_everything(house)
    await house.settle()

    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first


async def test_mondays_become_tuesdays_while_the_state_tables_are_lost(house: House) -> None:
    """The activities go on with the new dates: nothing is made, void, moved in Outlook or left over."""
    series = mondays(house)
    await house.step()
    before = {row["Id"] for row in house.desk().activities()}
    house.outlook().make_series(series, repeating("tuesday", since=TUESDAYS[0]))
    await forget_everything(house)
    done = await house.settle()

    assert {row["Id"] for row in house.desk().activities()} == before
    assert (starts(house), starts(house, void=True)) == (nine(*TUESDAYS), [])
    assert house.outlook().dates(series, MONDAYS[0], TUESDAYS[-1]) == TUESDAYS
    assert ((await house.recall()).pending, [what for what in done if "created" in what]) == ((), [])


async def test_a_date_that_was_void_comes_back_and_the_answer_is_lost(house: House) -> None:
    """Its series is edited as a whole, which brings it back; it gets one activity anew, not one for each try."""
    house.graph.switches.series_edit_drops_exceptions = True
    series = mondays(house)
    await house.step()
    house.desk().void(on(house, MONDAYS[2])["Id"])
    await house.settle()
    house.outlook().make_series(series, repeating("monday", since=MONDAYS[0]))
    await sync_unanswered(house)
    await house.settle()

    assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS), nine(MONDAYS[2]))
    assert (await house.recall()).pending == ()


async def test_a_void_meeting_is_restored_and_the_answer_is_lost(house: House) -> None:
    """From Deleted Items: one activity anew."""
    event = one_meeting(house)
    await house.step()
    house.desk().void(only(house.desk().activities())["Id"])
    await house.settle()
    house.outlook().restore(event)
    await sync_unanswered(house)
    await house.settle()

    assert (starts(house), starts(house, void=True)) == (nine(MONDAYS[1]), nine(MONDAYS[1]))
    assert (await house.recall()).pending == ()


async def test_a_series_begins_later_beside_one_whose_first_answer_was_lost(house: House) -> None:
    """The other one is no new series in its place, though it has no link yet: its dates have their activities."""
    series = mondays(house)
    await house.step()
    house.outlook().create(
        "Talk", clock(TUESDAYS[0]), clock(TUESDAYS[0], 10), recurrence=repeating("tuesday", since=TUESDAYS[0])
    )
    await sync_unanswered(house)
    house.outlook().make_series(series, EVERY_MONDAY)
    await house.settle()

    assert (starts(house), starts(house, void=True)) == (sorted(nine(*MONDAYS[1:], *TUESDAYS)), nine(MONDAYS[0]))
    assert subjects([on(house, day) for day in TUESDAYS]) == {"Talk"}
    assert (await house.recall()).pending == ()


def kept(house: House) -> dict[str, str]:
    """Activity id → start, of all that are not void."""
    return {row["Id"]: row["StartTime"][:16] for row in house.desk().activities() if not row["Void"]}


@pytest.mark.parametrize("how", ["split", "another day"])
async def test_a_series_that_cannot_be_read_when_it_is_changed(house: House, how: str) -> None:
    """Graph does not answer about the old series in the round that shows the new dates: these wait, and the same
    activities go on a round later."""
    series = mondays(house)
    await house.step()
    before = kept(house)
    if how == "split":
        house.outlook().split(series, MONDAYS[2], subject="New")
    else:
        house.outlook().make_series(series, repeating("tuesday", since=date(2024, 1, 23)))
    house.graph.add_fault(f"GET */events/{series}", status=503, times=None)
    await house.sync()
    house.graph.faults.clear()
    assert kept(house) == before
    await house.settle()

    assert set(kept(house)) == set(before)
    assert starts(house, void=True) == []
    assert (await house.recall()).pending == ()


async def test_three_weekday_series_are_split_at_once(house: House) -> None:
    """More dates have vanished than are asked about in one round: the new ones of the others wait for the next."""
    many = [every_weekday(house, f"Stand-up {hour}", hour) for hour in (8, 10, 12)]
    await house.step()
    before = kept(house)
    for series in many:
        house.outlook().split(series, MONDAYS[0] + timedelta(days=1), subject="Later")
    await house.settle()

    assert kept(house) == before
    assert starts(house, void=True) == []


async def test_an_activity_is_deleted_while_its_event_is_in_another_calendar(house: House) -> None:
    """Back again, the event goes, as it would have at once."""
    event = one_meeting(house)
    await house.step()
    house.outlook().move_to_calendar(event, "Old")
    await house.settle()
    house.desk().delete(only(house.desk().activities())["Id"])
    await house.settle()
    house.outlook().move_to_calendar(event)
    await house.settle()

    assert house.outlook().events() == []
    assert [link.status for link in (await house.recall()).links] == [LinkStatus.TOMBSTONE]


async def test_a_date_is_deleted_in_erp_net_while_series_are_switched_off(house: House) -> None:
    """On again, that date is taken out of the series."""
    series = mondays(house)
    await house.step()
    house.set_policy(series=SeriesRule.SKIP)
    await start_app(house.world)
    await house.settle()
    house.desk().delete(on(house, MONDAYS[2])["Id"])
    await house.settle()
    house.set_policy(series=SeriesRule.WINDOW)
    await start_app(house.world)
    await house.settle()

    assert house.outlook().dates(series, MONDAYS[1], MONDAYS[4]) == [MONDAYS[1], MONDAYS[3], MONDAYS[4]]
    assert starts(house) == nine(*(day for day in MONDAYS if day != MONDAYS[2]))


@pytest.mark.parametrize("what", SIDES)
async def test_this_and_following_and_a_stop_at_every_call(what: str) -> None:
    """A call is lost, or the process dies between two writes: the same activities go on, whenever that is."""

    def split(house: House, series: str) -> object:
        before = kept(house)
        house.outlook().split(series, MONDAYS[2], subject="New")
        return before

    def expect(house: House, _: str, before: object) -> None:
        assert kept(house) == before
        assert [on(house, day)["Subject"] for day in MONDAYS] == ["Week", "Week", "New", "New", "New"]
        assert starts(house, void=True) == []

    await stop_at_every_call(what, budget(9, 1), split, expect)


@pytest.mark.parametrize(("what", "trouble"), each(SIDES, TROUBLES), ids=told)
async def test_another_weekday_and_trouble_at_every_call(what: str, trouble: str) -> None:
    """Mondays become Tuesdays while one is renamed in ERP.net: the same activities, one of them renamed."""

    def change(house: House, series: str) -> dict[str, str]:
        before = kept(house)
        house.desk().edit(on(house, MONDAYS[2])["Id"], subject="Here")
        house.outlook().make_series(series, repeating("tuesday", since=date(2024, 1, 23)))
        return before

    def expect(house: House, series: str, before: dict[str, str]) -> None:
        tuesdays = [day + timedelta(days=1) for day in MONDAYS]
        assert (starts(house), starts(house, void=True)) == (nine(*tuesdays), [])
        assert kept(house).keys() == before.keys()
        assert [on(house, day)["Subject"] for day in tuesdays] == ["Week", "Week", "Here", "Week", "Week"]
        there = [house.outlook().get(house.outlook().occurrence(series, day))["subject"] for day in tuesdays]
        assert there == ["Week", "Week", "Here", "Week", "Week"]

    await stop_at_every_call(what, budget(13, 1), change, expect, trouble)
