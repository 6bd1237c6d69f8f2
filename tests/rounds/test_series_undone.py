"""A round that changed dates of a series is undone: what is put back, on which dates, and who is mailed.

Outlook is put back date by date, never by its series.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.commands.undo import plan_undo, undo
from sync_core.model.link import Link
from tests.support.budget import in_turn
from tests.support.house import House
from tests.support.series import MONDAYS, READINGS, in_each_reading, mondays, nine, on, repeating, starts, subjects

GUEST = "guest@client.example"
TUESDAYS = [day + timedelta(days=1) for day in MONDAYS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each disputed fact either way, some of them in turn."""
    in_turn(metafunc, "house", READINGS)


house = pytest.fixture(in_each_reading)


async def last_round(house: House) -> str:
    """The id of the newest round that wrote anything."""
    entries = await house.world.store.read_journal((await house.user()).id, 200)
    return next(entry.round_id for entry in entries if entry.action not in ("round", "value kept"))


def titles(house: House) -> list[str]:
    """Of the activities, by date."""
    return [on(house, day)["Subject"] for day in MONDAYS]


async def test_the_round_of_one_date_puts_back_that_date(house: House) -> None:
    """The others are not touched on either side, and the plan names the date."""
    series = mondays(house)
    await house.settle()
    house.outlook().edit_date(series, MONDAYS[2], subject="Other")
    await house.settle()
    assert titles(house) == ["Week", "Week", "Other", "Week", "Week"]
    house.graph.requests.clear()
    done = await undo(house.world, await last_round(house))

    assert [line.occurrence.text for line in done.lines if line.occurrence] == ["Weekly, 9 February"]
    assert (titles(house), done.left_out) == (["Week"] * 5, ())
    assert [body["subject"] for _, body in house.patches()] == ["Week"]
    entries = await house.world.store.read_journal((await house.user()).id)
    assert next(one.action for one in entries if one.action != "round") == "both updated"
    assert await house.settle() == {}


async def test_a_round_is_undone_after_another_date_was_changed(house: House) -> None:
    """Ids of dates may pass with any change of their series: the date is found by its activity."""
    series = mondays(house)
    await house.settle()
    house.outlook().edit_date(series, MONDAYS[2], subject="Other")
    await house.settle()
    round_id = await last_round(house)
    house.outlook().edit_date(series, MONDAYS[4], subject="Last")
    await house.settle()
    done = await undo(house.world, round_id)

    assert (titles(house), done.left_out) == (["Week"] * 4 + ["Last"], ())


async def test_a_round_that_followed_another_pattern_puts_back_every_date(house: House) -> None:
    """The same activities have their Mondays again, and so have the events; the series stays one of Tuesdays."""
    series = mondays(house, attendees=[GUEST])
    await house.settle()
    before = {row["Id"] for row in house.desk().activities()}
    house.outlook().make_series(series, repeating("tuesday", since=TUESDAYS[0]))
    await house.settle()
    assert starts(house) == nine(*TUESDAYS)
    round_id = await last_round(house)
    planned = await plan_undo(house.world, round_id)
    with house.post() as mails:
        done = await undo(house.world, round_id)
        await house.settle()

    assert (starts(house), starts(house, void=True), done.left_out) == (nine(*MONDAYS), [], ())
    assert {row["Id"] for row in house.desk().activities()} == before
    assert sum(line.mails for line in planned.lines) == len(mails) == len(MONDAYS)
    assert house.outlook().get(series)["recurrence"]["pattern"]["daysOfWeek"] == ["tuesday"]
    assert [house.outlook().get(link.event_id)["start"]["dateTime"][:10] for link in await links(house)] == [
        day.isoformat() for day in MONDAYS
    ]
    assert await house.settle() == {}


async def test_a_pattern_that_no_round_has_seen_keeps_no_date_from_its_undo(house: House) -> None:
    """Each date gets its title back on the day where it is by then; the plan says so, and what was edited since."""
    series = mondays(house)
    await house.settle()
    house.outlook().edit(series, subject="Other")
    await house.settle()
    round_id = await last_round(house)
    house.outlook().make_series(series, repeating("tuesday", since=TUESDAYS[0]))
    planned = await plan_undo(house.world, round_id)
    done = await undo(house.world, round_id)

    assert [len(one.lines) for one in (planned, done)] == [len(MONDAYS)] * 2
    assert (planned.left_out, done.left_out) == ((), ())
    assert (starts(house), subjects(house.desk().activities())) == (nine(*TUESDAYS), {"Week"})
    assert await house.settle() == {}


async def test_a_date_that_has_moved_on_by_another_pattern_is_left_out(house: House) -> None:
    """Its time was edited since, whether or not a round has seen that."""
    series = mondays(house)
    await house.settle()
    house.outlook().make_series(series, repeating("tuesday", since=TUESDAYS[0]))
    await house.settle()
    round_id = await last_round(house)
    house.outlook().make_series(series, repeating("monday", since=MONDAYS[0]))
    done = await undo(house.world, round_id)

    assert [(one.field, one.why.code) for one in done.left_out] == [("time", "edited-since")] * len(MONDAYS)
    assert done.lines == ()


async def links(house: House) -> list[Link]:
    """Of the dates, by date."""
    dated = [link for link in (await house.recall()).links if link.occurrence]
    return sorted(dated, key=lambda link: link.base_event.start)


async def test_a_date_that_was_removed_is_made_anew_as_a_meeting_of_its_own(house: House) -> None:
    """Its series has no place for it any more; the other dates stay what they are."""
    mondays(house)
    await house.settle()
    house.desk().void(on(house, MONDAYS[3])["Id"])
    await house.settle()
    done = await undo(house.world, await last_round(house), remake=True)
    await house.settle()

    assert [(line.what, line.subject) for line in done.remade] == [("event created", "Week")]
    assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS), nine(MONDAYS[3]))
    assert len([link for link in (await house.recall()).links if link.occurrence is None]) == 1
