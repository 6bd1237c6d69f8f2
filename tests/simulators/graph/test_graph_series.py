"""Series: expansion, exceptions, deleted occurrences, and how delta tells of them; traps T2, T3."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, IMMUTABLE, WINDOW, BareGraphClient, daily

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
BARE = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}


def starts(items: list[dict[str, Any]]) -> list[str]:
    """The dates on which the items start."""
    return sorted(i["start"]["dateTime"][:10] for i in items)


async def test_series_comes_as_master_and_bare_occurrences(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T3: the master in full, every occurrence with seven properties only."""
    ident = graph.person(ANN).create("Daily", NOON, ONE, **daily())
    items, _ = await client.round()
    master = next(i for i in items if i["type"] == "seriesMaster")
    occurrences = [i for i in items if i["type"] == "occurrence"]

    assert (master["id"], master["subject"]) == (ident, "Daily")
    assert len(occurrences) == 5
    assert all(set(o) == BARE and o["seriesMasterId"] == ident for o in occurrences)


async def test_deleted_occurrence_is_told_by_its_absence(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T2: no @removed; master and remaining occurrences come again."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, **daily())
    _, link = await client.round()
    ann.delete(ann.occurrence(ident, date(2026, 11, 25)))
    items, _ = await client.round(link=link)
    cancelled = await client.get(f"users/{ANN}/events/{ident}?$select=cancelledOccurrences")

    assert starts(items) == ["2026-11-23", "2026-11-23", "2026-11-24", "2026-11-26", "2026-11-27"]
    assert not any("@removed" in i for i in items)
    assert cancelled["cancelledOccurrences"] == [f"OID.{ident}.2026-11-25"]


async def test_changed_occurrence_is_an_exception_in_full(client: BareGraphClient, graph: GraphSimulator) -> None:
    """An exception comes in full with its original slot, its siblings stay bare."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, **daily())
    _, link = await client.round()
    ann.edit(ann.occurrence(ident, date(2026, 11, 25)), subject="Special", location="Hall")
    items, _ = await client.round(link=link)
    (exception,) = [i for i in items if i["type"] == "exception"]
    expanded = await client.get(f"users/{ANN}/events/{ident}?$expand=exceptionOccurrences")

    assert (exception["subject"], exception["location"]["displayName"]) == ("Special", "Hall")
    assert exception["originalStart"] == "2026-11-25T12:00:00Z"
    assert len([i for i in items if i["type"] == "occurrence"]) == 4
    assert [e["id"] for e in expanded["exceptionOccurrences"]] == [exception["id"]]


async def test_new_pattern_has_new_occurrence_ids_and_says_nothing_of_the_old(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T2: a series moved by a day has other occurrence ids; the old ones are never removed."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, **daily())
    before, link = await client.round()
    ann.move_time(ident, NOON + timedelta(days=10), ONE + timedelta(days=10))
    after, _ = await client.round(link=link)

    old = {i["id"] for i in before if i["type"] == "occurrence"}
    assert not any("@removed" in i for i in after)
    assert old.isdisjoint(i["id"] for i in after)
    assert starts(after)[-1] == "2026-12-07"


async def test_deleted_series_is_removed_by_its_master(client: BareGraphClient, graph: GraphSimulator) -> None:
    """A deleted series removes its master's id; whether also its occurrences' is a switch."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, **daily())
    _, link = await client.round()
    ann.delete(ident)
    short, _ = await client.round(link=link)
    graph.switches.delta_removes_occurrences = True
    long, _ = await client.round(link=link)

    assert [i["id"] for i in short] == [ident]
    assert len(long) == 6


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ("whole", ["exception", "occurrence", "occurrence", "occurrence", "occurrence", "seriesMaster"]),
        ("exceptions", ["exception", "seriesMaster"]),
        ("master", ["seriesMaster"]),
    ],
)
async def test_delta_may_tell_less_of_a_changed_series(
    client: BareGraphClient, graph: GraphSimulator, told: str, kinds: list[str]
) -> None:
    """The whole of it, its master and exceptions, or the master alone; the view shows every date all the same."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, **daily())
    _, link = await client.round()
    graph.switches.delta_series = told
    ann.edit_date(ident, date(2026, 11, 25), subject="Special")
    items, _ = await client.round(link=link)

    assert sorted(i["type"] for i in items) == kinds
    assert len((await client.get(f"users/{ANN}/calendarView?{WINDOW}")).value) == 5


async def test_a_master_that_is_all_there_is_to_tell_is_told(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Its own date before the window, its dates not delivered: delta is not silent about it."""
    start = datetime(2026, 10, 1, 12, tzinfo=UTC)
    graph.switches.delta_omits_masters, graph.switches.delta_series = True, "master"
    pattern = daily("2026-10-01", type="endDate", endDate="2026-11-03")
    ident = graph.person(ANN).create("Old", start, start + timedelta(hours=1), **pattern)
    items, _ = await client.round()

    assert [i["id"] for i in items] == [ident]


async def test_an_untouched_date_is_never_delivered_again(client: BareGraphClient, graph: GraphSimulator) -> None:
    """A later round tells of other changes only; what was missed at its time comes with no delta."""
    graph.person(ANN).create("Daily", NOON, ONE, **daily())
    _, link = await client.round()
    other = graph.person(ANN).create("Other", NOON, ONE)
    items, _ = await client.round(link=link)

    assert [i["id"] for i in items] == [other]


async def test_a_long_series_and_small_pages_never_end(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T5: the reported trigger is a series longer than the page; a larger page or none ends the round."""
    graph.person(ANN).create("Daily", NOON, ONE, **daily())
    graph.endless_delta(ANN, "series")
    path = f"users/{ANN}/calendarView/delta?{WINDOW}"
    small = await client.get(path, prefer=f"{IMMUTABLE}, odata.maxpagesize=4")
    again = await client.get(small["@odata.nextLink"], prefer=f"{IMMUTABLE}, odata.maxpagesize=4")
    large = await client.get(path, prefer=f"{IMMUTABLE}, odata.maxpagesize=5")

    assert small.value == again.value != []
    assert "@odata.nextLink" in again.body
    assert "@odata.deltaLink" in large.body
    assert len((await client.round())[0]) == 6


async def test_master_outside_the_window_may_be_absent(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T3: only bare occurrences come; the master is found by ``seriesMasterId``."""
    start = datetime(2026, 10, 1, 12, tzinfo=UTC)
    graph.switches.delta_omits_masters = True
    pattern = daily("2026-10-01", type="endDate", endDate="2026-11-03")
    graph.person(ANN).create("Old", start, start + timedelta(hours=1), **pattern)
    items, _ = await client.round()

    assert {i["type"] for i in items} == {"occurrence"}
    assert starts(items) == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert (await client.event(items[0]["seriesMasterId"]))["type"] == "seriesMaster"


async def test_calendar_view_shows_occurrences_in_full_and_no_master(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """calendarView expands, ``events`` does not; instances are the same occurrences."""
    ident = graph.person(ANN).create("Daily", NOON, ONE, **daily())
    view = await client.get(f"users/{ANN}/calendarView?{WINDOW}")
    events = await client.get(f"users/{ANN}/events")
    instances = await client.get(f"users/{ANN}/events/{ident}/instances?{WINDOW}")

    assert [e["type"] for e in view.value] == ["occurrence"] * 5
    assert {e["subject"] for e in view.value} == {"Daily"}
    assert [e["type"] for e in events.value] == ["seriesMaster"]
    assert [e["id"] for e in instances.value] == [e["id"] for e in view.value]
    assert len({e["iCalUId"] for e in view.value} | {events.value[0]["iCalUId"]}) == 6


async def test_single_becomes_a_series_and_back_under_one_id(client: BareGraphClient, graph: GraphSimulator) -> None:
    """``recurrence`` makes a master of a single, ``null`` a single of a master; the id stays."""
    made = await client.create()
    path = f"users/{ANN}/events/{made['id']}"
    series = await client.patch(path, daily())
    single = await client.patch(path, {"recurrence": None})

    assert (series["id"], series["type"]) == (made["id"], "seriesMaster")
    assert (single["id"], single["type"], single["recurrence"]) == (made["id"], "singleInstance", None)


async def test_series_keeps_its_wall_clock_over_daylight_saving(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T13: noon in Sofia is ten o'clock UTC in winter and nine in summer."""
    start = datetime(2026, 3, 28, 12)  # noqa: DTZ001 - wall clock of the mailbox
    graph.person(ANN).create("Noon", start, start + timedelta(hours=1), **daily("2026-03-28"))
    view = await client.get(f"users/{ANN}/calendarView?startDateTime=2026-03-01&endDateTime=2026-04-30")

    assert [e["start"]["dateTime"][11:13] for e in view.value] == ["10", "09", "09", "09", "09"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 3}, ["2026-11-23", "2026-11-26", "2026-11-29"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"},
            ["2026-11-23", "2026-11-27", "2026-12-07"],
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, ["2026-11-30", "2026-12-31", "2027-01-31"]),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
            ["2026-11-27", "2026-12-25", "2027-01-29"],
        ),
    ],
    ids=["daily", "weekly", "monthly", "relative"],
)
async def test_patterns(client: BareGraphClient, pattern: dict[str, Any], expected: list[str]) -> None:
    """A pattern falls on its dates, the first of them on or after the range's start."""
    limits = {"type": "numbered", "startDate": "2026-11-23", "numberOfOccurrences": 3}
    made = await client.create(recurrence={"pattern": pattern, "range": limits})
    view = await client.get(f"users/{ANN}/calendarView?{WINDOW}")

    assert made.status == 201
    assert starts(view.value) == expected


async def test_endless_range_has_the_zero_end_date(client: BareGraphClient) -> None:
    """``noEnd`` comes back with ``endDate`` 0001-01-01."""
    made = await client.create(**daily(type="noEnd"))

    assert made["recurrence"]["range"]["endDate"] == "0001-01-01"


@pytest.mark.parametrize(
    "recurrence",
    [
        {"pattern": {"type": "daily"}, "range": {"type": "noEnd"}},
        {"pattern": {"type": "weekly", "interval": 1}, "range": {"type": "noEnd"}},
        {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered"}},
        {"pattern": {"type": "daily", "interval": 1}},
        {"pattern": {"type": "daily", "interval": 1, "every": 2}, "range": {"type": "noEnd"}},
    ],
    ids=["no-interval", "no-days", "no-number", "no-range", "unknown"],
)
async def test_incomplete_pattern_is_refused(client: BareGraphClient, recurrence: dict[str, Any]) -> None:
    """A pattern without what its type needs is 400."""
    assert (await client.create(recurrence=recurrence)).status == 400


async def test_occurrence_cannot_cross_its_neighbour(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Moving an occurrence onto its neighbour's day is 400 ``ErrorOccurrenceCrossingBoundary``."""
    ident = graph.person(ANN).create("Daily", NOON, ONE, **daily())
    slot = graph.person(ANN).occurrence(ident, date(2026, 11, 24))
    times = {
        "start": {"dateTime": "2026-11-25T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-25T10:00:00", "timeZone": "UTC"},
    }
    answer = await client.patch(f"users/{ANN}/events/{slot}", times)

    assert (answer.status, answer.code) == (400, "ErrorOccurrenceCrossingBoundary")
