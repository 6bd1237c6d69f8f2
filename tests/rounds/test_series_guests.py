"""What guests do with their copies of a series (R24): answers, copies that leave, and who feeds the dates then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.memory import MemoryBackend
from jobs.commands.switch import disable, enable, forget
from jobs.round.run import run_round
from jobs.world import World
from sync_core.content.ranges import uid_key
from sync_core.model.link import LinkStatus, Role, master_of
from sync_core.model.policy import Direction
from sync_core.model.user import User
from sync_core.plan.tables import SAME_UID
from tests.support.budget import budget, each, told
from tests.support.colleagues import BORIS, CARL, KIM
from tests.support.fuse import Killed
from tests.support.house import ANNA, House, notes
from tests.support.misfortunes import LastMoment
from tests.support.moments import Moments
from tests.support.series import (
    MONDAYS,
    READINGS,
    WEEKDAYS,
    clock,
    kept_meetings,
    mondays,
    nine,
    on,
    open_series,
    repeating,
    starts,
)

DECLINED, DELETED = "Outlook: declined", "Outlook: deleted from the calendar"
ORDERS = [(ANNA, BORIS), (BORIS, ANNA)]


def copy_at(house: House, upn: str) -> str:
    """The id of the only series in somebody's calendar."""
    (master,) = [one["id"] for one in house.outlook(upn).events() if one["type"] == "seriesMaster"]
    return str(master)


TWO_YEARS_AGO = date(2024, 1, 22)


def meet_outside(house: House, since: date = TWO_YEARS_AGO, interval: int = 1) -> str:
    """Somebody outside invites Anna and Boris to Mondays at nine; the master's id."""
    rule = repeating("monday", since=since, interval=interval)
    guests = [ANNA, BORIS]
    kim = house.graph.outsider(KIM, time_zone="Europe/Sofia")
    return kim.create("Week", clock(since), clock(since, 10), recurrence=rule, attendees=guests)


def noted(house: House) -> dict[str, str]:
    """What stands at Boris in each activity that is not void, by its day."""
    rows = [row for row in house.desk().activities() if not row["Void"]]
    return {row["StartTime"][:10]: notes(row).get(BORIS, "") for row in rows}


WHICH = {"the series": MONDAYS, "one date": MONDAYS[2:3]}
"""Of which dates a guest's copy goes."""


@pytest.mark.parametrize(("how", "which", "order"), each(["decline", "delete"], WHICH, ORDERS), ids=told)
async def test_a_guest_leaves_a_colleagues_series(how: str, which: str, order: tuple[str, str]) -> None:
    """Each date that they left says so, as a single meeting does: declined where they said it, else deleted. The
    organizer's round comes first, or theirs."""
    days = WHICH[which]
    async with open_series("anna", "boris") as house:
        mondays(house, attendees=[BORIS])
        await house.settle(*order)
        house.advance(minutes=1)
        box, copy = house.outlook(BORIS), copy_at(house, BORIS)
        getattr(box, how)(copy if len(days) > 1 else box.occurrence(copy, days[0]))
        await house.settle(*order)

        left = {"decline": DECLINED, "delete": DELETED}[how]
        assert noted(house) == {str(day): left if day in days else "" for day in MONDAYS}
        assert (starts(house, void=True), await house.settle(*order)) == ([], {})


@pytest.mark.parametrize(("readings", "which", "is_renamed"), each(READINGS, WHICH, [False, True]), ids=told)
async def test_the_feeder_leaves_an_outsiders_series(readings: str, which: str, is_renamed: bool) -> None:
    """The other guest's copy feeds those dates from then on, whoever fed before; the last one to leave voids them.
    Between, the series is renamed or not."""
    days = WHICH[which]
    async with open_series("anna", "boris", readings=readings) as house:
        meeting = meet_outside(house)
        first, other = (BORIS, ANNA) if is_renamed else (ANNA, BORIS)
        await house.settle(first, other)
        assert {x.role for x in (await house.recall(first)).links} == {Role.INVITED}
        assert starts(house) == nine(*MONDAYS)
        await _leave(house, first, days)

        assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS), [])
        fed = [x.occurrence.day for x in (await house.recall(other)).links if x.role is Role.INVITED and x.occurrence]
        assert sorted(fed) == days
        if is_renamed:  # which brings a whole series back to whoever has not answered, and no single date
            house.graph.outsider(KIM).edit(meeting, subject="Renamed")
            await house.settle(first, other)
            assert {row["Subject"] for row in house.desk().activities()} == {"Renamed"}

        await _leave(house, other, days)
        is_back = is_renamed and days == MONDAYS
        left = MONDAYS if is_back else [day for day in MONDAYS if day not in days]
        gone = [day for day in MONDAYS if day not in left]
        assert (starts(house), starts(house, void=True)) == (nine(*left), nine(*gone))


CHANGES = ["another weekday", "this and following", "there and back", "a guest more", "single to weekly"]


@pytest.mark.parametrize(
    ("order", "what"), [*product([(BORIS, ANNA)], CHANGES), ((ANNA, BORIS), CHANGES[0])], ids=told
)
async def test_a_guests_round_comes_first_after_an_outsider_changed_the_series(
    order: tuple[str, str], what: str
) -> None:
    """Whoever fed the dates goes on feeding them as the other dates, and whose copy follows makes nothing anew. Only
    a guest who joined with the change cannot know which activities those were: theirs stay, the former ones go."""
    is_single, is_joining = what == CHANGES[4], what == CHANGES[3]
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        kim = house.graph.outsider(KIM, time_zone="Europe/Sofia")
        guests, rule = [ANNA, BORIS][: 1 if is_joining else 2], repeating("monday", since=MONDAYS[0])
        details = {} if is_single else {"recurrence": rule}
        series = kim.create("Week", clock(MONDAYS[0]), clock(MONDAYS[0], 10), attendees=guests, **details)
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities() if row["Subject"] == "Week"}
        match what:
            case "this and following":
                kim.split(series, MONDAYS[2])
            case "single to weekly":
                kim.make_series(series, rule)
            case _:
                kim.make_series(series, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
        if is_joining:
            kim.edit(series, attendees=[ANNA, BORIS])
        await house.settle(*order)
        if what == "there and back":
            kim.make_series(series, rule)
            await house.settle(*order)

        rows = [row for row in house.desk().activities() if row["Subject"] == "Week"]
        alive = {row["Id"] for row in rows if not row["Void"]}
        assert (len(alive), before <= alive, len(rows) - len(alive)) == (5, not is_joining, 5 * is_joining)
        fed = [x for upn in order for x in (await house.recall(upn)).links if x.role is Role.INVITED]
        assert {x.activity_id for x in fed if x.status == "live"} == alive
        claims = await house.world.store.read_claims({uid_key(x.ical_uid) for x in fed})
        assert {claim.activity_id for claim in claims.values() if claim.etag} >= alive


@pytest.mark.parametrize("readings", READINGS)
async def test_who_left_a_series_and_is_invited_to_one_date_again_keeps_its_activity(readings: str) -> None:
    """They have that date as a single event with its own uid, whatever its series does: its activity goes on with it,
    those of the others are void."""
    async with open_series(readings=readings) as house:
        kept_meetings(house)
        meeting = meet_outside(house)
        await house.settle()
        before = on(house, MONDAYS[2], "Week")["Id"]
        house.advance(minutes=1)
        house.outlook().delete(copy_at(house, ANNA))
        house.graph.outsider(KIM).edit_date(meeting, MONDAYS[2], subject="Special")
        await house.settle()

        assert on(house, MONDAYS[2], "Special")["Id"] == before
        assert starts(house, void=True) == nine(*(day for day in MONDAYS if day != MONDAYS[2]))
        assert await house.settle() == {}


@pytest.mark.parametrize("looks", [0, 1, 2], ids=["no look between", "a look at the new copy", "a look before that"])
async def test_a_guests_restored_series_stands_beside_its_new_copy(looks: int) -> None:
    """The organizer's update brought a new copy in its place. Each date is one activity, whichever copy of it has the
    link; the date of the other copy is listed, as a single meeting that is there twice is."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        meeting = meet_outside(house)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities()}
        house.advance(minutes=1)
        former = copy_at(house, BORIS)
        house.outlook(BORIS).delete(former)
        if looks > 1:
            await house.settle(ANNA, BORIS)
        house.graph.outsider(KIM).edit(meeting, subject="Renamed")
        if looks:
            await house.settle(ANNA, BORIS)
        house.advance(minutes=1)
        house.outlook(BORIS).restore(former)
        await house.settle(ANNA, BORIS)

        assert {row["Id"]: row["Void"] for row in house.desk().activities()} == dict.fromkeys(before, False)
        memory = await house.recall(BORIS)
        linked = [x.occurrence.day for x in memory.links if x.occurrence and x.status is LinkStatus.LIVE]
        assert (sorted(linked), [p.reason for p in memory.pending]) == (MONDAYS, [SAME_UID] * len(MONDAYS))
        assert not {x.event_id for x in memory.links} & {p.item_id for p in memory.pending}
        assert await house.settle(ANNA, BORIS) == {}
        house.advance(days=1)
        await house.settle(ANNA, BORIS)
        assert (await house.recall(BORIS)).pending == memory.pending

        house.outlook(BORIS).delete(master_of(memory.links[0]))
        await house.settle(ANNA, BORIS)
        memory = await house.recall(BORIS)
        assert ({x.status for x in memory.links}, memory.pending) == ({LinkStatus.LIVE}, ())


@pytest.mark.parametrize("order", ORDERS)
async def test_the_feeder_leaves_an_outsiders_series_that_has_just_moved(order: tuple[str, str]) -> None:
    """The other guest's copy has an activity for each of the other dates; where they saw the change first, the same
    ones."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        meeting = meet_outside(house)
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        house.advance(minutes=1)
        house.graph.outsider(KIM).make_series(meeting, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
        await _leave(house, ANNA, MONDAYS, order)

        tuesdays = nine(*(day + timedelta(days=1) for day in MONDAYS))
        assert [start for start in starts(house) if start in tuesdays] == tuesdays
        assert len(starts(house)) == len(tuesdays) + 2
        assert len(starts(house, void=True)) == (0 if order[0] == BORIS else len(tuesdays))


async def test_a_guest_dies_who_just_saw_an_ended_series_go_on_as_one_that_the_other_has_already() -> None:
    """Of an outsider's two series Anna's copy feeds both, and Boris's round knows one only, which ends: it goes on as
    the other with him, and dies with that saved. Anna's next round loses the ended dates; the others stay hers."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        week = meet_outside(house)
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        kim, day = house.graph.outsider(KIM), MONDAYS[0] + timedelta(days=1)
        rule = repeating("tuesday", since=day)
        kim.create("Other", clock(day), clock(day, 10), recurrence=rule, attendees=[ANNA, BORIS])
        await house.sync(ANNA)
        kim.end_before(week, MONDAYS[1])
        last = LastMoment(0, frozenset({"append_journal"}))
        with suppress(Killed):
            await run_round(last.around(house.world), await house.user(BORIS))
        assert last.hit
        house.advance(minutes=5)
        await house.settle(ANNA, BORIS)

        fed = {
            x.activity_id for x in (await house.recall(ANNA)).links if x.role is Role.INVITED and x.status == "live"
        }
        alive = {row["Id"]: row for row in house.desk().activities() if not row["Void"]}
        shown = sorted((alive[one]["Subject"], alive[one]["StartTime"][:16]) for one in fed)
        tuesdays = nine(*(one + timedelta(days=1) for one in MONDAYS))
        assert shown == [*(("Other", start) for start in tuesdays), ("Week", *nine(MONDAYS[0]))]
        assert len(starts(house)) == len(fed) + 2, "but for the kept meetings"


MOST_CALLS = 120
STRIDE = budget(17, 1)
"""Every call in `make soak`, every seventeenth in `make test`."""


@pytest.mark.parametrize("order", ORDERS)
async def test_the_feeder_leaves_a_series_that_has_just_moved_while_the_other_guest_sees_it(
    order: tuple[str, str],
) -> None:
    """The other's whole round falls before any call of the one's: in the end the other guest's copy feeds a living
    activity for each of the other dates."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_series("anna", "boris") as house:
            kept_meetings(house)
            meeting = meet_outside(house)
            await house.sync(ANNA)
            await house.settle(ANNA, BORIS)
            house.advance(minutes=1)
            house.graph.outsider(KIM).make_series(meeting, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
            house.outlook(ANNA).delete(copy_at(house, ANNA))
            first, second = [await house.user(upn) for upn in order]
            moments = Moments(n, lambda house=house, user=second: _round(house.world, user))  # type: ignore[misc]
            await _round(moments.around(house.world), first)
            await house.settle(ANNA, BORIS)
            house.advance(minutes=10)
            await house.settle(ANNA, BORIS)

            tuesdays = nine(*(day + timedelta(days=1) for day in MONDAYS))
            fed = [x for x in (await house.recall(BORIS)).links if x.role is Role.INVITED and x.status == "live"]
            alive = {row["Id"] for row in house.desk().activities() if not row["Void"]}
            assert ([start for start in starts(house) if start in tuesdays], len(alive)) == (tuesdays, 7), n
            assert len({x.activity_id for x in fed} & alive) == 5, n
            if not moments.hit:
                return
    pytest.fail("the round makes more calls than this test looks at")


async def test_two_guests_at_once_see_other_dates_go_on_as_the_same_one() -> None:
    """Boris took a date off, so that the next one goes on in its place with him, as another does with Anna. Whoever
    comes second sees whose date it is, and nothing has failed."""
    async with open_series("anna", "boris") as house:
        meeting = meet_outside(house, since=MONDAYS[0], interval=2)
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities()}
        house.outlook(BORIS).delete_date(copy_at(house, BORIS), MONDAYS[0])
        await house.settle(ANNA, BORIS)
        house.graph.outsider(KIM).make_series(meeting, repeating("monday", since=MONDAYS[1], interval=2))
        whole, anna = house.world, await house.user(ANNA)
        moments = Moments(0, lambda: _round(whole, anna), frozenset({"save_claims"}))
        house.world = moments.around(whole)
        outcome = await house.sync(BORIS)
        house.world = whole

        assert moments.hit
        assert [report.failures for report in outcome.reports] == [[]]
        await house.settle(ANNA, BORIS)
        assert starts(house) == nine(MONDAYS[1], MONDAYS[3], MONDAYS[4] + timedelta(days=7))
        assert {row["Id"] for row in house.desk().activities()} == before


async def _round(world: World, user: User) -> None:
    """A whole round; one that stops itself is the next one's to finish."""
    await run_round(world, user, asked=True)


@pytest.mark.parametrize("order", ORDERS)
async def test_the_feeder_of_an_outsiders_series_that_has_just_moved_is_switched_off(order: tuple[str, str]) -> None:
    """The other guest's copy feeds the same activities as the other dates, which are its own by name as well: at
    once, or with the next day's look where that guest had seen the other dates before."""
    async with open_series("anna", "boris") as house:
        meeting = meet_outside(house)
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities()}
        house.advance(minutes=1)
        house.graph.outsider(KIM).make_series(meeting, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
        if order[0] == BORIS:
            await house.sync(BORIS)
        await disable(house.world, await house.user(ANNA))
        house.advance(days=order[0] == BORIS)
        await house.settle(BORIS)

        fed = [x for x in (await house.recall(BORIS)).links if x.role is Role.INVITED and x.occurrence]
        assert {x.activity_id for x in fed} == before
        assert {x.ical_uid for x in fed} == {x.occurrence.uid for x in fed if x.occurrence}
        assert starts(house) == nine(*(day + timedelta(days=1) for day in MONDAYS))


async def test_an_outsiders_mondays_become_tuesdays_while_all_state_tables_are_lost() -> None:
    """The guest who did not make the activities has the first round: the same ones go on, and none is left over."""
    async with open_series("anna", "boris") as house:
        series = meet_outside(house)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities()}
        tuesdays = [day + timedelta(days=1) for day in MONDAYS]
        house.graph.outsider(KIM).make_series(series, repeating("tuesday", since=TWO_YEARS_AGO + timedelta(days=1)))
        await _lose_meetings(house)
        for upn in ORDERS[0]:
            await house.world.store.forget_user((await house.user(upn)).id)
            await enable(house.world, upn)
        await house.settle(BORIS, ANNA)

        assert {row["Id"] for row in house.desk().activities()} == before
        assert (starts(house), starts(house, void=True)) == (nine(*tuesdays), [])
        assert {x.activity_id for x in (await house.recall(BORIS)).links if x.role is Role.INVITED} == before


async def test_a_guests_first_round_takes_no_date_that_a_colleague_remembers() -> None:
    """Boris deleted a date and is switched on anew, and the window has reached another one: Anna still has both."""
    async with open_series("anna", "boris") as house:
        rule, guests = repeating(*WEEKDAYS, since=MONDAYS[0]), [ANNA, BORIS]
        kim = house.graph.outsider(KIM, time_zone="Europe/Sofia")
        kim.create("Stand-up", clock(MONDAYS[0]), clock(MONDAYS[0], 10), recurrence=rule, attendees=guests)
        await house.settle(ANNA, BORIS)
        before = {row["Id"]: row["StartTime"] for row in house.desk().activities()}
        await forget(house.world, await house.user(BORIS))
        copy, next_day = copy_at(house, BORIS), MONDAYS[4] + timedelta(days=4)
        house.outlook(BORIS).delete(house.outlook(BORIS).occurrence(copy, MONDAYS[4]))
        house.advance(days=1)
        await enable(house.world, BORIS)
        await house.settle(BORIS, ANNA)

        after = {row["Id"]: row["StartTime"] for row in house.desk().activities()}
        assert [start[:16] for ident, start in after.items() if ident not in before] == nine(next_day)
        assert (before.items() <= after.items(), starts(house, void=True)) == (True, [])


@pytest.mark.parametrize("how", ["is switched off", "is forgotten", "deletes the series"])
async def test_what_a_guest_who_joined_made_stays_when_the_former_dates_change_hands(how: str) -> None:
    """Carl gets the former dates to feed after Boris, who joined with the change, has made activities for the present
    ones: those are older than what Carl got for him, which nobody can know to be the same."""
    async with open_series("anna", "boris", "carl") as house:
        kept_meetings(house)
        kim = house.graph.outsider(KIM, time_zone="Europe/Sofia")
        rule = repeating("monday", since=MONDAYS[0])
        details = {"recurrence": rule, "attendees": [ANNA, CARL]}
        series = kim.create("Week", clock(MONDAYS[0]), clock(MONDAYS[0], 10), **details)
        await house.settle(ANNA, CARL)
        kim.make_series(series, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
        kim.edit(series, attendees=[ANNA, BORIS, CARL])
        house.advance(minutes=1)
        await house.sync(BORIS)
        house.advance(minutes=1)
        await _go(house, how, MONDAYS[0])
        await house.settle()

        week = [row for row in house.desk().activities() if row["Subject"] == "Week"]
        days = {is_void: {x["StartTime"][:10] for x in week if x["Void"] is is_void} for is_void in (False, True)}
        tuesdays = {str(day + timedelta(days=1)) for day in MONDAYS}
        assert (days, len(week)) == ({False: tuesdays, True: set(map(str, MONDAYS))}, 2 * len(MONDAYS))
        fed = [x for x in (await house.recall(BORIS)).links if x.role is Role.INVITED]
        assert {x.activity_id for x in fed} == {row["Id"] for row in week if not row["Void"]}


NEWS: dict[str, Callable[[date], dict[str, Any]]] = {
    "Renamed": lambda _: {"subject": "Renamed"},
    "Bring the figures": lambda _: {"body": "Bring the figures"},
    "11:00": lambda since: {"start": clock(since, 11), "end": clock(since, 12)},
    "High": lambda _: {"importance": "high"},
}
"""What an outsider changes of the whole series that began on a day, by what the activities then show."""


def shown(house: House) -> set[tuple[str, ...]]:
    """The different activities, but for their days."""
    rows = house.desk().activities()
    return {(row["StartTime"][11:16], row["Subject"], row["Notes"], row["Priority"]) for row in rows}


async def _go(house: House, how: str, day: date) -> None:
    """Anna, whose copy feeds the activities, goes."""
    box = house.outlook(ANNA)
    match how:
        case "is switched off":
            await disable(house.world, await house.user(ANNA))
        case "is forgotten":
            await forget(house.world, await house.user(ANNA))
        case "deletes the series":
            box.delete(copy_at(house, ANNA))
        case "deletes the date":
            box.delete(box.occurrence(copy_at(house, ANNA), day))
    await house.sync()


GOING = ["is switched off", "is forgotten", "deletes the series", "deletes the date"]
SINGLE_DATE = "alone in its view"
SERIES = {"weekly": (TWO_YEARS_AGO, 1), SINGLE_DATE: (MONDAYS[0], 9)}
"""Since when a series is, and how many weeks lie between its dates."""


@pytest.mark.parametrize(
    ("how", "new", "seen", "series"), each(GOING, NEWS, ["before", "after", "at first"], SERIES), ids=told
)
async def test_a_date_that_a_guest_changed_gets_what_its_series_gets_just_before_the_feeder_goes(
    how: str, new: str, seen: str, series: str
) -> None:
    """Boris's reminder of that date is older than what the feeder saw last; what the date shows since is not. His
    round sees that before she goes, or after it, or before she goes and for the first time."""
    (since, interval), seeing = SERIES[series], [ANNA] if seen == "at first" else [ANNA, BORIS]
    async with open_series("anna", "boris") as house:
        house.graph.switches.series_edit_drops_exceptions = False
        meeting = meet_outside(house, since, interval)
        await house.settle(*seeing)
        house.advance(minutes=1)
        house.outlook(BORIS).edit_date(copy_at(house, BORIS), MONDAYS[0], reminder=5)
        await house.settle(*seeing)
        assert shown(house) == {("09:00", "Week", "", "Medium")}
        house.advance(minutes=1)
        house.graph.outsider(KIM).edit(meeting, **NEWS[new](since))
        house.advance(minutes=1)
        if seen != "after":
            await house.sync(BORIS)
        await _go(house, how, MONDAYS[0])
        await house.settle()

        (one,) = shown(house)
        assert set(one) - {"09:00", "Week", "", "Medium"} == {new}
        assert len(starts(house)) == (5 if series == "weekly" else 1)
        assert await house.settle() == {}


@pytest.mark.parametrize("series", SERIES)
async def test_what_a_guest_changed_on_a_date_is_no_edit_once_the_feeder_has_looked(series: str) -> None:
    """Boris's words for that date stay his when he feeds it, as do those for a single meeting."""
    async with open_series("anna", "boris") as house:
        meet_outside(house, *SERIES[series])
        await house.settle(ANNA, BORIS)
        house.advance(minutes=1)
        house.outlook(BORIS).edit_date(copy_at(house, BORIS), MONDAYS[0], subject="My week")
        house.advance(minutes=1)
        await house.settle(ANNA, BORIS)
        await _go(house, "is switched off", MONDAYS[0])
        await house.settle()

        assert on(house, MONDAYS[0])["Subject"] == "Week"
        assert {x.role for x in (await house.recall(BORIS)).links} == {Role.INVITED}
        assert await house.settle() == {}


@pytest.mark.parametrize(("how", "seen"), each(GOING[:2], ["after", "before"]), ids=told)
async def test_the_feeder_goes_that_could_not_read_a_date_since_an_outsider_changed_it(how: str, seen: str) -> None:
    """Her rounds after the change have not seen the date, whatever else they saw: Boris's copy, which shows it before
    she goes or after it, has it written."""
    day = MONDAYS[2]
    async with open_series("anna", "boris", readings="no exceptions in the view") as house:
        house.graph.switches.delta_series = "master"
        meeting = meet_outside(house)
        await house.settle(ANNA, BORIS)
        house.advance(minutes=1)
        house.graph.outsider(KIM).edit_date(meeting, day, subject="Special")
        odd = house.outlook(ANNA).occurrence(copy_at(house, ANNA), day)
        house.graph.add_fault(f"* */events/{odd}*", times=None, status=500)
        for upn in [BORIS, ANNA] if seen == "before" else [ANNA]:
            house.advance(minutes=1)
            await house.sync(upn)
        await _go(house, how, day)
        await house.settle()

        assert {row["StartTime"][:10] for row in house.desk().activities() if row["Subject"] == "Special"} == {
            str(day)
        }
        assert len(starts(house)) == len(MONDAYS)
        assert await house.settle() == {}


@pytest.mark.parametrize("whose", ["a colleague's", "an outsider's"])
async def test_claims_that_were_lost_are_made_anew_by_a_full_round(whose: str) -> None:
    """Anna's: where his round is the first to see another weekday, Boris's copy goes on with her activities, and it
    feeds them once she is switched off."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        series = mondays(house, attendees=[BORIS]) if whose == "a colleague's" else meet_outside(house)
        who = house.outlook() if whose == "a colleague's" else house.graph.outsider(KIM)
        await house.settle(ANNA, BORIS)
        before = {row["Id"] for row in house.desk().activities()}
        await _lose_meetings(house)
        await house.sync(ANNA, full=True)
        if whose == "a colleague's":
            await disable(house.world, await house.user(ANNA))
        who.make_series(series, repeating("tuesday", since=MONDAYS[0] + timedelta(days=1)))
        await house.settle(BORIS, ANNA)
        await disable(house.world, await house.user(ANNA))
        who.edit(series, subject="Renamed")
        await house.settle(BORIS)

        rows = house.desk().activities()
        assert ({row["Id"] for row in rows}, starts(house, void=True)) == (before, [])
        assert len([row for row in rows if row["Subject"] == "Renamed"]) == 5


@pytest.mark.parametrize("left", ["the series", "the date"])
@pytest.mark.parametrize(
    ("change", "series"), [("reminder", "weekly"), ("reminder", SINGLE_DATE), ("day", SINGLE_DATE)], ids=told
)
async def test_the_feeder_leaves_a_date_that_the_other_guests_view_does_not_show(
    change: str, series: str, left: str
) -> None:
    """A changed date may be left out of it, or lie beyond it: Boris's copy of it feeds the same activity."""
    day, later = MONDAYS[0], MONDAYS[0] + timedelta(days=40)
    async with open_series("anna", "boris") as house:
        house.graph.switches.view_hides_exceptions = change == "reminder"
        meeting = meet_outside(house, *SERIES[series])
        await house.settle(ANNA, BORIS)
        activity = on(house, day)["Id"]
        house.advance(minutes=1)
        if change == "reminder":
            house.outlook(BORIS).edit_date(copy_at(house, BORIS), day, reminder=5)
        else:
            house.graph.outsider(KIM).edit_date(meeting, day, start=clock(later), end=clock(later, 10))
        await _go(house, f"deletes {left}", day)
        await house.settle()

        fed = [x.activity_id for x in (await house.recall(BORIS)).links if x.role is Role.INVITED]
        row = house.desk().get(activity)
        assert activity in fed
        assert (row["Void"], row["StartTime"][:10]) == (False, str(later if change == "day" else day))
        assert len(starts(house)) == (5 if series == "weekly" else 1)


@pytest.mark.parametrize("asked", ["the series", "the date", "which series"])
async def test_it_is_not_known_whether_the_other_guest_has_a_date_that_their_view_does_not_show(asked: str) -> None:
    """While Graph does not answer about the series, or the changed date, nothing is void."""
    day = MONDAYS[0]
    async with open_series("anna", "boris", readings="no exceptions in the view") as house:
        meet_outside(house, *SERIES["weekly" if asked == "the date" else SINGLE_DATE])
        await house.settle(ANNA, BORIS)
        before = starts(house)
        house.advance(minutes=1)
        box, copy = house.outlook(BORIS), copy_at(house, BORIS)
        box.edit_date(copy, day, reminder=5)
        paths = {"the series": f"/{copy}?", "the date": f"/{box.occurrence(copy, day)}", "which series": "?$filter"}
        house.graph.add_fault(f"GET */events{paths[asked]}*", times=None, status=503)
        house.outlook(ANNA).delete(copy_at(house, ANNA))
        await house.sync(ANNA)
        assert (starts(house), starts(house, void=True)) == (before, [])

        house.graph.faults.clear()
        await house.settle()
        assert (starts(house), starts(house, void=True)) == (before, [])
        assert day in {
            x.occurrence.day for x in (await house.recall(BORIS)).links if x.occurrence and x.role is Role.INVITED
        }


async def _lose_meetings(house: House) -> None:
    """Delete the rows of the table ``Meetings``."""
    backend = house.memory.backend if house.memory else None
    assert isinstance(backend, MemoryBackend)
    keys = [row.key for rows in backend._tables[Table.MEETINGS].values() for row in rows.values()]
    for key in keys:
        await backend.write(Table.MEETINGS, Op(Verb.DELETE, key))


@pytest.mark.parametrize(("kept", "lost"), [("direction", "cancelled"), ("lock", "removed")])
@pytest.mark.parametrize("order", ORDERS)
async def test_the_feeder_is_uninvited_as_the_series_becomes_a_single_event(
    kept: str, lost: str, order: tuple[str, str]
) -> None:
    """The direction or a lock keeps Anna's round from voiding the activities, and Boris has the first date by another
    iCalUId by then: his copy feeds its activity, whose round ever comes first, and what she left ends nothing of it
    once it may be written again. Her copy stays as a cancelled one, or she removes it."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        meeting = meet_outside(house, since=MONDAYS[0])
        await house.sync(ANNA)
        await house.settle(ANNA, BORIS)
        activity = on(house, MONDAYS[0], "Week")["Id"]
        house.advance(minutes=1)
        if kept == "lock":
            house.desk().set_read_only(activity, True)
        else:
            house.set_policy(direction=Direction.TO_GRAPH)
        kim = house.graph.outsider(KIM)
        kim.edit(meeting, attendees=[BORIS])
        if lost == "removed":
            house.outlook().delete(copy_at(house, ANNA))
        kim.make_single(meeting)
        await house.settle(*order)
        house.set_policy(direction=Direction.BOTH)
        if kept == "lock":
            house.desk().set_read_only(activity, False)
        house.advance(minutes=1)
        await house.settle(*order)
        kim.edit(meeting, subject="Alone")
        house.advance(minutes=1)
        await house.settle(*order)

        fed = [x for x in (await house.recall(BORIS)).links if x.role is Role.INVITED and x.status == "live"]
        assert activity in {x.activity_id for x in fed}
        row = house.desk().get(activity)
        assert (row["Void"], row["Subject"]) == (False, "Alone")
        assert [x["Id"] for x in house.desk().activities() if x["Subject"] == "Alone"] == [activity]
        assert await house.settle(*order) == {}


async def _leave(house: House, upn: str, days: list[date], order: tuple[str, str] = (ANNA, BORIS)) -> None:
    """Somebody deletes their copy of all dates, or of one."""
    house.advance(minutes=1)
    box, copy = house.outlook(upn), copy_at(house, upn)
    box.delete(copy if len(days) > 1 else box.occurrence(copy, days[0]))
    await house.settle(*order)
