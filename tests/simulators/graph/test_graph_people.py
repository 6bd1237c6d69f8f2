"""Who is meant by an address, who hears of what, and which answers the organizer sees: graph.md §5 and §6."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.graph import GraphSimulator, Mail
from tests.support.graph_client import ANN, BOB, BareGraphClient, Json, invite

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
GUEST = "guest@elsewhere.test"
ROOM = {"emailAddress": {"address": "room1@example.test"}, "type": "resource"}


def mails(graph: GraphSimulator) -> list[tuple[str, str]]:
    """Kind and addressee of every mail sent."""
    return [(m.kind, m.to) for m in graph.mails]


def answers(event: Json) -> dict[str, str]:
    """What everybody on the list answered."""
    return {a["emailAddress"]["address"]: a["status"]["response"] for a in event["attendees"]}


def met(graph: GraphSimulator, *attendees: Any) -> tuple[str, str]:
    """A meeting of Ann's and Bob's copy of it; nothing is in the mail any more."""
    made = graph.person(ANN).create("Review", NOON, ONE, attendees=attendees or [BOB])
    graph.mails.clear()
    copy = graph.person(BOB).find("Review")
    assert copy is not None
    return made, copy


async def test_answers_stay_whatever_the_letter_case_of_the_address(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """A list written anew keeps who said yes, found by address; rooms keep their kind."""
    made, copy = met(graph, BOB, ROOM)
    graph.person(BOB).accept(copy)
    people = [*invite("BOB@Example.TEST", GUEST)["attendees"], ROOM]
    after = await client.patch(f"users/{ANN}/events/{made}", {"attendees": people})

    assert answers(after.body) == {"BOB@Example.TEST": "accepted", GUEST: "none", "room1@example.test": "none"}
    assert after["attendees"][2]["type"] == "resource"
    assert mails(graph) == [("response", ANN), ("invitation", GUEST)]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("kept", {BOB: "none", GUEST: "none"}), ("as sent", {BOB: "none", GUEST: "declined"})],
)
async def test_a_status_may_be_written(
    client: BareGraphClient, graph: GraphSimulator, switch: str, expected: dict[str, str]
) -> None:
    """It is never refused; whether it counts is open."""
    graph.switches.answers_of_attendees = switch
    people = invite(BOB, GUEST)["attendees"]
    people[1]["status"] = {"response": "declined", "time": "2026-11-20T08:00:00Z"}
    made = await client.create(attendees=people)

    assert made.status == 201
    assert answers(made.body) == expected


async def test_as_sent_an_answer_is_lost_with_its_status(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The harsh reading of "replaced as a whole"."""
    graph.switches.answers_of_attendees = "as sent"
    made, copy = met(graph)
    graph.person(BOB).accept(copy)
    after = await client.patch(f"users/{ANN}/events/{made}", invite(BOB))

    assert answers(after.body) == {BOB: "none"}


@pytest.mark.parametrize("status", [{"response": "maybe"}, {"answer": "accepted"}, "accepted"])
async def test_a_status_that_is_none_is_refused(client: BareGraphClient, status: Any) -> None:
    """Unknown words, properties and shapes are 400."""
    person = {"emailAddress": {"address": BOB}, "status": status}

    assert (await client.create(attendees=[person])).status == 400


async def test_another_address_of_the_same_person_changes_nothing(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """An alias in place of the primary address is no removal and no invitation, and the answer stays."""
    graph.rename(BOB, "bob.b@example.test")
    made, copy = met(graph)
    graph.person(BOB).accept(copy)
    graph.mails.clear()
    after = await client.patch(f"users/{ANN}/events/{made}", invite("Bob.B@example.test"))

    assert answers(after.body) == {"Bob.B@example.test": "accepted"}
    assert mails(graph) == []


async def test_a_person_named_twice_hears_once(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Two addresses of one mailbox make one copy and one mail."""
    graph.add_mailbox("cy@example.test", aliases=("c.y@example.test",))
    await client.create(**invite("cy@example.test", "c.y@example.test"))

    assert len(graph.person("cy@example.test").events()) == 1
    assert len(graph.mails) == 1


async def test_nobody_gets_mail_about_their_own_meeting(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The organizer on their own list, by alias too, hears nothing at any stage and gets no copy."""
    graph.rename(ANN, "a.nn@example.test")
    made = await client.create(**invite(ANN, "a.nn@example.test", GUEST))
    path = f"users/{ANN}/events/{made['id']}"
    await client.patch(path, {"subject": "Again"})
    await client.patch(path, invite(GUEST))
    await client.delete(path)

    assert mails(graph) == [("invitation", GUEST), ("update", GUEST), ("cancellation", GUEST)]
    assert graph.person(ANN).events() == []


async def test_a_mail_says_what_it_is_about(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Kind, sender, addressee, subject, meeting and time."""
    graph.clock.set(NOON)
    made = await client.create(**invite(BOB))

    assert graph.mails == [Mail("invitation", ANN, BOB, "Review", made["iCalUId"], NOON)]


async def test_every_address_of_an_account_is_listed(client: BareGraphClient, graph: GraphSimulator) -> None:
    """``proxyAddresses`` names the primary address in capitals, then the others, the former one too."""
    graph.add_mailbox("cy@example.test", aliases=("c.y@example.test",))
    graph.rename("cy@example.test", "cyril@example.test")
    found = await client.get("users/cy@example.test?$select=mail,proxyAddresses")

    assert found["mail"] == "cyril@example.test"
    assert found["proxyAddresses"] == [
        "SMTP:cyril@example.test",
        "smtp:cy@example.test",
        "smtp:c.y@example.test",
    ]


async def test_a_renamed_organizer_stands_on_old_meetings_under_the_old_address(graph: GraphSimulator) -> None:
    """The address on a meeting is the one it was made under; it still reaches its organizer."""
    _, copy = met(graph)
    graph.rename(ANN, "a.nn@example.test")
    graph.person(BOB).accept(copy)

    assert graph.person(BOB).get(copy)["organizer"]["emailAddress"]["address"] == ANN
    assert answers(graph.person(ANN).events()[0]) == {BOB: "accepted"}


@pytest.mark.parametrize("send", [True, False])
@pytest.mark.parametrize(
    ("do", "word"),
    [("accept", "accepted"), ("tentatively_accept", "tentativelyAccepted"), ("decline", "declined")],
)
def test_the_organizer_sees_an_answer_that_was_sent(graph: GraphSimulator, do: str, word: str, send: bool) -> None:
    """With its time; one that was not sent stays with the attendee, and there is no mail of it."""
    made, copy = met(graph)
    getattr(graph.person(BOB), do)(copy, send=send)
    (shown,) = graph.person(ANN).get(made)["attendees"]

    assert shown["status"]["response"] == (word if send else "none")
    assert shown["status"]["time"].startswith("0001-01-01") is not send
    assert mails(graph) == ([("response", ANN)] if send else [])


@pytest.mark.parametrize("do", ["delete", "hard_delete"])
def test_a_copy_that_is_removed_unanswered_tells_nobody(graph: GraphSimulator, do: str) -> None:
    """The organizer's list stays as it was, and so does what was answered before."""
    made, copy = met(graph)
    graph.person(BOB).tentatively_accept(copy)
    before = graph.person(ANN).get(made)
    graph.mails.clear()
    getattr(graph.person(BOB), do)(copy)

    assert graph.person(ANN).get(made) == before
    assert mails(graph) == []


def test_an_update_leaves_a_declined_meeting_gone(graph: GraphSimulator) -> None:
    """Who said no is told, and nothing returns to their calendar."""
    made, copy = met(graph)
    graph.person(BOB).decline(copy, send=False)
    graph.person(ANN).move_time(made, ONE, ONE.replace(hour=14))

    assert graph.person(BOB).events() == []
    assert mails(graph) == [("update", BOB)]


def test_invited_again_the_cancelled_copy_is_the_meeting_again(graph: GraphSimulator) -> None:
    """Taken off and put on the list again, a person has one copy, unanswered and not cancelled."""
    made, copy = met(graph)
    graph.person(BOB).accept(copy)
    graph.person(ANN).edit(made, attendees=[GUEST])
    taken_off = graph.person(BOB).get(copy)
    graph.person(ANN).edit(made, attendees=[GUEST, BOB])
    (again,) = graph.person(BOB).events()

    assert (taken_off["isCancelled"], taken_off["subject"]) == (True, "Canceled: Review")
    assert (again["id"], again["isCancelled"], again["subject"]) == (copy, False, "Review")
    assert again["responseStatus"]["response"] == "notResponded"
    assert answers(graph.person(ANN).get(made)) == {GUEST: "none", BOB: "none"}


def test_a_cancelled_meeting_stays_in_the_copies(graph: GraphSimulator) -> None:
    """T16: the organizer's event is gone, each copy says it is cancelled, each guest gets one mail."""
    made, copy = met(graph, BOB, GUEST)
    graph.person(ANN).cancel(made)

    assert graph.person(BOB).get(copy)["isCancelled"] is True
    assert graph.person(ANN).events() == []
    assert mails(graph) == [("cancellation", BOB), ("cancellation", GUEST)]


async def test_an_attendees_list_stays_in_their_copy(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T14: a PATCH of attendees on a copy invites nobody and does not reach the organizer."""
    made, copy = met(graph)
    patched = await client.patch(f"users/{BOB}/events/{copy}", invite(BOB, GUEST))

    assert patched.status == 200
    assert list(answers(graph.person(ANN).get(made))) == [BOB]
    assert mails(graph) == []
