"""Responses: what attendees answered in Outlook shows in the participants' Notes, and nobody's own Notes are lost."""

from __future__ import annotations

import pytest

from sync_core.model.sides import Attendee, GraphEvent, Participant
from sync_core.people.responses import notes_for, responses_of
from tests.support.samples import BORIS, CARL, GUEST, ME, ZOE, a_meeting, an_invitation, an_office, attended


def responding(**responses: str) -> GraphEvent:
    """Anna's own event with responses by name; a room responds too."""
    rows = [Attendee(f"{name}@acme.example", response=response) for name, response in responses.items()]
    return a_meeting(*rows, Attendee("room1@acme.example", kind="resource", response="accepted"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            responding(boris="accepted", carl="declined", zoe="tentativelyAccepted", ivan="none", eva="notResponded"),
            {BORIS: "Outlook: accepted", CARL: "Outlook: declined", ZOE: "Outlook: tentative"},
            id="organizer/everybody-who-answered",
        ),
        pytest.param(
            a_meeting(Attendee("boris.alias@acme.example", response="accepted")),
            {BORIS: "Outlook: accepted"},
            id="organizer/by-an-alias",
        ),
        pytest.param(
            a_meeting(Attendee(ME, response="organizer"), response="organizer"), {}, id="organizer/not-themselves"
        ),
        pytest.param(
            an_invitation(Attendee(ME), Attendee(CARL, response="accepted"), response="declined"),
            {ME: "Outlook: declined"},
            id="copy/only-its-owner",
        ),
        pytest.param(an_invitation(response="notResponded"), {}, id="copy/no-response"),
    ],
)
def test_answers_are_the_organizers_list_or_a_copys_own(event: GraphEvent, expected: dict[str, str]) -> None:
    """The organizer's event knows everybody's response, a copy only its owner's."""
    assert expected == responses_of(event, an_office())


def test_a_copy_of_somebody_unknown_tells_nothing() -> None:
    """Without an address there is no participant to tell it of."""
    assert responses_of(an_invitation(response="accepted"), an_office(mailbox="stranger-id")) == {}


YES, NO = "Outlook: accepted", "Outlook: declined"


@pytest.mark.parametrize(
    ("notes", "written", "responses", "expected"),
    [
        pytest.param("", {}, {BORIS: YES}, (("R1", YES),), id="first-response"),
        pytest.param(YES, {BORIS: YES}, {BORIS: NO}, (("R1", NO),), id="another-response"),
        pytest.param(YES, {BORIS: YES}, {}, (("R1", ""),), id="taken-back"),
        pytest.param("", {BORIS: YES}, {BORIS: YES}, (), id="no-news/cleared-by-hand"),
        pytest.param("Brings cake", {}, {BORIS: YES}, (), id="foreign-note"),
        pytest.param("Brings cake", {BORIS: YES}, {}, (), id="foreign-note/taken-back"),
        pytest.param(YES, {}, {BORIS: YES}, (), id="said-already"),
        pytest.param("", {}, {GUEST: YES}, (), id="somebody-not-among-the-participants"),
    ],
)
def test_only_news_is_noted_and_only_over_our_own(
    notes: str, written: dict[str, str], responses: dict[str, str], expected: tuple[tuple[str, str], ...]
) -> None:
    """A changed response is written once; what people wrote themselves stays; one taken back clears ours only."""
    activity = attended(Participant("R1", BORIS, notes), Participant("R2", "", "Nobody"))

    assert expected == notes_for(activity, written.items(), responses, an_office())


def test_an_answer_is_noted_on_every_row_of_a_person() -> None:
    """Two rows of one person, one by an alias, both tell it."""
    activity = attended(BORIS, "boris.alias@acme.example", CARL)

    assert notes_for(activity, (), {BORIS: YES}, an_office()) == (("R1", YES), ("R2", YES))
