"""What a person does to series: one date, another pattern, an earlier end, "this and following"; and the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, WINDOW, BareGraphClient, Json, daily, weekly

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


def mondays(count: int = 5) -> list[date]:
    """The dates of ``weekly``."""
    return [(MONDAY + n * WEEK).date() for n in range(count)]


def series(graph: GraphSimulator, **details: Any) -> str:
    """Ann's Mondays at noon UTC."""
    return graph.person(ANN).create("Weekly", MONDAY, MONDAY + HOUR, zone="UTC", **{**weekly(), **details})


async def view(client: BareGraphClient, window: str = WINDOW) -> list[Json]:
    """Ann's calendar view."""
    return (await client.get(f"users/{ANN}/calendarView?{window}&$top=100")).value


def days(events: list[Json]) -> list[str]:
    """Month and day on which they start."""
    return [e["start"]["dateTime"][5:10] for e in events]


def test_the_dates_of_a_series(graph: GraphSimulator) -> None:
    """Those that take place, by their original dates, both ends of the question included."""
    ann = graph.person(ANN)
    ident = series(graph)
    ann.delete_date(ident, mondays()[1])
    ann.move_date(ident, mondays()[2], MONDAY + 2 * WEEK + 24 * HOUR, MONDAY + 2 * WEEK + 25 * HOUR)

    assert ann.dates(ident, date(2026, 11, 1), mondays()[2]) == [mondays()[0], mondays()[2]]
    assert ann.dates(ann.create("Single", MONDAY, MONDAY + HOUR), *mondays(2)) == []


@pytest.mark.parametrize(
    ("do", "words"),
    [
        ("edit_date", {"subject": "No"}),
        ("delete_date", {}),
        ("move_date", {"start": MONDAY, "end": MONDAY + HOUR}),
        ("split", {"subject": "No"}),
        ("occurrence", {}),
    ],
)
def test_a_date_that_is_none_of_the_series(graph: GraphSimulator, do: str, words: dict[str, Any]) -> None:
    """A day between its dates, one that was deleted, and one after its end are refused."""
    ann, ident = graph.person(ANN), series(graph)
    ann.delete_date(ident, mondays()[1])
    for day in (date(2026, 11, 24), mondays()[1], mondays(6)[-1]):
        with pytest.raises(Refused):
            getattr(ann, do)(ident, day, **words)


async def test_a_moved_date_stays_what_it_is(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Moved twice it keeps its id, its original date and the siblings where they are."""
    ann, ident = graph.person(ANN), series(graph)
    before = await view(client)
    for shift in (24 * HOUR, 48 * HOUR):
        at = MONDAY + WEEK + shift
        ann.move_date(ident, mondays()[1], at, at + HOUR)
    after = await view(client)

    assert days(after) == ["11-23", "12-02", "12-07", "12-14", "12-21"]
    assert [e["id"] for e in after] == [e["id"] for e in before]
    assert after[1]["occurrenceId"].endswith(".2026-11-30")


@pytest.mark.parametrize("drops", [True, False])
async def test_another_time_and_what_was_changed_before(
    client: BareGraphClient, graph: GraphSimulator, drops: bool
) -> None:
    """Changed and deleted dates are forgotten, or stay where the series still has the date."""
    graph.switches.series_edit_drops_exceptions = drops
    ann, ident = graph.person(ANN), series(graph)
    ann.edit_date(ident, mondays()[1], subject="Special")
    ann.delete_date(ident, mondays()[2])
    ann.move_time(ident, MONDAY + 2 * HOUR, MONDAY + 3 * HOUR, zone="UTC")
    shown = await view(client)

    assert {e["start"]["dateTime"][11:13] for e in shown} == {"14"}
    assert [e["subject"] for e in shown] == (["Weekly"] * 5 if drops else ["Weekly", "Special", "Weekly", "Weekly"])


@pytest.mark.parametrize("drops", [True, False])
async def test_mondays_become_tuesdays(client: BareGraphClient, graph: GraphSimulator, drops: bool) -> None:
    """Under the same master and uid; no date is left of the old pattern, changed or not."""
    graph.switches.series_edit_drops_exceptions = drops
    ann, ident = graph.person(ANN), series(graph)
    before = await view(client)
    ann.edit_date(ident, mondays()[1], subject="Special")
    ann.make_series(ident, weekly("2026-11-24", "tuesday")["recurrence"])
    after = await view(client)

    assert days(after) == ["11-24", "12-01", "12-08", "12-15", "12-22"]
    assert {e["subject"] for e in after} == {"Weekly"}
    assert {e["id"] for e in after}.isdisjoint(e["id"] for e in before)
    assert {e["uid"] for e in after} == {e["uid"] for e in before}
    assert [(await client.event(e["id"])).status for e in before] == [404] * 5


@pytest.mark.parametrize("drops", [True, False])
async def test_an_earlier_end_leaves_the_other_dates_as_they_are(
    client: BareGraphClient, graph: GraphSimulator, drops: bool
) -> None:
    """Neither time nor pattern changes: the changed date before the end stays, the one after it is gone."""
    graph.switches.series_edit_drops_exceptions = drops
    ann, ident = graph.person(ANN), series(graph)
    for day in (mondays()[1], mondays()[4]):
        ann.edit_date(ident, day, subject="Special")
    ann.end_before(ident, mondays()[3])
    shown = await view(client)

    assert days(shown) == ["11-23", "11-30", "12-07"]
    assert [e["subject"] for e in shown] == ["Weekly", "Special", "Weekly"]
    assert (await client.event(f"{ident}?$select=type,recurrence"))["recurrence"]["range"]["endDate"] == "2026-12-13"


async def test_this_and_following(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The series ends before the date; another one with another uid has the rest, each date once."""
    ann, ident = graph.person(ANN), series(graph)
    ann.edit_date(ident, mondays()[4], location="Hall")
    _, link = await client.round()
    new = ann.split(ident, mondays()[2], subject="New")
    shown, (items, _) = await view(client), await client.round(link=link)
    old, following = ann.get(ident), ann.get(new)

    assert days(shown) == ["11-23", "11-30", "12-07", "12-14", "12-21"]
    assert [e["subject"] for e in shown] == ["Weekly", "Weekly", "New", "New", "New"]
    assert [e["seriesMasterId"] for e in shown] == [ident] * 2 + [new] * 3
    assert old["uid"] != following["uid"]
    assert following["recurrence"]["range"]["numberOfOccurrences"] == 3
    assert shown[4]["location"]["displayName"] == "Hall"
    assert {i["id"] for i in items if i["type"] == "seriesMaster"} == {ident, new}


async def test_this_and_following_at_another_time(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The new series has the new time from its first date on."""
    ann, ident = graph.person(ANN), series(graph)
    at = MONDAY + 2 * WEEK + 3 * HOUR
    new = ann.split(ident, mondays()[2], start=at, end=at + HOUR, zone="UTC")
    hours = [e["start"]["dateTime"][11:13] for e in await view(client)]

    assert hours == ["12", "12", "15", "15", "15"]
    assert ann.get(new)["start"]["dateTime"].startswith("2026-12-07T15")


async def test_this_and_following_of_a_meeting(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The guests' series is cut and they are invited to the new one, unanswered."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    ident = series(graph, attendees=[BOB])
    bob.accept(bob.events()[0]["id"])
    graph.mails.clear()
    new = ann.split(ident, mondays()[2], subject="New")
    copies = bob.events()

    assert [c["subject"] for c in copies] == ["Weekly", "New"]
    assert [c["responseStatus"]["response"] for c in copies] == ["accepted", "notResponded"]
    assert ann.get(new)["attendees"][0]["status"]["response"] == "none"
    assert [(m.kind, m.to, m.subject) for m in graph.mails] == [("update", BOB, "Weekly"), ("invitation", BOB, "New")]
    with pytest.raises(Refused):
        bob.split(copies[0]["id"], mondays()[1], subject="Mine")


async def test_a_split_that_makes_no_sense_leaves_the_series_whole(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """An end before the start, and a pattern that is none."""
    ann, ident = graph.person(ANN), series(graph)
    at = MONDAY + 2 * WEEK
    for words in ({"start": at, "end": at - HOUR}, {"recurrence": {"pattern": {"type": "daily"}}}):
        with pytest.raises(Refused):
            ann.split(ident, mondays()[2], **words)

    assert days(await view(client)) == ["11-23", "11-30", "12-07", "12-14", "12-21"]
    assert len(ann.events()) == 1


async def test_this_and_following_with_other_guests(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Who is not asked on has the dates before only; who is new has the dates after."""
    ann, ident = graph.person(ANN), series(graph, attendees=[BOB])
    graph.add_mailbox("cy@example.test")
    ann.split(ident, mondays()[2], attendees=["cy@example.test"])
    shown = [days((await client.get(f"users/{upn}/calendarView?{WINDOW}")).value) for upn in (BOB, "cy@example.test")]

    assert shown == [["11-23", "11-30"], ["12-07", "12-14", "12-21"]]


def test_the_first_date_is_no_split(graph: GraphSimulator) -> None:
    """That would be the whole series."""
    ident = series(graph)
    with pytest.raises(Refused):
        graph.person(ANN).split(ident, mondays()[0], subject="New")
    assert len(graph.person(ANN).events()) == 1


async def test_a_deleted_series_is_gone_with_all_its_dates(client: BareGraphClient, graph: GraphSimulator) -> None:
    """404 for master and dates; the view is empty; restored, all is there again as it was."""
    ann, ident = graph.person(ANN), series(graph)
    ann.edit_date(ident, mondays()[1], subject="Special")
    one = ann.occurrence(ident, mondays()[1])
    ann.delete(ident)
    gone = [(await client.event(i)).status for i in (ident, one)]
    empty = await view(client)
    ann.restore(ident)

    assert (gone, empty) == ([404, 404], [])
    assert [e["subject"] for e in await view(client)] == ["Weekly", "Special", "Weekly", "Weekly", "Weekly"]


async def test_a_series_moves_to_another_calendar_as_a_whole(client: BareGraphClient, graph: GraphSimulator) -> None:
    """One date does not."""
    ann, ident = graph.person(ANN), series(graph)
    with pytest.raises(Refused):
        ann.move_to_calendar(ann.occurrence(ident, mondays()[1]), "Other")
    ann.move_to_calendar(ident, "Other")

    assert await view(client) == []


async def test_a_series_that_is_imported_again_has_its_changed_dates(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """Two series of one uid, date by date."""
    ann, ident = graph.person(ANN), series(graph)
    ann.edit_date(ident, mondays()[1], subject="Special")
    ann.delete_date(ident, mondays()[2])
    ann.import_again(ident)
    shown = await view(client)

    assert days(shown) == ["11-23"] * 2 + ["11-30"] * 2 + ["12-14"] * 2 + ["12-21"] * 2
    assert len({e["iCalUId"] for e in shown}) == 4
    assert [e["subject"] for e in shown].count("Special") == 2


async def test_a_single_event_of_a_series_again(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Single, weekly, single: one id, and what was changed on a date is forgotten."""
    ann = graph.person(ANN)
    ident = ann.create("Single", MONDAY, MONDAY + HOUR, zone="UTC")
    uid = ann.get(ident)["iCalUId"]
    ann.make_series(ident, weekly()["recurrence"])
    ann.edit_date(ident, mondays()[1], subject="Special")
    weekly_uids = {e["iCalUId"] for e in await view(client)}
    ann.make_single(ident)
    (shown,) = await view(client)

    assert (shown["id"], shown["type"], shown["iCalUId"]) == (ident, "singleInstance", uid)
    assert len(weekly_uids - {uid}) == 5


async def test_a_series_is_kept_from_another_process(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The side entrance knows the same acts, dates as ISO text."""
    acts = [
        ("move_date", {"day": "2026-11-30", "start": "2026-12-01T09:00", "end": "2026-12-01T10:00"}),
        ("delete_date", {"day": "2026-12-07"}),
        ("split", {"day": "2026-12-14", "subject": "New"}),
        ("dates", {"start": "2026-11-01", "end": "2026-12-31"}),
    ]
    ident, results = series(graph), []
    async with aiohttp.ClientSession() as session:
        for do, words in acts:
            body = {"upn": ANN, "do": do, "with": {"ident": ident, **words}}
            async with session.post(f"{graph.origin}/_sim/person", json=body) as answer:
                results.append((await answer.json())["result"])

    assert days(await view(client)) == ["11-23", "12-01", "12-14", "12-21"]
    assert graph.person(ANN).get(results[2])["subject"] == "New"
    assert results[3] == ["2026-11-23", "2026-11-30"]


CLOCKS = {
    "Sofia in spring": ("FLE Standard Time", "2026-03-23", ["07:00", "06:00"]),
    "Sofia in autumn": ("FLE Standard Time", "2026-10-19", ["06:00", "07:00"]),
    "New York in spring, before Europe": ("Eastern Standard Time", "2026-03-02", ["14:00", "13:00"]),
    "New York in autumn, after Europe": ("Eastern Standard Time", "2026-10-26", ["13:00", "14:00"]),
    "Sydney, the other way round": ("AUS Eastern Standard Time", "2026-09-28", ["23:00", "22:00"]),
    "Tokyo never": ("Tokyo Standard Time", "2026-03-23", ["00:00", "00:00"]),
}


@pytest.mark.parametrize(("zone", "start", "hours"), CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("keeps", [True, False])
async def test_nine_oclock_over_a_change_of_the_clocks(
    client: BareGraphClient, graph: GraphSimulator, zone: str, start: str, hours: list[str], keeps: bool
) -> None:
    """The wall clock of the series' zone stays (or, the other reading, the distance in time); dates are its own."""
    graph.switches.series_keep_wall_clock = keeps
    at = datetime.fromisoformat(f"{start}T09:00")
    pattern = weekly(start, type="numbered", numberOfOccurrences=2)
    graph.person(ANN).create("Nine", at, at + HOUR, zone=zone, **pattern)
    shown = await view(client, "startDateTime=2026-02-01&endDateTime=2026-12-31")

    assert [e["start"]["dateTime"][11:16] for e in shown] == (hours if keeps else hours[:1] * 2)
    assert [e["end"]["dateTime"][11:13] for e in shown] == [
        f"{(int(e['start']['dateTime'][11:13]) + 1) % 24:02}" for e in shown
    ]
    assert [e["occurrenceId"][-10:] for e in shown] == [start, (date.fromisoformat(start) + WEEK).isoformat()]


ZONES = {
    "Kiritimati, a day ahead of UTC": ("Line Islands Standard Time", "2026-11-22T22:00"),
    "Apia, thirteen hours ahead": ("Samoa Standard Time", "2026-11-22T23:00"),
    "Honolulu": ("Hawaiian Standard Time", "2026-11-23T22:00"),
    "west of the date line": ("Dateline Standard Time", "2026-11-24T00:00"),
}


@pytest.mark.parametrize(("zone", "instant"), ZONES.values(), ids=ZONES)
async def test_dates_on_both_sides_of_the_date_line(
    client: BareGraphClient, graph: GraphSimulator, zone: str, instant: str
) -> None:
    """Noon on the 23rd is another day in UTC, and the date stays the zone's own."""
    at = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - wall clock of the series
    ident = graph.person(ANN).create("Noon", at, at + HOUR, zone=zone, **daily())
    first = (await view(client))[0]

    assert first["start"]["dateTime"][:16] == instant
    assert first["occurrenceId"].endswith(".2026-11-23")
    assert first["iCalUId"][32:40] == "07EA0B17"
    assert graph.person(ANN).dates(ident, date(2026, 11, 1), date(2026, 11, 24)) == [
        date(2026, 11, 23),
        date(2026, 11, 24),
    ]


async def test_a_night_over_a_change_of_the_clocks(client: BareGraphClient, graph: GraphSimulator) -> None:
    """From ten to six by the clock: an hour shorter in the night of spring."""
    at = datetime(2026, 3, 27, 22)  # noqa: DTZ001 - wall clock of Sofia
    pattern = daily("2026-03-27", type="numbered", numberOfOccurrences=3)
    graph.person(ANN).create("Night", at, at + 8 * HOUR, **pattern)
    shown = await view(client, "startDateTime=2026-03-01&endDateTime=2026-04-30")

    assert [(e["start"]["dateTime"][8:13], e["end"]["dateTime"][8:13]) for e in shown] == [
        ("27T20", "28T04"),
        ("28T20", "29T03"),
        ("29T19", "30T03"),
    ]


async def test_an_hour_that_the_clock_skips(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Half past three does not exist in Sofia on 29 March: the date is an hour later and as long as ever."""
    at = datetime(2026, 3, 28, 3, 30)  # noqa: DTZ001 - wall clock of Sofia
    pattern = daily("2026-03-28", type="numbered", numberOfOccurrences=3)
    graph.person(ANN).create("Early", at, at + HOUR, **pattern)
    shown = await view(client, "startDateTime=2026-03-01&endDateTime=2026-04-30")

    assert [(e["start"]["dateTime"][8:16], e["end"]["dateTime"][8:16]) for e in shown] == [
        ("28T01:30", "28T02:30"),
        ("29T01:30", "29T02:30"),
        ("30T00:30", "30T01:30"),
    ]
