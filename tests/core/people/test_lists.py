"""People: who counts, how both lists are merged, what both hold afterwards, and who is left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.ranges import ADDRESS_LIMIT, MOST_ATTENDEES
from sync_core.model.sides import Attendee, ErpActivity, GraphEvent, Participant
from sync_core.model.writes import ParticipantChanges
from sync_core.people.lists import (
    Moves,
    fitting,
    guests,
    is_address,
    left_out,
    listed,
    merge_people,
    new_list,
    remarks,
    rows_after,
    rows_to_change,
    who,
)
from sync_core.people.mail import invited
from tests.support.samples import (
    BORIS,
    CARL,
    GUEST,
    ME,
    ZOE,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    attended,
)

ONE = frozenset({BORIS})
NONE: frozenset[str] = frozenset()
STAY = Moves()


def anybody(_: str) -> bool:
    """No limit."""
    return True


def nobody(_: str) -> bool:
    """Nobody is within reach."""
    return False


# One person in four places

FATES = {
    "....": STAY,
    "...A": Moves(join_graph=ONE),
    "..b.": STAY,
    "..bA": STAY,
    ".E..": Moves(join_erp=ONE),
    ".E.A": STAY,
    ".Eb.": Moves(join_erp=ONE),
    ".EbA": STAY,
    "e...": STAY,
    "e..A": Moves(join_graph=ONE),
    "e.b.": STAY,
    "e.bA": Moves(leave_erp=ONE),
    "eE..": STAY,
    "eE.A": STAY,
    "eEb.": Moves(leave_graph=ONE),
    "eEbA": STAY,
}
"""Where one person is: in the event's base (e), the event (E), the activity's base (b), the activity (A)."""


def placed(cell: str) -> tuple[frozenset[str], ...]:
    """The four lists of a cell."""
    return tuple(NONE if place == "." else ONE for place in cell)


def test_the_fates_have_no_gap() -> None:
    """Every combination of the four places is in the table."""
    assert set(FATES) == {"".join(cell) for cell in product("e.", "E.", "b.", "A.")}


@pytest.mark.parametrize("cell", FATES)
def test_a_person_goes_where_they_were_added_and_leaves_where_they_were_taken_off(cell: str) -> None:
    """Each side is asked against its own base, and an addition beats a removal."""
    event_base, event, activity_base, activity = placed(cell)

    assert FATES[cell] == merge_people(event_base, event, activity_base, activity, anybody)


@pytest.mark.parametrize("cell", FATES)
def test_out_of_reach_only_erp_moves(cell: str) -> None:
    """Whoever may not be invited is neither put on an event's list nor taken off it."""
    event_base, event, activity_base, activity = placed(cell)
    expected = replace(FATES[cell], join_graph=NONE, leave_graph=NONE)

    assert expected == merge_people(event_base, event, activity_base, activity, nobody)


# Both lists as sets

ADDRESSES = [BORIS, CARL, ZOE, GUEST, "a@b.example", "ivan@out.example"]
lists_of_people = st.frozensets(st.sampled_from(ADDRESSES))


def after(event: frozenset[str], activity: frozenset[str], moves: Moves) -> tuple[frozenset[str], frozenset[str]]:
    """Both lists once the moves are made."""
    return (event - moves.leave_graph) | moves.join_graph, (activity - moves.leave_erp) | moves.join_erp


@given(lists_of_people, lists_of_people, lists_of_people, lists_of_people, lists_of_people)
def test_nobody_who_was_added_is_lost(
    event_base: frozenset[str],
    event: frozenset[str],
    activity_base: frozenset[str],
    activity: frozenset[str],
    within: frozenset[str],
) -> None:
    """Whoever was added on a side is on both afterwards, or, out of reach, on ERP.net's at least."""
    moves = merge_people(event_base, event, activity_base, activity, within.__contains__)
    event_after, activity_after = after(event, activity, moves)

    assert event - event_base <= event_after & activity_after
    assert activity - activity_base <= activity_after
    assert (activity - activity_base) & within <= event_after


@given(lists_of_people, lists_of_people, lists_of_people, lists_of_people, lists_of_people)
def test_nobody_is_touched_who_changed_nowhere(
    event_base: frozenset[str],
    event: frozenset[str],
    activity_base: frozenset[str],
    activity: frozenset[str],
    within: frozenset[str],
) -> None:
    """Who is where they were stays there, and a list never gets or loses somebody it had or lacked already."""
    moves = merge_people(event_base, event, activity_base, activity, within.__contains__)
    still = frozenset(ADDRESSES) - (event_base ^ event) - (activity_base ^ activity)

    assert not still & (moves.join_erp | moves.leave_erp | moves.join_graph | moves.leave_graph)
    assert (moves.join_graph | moves.leave_graph) <= within
    assert moves.leave_erp <= activity
    assert moves.leave_graph <= event
    assert not moves.join_erp & activity
    assert not moves.join_graph & event


@given(lists_of_people, lists_of_people, lists_of_people, lists_of_people, lists_of_people)
def test_a_second_merge_moves_nobody(
    event_base: frozenset[str],
    event: frozenset[str],
    activity_base: frozenset[str],
    activity: frozenset[str],
    within: frozenset[str],
) -> None:
    """Once the moves are made both lists are the new bases; within reach, whoever changed is alike on both sides."""
    moves = merge_people(event_base, event, activity_base, activity, within.__contains__)
    event_after, activity_after = after(event, activity, moves)

    assert merge_people(event_after, event_after, activity_after, activity_after, anybody) == STAY
    changed = ((event_base ^ event) | (activity_base ^ activity)) & within
    agreed = {one for one in changed if (one in event_base) == (one in activity_base)}
    assert not agreed & (event_after ^ activity_after)


@given(st.lists(st.tuples(st.sampled_from([*ADDRESSES, "boris.alias@acme.example"]), st.booleans())), st.randoms())
def test_order_and_letter_case_do_not_matter(written: list[tuple[str, bool]], random: object) -> None:
    """Two writings of one list are the same people."""
    shuffled = sorted(written, key=lambda _: random.random())  # type: ignore[attr-defined]
    one = [address.upper() if loud else address for address, loud in written]
    two = [address.title() if loud else address for address, loud in shuffled]

    assert who(one, NONE, an_office()) == who(two, NONE, an_office())


# Who counts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a@b.example", True, id="plain"),
        pytest.param("я@пример.example", True, id="not-ascii"),
        pytest.param("x" * (ADDRESS_LIMIT - 10) + "@b.example", True, id="as-long-as-may-be"),
        pytest.param("x" * (ADDRESS_LIMIT - 9) + "@b.example", False, id="too-long"),
        pytest.param("", False, id="nothing"),
        pytest.param("Boris", False, id="a-name"),
        pytest.param("a@b@c.example", False, id="two-ats"),
        pytest.param("a b@c.example", False, id="a-space"),
        pytest.param("Boris <a@b.example>", False, id="with-a-name"),
        pytest.param("a@b.example;c@d.example", False, id="two-of-them"),
        pytest.param("/o=acme/cn=recipients/cn=boris", False, id="exchange-legacy"),
    ],
)
def test_an_address_is_what_both_sides_can_hold(text: str, expected: bool) -> None:
    """One local part, one domain, and no longer than a participant's Email."""
    assert expected is is_address(text)


@pytest.mark.parametrize(
    ("event", "activity", "expected"),
    [
        pytest.param(a_meeting(BORIS), None, {ME}, id="own-event-alone"),
        pytest.param(an_invitation(organizer="Boris.Alias@acme.example"), None, {ME, BORIS}, id="copy-alone"),
        pytest.param(an_event(), None, {ME}, id="organizer-not-told"),
        pytest.param(None, an_activity(), {ME}, id="own-activity-alone"),
        pytest.param(None, an_activity(owner_party="party-boris"), {ME, BORIS}, id="activity-of-a-colleague"),
        pytest.param(None, an_activity(owner_party="party-unknown"), {ME}, id="activity-of-somebody"),
        pytest.param(
            an_invitation(organizer=GUEST),
            an_activity(owner_party="party-boris"),
            {GUEST, BORIS},
            id="outside-meeting",
        ),
    ],
)
def test_organizer_and_owner_do_not_count(
    event: GraphEvent | None, activity: ErpActivity | None, expected: set[str]
) -> None:
    """The organizer, and whoever owns the activity or will."""
    assert expected == left_out(event, activity, an_office())


def test_people_are_told_apart_once() -> None:
    """An alias is the colleague, whoever does not count is left out, and so is what is no address."""
    written = [BORIS, "Boris.Alias@Acme.example", "GUEST@out.example", ME, "", "room 1"]

    assert who(written, {ME}, an_office()) == {BORIS, GUEST}


def test_a_room_does_not_count() -> None:
    """A resource is on the event's list and not among its people, and neither is the organizer."""
    event = a_meeting(BORIS, ME, Attendee("room1@acme.example", kind="resource"), Attendee("", "no address"))

    assert listed(event, event.attendees) == (BORIS,)
    assert [one.email for one in invited(event)] == [BORIS, "room1@acme.example", ""]


# Outlook's list


def test_a_new_list_keeps_everybody_as_written() -> None:
    """Guests, responses and rooms stay as Graph wrote them; who joins comes last, by address."""
    guest = Attendee(GUEST, "A guest", "optional", "accepted", " Guest@Out.example", "2026-01-20T08:00:00Z")
    room = Attendee("room1@acme.example", kind="resource")
    event = a_meeting(guest, "boris.alias@acme.example", room)
    moves = Moves(join_graph=frozenset({ZOE, CARL}), leave_graph=ONE)

    assert new_list(event, moves, an_office()) == (guest, room, Attendee(CARL), Attendee(ZOE))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param(0, 3, id="empty"),
        pytest.param(MOST_ATTENDEES - 3, 3, id="room-for-all"),
        pytest.param(MOST_ATTENDEES - 1, 1, id="room-for-one"),
        pytest.param(MOST_ATTENDEES, 0, id="full"),
        pytest.param(MOST_ATTENDEES + 2, 0, id="more-than-full"),
    ],
)
def test_a_list_holds_five_hundred(there: int, expected: int) -> None:
    """Whoever finds no room is not invited, the first by address are."""
    event = a_meeting(*(f"p{number:03}@out.example" for number in range(there)))
    moves = Moves(join_erp=ONE, join_graph=frozenset({ZOE, CARL, GUEST}))

    assert fitting(moves, event) == replace(moves, join_graph=frozenset([CARL, GUEST, ZOE][:expected]))


def test_a_list_not_read_is_taken_to_have_room() -> None:
    """Nothing is written before it is read."""
    moves = Moves(join_graph=frozenset({ZOE, CARL}))

    assert fitting(moves, None) == moves


def test_a_new_event_invites_who_may_be() -> None:
    """By canonical address, without the owner and without what is no address; never more than fit."""
    activity = attended("boris.alias@acme.example", GUEST, ME, "n/a", Participant("R9", ""))
    many = attended(*(f"p{number:03}@out.example" for number in range(501)))

    assert guests(activity, an_office(), anybody) == (Attendee(BORIS), Attendee(GUEST))
    assert guests(activity, an_office(), nobody) == ()
    assert len(guests(many, an_office(), anybody)) == MOST_ATTENDEES


# ERP.net's list


def test_rows_come_by_address_and_go_by_id() -> None:
    """Every row of somebody who leaves goes, by whatever address it names them; nameless rows stay."""
    rows = (Participant("R1", BORIS), Participant("R2", "boris.alias@acme.example"), Participant("R3", ""))
    activity = attended(*rows, GUEST)
    moves = Moves(join_erp=frozenset({ZOE, CARL}), leave_erp=ONE)

    assert rows_to_change(activity, moves, an_office()) == ParticipantChanges(add=(CARL, ZOE), drop=("R1", "R2"))
    assert rows_after(activity, rows_to_change(activity, moves, an_office())) == (CARL, GUEST, ZOE)


# Who is left out


@pytest.mark.parametrize(
    ("event", "activity", "uninvited", "expected"),
    [
        pytest.param(a_meeting(BORIS), attended(BORIS), 0, "", id="everybody-is"),
        pytest.param(
            None,
            attended(Participant("R1", ""), Participant("R2", ""), BORIS),
            0,
            "2 without an e-mail address in ERP.net",
            id="without-address",
        ),
        pytest.param(
            a_meeting(Attendee("", "no address"), "/o=acme/cn=x", Attendee("", kind="resource")),
            attended("n/a", "/o=acme/cn=x"),
            2,
            "3 with an address that the other side cannot hold, 2 known to ERP.net only, not invited",
            id="odd-addresses-and-uninvited",
        ),
    ],
)
def test_who_is_left_out_is_counted(
    event: GraphEvent | None, activity: ErpActivity | None, uninvited: int, expected: str
) -> None:
    """Each reason with its number, and no address in it."""
    assert expected == remarks(event, activity, uninvited)
