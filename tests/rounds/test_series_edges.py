"""Series and what else may happen to a calendar: other ids, other calendars, guests, Teams, lost answers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jobs.commands.explain import explain
from jobs.commands.item_shapes import finding_of
from sync_core.model.link import LinkStatus
from sync_core.model.policy import SeriesRule
from tests.support.budget import budget, in_turn
from tests.support.house import ANNA, House, attendees, participants, upn_of
from tests.support.scenes import forget_everything
from tests.support.series import (
    MONDAYS,
    READINGS,
    SIDES,
    clock,
    every_weekday,
    in_each_reading,
    kept_meetings,
    mondays,
    nine,
    on,
    open_series,
    repeating,
    starts,
    stop_at_every_call,
)

BORIS = upn_of("boris")
KIM = "kim@partner.example"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The disputed facts either way, some of them in turn."""
    in_turn(metafunc, "house", ["as captured", "ids that pass", "bare delta"])


house = pytest.fixture(in_each_reading)


async def test_a_moved_mailbox_keeps_every_date(house: House) -> None:
    """All ids are new; nothing is made and nothing is voided."""
    series = mondays(house, attendees=[KIM])
    house.outlook().edit_date(series, MONDAYS[2], subject="Special")
    await house.step()
    house.outlook().mailbox.relocate(())
    with house.post() as mails:
        assert await house.settle() == {}

    assert (starts(house), starts(house, void=True), mails) == (nine(*MONDAYS), [], [])
    assert {x.status for x in (await house.recall()).links} == {LinkStatus.LIVE}


async def test_a_restored_mailbox_may_bring_its_series_later(house: House) -> None:
    """Nothing is voided for a day."""
    series = mondays(house)
    single = house.outlook().create("Other", clock(MONDAYS[1], 15), clock(MONDAYS[1], 16))
    await house.step()
    house.outlook().mailbox.relocate([series])
    assert single
    await house.settle()
    assert starts(house, void=True) == []

    house.outlook().mailbox.arrive()
    await house.settle()
    assert (len(starts(house)), starts(house, void=True)) == (6, [])


async def test_a_series_in_another_calendar_is_set_aside(house: House) -> None:
    """Its activities stay, and go on when it is back; what ERP.net says meanwhile waits, also past the day's look."""
    series = mondays(house)
    await house.step()
    house.outlook().move_to_calendar(series, "Old")
    assert await house.settle() == {}
    house.desk().edit(on(house, MONDAYS[3])["Id"], subject="Theirs", notes="papers")
    assert await house.settle() == {}
    house.advance(days=1)
    assert await house.settle() == {}
    assert {x.status for x in (await house.recall()).links} == {LinkStatus.PARKED}

    house.outlook().move_to_calendar(series)
    house.outlook().edit_date(series, MONDAYS[1], subject="Back")
    await house.settle()
    assert on(house, MONDAYS[1])["Subject"] == "Back"
    assert house.outlook().get(house.outlook().occurrence(series, MONDAYS[3]))["subject"] == "Theirs"
    assert starts(house) == nine(*MONDAYS)


async def test_a_deleted_series_that_still_answers_is_gone(house: House) -> None:
    """From Deleted Items, where no edit of ERP.net follows it."""
    house.graph.switches.deleted_items_readable = True
    kept_meetings(house)
    series = mondays(house)
    await house.step()
    house.outlook().delete(series)
    house.desk().edit(on(house, MONDAYS[1], "Week")["Id"], notes="papers")
    house.graph.forget_requests()
    await house.settle()
    assert house.graph_writes() == []

    assert starts(house, void=True) == nine(*MONDAYS)


async def test_a_deleted_series_that_still_answers_stays_on_its_list(house: House) -> None:
    """From Deleted Items, whatever reads its dates there: the list of deletions waits for a person."""
    house.graph.switches.deleted_items_readable = True
    house.set_policy(mass_deletion=(0, 0.0))
    kept_meetings(house)
    series = mondays(house)
    await house.step()
    house.outlook().delete(series)
    for is_full in (False, True):
        await house.step(full=is_full)
        (hold,) = (await house.recall()).holds
        assert len(hold.items) == len(MONDAYS), is_full


async def test_a_date_cancelled_by_its_organizer_is_void(house: House) -> None:
    """The copy says cancelled, and stays."""
    copy = house.outlook().receive(
        "Abroad",
        clock(MONDAYS[0]),
        clock(MONDAYS[0], 10),
        organizer=KIM,
        recurrence=repeating("monday", since=MONDAYS[0]),
    )
    await house.step()
    house.outlook().cancelled_from_outside(house.outlook().occurrence(copy, MONDAYS[2]))
    await house.settle()

    assert starts(house, void=True) == nine(MONDAYS[2])
    assert {row["Subject"] for row in house.desk().activities()} == {"Abroad"}


async def test_people_join_one_date(house: House) -> None:
    """A participant in ERP.net is invited to that date alone; one in Outlook takes part in that activity alone."""
    await house.employ("boris")
    series = mondays(house)
    await house.settle()
    house.desk().add_participant(on(house, MONDAYS[1])["Id"], BORIS)
    house.outlook().edit_date(series, MONDAYS[2], attendees=[BORIS])
    with house.post() as mails:
        await house.settle()

    listed = [attendees(house.outlook().get(house.outlook().occurrence(series, day))) for day in MONDAYS[:4]]
    assert listed == [[], [BORIS], [BORIS], []]
    assert participants(on(house, MONDAYS[2])) == [BORIS]
    assert mails == [("invitation", BORIS)]
    assert starts(house) == nine(*MONDAYS)


async def test_a_teams_series_keeps_its_block(house: House) -> None:
    """It never stands in Notes, and new notes of one date leave it alone."""
    series = mondays(house, body="agenda", online=True)
    await house.step()
    assert {row["Notes"] for row in house.desk().activities()} == {"agenda"}
    house.desk().edit(on(house, MONDAYS[1])["Id"], notes="new agenda")
    await house.settle()

    shown = house.outlook().get(house.outlook().occurrence(series, MONDAYS[1]))
    join = house.outlook().get(series)["onlineMeeting"]["joinUrl"]
    assert shown["onlineMeeting"]["joinUrl"] == join
    assert join in shown["body"]["content"]
    assert "new agenda" in house.outlook().text(shown["id"])


async def test_an_activity_whose_event_became_a_series_in_outlook(house: House) -> None:
    """It was made in ERP.net: it is that date's, and found again after the memory is lost."""
    house.desk().create("Visit", clock(MONDAYS[1]), clock(MONDAYS[1], 10))
    await house.step()
    event = house.outlook().find("Visit")
    assert event is not None
    first = on(house, MONDAYS[1])["Id"]
    house.outlook().make_series(event, repeating("monday", since=MONDAYS[1]))
    await house.settle()
    assert starts(house) == nine(*MONDAYS[1:])
    assert on(house, MONDAYS[1])["Id"] == first

    await forget_everything(house)
    await house.step(full=True)
    await house.settle()
    assert starts(house) == nine(*MONDAYS[1:])
    assert len((await house.recall()).links) == 4


async def test_hundreds_of_changed_dates_are_read_to_the_last_page(house: House) -> None:
    """Asked for once, where a date is missing."""
    series = every_weekday(house)
    await house.step()
    far = [MONDAYS[0] + timedelta(days=7 * n) for n in range(10, 40)]
    for day in far:
        house.outlook().edit_date(series, day, subject="Special")
    last = date(2026, 2, 26)
    beyond = last + timedelta(days=1)
    house.outlook().delete_date(series, beyond)
    house.outlook().move_date(series, last, clock(beyond), clock(beyond, 9))
    await house.settle()

    assert starts(house)[-1] == f"{beyond}T09:00"
    assert starts(house, void=True) == []


async def test_a_series_of_years_is_its_dates_in_the_window() -> None:
    """750 dates, and one of which 663 were changed: read to the end, once, and not asked about one by one."""
    async with open_series() as house:
        since = date(2024, 7, 1)
        long = house.outlook().create(
            "Long",
            clock(since, 11),
            clock(since, 12),
            recurrence={
                "pattern": {"type": "daily", "interval": 1},
                "range": {"type": "numbered", "startDate": since.isoformat(), "numberOfOccurrences": 750},
            },
        )
        changed = house.outlook().create(
            "Changed", clock(since, 15), clock(since, 16), recurrence=repeating(since=since, kind="daily")
        )
        for n in range(663):
            house.outlook().edit_date(changed, since + timedelta(days=n), subject=f"Date {n}")
        await house.settle()
        days = [MONDAYS[0] + timedelta(days=n) for n in range(32)]
        assert starts(house) == sorted(f"{day}T{hour}:00" for day in days for hour in (11, 15))
        assert on(house, MONDAYS[1], f"Date {(MONDAYS[1] - since).days}")

        house.graph.requests.clear()
        house.outlook().edit(long, subject="Longer")
        house.outlook().delete_date(changed, MONDAYS[2])
        await house.settle()
        assert len(house.graph.requests) < 12, "the changed dates are read as far as the date that is gone"
        assert len([row for row in house.desk().activities() if row["Subject"] == "Longer"]) == 32
        assert starts(house, void=True) == [f"{MONDAYS[2]}T15:00"]


STRANGE: dict[str, dict[str, object]] = {
    "the first item twice": {"delta_repeats": True},
    "older states again": {"delta_replays": 3},
    "empty pages": {"delta_empty_pages": 3},
    "later than it should": {"delta_lag": timedelta(minutes=20)},
    "no master": {"delta_omits_masters": True},
    "the master alone": {"delta_series": "master"},
    "removals of dates": {"delta_removes_occurrences": True},
}
"""How a delta query may tell of series, by the stand-in's switches."""


@pytest.mark.parametrize("expires", [False, True], ids=["as ever", "410"])
@pytest.mark.parametrize("strange", STRANGE)
async def test_a_delta_query_that_tells_of_series_in_its_own_way(strange: str, expires: bool) -> None:
    """It repeats, forgets, comes late, names the master alone, or has expired: the same dates on both sides, nothing
    made or voided twice, and then rest."""
    async with open_series() as house:
        for switch, value in STRANGE[strange].items():
            setattr(house.graph.switches, switch, value)
        house.outlook().create("Other", clock(MONDAYS[1], 15), clock(MONDAYS[1], 16))
        series, doomed = mondays(house), mondays(house, "Doomed")
        for _ in range(3):
            house.advance(minutes=30)
            await house.settle()
        house.outlook().edit_date(series, MONDAYS[1], subject="Special")
        house.outlook().delete_date(series, MONDAYS[2])
        house.outlook().delete(doomed)
        house.desk().edit(on(house, MONDAYS[3], "Week")["Id"], subject="Theirs")
        if expires:
            house.graph.expire_delta(ANNA)
        for _ in range(3):
            house.advance(minutes=30)
            await house.settle()

        left = [MONDAYS[n] for n in (0, 1, 3, 4)]
        assert [start for start in starts(house) if start.endswith("09:00")] == nine(*left)
        assert starts(house, void=True) == sorted(nine(*MONDAYS, MONDAYS[2]))
        assert on(house, MONDAYS[1], "Special")
        assert house.outlook().get(house.outlook().occurrence(series, MONDAYS[3]))["subject"] == "Theirs"
        assert await house.settle() == {}


@pytest.mark.parametrize("switch", [SeriesRule.SKIP, SeriesRule.WINDOW])
async def test_why_tells_what_becomes_of_a_series(house: House, switch: SeriesRule) -> None:
    """Skipped, as one; or each date by itself."""
    house.set_policy(series=switch)
    await house.step()
    mondays(house)
    findings = await explain(house.world, await house.user(), "Week")

    if switch is SeriesRule.SKIP:
        assert [(one.what, one.reason) for one in findings] == [("skipped", "part of a recurring series")]
    else:
        assert [one.what for one in findings].count("in the next round: activity created") == len(MONDAYS)
        assert {one.reason for one in findings} == {"", "outside the window"}
        await house.step()
        linked = await explain(house.world, await house.user(), "Week")
        told = {finding_of(one)["occurrence"]["text"] for one in linked if one.what == "linked"}
        assert "Weekly, 2 February" in told


async def test_who_is_invited_to_one_date_only_shares_its_activity() -> None:
    """An orphan instance is a single event with the date's own uid."""
    async with open_series("anna", "boris") as house:
        series = mondays(house)
        house.outlook().edit_date(series, MONDAYS[1], attendees=[BORIS])
        await house.settle(BORIS, ANNA)

        assert starts(house) == nine(*MONDAYS)
        assert len((await house.recall(BORIS)).links) == 1


@pytest.mark.parametrize("readings", [name for name in READINGS if name != "as captured"])
async def test_what_was_linked_by_one_reading_is_known_by_another(readings: str) -> None:
    """Microsoft may change its mind."""
    async with open_series() as house:
        mondays(house)
        await house.step()
        for name, value in READINGS[readings].items():
            setattr(house.graph.switches, name, value)
        house.world = house.world_with(house.world.store)
        await house.step(full=True)
        await house.settle()

        assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS), [])


@pytest.mark.parametrize("what", SIDES)
async def test_a_stop_at_every_call(what: str) -> None:
    """A date edited there, one deleted, one void here: the next rounds do the rest, once."""

    def edit(house: House, series: str) -> None:
        house.outlook().edit_date(series, MONDAYS[1], subject="There")
        house.outlook().delete_date(series, MONDAYS[2])
        house.desk().edit(on(house, MONDAYS[3])["Id"], subject="Here")
        house.desk().void(on(house, MONDAYS[4])["Id"])

    def expect(house: House, series: str, _: object) -> None:
        left = [MONDAYS[i] for i in (0, 1, 3)]
        assert (starts(house), starts(house, void=True)) == (nine(*left), nine(MONDAYS[2], MONDAYS[4]))
        assert on(house, MONDAYS[1])["Subject"] == "There"
        assert house.outlook().get(house.outlook().occurrence(series, MONDAYS[3]))["subject"] == "Here"
        assert house.outlook().dates(series, MONDAYS[0], MONDAYS[4]) == left

    await stop_at_every_call(what, budget(7, 1), edit, expect)
