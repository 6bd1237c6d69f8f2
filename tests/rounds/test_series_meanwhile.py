"""What is done to series while a company does not sync them, and what that is once it does so again (R31).

Whatever it is, it ends as if series had been synced all the time, whether a round came across it meanwhile or not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from sync_core.model.link import LinkStatus
from sync_core.model.policy import SeriesRule
from tests.support.budget import budget, each, told
from tests.support.colleagues import BORIS, KIM
from tests.support.few_links import every_plan_compared
from tests.support.house import ANNA, House
from tests.support.series import (
    MONDAYS,
    READINGS,
    SIDES,
    clock,
    kept_meetings,
    mondays,
    nine,
    on,
    open_series,
    repeating,
    starts,
    stop_at_every_call,
)

VOID = ["void"] * len(MONDAYS)
TUESDAYS = nine(*(day + timedelta(days=1) for day in MONDAYS))
WEDNESDAY = date(2026, 2, 4)
SINCE = date(2024, 1, 22)

Play = Callable[[House, str], object]


def switch(house: House, rule: SeriesRule) -> None:
    """The company's choice; each person's next round is full."""
    house.set_policy(series=rule)


def single(day: date, hour: int = 9, **more: object) -> Play:
    """The series becomes a single event at this time."""
    at = {"start": clock(day, hour), "end": clock(day, hour + 1)}
    return lambda house, series: house.outlook().edit(series, recurrence=None, **at, **more)


def void_second(house: House, _: str) -> None:
    """The second date is void in ERP.net."""
    house.desk().void(on(house, MONDAYS[1], "Week")["Id"])


def weekly_again(house: House, series: str) -> None:
    """What is single by now becomes a series of Mondays."""
    house.outlook().make_series(series, repeating("monday", since=MONDAYS[0]))


def both(house: House, series: str, *plays: Play) -> None:
    """One after another."""
    for play in plays:
        play(house, series)


def weeks(house: House) -> dict[str, str]:
    """When each activity of the week starts, or that it is void, by its id."""
    rows = [row for row in house.desk().activities() if row["Subject"] != "Other"]
    return {row["Id"]: "void" if row["Void"] else row["StartTime"][:16] for row in rows}


def among(given: dict[int, str], rest: list[str]) -> list[str]:
    """These instead of others, by their place."""
    return [given.get(place, one) for place, one in enumerate(rest)]


PLAYS: dict[str, tuple[Play, list[str]]] = {
    "single on its day": (single(MONDAYS[1]), among({1: nine(MONDAYS[1])[0]}, VOID)),
    "single at another time": (single(MONDAYS[1], 14, subject="Once"), among({1: "2026-02-02T14:00"}, VOID)),
    "single on another day": (single(WEDNESDAY, 9, subject="Once"), among({0: "2026-02-04T09:00"}, VOID)),
    "single beyond the window": (single(date(2026, 3, 9)), among({0: "2026-03-09T09:00"}, VOID)),
    "single in summer": (single(date(2026, 7, 6)), among({0: "2026-07-06T09:00"}, VOID)),
    "single years ago": (lambda h, s: h.outlook().make_single(s), VOID),
    "another weekday": (
        lambda h, s: h.outlook().make_series(s, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1))),
        TUESDAYS,
    ),
    "every second week": (
        lambda h, s: h.outlook().make_series(s, repeating("monday", since=MONDAYS[0], interval=2)),
        among({1: "void", 3: "void"}, nine(*MONDAYS)),
    ),
    "another hour": (
        lambda h, s: h.outlook().edit(s, start=clock(SINCE, 11), end=clock(SINCE, 12)),
        [f"{day}T11:00" for day in MONDAYS],
    ),
    "this and following": (
        lambda h, s: h.outlook().split(s, MONDAYS[2], start=clock(MONDAYS[2], 14), end=clock(MONDAYS[2], 15)),
        [*nine(*MONDAYS[:2]), *(f"{day}T14:00" for day in MONDAYS[2:])],
    ),
    "ended": (lambda h, s: h.outlook().end_before(s, MONDAYS[3]), [*nine(*MONDAYS[:3]), "void", "void"]),
    "a date moved": (
        lambda h, s: h.outlook().move_date(s, MONDAYS[1], clock(WEDNESDAY), clock(WEDNESDAY, 10)),
        among({1: "2026-02-04T09:00"}, nine(*MONDAYS)),
    ),
    "a date deleted": (
        lambda h, s: h.outlook().delete_date(s, MONDAYS[1]),
        among({1: "void"}, nine(*MONDAYS)),
    ),
    "a date void in ERP.net": (void_second, among({1: "void"}, nine(*MONDAYS))),
    "a date void in ERP.net, the series single there": (
        lambda h, s: both(h, s, void_second, single(MONDAYS[1])),
        VOID,
    ),
    "deleted": (lambda h, s: h.outlook().delete(s), VOID),
    "single and a series again": (
        lambda h, s: both(h, s, single(MONDAYS[0]), weekly_again),
        nine(*MONDAYS),
    ),
}
"""What is done to the Mondays, and where the activity of each Monday stands in the end."""

SEEN = ["while off", "in a full round while off", "only when on again"]


async def sync_off(house: House, seen: str) -> None:
    """The rounds of the time in which series are not synced."""
    if seen == SEEN[2]:
        return
    house.advance(minutes=5)
    await house.sync(full=seen == SEEN[1])
    await house.settle()


@pytest.mark.parametrize(("play", "seen", "readings"), each(PLAYS, SEEN, READINGS), ids=told)
async def test_whatever_is_done_to_a_series_while_it_is_off(play: str, seen: str, readings: str) -> None:
    """The activity of each date ends where it would have ended, none is made anew, and nothing is open."""
    do, after = PLAYS[play]
    async with open_series(readings=readings) as house:
        kept_meetings(house)
        series = mondays(house)
        await house.step()
        before = [on(house, day, "Week")["Id"] for day in MONDAYS]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        do(house, series)
        await sync_off(house, seen)
        switch(house, SeriesRule.WINDOW)
        await house.settle()

        assert weeks(house) == dict(zip(before, after, strict=True))
        open_links = [
            x for x in (await house.recall()).links if x.conflict or x.reread or x.status is LinkStatus.PARKED
        ]
        assert (open_links, (await house.recall()).pending) == ([], ())


@pytest.mark.parametrize("is_full", [False, True])
async def test_a_series_that_becomes_single_keeps_its_dates_activity_at_once(is_full: bool) -> None:
    """While series are off; the other dates stay parked as they are. A round that reads few links finds it, too: what
    is parked is known to each."""
    async with open_series() as house:
        kept_meetings(house)
        series = mondays(house)
        await house.step()
        before = on(house, MONDAYS[1], "Week")["Id"]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        single(MONDAYS[1], subject="Once")(house, series)
        house.advance(minutes=5)
        with every_plan_compared() as plans:
            await house.step(full=is_full)

        assert ("of few" in plans) is not is_full
        assert on(house, MONDAYS[1], "Once")["Id"] == before
        assert sorted(weeks(house).values()) == nine(*MONDAYS)
        left = {x.status for x in (await house.recall()).links if x.occurrence}
        assert left == {LinkStatus.PARKED}


async def test_what_is_single_by_now_is_edited_on_both_sides() -> None:
    """It is an ordinary pair from then on, whatever its series was."""
    async with open_series() as house:
        kept_meetings(house)
        series = mondays(house)
        await house.step()
        before = on(house, MONDAYS[1], "Week")["Id"]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        house.desk().edit(before, notes="Minutes")
        single(MONDAYS[1])(house, series)
        await house.settle()
        house.outlook().edit(series, subject="Once")
        house.desk().edit(before, start=clock(WEDNESDAY, 13), end=clock(WEDNESDAY, 14))
        await house.settle()

        assert (house.desk().get(before)["Subject"], house.outlook().text(series)) == ("Once", "Minutes")
        assert house.outlook().get(series)["start"]["dateTime"].startswith("2026-02-04T11:00")


@pytest.mark.parametrize("days", [0, 6])
async def test_a_date_that_is_over_is_no_single_events(days: int) -> None:
    """Series are off for days, and rounds miss some: a past date's activity stays what it was, and once series are on
    after the single event's own day, so does that one."""
    async with open_series() as house:
        kept_meetings(house)
        series = mondays(house)
        await house.step()
        first, second = [on(house, day, "Week")["Id"] for day in MONDAYS[:2]]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        house.advance(days=3)
        single(WEDNESDAY, 14)(house, series)
        await house.settle()
        house.advance(days=days)
        await house.settle()
        switch(house, SeriesRule.WINDOW)
        await house.settle()

        after = weeks(house)
        assert (after.pop(first), after.pop(second)) == (nine(MONDAYS[0])[0], "2026-02-04T14:00")
        later = {id_: start for id_, start in after.items() if start == "void"}
        assert (after, len(later)) == (later, 3)


FROM_AFTER = ["Anna first", "Boris first", "Anna while off", "Boris while off"]
"""In which order, and under which choice, two people's rounds come across it."""


@pytest.mark.parametrize(("who", "is_outside"), each(FROM_AFTER, [False, True]), ids=told)
async def test_two_people_have_the_series_that_becomes_single(who: str, is_outside: bool) -> None:
    """The date's activity goes on, whoever has the first round after it, and whoever had none while series were
    off."""
    order = (BORIS, ANNA) if who.startswith("Boris") else (ANNA, BORIS)
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        kim = house.graph.outsider(KIM, time_zone="Europe/Sofia")
        box = kim if is_outside else house.outlook()
        rule = repeating("monday", since=MONDAYS[0])
        guests = [ANNA, BORIS] if is_outside else [BORIS]
        series = box.create("Week", clock(MONDAYS[0]), clock(MONDAYS[0], 10), recurrence=rule, attendees=guests)
        await house.settle()
        before = on(house, MONDAYS[1], "Week")["Id"]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        at = {"start": clock(MONDAYS[1], 11), "end": clock(MONDAYS[1], 12)}
        box.edit(series, recurrence=None, **at)
        house.advance(minutes=5)
        if who.endswith("off"):
            await house.sync(order[0])
            order = (order[1], order[0])
        else:
            await house.settle(*order)
        switch(house, SeriesRule.WINDOW)
        with house.post() as mails:
            await house.settle(*order)

        after = weeks(house)
        assert (after.pop(before), set(after.values()), len(after)) == ("2026-02-02T11:00", {"void"}, 4)
        assert mails == []


@pytest.mark.parametrize("seen", SEEN)
async def test_a_meeting_becomes_a_series_while_series_are_off(seen: str) -> None:
    """It is parked, with what ERP.net says of it; on again its activity is that of its date, and what was edited in
    it travels."""
    async with open_series() as house:
        event = house.outlook().create("Week", clock(MONDAYS[1]), clock(MONDAYS[1], 10))
        await house.step()
        first = on(house, MONDAYS[1])["Id"]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        house.outlook().make_series(event, repeating("monday", since=MONDAYS[1]))
        await sync_off(house, seen)
        house.desk().edit(first, notes="Minutes")
        if seen != SEEN[2]:
            assert await house.settle() == {}
            assert {x.status for x in (await house.recall()).links} == {LinkStatus.PARKED}
        switch(house, SeriesRule.WINDOW)
        await house.settle()

        assert (on(house, MONDAYS[1])["Id"], starts(house)) == (first, nine(*MONDAYS[1:]))
        assert house.outlook().text(house.outlook().occurrence(event, MONDAYS[1])) == "Minutes"


@pytest.mark.parametrize("days", [1, 2])
async def test_series_are_on_again_after_the_meeting_that_became_one(days: int) -> None:
    """It has taken place, and its activity stays what it was; the dates to come get their own."""
    async with open_series() as house:
        event = house.outlook().create("Week", clock(MONDAYS[0], 15), clock(MONDAYS[0], 16))
        await house.step()
        first = on(house, MONDAYS[0])["Id"]
        switch(house, SeriesRule.SKIP)
        await house.settle()
        house.outlook().make_series(event, repeating("monday", since=MONDAYS[0]))
        await house.settle()
        house.advance(days=days)
        switch(house, SeriesRule.WINDOW)
        await house.settle()

        assert weeks(house)[first] == "2026-01-26T15:00"
        assert starts(house) == [f"{day}T15:00" for day in MONDAYS]


async def test_a_guest_declines_and_the_organizer_cancels_while_series_are_off() -> None:
    """Both arrive when they are on again: the answer at each date, then the end of all."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        series = mondays(house, attendees=[BORIS])
        await house.settle()
        switch(house, SeriesRule.SKIP)
        await house.settle()
        (copy,) = [one["id"] for one in house.outlook(BORIS).events() if one["type"] == "seriesMaster"]
        house.outlook(BORIS).decline(copy)
        await house.settle()
        switch(house, SeriesRule.WINDOW)
        await house.settle()
        told_of = [
            [p["Notes"] for p in on(house, day, "Week")["Participants"] if p["Email"] == BORIS] for day in MONDAYS
        ]
        assert told_of == [["Outlook: declined"]] * len(MONDAYS)

        switch(house, SeriesRule.SKIP)
        await house.settle()
        house.outlook().cancel(series)
        await house.settle()
        assert sorted(weeks(house).values()) == nine(*MONDAYS)
        switch(house, SeriesRule.WINDOW)
        await house.settle()
        assert sorted(weeks(house).values()) == VOID


async def test_switched_off_and_on_between_two_rounds_is_nothing() -> None:
    """What was done meanwhile is what it always was."""
    async with open_series() as house:
        kept_meetings(house)
        series = mondays(house)
        await house.step()
        before = [on(house, day, "Week")["Id"] for day in MONDAYS]
        switch(house, SeriesRule.SKIP)
        house.outlook().edit_date(series, MONDAYS[2], subject="Special")
        switch(house, SeriesRule.WINDOW)

        assert await house.settle() == {"activity updated": 1}
        assert set(weeks(house)) == set(before)


def made_single(house: House, series: str) -> str:
    """What a stop begins with: the Id that must stay."""
    before = on(house, MONDAYS[1], "Week")["Id"]
    single(MONDAYS[1], subject="Once")(house, series)
    return str(before)


@pytest.mark.parametrize("what", SIDES)
async def test_single_while_off_and_a_stop_at_every_call(what: str) -> None:
    """Of the round in which series are off for the first time, and single at that: the activity stays."""

    def do(house: House, series: str) -> str:
        switch(house, SeriesRule.SKIP)
        return made_single(house, series)

    def expect(house: House, _: str, before: str) -> None:
        assert (on(house, MONDAYS[1], "Once")["Id"], sorted(weeks(house).values())) == (before, nine(*MONDAYS))

    await stop_at_every_call(what, budget(11, 1), do, expect)


@pytest.mark.parametrize(("what", "seen"), each(SIDES, [SEEN[0], SEEN[2]]), ids=told)
async def test_series_are_on_again_and_a_stop_at_every_call(what: str, seen: str) -> None:
    """The date's activity is the single event's, and the others are void, once."""

    async def do(house: House, series: str) -> str:
        kept_meetings(house)
        switch(house, SeriesRule.SKIP)
        await house.settle()
        before = made_single(house, series)
        await sync_off(house, seen)
        switch(house, SeriesRule.WINDOW)
        return before

    def expect(house: House, _: str, before: str) -> None:
        assert weeks(house).pop(before) == nine(MONDAYS[1])[0]
        assert sorted(weeks(house).values()) == [nine(MONDAYS[1])[0], *VOID[1:]]

    await stop_at_every_call(what, budget(11, 1), do, expect)
