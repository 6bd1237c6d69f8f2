"""People through the adapter: who is invited, who hears of what, and that no answer gets lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.graph import GraphCalendar
from simulators.graph import GraphSimulator
from sync_core.errors import SideUnavailable
from sync_core.model.sides import Attendee, Field, GraphContent, GraphEvent
from sync_core.model.writes import CreateEvent, PatchEvent
from tests.adapters.graph.conftest import SPAN
from tests.support.faulty_wire import tamper

START = datetime(2026, 2, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTENT = GraphContent("Plan", "text", START, START + HOUR, False, 30)
ANN, BOB, KIM = "ann@acme.bg", "bob@acme.bg", "kim@partner.example"
ROOM = {"emailAddress": {"address": "room1@acme.bg", "name": "Room 1"}, "type": "resource"}
PEOPLE = frozenset({Field.PEOPLE})


@pytest.fixture
def ann(graph: GraphSimulator) -> str:
    """Ann's object id; Bob is a colleague, Kim works for somebody else."""
    graph.add_mailbox(BOB)
    graph.outsider(KIM)
    return graph.mailbox(ANN).id


async def only(outlook: GraphCalendar, user: str) -> GraphEvent:
    """The one event of a calendar, as a delta round shows it."""
    (event,) = (await outlook.read_changes(user, None, SPAN)).events
    assert isinstance(event, GraphEvent)
    return event


async def written(outlook: GraphCalendar, user: str, write: Any) -> GraphEvent:
    """The event as it stands after a write."""
    (done,) = await outlook.write(user, [write])
    assert done.event is not None, done.error
    return done.event


def answers(event: GraphEvent) -> dict[str, str]:
    """What everybody answered, by address as written."""
    return {one.address: one.response for one in event.attendees}


def mails(graph: GraphSimulator) -> list[tuple[str, str]]:
    """Kind and addressee of every mail sent."""
    return [(mail.kind, mail.to) for mail in graph.mails]


@pytest.mark.parametrize("ident", ["..", "\r\nX: y", "\ud800", ""])
async def test_a_user_whose_id_no_path_can_carry_is_no_user(
    outlook: GraphCalendar, graph: GraphSimulator, ident: str
) -> None:
    """Every later request would name it."""
    graph.add_mailbox(BOB)
    tamper(graph, lambda _, answer: {**answer, "id": ident})

    with pytest.raises(SideUnavailable, match="no user"):
        await outlook.find_user(BOB)


async def test_a_create_without_attendees_mails_nobody(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """Whatever people the content knows."""
    made = await written(outlook, ann, CreateEvent("A1", "tx-1", replace(CONTENT, people=(BOB,))))

    assert (made.attendees, graph.mails) == ((), [])


async def test_a_create_invites_once_however_often_it_is_sent(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """The repeated transaction is the same body, so it is the same event and no second mail."""
    create = CreateEvent("A1", "tx-1", CONTENT, (Attendee(BOB, "Bob"), Attendee(KIM)))

    made = [await written(outlook, ann, create) for _ in range(2)]

    assert [one.content.people for one in made] == [(BOB, KIM)] * 2
    assert made[0].id == made[1].id
    assert mails(graph) == [("invitation", BOB), ("invitation", KIM)]


@pytest.mark.parametrize("switch", ["kept", "as sent"])
async def test_a_new_list_keeps_every_answer(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator, switch: str
) -> None:
    """Guests from outside and rooms included, whichever way Graph treats what is sent; only the new one is mailed."""
    graph.switches.answers_of_attendees = switch
    made = graph.person(ANN).create("Met", START, START + HOUR, attendees=["Bob@Acme.BG", KIM, ROOM])
    graph.person(BOB).decline(str(graph.person(BOB).find("Met")))
    graph.outsider(KIM).accept(str(graph.outsider(KIM).find("Met")))
    before = await only(outlook, ann)
    graph.mails.clear()

    everyone = (*before.attendees, Attendee("zoe@acme.bg"))
    after = await written(outlook, ann, PatchEvent(made, before.change_key, PEOPLE, CONTENT, attendees=everyone))

    assert answers(after) == {
        "Bob@Acme.BG": "declined",
        KIM: "accepted",
        "room1@acme.bg": "none",
        "zoe@acme.bg": "none",
    }
    assert after.attendees[:3] == before.attendees
    assert after.attendees[1].answered
    assert after.content.people == (BOB, KIM, "zoe@acme.bg")
    assert mails(graph) == [("invitation", "zoe@acme.bg")]


async def test_an_address_in_another_letter_case_is_the_same_person(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """A lower-case e-mail in place of the address as written is neither a removal nor an invitation."""
    made = graph.person(ANN).create("Met", START, START + HOUR, attendees=["Bob@Acme.BG"])
    graph.person(BOB).accept(str(graph.person(BOB).find("Met")))
    graph.mails.clear()

    after = await written(outlook, ann, PatchEvent(made, "", PEOPLE, CONTENT, attendees=(Attendee(BOB),)))

    assert answers(after) == {BOB: "accepted"}
    assert graph.mails == []


async def test_an_empty_list_takes_everybody_off(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """Each hears of it once, and their copy says it is cancelled."""
    made = graph.person(ANN).create("Met", START, START + HOUR, attendees=[BOB, KIM])
    graph.mails.clear()

    after = await written(outlook, ann, PatchEvent(made, "", PEOPLE, CONTENT))

    assert (after.attendees, after.content.subject) == ((), "Met")
    assert mails(graph) == [("cancellation", BOB), ("cancellation", KIM)]
    assert (await only(outlook, graph.mailbox(BOB).id)).is_cancelled


async def test_people_go_with_other_changes_in_one_mail(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """A new title and a new guest: an update for the one, an invitation for the other."""
    made = graph.person(ANN).create("Met", START, START + HOUR, attendees=[BOB])
    graph.mails.clear()
    both = (Attendee(BOB), Attendee(KIM))

    await written(outlook, ann, PatchEvent(made, "", PEOPLE | {Field.SUBJECT}, CONTENT, attendees=both))

    assert mails(graph) == [("update", BOB), ("invitation", KIM)]


@pytest.mark.parametrize(
    ("fields", "categories"), [(frozenset({Field.REMINDER}), None), (frozenset(), ("ERP.net conflict",))]
)
async def test_what_is_ones_own_mails_nobody(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator, fields: frozenset[Field], categories: tuple[str] | None
) -> None:
    """A reminder and our category are of one copy only."""
    made = graph.person(ANN).create("Met", START, START + HOUR, attendees=[BOB])
    graph.mails.clear()

    await written(outlook, ann, PatchEvent(made, "", fields, CONTENT, categories=categories))

    assert graph.mails == []


@pytest.mark.parametrize(
    ("do", "expected"), [("accept", "accepted"), ("tentatively_accept", "tentativelyAccepted"), ("", "notResponded")]
)
async def test_an_invited_persons_own_answer_is_read(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator, do: str, expected: str
) -> None:
    """On the copy; the organizer's own event says organizer."""
    graph.person(ANN).create("Met", START, START + HOUR, attendees=[BOB])
    if do:
        getattr(graph.person(BOB), do)(str(graph.person(BOB).find("Met")))

    copy, own = await only(outlook, graph.mailbox(BOB).id), await only(outlook, ann)

    assert (copy.response, copy.is_organizer, copy.organizer) == (expected, False, ANN)
    assert own.response == "organizer"
    assert copy.ical_uid == own.ical_uid


async def test_a_meeting_from_outside_is_one_in_every_mailbox(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """The same iCalUId and a foreign organizer, whom the directory does not know."""
    graph.outsider(KIM).create("Pitch", START, START + HOUR, attendees=[ANN, BOB])

    copies = [await only(outlook, user) for user in (ann, graph.mailbox(BOB).id)]

    assert len({one.ical_uid for one in copies}) == 1
    assert [(one.organizer, one.is_organizer, one.content.people) for one in copies] == [(KIM, False, (ANN, BOB))] * 2
    assert await outlook.find_user(KIM) is None


async def test_every_address_of_a_mailbox_is_found(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """The primary one first, the former one and the aliases after it, in lower case."""
    graph.add_mailbox("cy@acme.bg", aliases=("C.Y@acme.bg",))
    graph.rename("cy@acme.bg", "Cyril@acme.bg")
    found = await outlook.find_user("cy@acme.bg")

    assert found is not None
    assert found.addresses == ("cyril@acme.bg", "cy@acme.bg", "c.y@acme.bg")
