"""Guests of series: their copies, what they do to single dates, who is invited to one date only; graph.md §5, §6."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator, OutlookPerson
from tests.support.graph_client import ANN, BOB, WINDOW, BareGraphClient, daily, weekly

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (23, 24, 25))
CY, KIM = "cy@example.test", "kim@partner.example"


def mails(graph: GraphSimulator) -> list[tuple[str, str]]:
    """Kind and addressee of every mail, in the order of names."""
    return sorted((m.kind, m.to) for m in graph.mails)


async def dates(client: BareGraphClient, upn: str = BOB) -> dict[str, tuple[str, str, bool]]:
    """What stands in a calendar for each original day of a series: type, subject, whether it is cancelled."""
    view = await client.get(f"users/{upn}/calendarView?{WINDOW}")
    return {e["occurrenceId"][-2:]: (e["type"], e["subject"], e["isCancelled"]) for e in view.value}


PLAIN = ("occurrence", "Daily", False)


@pytest.fixture
def series(graph: GraphSimulator) -> str:
    """Ann's five days, Bob invited; the mails about that are out."""
    graph.add_mailbox(CY)
    ident = graph.person(ANN).create("Daily", NOON, ONE, zone="UTC", attendees=[BOB], **daily())
    graph.mails.clear()
    return ident


def copy_of(graph: GraphSimulator, upn: str = BOB) -> str:
    """The id of the one event in a guest's calendar."""
    (event,) = graph.person(upn).events()
    return str(event["id"])


async def test_a_guest_has_the_series(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """With the dates the organizer had changed or taken out before."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, subject="Special")
    ann.delete_date(series, THIRD)
    ann.edit(series, attendees=[BOB, CY])

    assert await dates(client, CY) == {
        "23": PLAIN,
        "24": ("exception", "Special", False),
        "26": PLAIN,
        "27": PLAIN,
    }


async def test_one_changed_date_reaches_the_guests(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """One mail, and an exception in the copy with an id and a time of its own."""
    graph.person(ANN).move_date(series, SECOND, NOON + timedelta(hours=26), ONE + timedelta(hours=26))
    there = (await client.event(graph.person(BOB).occurrence(copy_of(graph), SECOND), upn=BOB)).body

    assert (there["type"], there["start"]["dateTime"][:13]) == ("exception", "2026-11-24T14")
    assert mails(graph) == [("update", BOB)]


async def test_a_change_of_the_series_is_a_mail_for_it_and_for_each_changed_date(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Two dates were changed before: three mails to the one guest; both stay as they were changed."""
    ann = graph.person(ANN)
    for day in (SECOND, THIRD):
        ann.edit_date(series, day, subject="Special")
    graph.mails.clear()
    ann.edit(series, subject="Renamed")

    assert mails(graph) == [("update", BOB)] * 3
    assert [subject for _, subject, _ in (await dates(client)).values()] == [
        "Renamed",
        "Special",
        "Special",
        "Renamed",
        "Renamed",
    ]


async def test_a_date_cancelled_by_the_organizer_stays_and_says_so(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """In the guest's copy it is a cancelled exception until the guest removes it, renamed series or not."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    ann.delete_date(series, SECOND)
    ann.edit(series, subject="Renamed")
    shown = (await dates(client))["24"]
    bob.delete_date(copy_of(graph), SECOND)
    ann.edit(series, subject="Again")

    assert shown == ("exception", "Canceled: Daily", True)
    assert list(await dates(client)) == ["23", "25", "26", "27"]
    assert mails(graph) == [("cancellation", BOB), ("update", BOB), ("update", BOB)]


@pytest.mark.parametrize("send", [True, False])
async def test_an_answer_to_one_date(client: BareGraphClient, graph: GraphSimulator, series: str, send: bool) -> None:
    """Only that date is answered; the organizer sees it there, if it was sent."""
    bob = graph.person(BOB)
    bob.accept(bob.occurrence(copy_of(graph), SECOND), send=send)
    ann = graph.person(ANN)
    answers = [
        ann.get(i)["attendees"][0]["status"]["response"]
        for i in (series, ann.occurrence(series, FIRST), ann.occurrence(series, SECOND))
    ]
    mine = [bob.get(bob.occurrence(copy_of(graph), d))["responseStatus"]["response"] for d in (FIRST, SECOND)]

    assert answers == ["none", "none", "accepted" if send else "none"]
    assert mine == ["notResponded", "accepted"]


async def test_a_declined_date_is_gone_and_stays_gone(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Whatever the organizer changes afterwards, on the series or on the date."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    bob.decline(bob.occurrence(copy_of(graph), SECOND))
    ann.edit(series, subject="Renamed")
    ann.edit_date(series, SECOND, subject="Special")

    assert list(await dates(client)) == ["23", "25", "26", "27"]


async def test_a_removed_date_comes_back_with_its_own_update(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """A date deleted without an answer returns when the organizer changes that date, not with the series."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    bob.delete_date(copy_of(graph), SECOND)
    ann.edit(series, subject="Renamed")
    before = await dates(client)
    ann.edit_date(series, SECOND, subject="Special")

    assert "24" not in before
    assert (await dates(client))["24"] == ("exception", "Special", False)
    assert len(await dates(client, ANN)) == 5


async def test_what_a_guest_writes_on_a_date_is_local_and_overwritten(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """The guest's category stays, the guest's title goes with the next update of the series."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    bob.edit_date(copy_of(graph), SECOND, subject="Mine", categories=["C"])
    organizers = await dates(client, ANN)
    ann.edit(series, subject="Theirs")
    there = bob.get(bob.occurrence(copy_of(graph), SECOND))

    assert organizers["24"] == PLAIN
    assert (there["subject"], there["categories"]) == ("Theirs", ["C"])


async def test_a_new_pattern_makes_the_copies_anew(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Declined and changed dates are forgotten in the copies as in the organizer's series."""
    ann, bob = graph.person(ANN), graph.person(BOB)
    bob.decline(bob.occurrence(copy_of(graph), SECOND))
    ann.move_time(series, NOON + timedelta(hours=2), ONE + timedelta(hours=2), zone="UTC")

    assert list(await dates(client)) == ["23", "24", "25", "26", "27"]


@pytest.mark.parametrize("uids", ["dated", "series"])
async def test_invited_to_one_date_only(
    client: BareGraphClient, graph: GraphSimulator, series: str, uids: str
) -> None:
    """An orphan instance: a single event with the dated iCalUId of that date in the organizer's series, also where
    all its dates share one."""
    ann = graph.person(ANN)
    theirs = ann.get(ann.occurrence(series, SECOND))
    graph.switches.occurrence_uids = uids
    ann.edit_date(series, SECOND, attendees=[BOB, CY])
    (orphan,) = (await client.get(f"users/{CY}/events")).value
    items, _ = await client.round(upn=CY)

    assert (orphan["type"], orphan["recurrence"], orphan["seriesMasterId"]) == ("singleInstance", None, None)
    assert (orphan["subject"], orphan["start"]["dateTime"][:13]) == ("Daily", "2026-11-24T12")
    assert orphan["iCalUId"] == theirs["iCalUId"] != ann.get(series)["iCalUId"]
    assert (orphan["isOrganizer"], orphan["responseStatus"]["response"]) == (False, "notResponded")
    assert [i["id"] for i in items] == [orphan["id"]]
    assert mails(graph) == [("invitation", CY)]


async def test_an_orphan_instance_follows_its_date(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """It is updated with the date and with the series, and cancelled with the date."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[BOB, CY])
    ann.move_date(series, SECOND, NOON + timedelta(hours=26), ONE + timedelta(hours=26))
    moved = graph.person(CY).get(copy_of(graph, CY))["start"]["dateTime"][:13]
    ann.edit(series, subject="Renamed")
    renamed = graph.person(CY).get(copy_of(graph, CY))["subject"]
    ann.delete_date(series, SECOND)
    cancelled = graph.person(CY).get(copy_of(graph, CY))

    assert (moved, renamed) == ("2026-11-24T14", "Renamed")
    assert (cancelled["isCancelled"], cancelled["subject"]) == (True, "Canceled: Renamed")
    assert [kind for kind, to in mails(graph) if to == CY] == ["cancellation", "invitation", "update", "update"]


async def test_whoever_has_one_date_hears_that_the_series_is_cancelled(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Also a guest from outside, who only has the mails."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[BOB, CY, KIM])
    graph.mails.clear()
    ann.delete(series)

    assert graph.person(CY).get(copy_of(graph, CY))["isCancelled"] is True
    assert mails(graph) == [("cancellation", one) for one in (BOB, CY, KIM)]


async def test_the_answer_of_an_orphan_instance(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """It shows on that date of the organizer's series; declined, it leaves the calendar."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[BOB, CY])
    graph.person(CY).decline(copy_of(graph, CY))
    people = {
        a["emailAddress"]["address"]: a["status"]["response"]
        for a in (ann.get(ann.occurrence(series, SECOND))["attendees"])
    }

    assert people == {BOB: "none", CY: "declined"}
    assert graph.person(CY).events() == []


async def test_the_series_absorbs_its_orphan_instance(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Invited to all of it afterwards, the guest has the series and no single event beside it."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[BOB, CY])
    (before,), link = await client.round(upn=CY)
    ann.edit(series, attendees=[BOB, CY])
    after, _ = await client.round(upn=CY, link=link)

    assert len(await dates(client, CY)) == 5
    assert [i["id"] for i in after if "@removed" in i] == [before["id"]]


async def test_taken_off_the_list_of_one_date(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """That date is cancelled for the guest; put on the list again, it takes place again."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[])
    off = (await dates(client))["24"]
    ann.edit_date(series, SECOND, attendees=[BOB])

    assert off == ("exception", "Canceled: Daily", True)
    assert (await dates(client))["24"] == ("exception", "Daily", False)
    assert mails(graph) == [("cancellation", BOB), ("invitation", BOB)]


async def test_off_one_date_is_off_it_whatever_becomes_of_the_series(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """A change of the series does not bring back the date that the guest was taken off."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[])
    ann.edit(series, subject="Renamed")

    assert [key for key, (_, _, cancelled) in (await dates(client)).items() if cancelled] == ["24"]


async def test_the_list_of_the_series_is_also_that_of_changed_dates(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Who joins or leaves the series joins or leaves the date that has a list of its own; its own guest stays."""
    ann = graph.person(ANN)
    ann.edit_date(series, SECOND, attendees=[BOB, KIM])
    ann.edit(series, attendees=[CY])
    listed = [a["emailAddress"]["address"] for a in ann.get(ann.occurrence(series, SECOND))["attendees"]]

    assert sorted(listed) == [CY, KIM]
    assert all(cancelled for _, _, cancelled in (await dates(client)).values())
    assert len(await dates(client, CY)) == 5


async def test_off_the_series_and_invited_to_one_date(
    client: BareGraphClient, graph: GraphSimulator, series: str
) -> None:
    """Beside the cancelled series the guest has a single event; its update reaches it."""
    ann = graph.person(ANN)
    ann.edit(series, attendees=[])
    ann.edit_date(series, SECOND, attendees=[BOB])
    ann.edit_date(series, SECOND, subject="Special")
    events = [(e["type"], e["isCancelled"], e["subject"]) for e in graph.person(BOB).events()]

    assert sorted(events) == [("seriesMaster", True, "Canceled: Daily"), ("singleInstance", False, "Special")]


async def test_one_date_is_passed_on(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """A guest forwards it: the new guest has the single event and stands on the organizer's list of that date."""
    bob, ann = graph.person(BOB), graph.person(ANN)
    bob.forward(bob.occurrence(copy_of(graph), SECOND), CY)
    bob.forward(bob.occurrence(copy_of(graph), SECOND), CY)
    lists = [
        [a["emailAddress"]["address"] for a in ann.get(i)["attendees"]]
        for i in (series, ann.occurrence(series, SECOND))
    ]

    assert lists == [[BOB], [BOB, CY]]
    assert graph.person(CY).get(copy_of(graph, CY))["type"] == "singleInstance"
    assert [(m.kind, m.sender, m.to) for m in graph.mails] == [("invitation", BOB, CY)]


async def test_a_whole_series_is_passed_on(client: BareGraphClient, graph: GraphSimulator, series: str) -> None:
    """The new guest has the series."""
    graph.person(BOB).forward(copy_of(graph), CY)

    assert len(await dates(client, CY)) == 5
    assert [a["emailAddress"]["address"] for a in graph.person(ANN).get(series)["attendees"]] == [BOB, CY]


def test_what_does_not_take_place_is_not_passed_on(graph: GraphSimulator, series: str) -> None:
    """A date that its organizer has cancelled."""
    graph.person(ANN).delete_date(series, SECOND)
    bob = graph.person(BOB)
    with pytest.raises(Refused):
        bob.forward(bob.occurrence(copy_of(graph), SECOND), CY)


async def test_one_date_of_a_meeting_from_outside_is_called_off(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """The organizer in another company cancels one date, then the series."""
    bob = graph.person(BOB)
    ident = bob.receive("Daily", NOON, ONE, organizer=KIM, **{"zone": "UTC", **daily()})
    bob.cancelled_from_outside(bob.occurrence(ident, SECOND))
    first = await dates(client)
    bob.cancelled_from_outside(ident)

    assert [key for key, (_, _, cancelled) in first.items() if cancelled] == ["24"]
    assert all(cancelled for _, _, cancelled in (await dates(client)).values())


@pytest.mark.parametrize("reading", ["series", "none", "dated"])
async def test_an_orphan_instance_of_another_calendar_system(
    client: BareGraphClient, graph: GraphSimulator, reading: str
) -> None:
    """It has the uid of its date, or of its series where dates have none."""
    graph.switches.foreign_uids = reading
    kim = graph.outsider(KIM)
    uid = "abc@google.com"
    ident = kim.create("Daily", NOON, ONE, zone="UTC", uid=uid, **daily())
    kim.edit_date(ident, SECOND, attendees=[BOB])
    (orphan,) = (await client.get(f"users/{BOB}/events")).value

    assert (orphan["iCalUId"] == uid) is (reading != "dated")


def organize(rng: random.Random, ann: OutlookPerson, idents: list[str]) -> None:
    """One random thing an organizer does to a series or to a date of it; what makes no sense is not done."""
    ident = rng.choice(idents)
    days = ann.dates(ident, FIRST, date(2027, 2, 1))
    day = rng.choice(days) if days else FIRST
    at = datetime(day.year, day.month, day.day, rng.randrange(5, 18), tzinfo=UTC)
    some = rng.sample([BOB, CY, KIM], rng.randrange(4))
    acts: list[Callable[[], Any]] = [
        lambda: ann.edit(ident, subject=f"{rng.randrange(1000)}"),
        lambda: ann.edit(ident, attendees=some),
        lambda: ann.edit_date(ident, day, subject=f"{rng.randrange(1000)}"),
        lambda: ann.edit_date(ident, day, attendees=some),
        lambda: ann.move_date(ident, day, at, at + timedelta(hours=1)),
        lambda: ann.delete_date(ident, day),
        lambda: idents.append(ann.split(ident, day, subject=f"{rng.randrange(1000)}")),
        lambda: ann.end_before(ident, day),
        lambda: ann.make_series(ident, weekly(f"{day:%Y-%m-%d}", "tuesday")["recurrence"]),
    ]
    try:
        rng.choice(acts)()
    except Refused:
        return


@pytest.mark.parametrize("drops", [True, False])
@pytest.mark.parametrize("seed", range(8))
async def test_guests_see_what_the_organizer_sees(
    client: BareGraphClient, graph: GraphSimulator, seed: int, drops: bool
) -> None:
    """Whatever the organizer does: each date is with everybody on its list, alike, and with nobody else.

    Who was invited to one date only may keep it: a new pattern drops changed dates, and nobody tells them.
    """
    graph.switches.series_edit_drops_exceptions = drops
    graph.add_mailbox(CY)
    rng, ann = random.Random(seed), graph.person(ANN)
    idents = [ann.create("Weekly", NOON, ONE, zone="UTC", attendees=[BOB], **weekly())]
    for _ in range(25):
        organize(rng, ann, idents)
        theirs = (await client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=1000")).value
        for upn in (BOB, CY):
            listed = [e for e in theirs if upn in [a["emailAddress"]["address"] for a in e["attendees"]]]
            view = (await client.get(f"users/{upn}/calendarView?{WINDOW}&$top=1000")).value
            uids = {e["iCalUId"] for e in listed}
            strays = [e["id"] for e in view if e["type"] == "singleInstance" and e["iCalUId"] not in uids]
            mine = [e for e in view if not e["isCancelled"] and e["id"] not in strays]

            assert told(mine) == told(listed)


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Which date, what it is called and when it begins."""
    return sorted((e["iCalUId"], e["subject"], e["start"]["dateTime"]) for e in events)
