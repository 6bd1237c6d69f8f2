"""Series of several people, and many of them (R24, R28, R30): claims per date, bounds, and what a round costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from jobs.round.run import run_round
from simulators.base import Fault
from sync_core.model.link import Role
from tests.support.budget import budget, each, told
from tests.support.house import ANNA, House, upn_of
from tests.support.series import (
    MONDAYS,
    READINGS,
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

BORIS = upn_of("boris")
KIM = "kim@partner.example"


def beginning_with(first: str) -> list[str]:
    """Anna and Boris in an order."""
    return sorted((ANNA, BORIS), key=lambda upn: upn != upn_of(first))


def asked(house: House) -> Counter[str]:
    """What Graph was asked since the log was emptied, pages of one delta query as one."""
    paths = Counter(seen.path.rpartition("/")[2] for seen in house.graph.requests)
    return Counter({**paths, "delta": 1}) if paths["delta"] else paths


def slow(house: House) -> Callable[[], datetime]:
    """A clock by which time passes whenever somebody looks at it."""

    def look() -> datetime:
        house.advance(milliseconds=100)
        return house.now

    return look


@pytest.mark.parametrize(("readings", "first"), each(READINGS, ["anna", "boris"]), ids=told)
async def test_one_series_in_two_calendars_is_one_activity_a_date(readings: str, first: str) -> None:
    """In any order; the organizer feeds."""
    async with open_series("anna", "boris", readings=readings) as house:
        series = mondays(house, attendees=[BORIS])
        order = beginning_with(first)
        await house.sync(*order)
        await house.settle(*order)

        assert starts(house) == nine(*MONDAYS)
        assert {x.role for x in (await house.recall()).links} == {Role.OWN}
        assert {x.role for x in (await house.recall(BORIS)).links} == {Role.FOLLOWER}

        house.outlook().edit_date(series, MONDAYS[1], subject="Special")
        house.outlook().delete_date(series, MONDAYS[3])
        await house.settle(*order)
        left = [day for day in MONDAYS if day != MONDAYS[3]]
        assert (starts(house), starts(house, void=True)) == (nine(*left), nine(MONDAYS[3]))
        assert on(house, MONDAYS[1])["Subject"] == "Special"


@pytest.mark.parametrize("readings", READINGS)
async def test_an_invited_series_is_read_and_never_written(readings: str) -> None:
    """From another company: edits in ERP.net are conflicts, a void one stays in Outlook and is not made again."""
    async with open_series(readings=readings) as house:
        copy = house.outlook().receive(
            "Abroad",
            clock(MONDAYS[0]),
            clock(MONDAYS[0], 10),
            organizer=KIM,
            uid="0tpv4k1h8q@google.com",
            recurrence={
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
                "range": {"type": "noEnd", "startDate": MONDAYS[0].isoformat()},
            },
        )
        await house.step()
        assert starts(house) == nine(*MONDAYS)
        systems = {row["ExternalSystem"] for row in house.desk().activities()}
        assert systems == {"calsync-iCalUId-date"}

        house.desk().edit(on(house, MONDAYS[1])["Id"], subject="Theirs")
        house.desk().void(on(house, MONDAYS[2])["Id"])
        house.graph.requests.clear()
        await house.settle()
        house.outlook().add_category(copy, "Blue")
        await house.settle()
        assert (house.patches(), house.graph_writes()) == ([], [])
        assert len(house.outlook().dates(copy, MONDAYS[0], MONDAYS[4])) == 5
        assert starts(house, void=True) == nine(MONDAYS[2])


async def test_a_view_that_breaks_off_is_read_again() -> None:
    """On its second page: nothing is voided, the next round finishes."""
    async with open_series() as house:
        for number in range(11):
            every_weekday(house, f"Series {number}")
        series = mondays(house)
        await house.step()
        house.outlook().edit_date(series, MONDAYS[1], subject="Special")
        house.outlook().delete_date(series, MONDAYS[3])
        house.graph.faults.append(Fault("GET /v1.0/users/*/calendarView", status=503, skip=1, times=None))
        outcome = await house.sync()
        assert [bool(r.failures) for r in outcome.reports] == [True]
        assert starts(house, void=True) == []

        house.graph.faults.clear()
        await house.settle()
        assert starts(house, void=True) == nine(MONDAYS[3])
        assert len(starts(house)) == 11 * 24 + 4
        assert on(house, MONDAYS[1], "Special")


SERIES = budget(5, 40)


async def test_forty_weekday_series_come_over_rounds_and_nothing_twice() -> None:
    """The plan shows them beforehand; a round that has no time left goes on in the next (`make soak`: forty)."""
    async with open_series() as house:
        for number in range(SERIES):
            every_weekday(house, f"Series {number}", hour=6 + number // 4)
        preview = (await house.sync(dry_run=True)).reports[0]
        assert len(preview.lines) == SERIES * 24
        assert sum(line.mails for line in preview.lines) == 0

        quick = house.world.clock
        house.world = replace(house.world, clock=slow(house), round_limit=timedelta(milliseconds=500))
        rounds = 0
        while len(starts(house)) < SERIES * 24:
            rounds += 1
            assert rounds < 10 * SERIES
            house.advance(minutes=15)
            await house.sync()
        journal = await house.world.store.read_journal((await house.user()).id, 5_000)
        made = [entry.after.get("activity created") for entry in journal if entry.action == "round"]
        assert len(list(filter(None, made))) > 1
        assert set(Counter(row["ExternalId"] for row in house.desk().activities()).values()) == {1}
        house.world = replace(house.world, clock=quick, round_limit=timedelta(minutes=8))
        assert await house.settle() == {}


async def test_what_a_round_costs() -> None:
    """Idle, nothing; a series renamed, one more view and one batch to ERP.net."""
    async with open_series() as house:
        series = [every_weekday(house, f"Series {number}") for number in range(2)]
        await house.settle()
        house.graph.requests.clear()
        await house.step()
        assert asked(house) == {"delta": 1}

        house.outlook().edit(series[0], subject="Renamed")
        house.graph.requests.clear()
        house.erp.requests.clear()
        report = await house.step()
        assert dict(report.done) == {"activity updated": 24}
        assert asked(house) == {"delta": 1, "calendarView": 1}
        writes = [seen for seen in house.erp.requests if seen.method == "POST" and "$batch" in seen.path]
        assert len([seen for seen in writes if b"PATCH" in seen.body]) == 1


async def test_a_first_sync_costs_one_question_more_than_that_of_single_meetings() -> None:
    """Whatever their number."""
    counts = []
    for is_series in (False, True):
        async with open_series() as house:
            if is_series:
                every_weekday(house)
            else:
                for day in (MONDAYS[0] + timedelta(days=n) for n in range(32)):
                    if day.weekday() < 5:
                        house.outlook().create("Stand-up", clock(day, 8, 15), clock(day, 8, 45))
            house.graph.requests.clear()
            house.erp.requests.clear()
            await house.step()
            assert len(starts(house)) == 24
            counts.append((len(house.graph.requests), len(house.erp.requests)))

    singles, series = counts
    assert series == (singles[0] + 1, singles[1])


MANY = budget(10, 42)
"""Weekday series of which a first round is counted."""


async def test_a_first_round_of_many_series() -> None:
    """The questions of as many single meetings, plus one view, in as many pages as dates need; ERP.net is asked no
    more than for 1,000 single ones. The rename of a whole series is one view and one batch more than an idle round
    (`make soak`: 1,008 dates)."""
    async with open_series() as house:
        series = [every_weekday(house, f"Series {n}", hour=6 + n // 4) for n in range(MANY)]
        house.graph.requests.clear()
        house.erp.requests.clear()
        report = await house.step()
        assert report.done == {"activity created": MANY * 24}
        counts = Counter(seen.path.rpartition("/")[2] for seen in house.graph.requests)
        assert counts.pop("calendarView") <= 1 + MANY * 24 // 200
        assert counts.pop("delta") <= 1 + MANY * 47 // 200
        assert (counts.total(), len(house.erp.requests) <= 15) == (3, True), "who it is, their zone, our marks"

        await house.step()
        house.graph.requests.clear()
        await house.step()
        assert asked(house) == {"delta": 1}, "idle, all of them linked"
        house.outlook().edit(series[7], subject="Renamed")
        house.graph.requests.clear()
        house.erp.requests.clear()
        report = await house.step()
        assert (report.done, report.read_all) == ({"activity updated": 24}, "")
        assert {seen.path.rpartition("/")[2] for seen in house.graph.requests} == {"delta", "calendarView"}
        assert sum("$batch" in seen.path and b"PATCH" in seen.body for seen in house.erp.requests) == 1


@pytest.mark.parametrize("first", ["anna", "boris"])
@pytest.mark.parametrize("how", ["tuesdays", "split", "deleted"])
async def test_who_follows_a_series_follows_its_changes(how: str, first: str) -> None:
    """In any order of rounds: one activity a date, the same ones, nobody left with a dead link."""
    async with open_series("anna", "boris") as house:
        kept_meetings(house)
        series = mondays(house, attendees=[BORIS])
        order = beginning_with(first)
        await house.settle(*order)
        before = {row["Id"] for row in house.desk().activities()}
        match how:
            case "tuesdays":
                house.outlook().make_series(series, repeating("tuesday", since=date(2024, 1, 23)))
            case "split":
                house.outlook().split(series, MONDAYS[2], subject="New")
            case "deleted":
                house.outlook().delete(series)
        await house.settle(*order)

        alive = {row["Id"] for row in house.desk().activities() if not row["Void"]}
        assert alive == before if how != "deleted" else len(alive) == 2
        followed = [x for x in (await house.recall(BORIS)).links if x.role is Role.FOLLOWER and x.status == "live"]
        assert len(followed) == (0 if how == "deleted" else 5)
        named = {row["ExternalId"] for row in house.desk().activities() if not row["Void"]}
        assert {x.ical_uid for x in followed} <= named


@pytest.mark.parametrize("readings", ["as captured", "ids that pass"])
async def test_two_workers_at_the_same_series(readings: str) -> None:
    """Each date is claimed by itself: one activity a date, whoever is first at which."""
    async with open_series("anna", "boris", readings=readings) as house:
        mondays(house, attendees=[BORIS])
        people = [await house.user(ANNA), await house.user(BORIS)]
        await asyncio.gather(*(run_round(house.world, one, full=True) for one in people))
        await house.settle()

        assert starts(house) == nine(*MONDAYS)
        assert {x.role for x in (await house.recall(BORIS)).links} == {Role.FOLLOWER}
