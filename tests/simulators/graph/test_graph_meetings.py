"""Organizer, attendees and mails: graph.md §5 and §6, traps T14 to T16."""

from __future__ import annotations

from datetime import UTC, date, datetime

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, BareGraphClient, daily, invite

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
GUEST = "guest@elsewhere.test"


def mails(graph: GraphSimulator) -> list[tuple[str, str]]:
    """Kind and addressee of every mail sent."""
    return [(m.kind, m.to) for m in graph.mails]


async def test_meeting_is_copied_to_the_attendees_mailboxes(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T14: the same iCalUId in each mailbox, other ids, and only one organizer."""
    made = await client.create(**invite(BOB, GUEST))
    (copy,) = (await client.get(f"users/{BOB}/events")).value

    assert copy["iCalUId"] == made["iCalUId"]
    assert copy["id"] != made["id"]
    assert (made["isOrganizer"], copy["isOrganizer"]) == (True, False)
    assert copy["organizer"]["emailAddress"]["address"] == ANN
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("notResponded", "tentative")
    assert mails(graph) == [("invitation", BOB), ("invitation", GUEST)]


async def test_alias_of_an_attendee_reaches_their_mailbox(client: BareGraphClient, graph: GraphSimulator) -> None:
    """An invitation to an alias lands in the mailbox behind it."""
    graph.add_mailbox("cy@example.test", aliases=("c.y@example.test",))
    await client.create(**invite("C.Y@example.test"))

    assert len(graph.person("cy@example.test").events()) == 1


async def test_update_reaches_the_copies_and_overwrites_local_edits(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T14: a PATCH on a copy stays local until the organizer's next update."""
    made = await client.create(**invite(BOB))
    copy = graph.person(BOB).find("Review")
    local = await client.patch(f"users/{BOB}/events/{copy}", {"subject": "Mine", "categories": ["C"]})
    organizers = (await client.event(made["id"]))["subject"]
    await client.patch(f"users/{ANN}/events/{made['id']}", {"subject": "Theirs"})
    after = await client.event(str(copy), upn=BOB)

    assert (local.status, local["subject"], organizers) == (200, "Mine", "Review")
    assert (after["subject"], after["categories"]) == ("Theirs", ["C"])
    assert mails(graph) == [("invitation", BOB), ("update", BOB)]


async def test_unchanged_patch_still_mails_and_local_fields_do_not(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T15: whatever the attendees share is mailed, even unchanged; categories and reminders are not."""
    made = await client.create(**invite(BOB))
    path = f"users/{ANN}/events/{made['id']}"
    await client.patch(path, {"categories": ["ERP"], "reminderMinutesBeforeStart": 5})
    silent = len(graph.mails)
    await client.patch(path, {"subject": "Review"})

    assert silent == 1
    assert mails(graph)[1:] == [("update", BOB)]


async def test_changing_only_the_attendees_mails_only_those_that_changed(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """An added attendee is invited, a removed one told of the cancellation, the others hear nothing."""
    made = await client.create(**invite(BOB, GUEST))
    graph.mails.clear()
    await client.patch(f"users/{ANN}/events/{made['id']}", invite(GUEST, "new@elsewhere.test"))

    assert sorted(mails(graph)) == [("cancellation", BOB), ("invitation", "new@elsewhere.test")]
    assert graph.person(BOB).events()[0]["isCancelled"] is True


async def test_deleting_as_organizer_cancels(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T15, T16: the attendees get cancellations; their copies stay, cancelled and with a prefixed subject."""
    made = await client.create(**invite(BOB))
    await client.delete(f"users/{ANN}/events/{made['id']}")
    (copy,) = graph.person(BOB).events()

    assert (copy["isCancelled"], copy["subject"]) == (True, "Canceled: Review")
    assert mails(graph)[1:] == [("cancellation", BOB)]
    items, _ = await client.round(upn=BOB)
    assert [i["isCancelled"] for i in items] == [True]


async def test_cancel_is_for_the_organizer(client: BareGraphClient, graph: GraphSimulator) -> None:
    """``cancel`` takes the event from the organizer's calendar; an attendee is refused."""
    made = await client.create(**invite(BOB))
    copy = graph.person(BOB).find("Review")
    refused = await client.post(f"users/{BOB}/events/{copy}/cancel", {"comment": "no"})
    done = await client.post(f"users/{ANN}/events/{made['id']}/cancel", {"comment": "sorry"})

    assert (refused.status, done.status) == (400, 202)
    assert "You need to be an organizer" in refused["error"]["message"]
    assert (await client.event(made["id"])).status == 404


async def test_answer_shows_on_the_organizers_event_and_changes_its_key(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T7: an attendee's answer is a change of the organizer's event nobody asked for."""
    made = await client.create(**invite(BOB))
    copy = graph.person(BOB).find("Review")
    answer = await client.post(f"users/{BOB}/events/{copy}/accept", {"sendResponse": True})
    seen = await client.event(made["id"])

    assert answer.status == 202
    assert seen["attendees"][0]["status"]["response"] == "accepted"
    assert seen["changeKey"] != made["changeKey"]
    assert graph.person(BOB).get(str(copy))["responseStatus"]["response"] == "accepted"


async def test_silent_answer_stays_with_the_attendee(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Without ``sendResponse`` neither a mail nor the organizer's event tells of the answer."""
    made = await client.create(**invite(BOB))
    copy = graph.person(BOB).find("Review")
    await client.post(f"users/{BOB}/events/{copy}/tentativelyAccept", {"sendResponse": False})

    assert (await client.event(made["id"]))["attendees"][0]["status"]["response"] == "none"
    assert mails(graph) == [("invitation", BOB)]


async def test_declined_copy_leaves_the_calendar(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T16: declining is @removed on the attendee's side; the organizer's event lives on."""
    made = await client.create(**invite(BOB))
    items, link = await client.round(upn=BOB)
    graph.person(BOB).decline(items[0]["id"])
    after, _ = await client.round(upn=BOB, link=link)

    assert [(i["id"], "@removed" in i) for i in after] == [(items[0]["id"], True)]
    assert (await client.event(made["id"]))["attendees"][0]["status"]["response"] == "declined"
    assert mails(graph)[-1] == ("response", ANN)


async def test_answering_ones_own_meeting_is_refused(client: BareGraphClient) -> None:
    """The organizer cannot accept."""
    made = await client.create(**invite(BOB))
    answer = await client.post(f"users/{ANN}/events/{made['id']}/accept", {})

    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")


async def test_deleting_a_copy_leaves_the_organizers_event(client: BareGraphClient, graph: GraphSimulator) -> None:
    """An attendee's deletion sends nothing and touches nothing but their own copy."""
    made = await client.create(**invite(BOB))
    await client.delete(f"users/{BOB}/events/{graph.person(BOB).find('Review')}")

    assert (await client.event(made["id"]))["changeKey"] == made["changeKey"]
    assert mails(graph) == [("invitation", BOB)]


async def test_update_brings_a_deleted_unanswered_copy_back(client: BareGraphClient, graph: GraphSimulator) -> None:
    """A copy removed without an answer returns, under a new id, with the organizer's next update."""
    made = await client.create(**invite(BOB))
    old = graph.person(BOB).find("Review")
    graph.person(BOB).delete(str(old))
    await client.patch(f"users/{ANN}/events/{made['id']}", {"subject": "Again"})

    assert graph.person(BOB).find("Again") not in (None, old)


async def test_cancelled_occurrence_is_cancelled_in_the_copies(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """One cancelled date of a series becomes a cancelled exception in the attendee's copy."""
    made = await client.create(**daily(), **invite(BOB))
    slot = graph.person(ANN).occurrence(made["id"], date(2026, 11, 24))
    await client.delete(f"users/{ANN}/events/{slot}")
    items, _ = await client.round(upn=BOB)

    assert [i["isCancelled"] for i in items if i["type"] == "exception"] == [True]
    assert len([i for i in items if i["type"] == "occurrence"]) == 4


async def test_invitation_from_outside_has_a_foreign_organizer(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """A meeting from another company is a copy whose organizer no mailbox here belongs to."""
    bob = graph.person(BOB)
    ident = bob.receive("Pitch", NOON, ONE, organizer=GUEST)
    shown = await client.event(ident, upn=BOB)
    bob.cancelled_from_outside(ident)

    assert (shown["isOrganizer"], shown["organizer"]["emailAddress"]["address"]) == (False, GUEST)
    assert bob.get(ident)["isCancelled"] is True


async def test_own_appointment_made_in_outlook_has_no_answer(client: BareGraphClient, graph: GraphSimulator) -> None:
    """``responseStatus`` is ``none`` on a person's appointment and ``organizer`` on their meeting."""
    ann = graph.person(ANN)

    assert ann.get(ann.create("Alone", NOON, ONE))["responseStatus"]["response"] == "none"
    assert ann.get(ann.create("Met", NOON, ONE, attendees=[BOB]))["responseStatus"]["response"] == "organizer"
