"""One date of a series: what it is called, its version and times, and writes to it alone; graph.md §4 to §6, §8."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, MARK, WINDOW, BareGraphClient, daily, invite, span, weekly

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
SECOND = date(2026, 11, 24)
EXCHANGE = "040000008200E00074C5B7101A82E008"
GOOGLE = "0tpv4k1h8q@google.com"


async def view(client: BareGraphClient, upn: str = ANN, options: str = "") -> list[dict[str, Any]]:
    """The calendar view of the tests' window."""
    return (await client.get(f"users/{upn}/calendarView?{WINDOW}{options}")).value


@pytest.fixture
def series(graph: GraphSimulator) -> str:
    """Ann's five days from the 23rd on, at noon UTC."""
    graph.clock.set(NOON - timedelta(days=3))
    return graph.person(ANN).create("Daily", NOON, ONE, zone="UTC", **daily())


async def test_each_date_has_its_own_ical_uid(client: BareGraphClient, series: str) -> None:
    """The original date in hexadecimal at characters 33 to 40; eight zeros on the master."""
    master = (await client.event(series))["iCalUId"]
    uids = [e["iCalUId"] for e in await view(client)]

    assert master[:40] == EXCHANGE + "00000000"
    assert [uid[32:40] for uid in uids] == ["07EA0B17", "07EA0B18", "07EA0B19", "07EA0B1A", "07EA0B1B"]
    assert {uid[:32] + "00000000" + uid[40:] for uid in uids} == {master}


async def test_a_moved_date_keeps_its_ical_uid(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """It is called after the date it replaces."""
    before = await view(client)
    graph.person(ANN).move_date(series, SECOND, NOON + timedelta(hours=26), ONE + timedelta(hours=26))
    after = await view(client)

    assert after[1]["start"]["dateTime"] == "2026-11-24T14:00:00.0000000"
    assert [e["iCalUId"] for e in after] == [e["iCalUId"] for e in before]


async def test_all_dates_may_have_the_masters_ical_uid(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """The other reading."""
    graph.switches.occurrence_uids = "series"

    assert {e["iCalUId"] for e in await view(client)} == {(await client.event(series))["iCalUId"]}


@pytest.mark.parametrize("reading", ["dated", "series"])
async def test_a_date_has_the_same_ical_uid_in_every_mailbox(
    client: BareGraphClient, graph: GraphSimulator, reading: str
) -> None:
    """Whichever reading: organizer and attendee name the date alike, by other ids."""
    graph.switches.occurrence_uids = reading
    graph.person(ANN).create("Daily", NOON, ONE, attendees=[BOB], **daily())
    anns, bobs = await view(client), await view(client, BOB)

    assert [e["iCalUId"] for e in anns] == [e["iCalUId"] for e in bobs]
    assert {e["id"] for e in anns}.isdisjoint(e["id"] for e in bobs)


@pytest.mark.parametrize("reading", ["series", "dated", "none"])
async def test_dates_of_another_calendar_system(client: BareGraphClient, graph: GraphSimulator, reading: str) -> None:
    """Its uid says no date: the dates share it, have one of Exchange's making, or none."""
    graph.switches.foreign_uids = reading
    graph.person(ANN).receive("Abroad", NOON, ONE, organizer="kim@partner.example", uid=GOOGLE, **daily())
    uids = [e["iCalUId"] for e in await view(client)]
    (master,) = (await client.get(f"users/{ANN}/events")).value

    assert master["iCalUId"] == GOOGLE
    if reading == "dated":
        assert [uid[:40] for uid in uids[:2]] == [EXCHANGE + "07EA0B17", EXCHANGE + "07EA0B18"]
        assert all(GOOGLE.encode().hex().upper() in uid for uid in uids)
    else:
        assert uids == [GOOGLE if reading == "series" else None] * 5


async def test_the_property_uid_is_the_series(client: BareGraphClient, series: str) -> None:
    """``uid`` is one value for the master and all dates."""
    assert {e["uid"] for e in await view(client)} == {(await client.event(series))["uid"]}


async def test_a_date_is_found_by_its_ical_uid_in_the_view_only(client: BareGraphClient, series: str) -> None:
    """``events`` holds masters and singles."""
    (wanted,) = [e for e in await view(client) if e["start"]["dateTime"].startswith("2026-11-24")]
    found = await view(client, options=f"&$filter=iCalUId eq '{wanted['iCalUId']}'")
    events = await client.get(f"users/{ANN}/events?$filter=iCalUId eq '{wanted['iCalUId']}'")

    assert [e["id"] for e in found] == [wanted["id"]]
    assert events.value == []


async def test_the_original_date_is_told_by_the_occurrence_id(client: BareGraphClient, graph: GraphSimulator) -> None:
    """An evening in Los Angeles is the next day in UTC: the original date is that of the series' own zone."""
    start = datetime(2026, 11, 23, 20, 0, 30)  # noqa: DTZ001 - wall clock of the series
    zone = "Pacific Standard Time"
    graph.person(ANN).create("Late", start, start + timedelta(hours=1), zone=zone, **weekly())
    first = (await view(client, options="&$select=occurrenceId,originalStart,start,type,iCalUId"))[0]

    assert first["start"]["dateTime"].startswith("2026-11-24T04:00:30")
    assert first["occurrenceId"].endswith(".2026-11-23")
    assert first["iCalUId"][32:40] == "07EA0B17"
    assert first["originalStart"] == "2026-11-24T04:00:00Z"


async def test_original_start_comes_only_when_selected(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Neither GET nor the view tell it unasked; of a single event and a master it is null."""
    graph.person(ANN).edit_date(series, SECOND, subject="Special")
    single = graph.person(ANN).create("Single", NOON, ONE)
    exception = graph.person(ANN).occurrence(series, SECOND)
    chosen = "?$select=originalStart"

    assert "originalStart" not in (await client.event(exception)).body
    assert not any("originalStart" in e for e in await view(client))
    assert (await client.event(exception + chosen))["originalStart"] == "2026-11-24T12:00:00Z"
    assert [(await client.event(i + chosen))["originalStart"] for i in (single, series)] == [None, None]


async def test_original_start_of_a_whole_day_is_its_zones_midnight(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """Sofia's midnight is on the day before in UTC; start itself stays at midnight."""
    graph.person(ANN).create("Days", SECOND, SECOND + timedelta(days=1), all_day=True, **daily("2026-11-24"))
    first = (await view(client, options="&$select=originalStart,start,occurrenceId"))[0]

    assert first["originalStart"] == "2026-11-23T22:00:00Z"
    assert first["start"]["dateTime"].startswith("2026-11-24T00:00")
    assert first["occurrenceId"].endswith(".2026-11-24")


@pytest.mark.parametrize("told", [True, False])
async def test_an_exception_in_delta_may_say_which_date_it_replaces(
    client: BareGraphClient, graph: GraphSimulator, series: str, told: bool
) -> None:
    """Nothing can be selected there."""
    graph.switches.delta_original_start = told
    graph.person(ANN).edit_date(series, SECOND, subject="Special")
    items, _ = await client.round()

    assert ["originalStart" in i for i in items if i["type"] == "exception"] == [told]
    assert not any("originalStart" in i for i in items if i["type"] != "exception")


async def test_a_series_has_one_version(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """Master, occurrences and exceptions carry one etag; an edit of one date gives all of them a new one."""
    before = {e["@odata.etag"] for e in await view(client)} | {(await client.event(series))["@odata.etag"]}
    graph.person(ANN).edit_date(series, SECOND, subject="Special")
    after = {e["@odata.etag"] for e in await view(client)} | {(await client.event(series))["@odata.etag"]}

    assert len(before) == len(after) == 1
    assert before != after


async def test_a_write_to_one_date_makes_the_etag_of_its_siblings_stale(client: BareGraphClient, series: str) -> None:
    """The second PATCH with the etag that was read is 412, the one with the last answer's is not."""
    first, second, *_ = await view(client)
    path = f"users/{ANN}/events/"
    done = await client.patch(path + first["id"], {"subject": "One"}, if_match=first["@odata.etag"])
    stale = await client.patch(path + second["id"], {"subject": "Two"}, if_match=second["@odata.etag"])
    again = await client.patch(path + second["id"], {"subject": "Two"}, if_match=done["@odata.etag"])

    assert (done.status, stale.status, again.status) == (200, 412, 200)
    assert done["type"] == "exception"


async def test_an_exception_has_times_of_its_own(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """A plain occurrence was made and changed with its series."""
    made = graph.clock.now()
    graph.clock.advance(timedelta(hours=1))
    graph.person(ANN).edit_date(series, SECOND, subject="Special")
    changed = graph.clock.now()
    graph.clock.advance(timedelta(hours=1))
    graph.person(ANN).edit(series, location="Hall")
    plain, exception, *_ = await view(client)

    assert exception["subject"] == "Special"
    assert (
        exception["createdDateTime"] == exception["lastModifiedDateTime"] == f"{changed:%Y-%m-%dT%H:%M:%S}.0000000Z"
    )
    assert plain["createdDateTime"] == f"{made:%Y-%m-%dT%H:%M:%S}.0000000Z"
    assert plain["lastModifiedDateTime"] == f"{graph.clock.now():%Y-%m-%dT%H:%M:%S}.0000000Z"


async def test_the_transaction_id_of_a_date_is_its_masters(client: BareGraphClient) -> None:
    """Returned on every date."""
    await client.create(transactionId="T1", **daily())

    assert {e["transactionId"] for e in await view(client)} == {"T1"}


@pytest.mark.parametrize("stay", [True, False])
async def test_immutable_ids_of_dates_may_change_with_their_series(
    client: BareGraphClient, graph: GraphSimulator, series: str, stay: bool
) -> None:
    """An id of an occurrence is a handle: an old one may be 404; regular ids stay."""
    graph.switches.occurrence_ids_stay = stay
    before = await view(client)
    regular = [e["id"] for e in (await client.get(f"users/{ANN}/calendarView?{WINDOW}", prefer="")).value]
    graph.person(ANN).edit(series, subject="Other")
    after = await view(client)

    assert ([e["id"] for e in after] == [e["id"] for e in before]) is stay
    assert (await client.event(before[0]["id"])).status == (200 if stay else 404)
    assert (await client.event(after[0]["id"])).status == 200
    assert [e["id"] for e in (await client.get(f"users/{ANN}/calendarView?{WINDOW}", prefer="")).value] == regular


@pytest.mark.parametrize("act", ["delete", "cancel"])
async def test_a_cancelled_date_is_not_there(
    client: BareGraphClient, graph: GraphSimulator, series: str, act: str
) -> None:
    """404 by its id, missing in the view, named by its master."""
    ident = graph.person(ANN).occurrence(series, SECOND)
    if act == "delete":
        done = await client.delete(f"users/{ANN}/events/{ident}")
    else:
        done = await client.post(f"users/{ANN}/events/{ident}/cancel", {"comment": "no"})
    again = await client.delete(f"users/{ANN}/events/{ident}")
    master = await client.event(f"{series}?$select=cancelledOccurrences")

    assert done.status == (204 if act == "delete" else 202)
    assert (again.status, again.code) == (404, "ErrorItemNotFound")
    assert len(await view(client)) == 4
    assert master["cancelledOccurrences"] == [f"OID.{series}.2026-11-24"]


async def test_only_a_master_names_cancelled_dates(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """A date and a single event answer with an empty list."""
    graph.person(ANN).delete_date(series, SECOND)
    first = graph.person(ANN).occurrence(series, NOON.date())
    single = graph.person(ANN).create("Single", NOON, ONE)

    for ident in (first, single):
        assert (await client.event(f"{ident}?$select=cancelledOccurrences"))["cancelledOccurrences"] == []


@pytest.mark.parametrize("hour", ["2026-11-25T09:00:00", "2026-11-23T09:00:00", "2026-11-30T09:00:00"])
async def test_a_date_cannot_reach_the_day_of_a_neighbour(
    client: BareGraphClient, graph: GraphSimulator, hour: str
) -> None:
    """Nor pass it, on either side, whatever the time of day."""
    ident = graph.person(ANN).create("Daily", NOON, ONE, zone="UTC", **daily())
    answer = await client.patch(
        f"users/{ANN}/events/{graph.person(ANN).occurrence(ident, SECOND)}", span(hour, hour[:-8] + "10:00:00")
    )

    assert (answer.status, answer.code) == (400, "ErrorOccurrenceCrossingBoundary")
    assert len(await view(client)) == 5


@pytest.mark.parametrize(
    ("day", "status"), [("2026-12-01", 200), ("2026-12-06", 200), ("2026-12-07", 400), ("2026-11-24", 200)]
)
async def test_a_weekly_date_moves_between_its_neighbours(
    client: BareGraphClient, graph: GraphSimulator, day: str, status: int
) -> None:
    """Up to the day before the next one's; a neighbour that moved counts where it is."""
    ann = graph.person(ANN)
    ident = ann.create("Weekly", NOON, ONE, zone="UTC", **weekly())
    times = span(f"{day}T08:00:00", f"{day}T09:00:00")
    answer = await client.patch(f"users/{ANN}/events/{ann.occurrence(ident, date(2026, 11, 30))}", times)
    assert answer.status == status
    if day == "2026-12-06":
        third = ann.occurrence(ident, date(2026, 12, 7))
        times = span("2026-12-06T18:00:00", "2026-12-06T19:00:00")
        assert (await client.patch(f"users/{ANN}/events/{third}", times)).status == 400


async def test_a_cancelled_neighbour_is_none(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """Its day is free."""
    ann = graph.person(ANN)
    ann.delete_date(series, date(2026, 11, 25))
    times = span("2026-11-25T08:00:00", "2026-11-25T09:00:00")

    assert (await client.patch(f"users/{ANN}/events/{ann.occurrence(series, SECOND)}", times)).status == 200


async def test_a_daily_whole_day_series_cannot_be_moved_by_a_day(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """Every day has a neighbour on both sides."""
    ann = graph.person(ANN)
    ident = ann.create("Days", SECOND, SECOND + timedelta(days=1), all_day=True, **daily("2026-11-24"))

    with pytest.raises(Refused, match="ErrorOccurrenceCrossingBoundary"):
        ann.move_date(ident, date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28))


@pytest.mark.parametrize("reading", ["kept", "ignored"])
async def test_details_of_one_date(client: BareGraphClient, graph: GraphSimulator, series: str, reading: str) -> None:
    """Categories, sensitivity or a mark make an exception of the date, or do nothing to it."""
    graph.switches.occurrence_details = reading
    path = f"users/{ANN}/events/{graph.person(ANN).occurrence(series, SECOND)}"
    own = {"categories": ["ERP"], "sensitivity": "private"}
    answer = await client.patch(path, own | {"singleValueExtendedProperties": [{"id": MARK, "value": "42"}]})
    kept = reading == "kept"

    assert (answer.status, answer["type"]) == (200, "exception" if kept else "occurrence")
    assert (answer["categories"], answer["sensitivity"]) == ((["ERP"], "private") if kept else ([], "normal"))
    assert graph.person(ANN).marks(series) == ({MARK: "42"} if kept else {})


async def test_a_write_to_one_date_may_be_lost(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """200, and GET shows what was there before; nobody is told; the next write works."""
    graph.switches.lost_occurrence_writes = 1
    path = f"users/{ANN}/events/{graph.person(ANN).occurrence(series, SECOND)}"
    first = await client.patch(path, {"subject": "Special"})
    lost = (await client.get(path))["subject"]
    second = await client.patch(path, {"subject": "Special"})

    assert (first.status, lost) == (200, "Daily")
    assert (second.status, second["subject"]) == (200, "Special")


@pytest.mark.parametrize("breaks", [False, True])
async def test_an_online_series_with_an_exception(
    client: BareGraphClient, graph: GraphSimulator, breaks: bool
) -> None:
    """PATCH of its master may be 500 from then on; its dates can be written."""
    graph.switches.teams_series_break = breaks
    made = await client.create(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness", **daily())
    path = f"users/{ANN}/events/"
    before = await client.patch(path + made["id"], {"subject": "A"})
    date_path = path + graph.person(ANN).occurrence(made["id"], SECOND)
    one = await client.patch(date_path, {"subject": "B"})
    after = await client.patch(path + made["id"], {"subject": "C"})

    assert (before.status, one.status, after.status) == (200, 200, 500 if breaks else 200)


async def test_many_exceptions_come_in_pages(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Without a window, with the selected fields only; the rest is behind a link of its own."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, zone="UTC", **daily(type="numbered", numberOfOccurrences=400))
    days = [NOON.date() + timedelta(days=30 * n) for n in range(13)]
    for day in days:
        ann.edit_date(ident, day, subject="Special")
    first = await client.event(f"{ident}?$select=subject&$expand=exceptionOccurrences")
    found = list(first["exceptionOccurrences"])
    rest = await client.get(first["exceptionOccurrences@odata.nextLink"])
    found += rest.value

    assert "@odata.nextLink" not in rest.body
    assert [e["id"] for e in found] == [ann.occurrence(ident, day) for day in days]
    assert all(set(e) == {"@odata.etag", "id", "subject"} for e in found)


@pytest.mark.parametrize("hidden", [False, True])
async def test_instances_may_hide_exceptions(
    client: BareGraphClient, graph: GraphSimulator, series: str, hidden: bool
) -> None:
    """Two open reports; calendarView shows them."""
    graph.switches.instances_hide_exceptions = hidden
    graph.person(ANN).edit_date(series, SECOND, subject="Special")
    instances = await client.get(f"users/{ANN}/events/{series}/instances?{WINDOW}")

    assert len(instances.value) == (4 if hidden else 5)
    assert len(await view(client)) == 5


async def test_the_view_may_hide_exceptions_too(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """A reader must not take that for a deletion: by its id the date is alive."""
    graph.switches.view_hides_exceptions = True
    graph.person(ANN).edit_date(series, SECOND, subject="Special")

    assert len(await view(client)) == 4
    assert (await client.event(graph.person(ANN).occurrence(series, SECOND)))["subject"] == "Special"


async def test_an_exception_outside_the_window_is_alive(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Moved out at the window's end it is missing from view and delta, and GET finds it."""
    ann = graph.person(ANN)
    start = datetime(2027, 2, 22, 12, tzinfo=UTC)
    pattern = weekly("2027-02-22", type="numbered", numberOfOccurrences=1)
    ident = ann.create("Weekly", start, start + timedelta(hours=1), zone="UTC", **pattern)
    ann.move_date(ident, start.date(), start + timedelta(days=9), start + timedelta(days=9, hours=1))
    items, _ = await client.round()

    assert await view(client) == []
    assert items == []
    assert (await client.event(ann.occurrence(ident, start.date())))["type"] == "exception"


@pytest.mark.parametrize("what", ["instances", "exceptionOccurrences"])
async def test_only_a_master_has_dates(
    client: BareGraphClient, graph: GraphSimulator, series: str, what: str
) -> None:
    """400 for a single event and for one date."""
    single = graph.person(ANN).create("Single", NOON, ONE)
    for ident in (single, graph.person(ANN).occurrence(series, SECOND)):
        assert (await client.get(f"users/{ANN}/events/{ident}/{what}?{WINDOW}")).status == 400


async def test_a_date_has_no_pattern_of_its_own(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """400; also a zone that Graph does not know, on a series."""
    ident = graph.person(ANN).occurrence(series, SECOND)
    unknown = daily()
    unknown["recurrence"]["range"]["recurrenceTimeZone"] = "Europe/Elsewhere"

    assert (await client.patch(f"users/{ANN}/events/{ident}", daily())).status == 400
    assert (await client.create(**unknown)).code == "TimeZoneNotSupportedException"


async def test_a_changed_date_is_one_mail_to_each_attendee(client: BareGraphClient, graph: GraphSimulator) -> None:
    """It is about that date."""
    made = await client.create(**daily(), **invite(BOB))
    graph.mails.clear()
    ident = graph.person(ANN).occurrence(made["id"], SECOND)
    await client.patch(f"users/{ANN}/events/{ident}", {"subject": "Special"})

    assert [(m.kind, m.to, m.subject) for m in graph.mails] == [("update", BOB, "Special")]
    assert graph.mails[0].ical_uid == (await client.event(ident))["iCalUId"]
