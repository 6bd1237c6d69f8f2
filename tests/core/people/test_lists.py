"""People: who counts, how both lists are merged, whom calsync may invite, responses, the count of mails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.ranges import ADDRESS_LIMIT, MOST_ATTENDEES
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link, Role
from sync_core.model.policy import Invite, Policy, PrivateRule
from sync_core.model.sides import Attendee, ErpActivity, Field, GraphEvent, Participant
from sync_core.model.writes import CreateEvent, GraphWrite, ParticipantChanges, PatchEvent, RemoveEvent
from sync_core.people.lists import (
    Moves,
    fitting,
    guests,
    invited,
    is_address,
    left_out,
    listed,
    mails_of,
    merge_people,
    new_list,
    reach_of,
    reaches,
    remarks,
    rows_after,
    rows_to_change,
    who,
)
from sync_core.people.privacy import is_hidden
from sync_core.people.responses import notes_for, responses_of
from tests.support.samples import (
    BORIS,
    CARL,
    GUEST,
    ME,
    ZOE,
    a_case,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    attended,
    known_to,
    linked,
    noted,
    shown,
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


# Reach

ALL, INTERNAL, NOT_ONE = (Policy(invite=rule) for rule in (Invite.ALL, Invite.INTERNAL, Invite.NONE))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(ALL, {BORIS, ZOE, GUEST}, id="all"),
        pytest.param(INTERNAL, {BORIS, ZOE}, id="internal"),
        pytest.param(NOT_ONE, set(), id="none"),
        pytest.param(Policy(), {BORIS, ZOE}, id="default"),
    ],
)
def test_the_setting_says_who_may_be_invited(policy: Policy, expected: set[str]) -> None:
    """Everybody, the domains of the company's own people, or nobody; a domain's subdomain is another one."""
    reach = reach_of(an_office(policy=policy))

    assert expected == {one for one in (BORIS, ZOE, GUEST, "x@sub.acme.example") if reach(one)} - {
        "x@sub.acme.example"
    }
    assert reach("x@sub.acme.example") is (policy is ALL)


BUSY = Policy(invite=Invite.ALL, private=PrivateRule.BUSY)


@pytest.mark.parametrize(
    ("event", "link", "policy", "expected"),
    [
        pytest.param(a_meeting(BORIS), known_to(), ALL, True, id="own"),
        pytest.param(None, known_to(), ALL, True, id="own-not-read"),
        pytest.param(an_invitation(), known_to(role=Role.INVITED), ALL, False, id="copy"),
        pytest.param(None, known_to(role=Role.INVITED), ALL, False, id="copy-not-read"),
        pytest.param(a_meeting(Attendee("", "no address")), known_to(), ALL, False, id="somebody-without-address"),
        pytest.param(a_meeting("/o=acme/cn=x"), known_to(), ALL, False, id="an-address-that-is-none"),
        pytest.param(a_meeting(content=shown(sensitivity="private")), known_to(), BUSY, False, id="hidden"),
        pytest.param(a_meeting(content=shown(sensitivity="private")), known_to(), ALL, True, id="private-and-shown"),
    ],
)
def test_a_list_is_changed_only_where_it_is_ours_and_whole(
    event: GraphEvent | None, link: Link, policy: Policy, expected: bool
) -> None:
    """Never on somebody else's meeting, nor where somebody on it could not be sent back or is not seen."""
    assert expected is reaches(event, link, an_office(policy=policy))(BORIS)


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


# Mails

TO_ALL = a_meeting(BORIS, GUEST, ME)


def patch(*fields: Field, people: tuple[str, ...] = ()) -> PatchEvent:
    """A patch of these fields, with this list."""
    return PatchEvent("E1", "ck", frozenset(fields), shown(), None, None, tuple(map(Attendee, people)))


@pytest.mark.parametrize(
    ("write", "event", "expected"),
    [
        pytest.param(None, TO_ALL, 0, id="nothing"),
        pytest.param(CreateEvent("A1", "tx", shown()), None, 0, id="create/alone"),
        pytest.param(CreateEvent("A1", "tx", shown(), (Attendee(BORIS),)), None, 1, id="create/one-guest"),
        pytest.param(RemoveEvent("E1", "ck"), TO_ALL, 2, id="remove"),
        pytest.param(RemoveEvent("E1", "ck"), None, 3, id="remove/not-read"),
        pytest.param(RemoveEvent("E1", "ck"), a_meeting(), 0, id="remove/alone"),
        *[
            pytest.param(patch(field), TO_ALL, 2, id=f"{field}")
            for field in (Field.SUBJECT, Field.BODY, Field.TIME, Field.PRIVATE, Field.PRIORITY)
        ],
        pytest.param(patch(Field.TIME), None, 3, id="time/not-read"),
        pytest.param(patch(Field.TIME), a_meeting(), 0, id="time/alone"),
        pytest.param(patch(Field.REMINDER), TO_ALL, 0, id="reminder"),
        pytest.param(replace(patch(), categories=("Red",)), TO_ALL, 0, id="categories"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, GUEST, ZOE, ME)), TO_ALL, 1, id="people/one-more"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS,)), TO_ALL, 1, id="people/one-less"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, ZOE)), TO_ALL, 2, id="people/another"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, GUEST)), TO_ALL, 0, id="people/the-same"),
        pytest.param(patch(Field.PEOPLE, Field.TIME, people=(BORIS, ZOE)), TO_ALL, 3, id="people/and-time"),
    ],
)
def test_mails_are_counted_as_exchange_sends_them(
    write: GraphWrite | None, event: GraphEvent | None, expected: int
) -> None:
    """Everybody hears of what is told; of the list alone those whom it concerns; of the rest nobody."""
    link = known_to(event=(BORIS, GUEST, ZOE))

    assert expected == mails_of(write, event, link)


def test_without_a_link_nobody_is_known_to_be_invited() -> None:
    """A create's own list is all there is."""
    assert mails_of(patch(Field.TIME), None, None) == 0


# ERP.net's list


def test_rows_come_by_address_and_go_by_id() -> None:
    """Every row of somebody who leaves goes, by whatever address it names them; nameless rows stay."""
    rows = (Participant("R1", BORIS), Participant("R2", "boris.alias@acme.example"), Participant("R3", ""))
    activity = attended(*rows, GUEST)
    moves = Moves(join_erp=frozenset({ZOE, CARL}), leave_erp=ONE)

    assert rows_to_change(activity, moves, an_office()) == ParticipantChanges(add=(CARL, ZOE), drop=("R1", "R2"))
    assert rows_after(activity, rows_to_change(activity, moves, an_office())) == (CARL, GUEST, ZOE)


# Answers


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


# Hidden


@dataclass(frozen=True)
class Hiding:
    """Which side hides the meeting."""

    event: bool = False
    activity: bool = False

    def case(self) -> Case:
        """Both sides of it."""
        event = an_event(shown(sensitivity="private" if self.event else "normal"))
        return linked(event, an_activity(noted(private=self.activity)))


@pytest.mark.parametrize("hiding", [Hiding(), Hiding(event=True), Hiding(activity=True), Hiding(True, True)])
@pytest.mark.parametrize("rule", PrivateRule)
def test_hidden_is_what_any_side_hides(rule: PrivateRule, hiding: Hiding) -> None:
    """Only under ``busy``, and one side is enough."""
    ctx: Context = an_office(policy=Policy(private=rule))

    expected = rule is PrivateRule.BUSY and (hiding.event or hiding.activity)
    assert expected is is_hidden(hiding.case(), ctx)


def test_nothing_read_is_nothing_hidden() -> None:
    """A base alone hides nobody: its people are known already."""
    assert not is_hidden(a_case(None, None, link=known_to()), an_office(policy=BUSY))
