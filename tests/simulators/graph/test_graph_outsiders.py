"""People of other companies: they organize and are invited, and no request reaches their mailboxes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator, OutlookPerson
from tests.support.graph_client import ANN, BOB, BareGraphClient, daily

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KIM = "kim@partner.example"


@pytest.fixture
def kim(graph: GraphSimulator) -> OutlookPerson:
    """Somebody at another company."""
    return graph.outsider(KIM, "Kim Partner")


def copies(graph: GraphSimulator) -> tuple[str, str]:
    """Ann's and Bob's copy of the one meeting they have."""
    (anns,), (bobs,) = graph.person(ANN).events(), graph.person(BOB).events()
    return anns["id"], bobs["id"]


def mails(graph: GraphSimulator) -> list[tuple[str, str]]:
    """Kind and addressee of every mail sent."""
    return [(m.kind, m.to) for m in graph.mails]


@pytest.mark.parametrize(
    "path", ["", "/events", "/calendarView/delta?startDateTime=2026-11-01&endDateTime=2026-12-01"]
)
async def test_no_request_reaches_an_outsider(client: BareGraphClient, kim: OutlookPerson, path: str) -> None:
    """The directory does not know them, nor does any calendar path, by address or by id."""
    asked = [await client.get(f"users/{name}{path}") for name in (KIM, kim.mailbox.id)]

    assert [one.status for one in asked] == [404, 404]


async def test_an_outsider_is_not_in_the_directory(client: BareGraphClient, kim: OutlookPerson) -> None:
    """Neither the list of users nor the stand-in's own state names them."""
    listed = (await client.get("users")).value

    assert [one["userPrincipalName"] for one in listed] == [ANN, BOB]
    with pytest.raises(Refused):
        client.graph.person(KIM)


async def test_their_meeting_lies_in_every_invited_mailbox(
    client: BareGraphClient, graph: GraphSimulator, kim: OutlookPerson
) -> None:
    """One iCalUId, an organizer from outside, unanswered; delta shows it like any other copy."""
    made = kim.create("Pitch", NOON, NOON + HOUR, attendees=[ANN, BOB, "x@partner.example"])
    shown = [(await client.round(upn=upn))[0][0] for upn in (ANN, BOB)]

    assert [one["iCalUId"] for one in shown] == [kim.get(made)["iCalUId"]] * 2
    assert [one["organizer"]["emailAddress"] for one in shown] == [{"name": "Kim Partner", "address": KIM}] * 2
    assert [(one["isOrganizer"], one["responseStatus"]["response"]) for one in shown] == [(False, "notResponded")] * 2
    assert mails(graph) == [("invitation", ANN), ("invitation", BOB), ("invitation", "x@partner.example")]
    assert {m.sender for m in graph.mails} == {KIM}


def test_their_changes_reach_the_copies(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """Another title, another time and a new guest, each mailed once to whom it concerns."""
    made = kim.create("Pitch", NOON, NOON + HOUR, attendees=[ANN])
    kim.edit(made, subject="Demo")
    kim.move_time(made, NOON + HOUR, NOON + 2 * HOUR)
    kim.edit(made, attendees=[ANN, BOB])
    anns, bobs = copies(graph)

    assert graph.person(ANN).get(anns)["subject"] == "Demo"
    assert graph.person(BOB).get(bobs)["start"]["dateTime"] == "2026-11-23T13:00:00.0000000"
    assert mails(graph) == [("invitation", ANN), ("update", ANN), ("update", ANN), ("invitation", BOB)]


def test_whom_they_take_off_the_list_has_a_cancelled_copy(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """The others' copies stay as they are."""
    made = kim.create("Pitch", NOON, NOON + HOUR, attendees=[ANN, BOB])
    anns, bobs = copies(graph)
    kim.edit(made, attendees=[ANN])

    assert graph.person(BOB).get(bobs)["isCancelled"] is True
    assert graph.person(ANN).get(anns)["isCancelled"] is False
    assert mails(graph)[2:] == [("cancellation", BOB)]


@pytest.mark.parametrize("do", ["cancel", "delete", "hard_delete"])
def test_their_meeting_is_called_off(graph: GraphSimulator, kim: OutlookPerson, do: str) -> None:
    """However they remove it, every copy says it is cancelled."""
    made = kim.create("Pitch", NOON, NOON + HOUR, attendees=[ANN, BOB])
    getattr(kim, do)(made)

    assert [graph.person(upn).events()[0]["isCancelled"] for upn in (ANN, BOB)] == [True, True]
    assert mails(graph)[2:] == [("cancellation", ANN), ("cancellation", BOB)]


def test_they_see_who_comes(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """An answer that was sent shows on their list."""
    made = kim.create("Pitch", NOON, NOON + HOUR, attendees=[ANN, BOB])
    anns, bobs = copies(graph)
    graph.person(ANN).accept(anns)
    graph.person(BOB).decline(bobs)

    assert [a["status"]["response"] for a in kim.get(made)["attendees"]] == ["accepted", "declined"]
    assert mails(graph)[2:] == [("response", KIM), ("response", KIM)]


def test_they_are_invited_and_answer(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """A guest from outside who is played accepts on the organizer's list."""
    made = graph.person(ANN).create("Review", NOON, NOON + HOUR, attendees=[KIM.upper()])
    kim.accept(str(kim.find("Review")))
    (shown,) = graph.person(ANN).get(made)["attendees"]

    assert shown["status"]["response"] == "accepted"
    assert shown["emailAddress"] == {"name": KIM.upper(), "address": KIM.upper()}


def test_their_series_is_a_series_in_the_copies(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """One date of it may be called off."""
    made = kim.create("Stand-up", NOON, NOON + HOUR, attendees=[ANN], **daily())
    kim.delete(kim.occurrence(made, date(2026, 11, 24)))
    (copy,) = graph.person(ANN).events()
    lost = graph.person(ANN).occurrence(copy["id"], date(2026, 11, 24))

    assert copy["type"] == "seriesMaster"
    assert graph.person(ANN).get(lost)["isCancelled"] is True


def test_an_outsider_is_the_same_person_every_time(graph: GraphSimulator, kim: OutlookPerson) -> None:
    """Whatever the letter case, until everything is forgotten; nobody of the tenant is an outsider."""
    graph.add_mailbox("cy@example.test", aliases=("c.y@example.test",))

    assert graph.outsider(KIM.upper()).mailbox is kim.mailbox
    with pytest.raises(Refused):
        graph.outsider("C.Y@example.test")
    graph.reset()
    assert graph.outsider(KIM).mailbox is not kim.mailbox


def test_a_received_meeting_has_an_organizer_outside(graph: GraphSimulator) -> None:
    """``receive`` is their invitation, with what belongs to the copy alone set by its owner."""
    ident = graph.person(ANN).receive(
        "Pitch", NOON, NOON + HOUR, organizer=KIM, attendees=[BOB], categories=["Sales"], reminder=5, calendar="Other"
    )
    shown, bobs = graph.person(ANN).get(ident), graph.person(BOB).events()[0]

    assert (shown["categories"], shown["reminderMinutesBeforeStart"]) == (["Sales"], 5)
    assert (bobs["categories"], bobs["iCalUId"]) == ([], shown["iCalUId"])
    assert [event["id"] for event in graph.person(ANN).events("Other")] == [ident]
    assert {m.sender for m in graph.mails} == {KIM}


def test_a_received_meeting_of_a_colleague_is_theirs(graph: GraphSimulator) -> None:
    """An organizer the tenant knows has the meeting in their own calendar; oneself cannot be received from."""
    ident = graph.person(ANN).receive("Review", NOON, NOON + HOUR, organizer=BOB)
    graph.person(ANN).cancelled_from_outside(ident)

    assert graph.person(ANN).get(ident)["isCancelled"] is True
    assert graph.person(BOB).events() == []
    with pytest.raises(Refused):
        graph.person(ANN).receive("Review", NOON, NOON + HOUR, organizer=ANN)


async def test_an_outsider_acts_from_another_process(graph: GraphSimulator) -> None:
    """The side entrance knows them and the new address of an account."""
    words = {
        "subject": "Pitch",
        "start": "2026-11-23T12:00+00:00",
        "end": "2026-11-23T13:00+00:00",
        "attendees": [ANN],
    }
    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{graph.origin}/_sim/outsider", json={"address": KIM, "do": "create", "with": words}
        ) as answer:
            made = (await answer.json())["result"]
        async with session.post(
            f"{graph.origin}/_sim/rename", json={"upn": ANN, "mail": "a.nn@example.test"}
        ) as answer:
            renamed = answer.status

    assert graph.outsider(KIM).get(made)["subject"] == "Pitch"
    assert (renamed, graph.mailbox(ANN).mail) == (200, "a.nn@example.test")
    assert len(graph.person(ANN).events()) == 1
