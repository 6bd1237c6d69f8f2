"""The two lists of people of a pair: who joins which, who hears of it by mail, and what a hidden meeting tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.compare import ERP_ATTRIBUTES, GRAPH_ATTRIBUTES
from sync_core.content.project import BUSY_SUBJECT, is_private, masked
from sync_core.content.ranges import MOST_ATTENDEES
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.link import Link, Role
from sync_core.model.policy import Direction, Invite, Policy, PrivateRule
from sync_core.model.sides import (
    CONFLICT_CATEGORY,
    PEOPLE,
    Attendee,
    ErpActivity,
    ErpContent,
    Field,
    GraphContent,
    GraphEvent,
    Participant,
    Side,
)
from sync_core.model.writes import CreateActivity, ParticipantChanges, PatchActivity, PatchEvent, RemoveEvent
from sync_core.people.mail import TELLING
from sync_core.people.privacy import HIDEABLE
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from sync_core.plan.update_rules import MAILS_FOLLOW, NEEDS_LISTS, SHOWN_AGAIN
from sync_core.plan.wording import values
from tests.support.samples import (
    BORIS,
    CARL,
    GUEST,
    ME,
    NOW,
    ZOE,
    a_case,
    a_link,
    a_meeting,
    an_activity,
    an_invitation,
    an_office,
    attended,
    known_to,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

LATER = utc(2026, 1, 25, 7, 30)
LOCKED = "Released"


def emails(decision: Decision) -> tuple[str, ...]:
    """The list a patch of the event leaves."""
    assert isinstance(decision.graph, PatchEvent)
    return tuple(one.email for one in decision.graph.attendees)


def changes(decision: Decision) -> ParticipantChanges:
    """What a patch of the activity changes among its participants."""
    assert isinstance(decision.erp, PatchActivity)
    return decision.erp.participants


def kept(decision: Decision) -> Link:
    """The link the decision leaves."""
    assert decision.link is not None
    return decision.link


def settled(decision: Decision, event: GraphEvent | None, activity: ErpActivity | None, ctx: Context) -> Link:
    """The link once everything is done."""
    link = link_after(decision, event, activity, ctx)
    assert link is not None
    return link


# Adding and taking off


def test_both_sides_add() -> None:
    """Each list gets the other's newcomer, whole, and only the newcomer hears of it."""
    link = known_to((BORIS,), (BORIS,))
    decision = decide(linked(a_meeting(BORIS, GUEST), attended(BORIS, ZOE), link=link), an_office())

    assert emails(decision) == (BORIS, GUEST, ZOE)
    assert changes(decision) == ParticipantChanges(add=(GUEST,))
    assert (decision.intent, decision.mails, decision.lost, kept(decision).conflict) == (Intent.MERGE, 1, (), None)
    assert [write.content.people for write in (decision.graph, decision.erp)] == [(BORIS, GUEST, ZOE)] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize("more", [(), (CARL,)])
def test_the_same_person_added_on_both_sides_is_no_news(more: tuple[str, ...]) -> None:
    """Whoever is on both lists is on both lists, also by an alias."""
    event = a_meeting("boris.alias@acme.example", *more)
    decision = decide(linked(event, attended(BORIS, *more), link=known_to(more, more)), an_office())

    assert (decision.graph, decision.erp, decision.verdict) == (None, None, Verdict.NOTHING)


def test_whoever_is_taken_off_in_outlook_is_no_participant_any_more() -> None:
    """The row goes, nobody hears of it but who was told by Outlook."""
    both = (BORIS, GUEST)
    decision = decide(linked(a_meeting(BORIS), attended(*both), link=known_to(both, both)), an_office())

    assert changes(decision) == ParticipantChanges(drop=("R2",))
    assert (decision.graph, decision.mails) == (None, 0)


def test_whoever_is_taken_off_in_erp_is_disinvited() -> None:
    """The list goes without them, and they alone hear of it."""
    both = (BORIS, ZOE)
    decision = decide(
        linked(a_meeting(*both, GUEST), attended(ZOE), link=known_to((*both, GUEST), both)), an_office()
    )

    assert (emails(decision), decision.mails, decision.erp) == ((ZOE, GUEST), 1, None)


def test_an_addition_beats_a_removal() -> None:
    """Who left one list and came to the other is on both."""
    decision = decide(linked(a_meeting(), attended(BORIS), link=known_to((BORIS,), ())), an_office())

    assert (emails(decision), decision.erp) == ((BORIS,), None)


@pytest.mark.parametrize(
    ("event", "role", "policy"),
    [
        pytest.param(a_meeting(BORIS), Role.OWN, Policy(invite=Invite.NONE), id="none"),
        pytest.param(an_invitation(ME, BORIS, organizer=GUEST), Role.INVITED, Policy(invite=Invite.ALL), id="copy"),
        pytest.param(
            a_meeting(BORIS, Attendee("", "no address")), Role.OWN, Policy(invite=Invite.ALL), id="no-address"
        ),
    ],
)
def test_out_of_reach_a_participant_is_known_to_erp_only(event: GraphEvent, role: Role, policy: Policy) -> None:
    """The list is not touched, the reason says how many, and it is no conflict and no edit any more."""
    ctx = an_office(policy=policy)
    before = tuple(sorted({one.email for one in event.attendees} - {""}))
    activity = attended(*before, ZOE)
    link = known_to(before, before, role=role)
    decision = decide(linked(event, activity, link=link), ctx)

    assert (decision.graph, decision.erp, kept(decision).conflict, decision.mails) == (None, None, None, 0)
    assert "1 known to ERP.net only, not invited" in kept(decision).reason
    again = decide(linked(event, activity, link=settled(decision, event, activity, ctx)), ctx)
    assert (again.verdict, again.graph, again.erp) == (Verdict.NOTHING, None, None)


def test_inside_and_outside_are_told_apart() -> None:
    """By default the company's people are invited, guests are only known."""
    decision = decide(linked(a_meeting(), attended(ZOE, GUEST), link=known_to()), an_office())

    assert (emails(decision), decision.mails) == ((ZOE,), 1)
    assert kept(decision).reason == "1 known to ERP.net only, not invited"


@pytest.mark.parametrize("policy", [Policy(invite=Invite.NONE), Policy()])
def test_out_of_reach_nobody_is_taken_off(policy: Policy) -> None:
    """A guest whose row goes in ERP.net stays invited."""
    decision = decide(
        linked(a_meeting(GUEST), attended(), link=known_to((GUEST,), (GUEST,))), an_office(policy=policy)
    )

    assert (decision.graph, decision.erp, decision.verdict) == (None, None, Verdict.NOTHING)


def test_somebody_without_an_address_stops_nobody() -> None:
    """A nameless row and an impossible address stay where they are, everybody else is synced."""
    event = a_meeting(ZOE)
    activity = attended(Participant("R1", ""), "n/a", BORIS)
    decision = decide(linked(event, activity, link=known_to()), an_office())

    assert (emails(decision), changes(decision)) == ((ZOE, BORIS), ParticipantChanges(add=(ZOE,)))
    assert kept(decision).reason == (
        "1 without an e-mail address in ERP.net, 1 with an address that the other side cannot hold"
    )


def test_an_attendee_whom_erp_cannot_hold_is_skipped() -> None:
    """The others become participants, and the list is not written while it cannot be sent back."""
    event = a_meeting("/o=acme/cn=x", BORIS)
    decision = decide(linked(event, attended(ZOE), link=known_to()), an_office())

    assert (changes(decision), decision.graph) == (ParticipantChanges(add=(BORIS,)), None)


def test_sixty_attendees_become_sixty_participants() -> None:
    """With the answers known by then; a room is none of them."""
    people = tuple(f"p{number:02}@out.example" for number in range(60))
    invited = [Attendee(one, response="accepted" if one == people[7] else "none") for one in people]
    decision = decide(a_case(a_meeting(*invited, Attendee("room@acme.example", kind="resource"))), an_office())

    assert isinstance(decision.erp, CreateActivity)
    assert (decision.erp.content.people, decision.erp.notes) == (people, ((people[7], "Outlook: accepted"),))


MANY = tuple(f"p{number:03}@acme.example" for number in range(MOST_ATTENDEES))


def test_a_full_list_takes_nobody() -> None:
    """The five-hundred-first is known to ERP.net only, and no write is sent in vain."""
    decision = decide(linked(a_meeting(*MANY), attended(*MANY, ZOE), link=known_to(MANY, MANY)), an_office())

    assert (decision.graph, decision.erp, decision.mails) == (None, None, 0)
    assert kept(decision).reason == "1 known to ERP.net only, not invited"


def test_an_almost_full_list_takes_one() -> None:
    """As many as fit are invited, the rest is counted."""
    people = MANY[1:]
    activity = attended(*people, BORIS, ZOE)
    decision = decide(linked(a_meeting(*people), activity, link=known_to(people, people)), an_office())

    assert (len(emails(decision)), emails(decision)[-1], decision.mails) == (MOST_ATTENDEES, BORIS, 1)
    assert kept(decision).reason == "1 known to ERP.net only, not invited"


def test_a_locked_activity_puts_both_lists_into_a_conflict() -> None:
    """The new attendee waits, both lists are listed, and what ERP.net says still reaches Outlook."""
    event, activity = a_meeting(BORIS, GUEST), attended(BORIS, state=LOCKED)
    decision = decide(linked(event, activity, link=known_to((BORIS,), (BORIS,))), an_office())
    conflict = kept(decision).conflict

    assert conflict is not None
    assert [(c.field, c.event_value, c.activity_value) for c in conflict.clashes] == [
        ("people", f"{BORIS}, {GUEST}", BORIS)
    ]
    assert (decision.erp, decision.mails, Field.PEOPLE in decision.in_step) == (None, 0, False)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(None, attended(BORIS), link=known_to()), id="list-of-the-event"),
        pytest.param(linked(a_meeting(BORIS), link=known_to()), id="list-of-the-activity"),
    ],
)
def test_a_list_is_changed_only_after_it_was_read(case: Case) -> None:
    """The pair is read again, and who was added stays an edit."""
    decision = decide(case, an_office())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.REREAD, None, None)
    assert (kept(decision).reread, Field.PEOPLE in decision.in_step) == (NEEDS_LISTS, False)


def test_an_edit_against_the_direction_invites_nobody() -> None:
    """On the way to ERP.net only, a participant stays ERP.net's own."""
    ctx = an_office(policy=Policy(direction=Direction.TO_ERP))
    decision = decide(linked(a_meeting(), attended(ZOE), link=known_to()), ctx)

    assert (decision.verdict, decision.graph, decision.erp, decision.mails) == (Verdict.SKIP, None, None, 0)


some = st.frozensets(st.sampled_from([BORIS, "boris.alias@acme.example", CARL, ZOE, GUEST, "eva@out.example"]))


@given(some, some, some, some, st.sampled_from(Invite), st.booleans())
def test_lists_come_to_rest_and_nobody_is_lost(
    event_base: frozenset[str],
    event_now: frozenset[str],
    activity_base: frozenset[str],
    activity_now: frozenset[str],
    invite: Invite,
    has_base: bool,
) -> None:
    """Whatever both lists were and are: one turn settles them, and whoever was added is a participant at least."""
    ctx = an_office(policy=Policy(invite=invite))
    event, activity = a_meeting(*sorted(event_now)), attended(*sorted(activity_now))
    link = known_to(tuple(sorted(event_base)), tuple(sorted(activity_base))) if has_base else None

    first = decide(replace(a_case(event, activity), link=link), ctx)
    event, activity = patched(event, first), after_patch(activity, first)
    again = decide(linked(event, activity, link=settled(first, event, activity, ctx)), ctx)

    assert (again.graph, again.erp, again.verdict) == (None, None, Verdict.NOTHING)
    invited, noted_down = (
        {ctx.colleagues.canonical(one) for one in people} for people in both_lists(event, activity)
    )
    was_invited, was_noted, is_invited, is_noted = (
        {ctx.colleagues.canonical(one) for one in people}
        for people in (event_base, activity_base, event_now, activity_now)
    )
    assert is_noted - was_noted <= noted_down
    assert is_invited - was_invited <= invited & noted_down
    if link is None or invite is Invite.NONE:
        assert (first.mails, invited) == (0, is_invited)
    if invite is Invite.INTERNAL:
        assert {one for one in invited ^ is_invited if one.endswith("@out.example")} == set()


def both_lists(event: GraphEvent, activity: ErpActivity) -> tuple[list[str], list[str]]:
    """Who is on which list in truth."""
    return [one.email for one in event.attendees], [one.email for one in activity.participants]


# What people are told goes alone

WITH_GUESTS = known_to((BORIS,), (BORIS,))


def test_a_reminder_is_not_sent_with_what_mails() -> None:
    """First what is the owner's own; what people are told by mail follows by itself."""
    ctx, event = an_office(), a_meeting(BORIS)
    activity = attended(
        BORIS, ZOE, content=noted(subject="Forecast", reminder=wall_clock(2026, 2, 2, 9)), updated_at=LATER
    )
    first = decide(linked(event, activity, link=WITH_GUESTS), ctx)

    assert isinstance(first.graph, PatchEvent)
    assert (first.graph.fields, first.mails, kept(first).reread) == (frozenset({Field.REMINDER}), 0, MAILS_FOLLOW)

    event = replace(event, content=replace(event.content, reminder=60))
    second = decide(linked(event, activity, link=settled(first, event, activity, ctx)), ctx)

    assert isinstance(second.graph, PatchEvent)
    assert (second.graph.fields, emails(second)) == (frozenset({Field.SUBJECT, Field.PEOPLE}), (BORIS, ZOE))
    assert (second.mails, kept(second).reread) == (2, "")


def test_a_mark_is_not_sent_with_what_mails() -> None:
    """The category of the conflict comes first, the news of another field follows."""
    event = a_meeting(BORIS, html="<table><tr><td>Agenda</td></tr></table>")
    activity = attended(BORIS, content=noted(notes="Minutes", priority="High"))
    decision = decide(linked(event, activity, link=WITH_GUESTS), an_office())

    assert isinstance(decision.graph, PatchEvent)
    assert (decision.graph.fields, decision.graph.categories) == (frozenset(), (CONFLICT_CATEGORY,))
    assert (kept(decision).reread, decision.mails) == (MAILS_FOLLOW, 0)


def test_where_nobody_is_invited_all_goes_at_once() -> None:
    """A change of one's own appointment mails nobody."""
    activity = an_activity(noted(subject="Forecast", reminder=wall_clock(2026, 2, 2, 9)))
    decision = decide(linked(a_meeting(), activity), an_office())

    assert isinstance(decision.graph, PatchEvent)
    assert (decision.graph.fields, decision.mails) == (frozenset({Field.SUBJECT, Field.REMINDER}), 0)


edits = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.just("Forecast"),
        "notes": st.just("Minutes"),
        "start": st.just(wall_clock(2026, 2, 2, 9)),
        "reminder": st.sampled_from([None, wall_clock(2026, 2, 2, 8)]),
        "private": st.just(True),
        "priority": st.just("High"),
    },
)


@given(edits, st.frozensets(st.sampled_from([BORIS, ZOE, GUEST]), min_size=1), st.sampled_from(Invite))
def test_no_patch_of_an_event_with_guests_says_more_than_it_mails(
    told: dict[str, object], people: frozenset[str], invite: Invite
) -> None:
    """Whatever was edited in ERP.net: mailing and other fields never go together, and two turns say it all."""
    ctx = an_office(policy=Policy(invite=invite))
    event, link = a_meeting(BORIS), WITH_GUESTS
    activity = attended(*sorted(people), content=noted(**told), updated_at=LATER)

    sent = []
    for _ in range(2):
        decision = decide(linked(event, activity, link=link), ctx)
        event = patched(event, decision)
        link = settled(decision, event, activity, ctx)
        sent.append(decision.graph.fields if isinstance(decision.graph, PatchEvent) else frozenset())

    assert all(one <= TELLING | PEOPLE or not one & (TELLING | PEOPLE) for one in sent)
    assert not sent[0] & sent[1]
    last = decide(linked(event, activity, link=link), ctx)
    assert (last.graph, last.erp, last.verdict) == (None, None, Verdict.NOTHING)


def patched(event: GraphEvent, decision: Decision) -> GraphEvent:
    """The event once the decision's patch is done."""
    patch = decision.graph
    if not isinstance(patch, PatchEvent):
        return event
    told = {name: getattr(patch.content, name) for f in patch.fields for name in GRAPH_ATTRIBUTES[f]}
    content: GraphContent = replace(event.content, **told)
    attendees = patch.attendees if Field.PEOPLE in patch.fields else event.attendees
    categories = event.categories if patch.categories is None else patch.categories
    html = f"<div>{content.body}</div>"
    return replace(event, content=content, attendees=attendees, categories=categories, html=html)


# A first meeting of both sides


def test_a_link_completes_erps_list_and_mails_nobody() -> None:
    """Who is invited becomes a participant; who is only a participant stays one."""
    event, activity, ctx = a_meeting(BORIS), attended(ZOE), an_office()
    decision = decide(a_case(event, activity), ctx)

    assert (changes(decision), decision.graph, decision.mails) == (ParticipantChanges(add=(BORIS,)), None, 0)
    full = attended(ZOE, BORIS)
    again = decide(linked(event, full, link=settled(decision, event, full, ctx)), ctx)
    assert (again.graph, again.erp) == (None, None)


APART = {
    "people": attended(ZOE),
    "subject": attended(BORIS, content=noted(subject="Forecast")),
    "time": attended(BORIS, content=noted(start=wall_clock(2026, 2, 2, 9))),
    "all": attended(ZOE, content=noted(subject="Forecast", notes="Minutes", start=wall_clock(2026, 2, 2, 9))),
}


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("state", ["New", LOCKED])
@pytest.mark.parametrize("apart", APART)
def test_what_was_there_before_both_met_mails_nobody_ever(apart: str, state: str, direction: Direction) -> None:
    """Neither the link nor any later look, unlocked or not, tells people of a difference that nobody made."""
    ctx = an_office(policy=Policy(direction=direction, invite=Invite.ALL))
    event, activity = a_meeting(BORIS), replace(APART[apart], state=state, updated_at=LATER)
    link: Link | None = None
    for state_then in (state, state, "New"):
        activity = replace(activity, state=state_then)
        decision = decide(replace(a_case(event, activity), link=link), ctx)
        event = patched(event, decision)
        assert decision.mails == 0
        assert not (isinstance(decision.graph, PatchEvent) and decision.graph.fields & (TELLING | PEOPLE))
        activity = after_patch(activity, decision)
        link = settled(decision, event, activity, ctx)


def after_patch(activity: ErpActivity, decision: Decision) -> ErpActivity:
    """The activity once the decision's patch is done, its rows by address."""
    patch = decision.erp
    if not isinstance(patch, PatchActivity):
        return activity
    names = {name for f in patch.fields for name in ERP_ATTRIBUTES[f]}
    told = {name: getattr(patch.content, name) for name in names}
    content: ErpContent = replace(activity.content, **told)
    rows = [p for p in activity.participants if p.id not in patch.participants.drop]
    rows += [Participant(f"R-{one}", one) for one in patch.participants.add]
    return replace(activity, content=content, participants=tuple(rows))


def test_what_is_edited_after_both_met_is_told() -> None:
    """A difference that stayed does not stop a real edit of the activity from reaching the invited."""
    ctx = an_office(policy=Policy(direction=Direction.TO_GRAPH))
    event, activity = a_meeting(BORIS), attended(BORIS, content=noted(subject="Forecast"), updated_at=LATER)
    link = settled(decide(a_case(event, activity), ctx), event, activity, ctx)
    edited = replace(activity, content=replace(activity.content, subject="Outlook"))
    decision = decide(linked(event, edited, link=link), ctx)

    assert isinstance(decision.graph, PatchEvent)
    assert (decision.graph.content.subject, decision.mails) == ("Outlook", 1)


def test_who_was_not_invited_then_is_not_invited_later() -> None:
    """Participants of an event made by a whole round are known; only who comes later is invited."""
    whole, ctx = an_office(whole=True), an_office()
    activity = attended(BORIS)
    link = settled(decide(a_case(None, activity), whole), a_meeting(), activity, whole)

    assert decide(linked(a_meeting(), activity, link=link), ctx).graph is None
    assert emails(decide(linked(a_meeting(), attended(BORIS, ZOE), link=link), ctx)) == (ZOE,)


# Answers along the way


def test_answers_go_to_erp_without_touching_the_activity() -> None:
    """A changed answer is noted on its row alone; the header is not edited, nobody is mailed."""
    event = a_meeting(Attendee(BORIS, response="accepted"), Attendee(CARL, response="none"))
    both = (BORIS, CARL)
    decision = decide(linked(event, attended(*both), link=known_to(both, both)), an_office())

    assert isinstance(decision.erp, PatchActivity)
    assert (decision.intent, decision.erp.fields, decision.mails) == (Intent.ANSWER, frozenset(), 0)
    assert changes(decision) == ParticipantChanges(notes=(("R1", "Outlook: accepted"),))
    assert kept(decision).answers == ((BORIS, "Outlook: accepted"),)


def test_an_answer_comes_with_who_is_added_and_not_with_who_leaves() -> None:
    """A newcomer's row tells it at once; the row of who is taken off is not written."""
    event = a_meeting(Attendee(BORIS, response="declined"))
    link = known_to((CARL,), (CARL,), answers=((CARL, "Outlook: accepted"),))
    decision = decide(linked(event, attended(CARL), link=link), an_office())

    assert changes(decision) == ParticipantChanges(
        add=(BORIS,), drop=("R1",), notes_of_added=((BORIS, "Outlook: declined"),)
    )


def test_answers_wait_for_a_locked_activity() -> None:
    """They are not taken for told."""
    event = a_meeting(Attendee(BORIS, response="accepted"))
    decision = decide(linked(event, attended(BORIS, state=LOCKED), link=WITH_GUESTS), an_office())

    assert (decision.erp, kept(decision).answers, kept(decision).conflict) == (None, (), None)


# Meetings of others


def test_a_reminder_stays_out_of_somebody_elses_meeting() -> None:
    """An invited copy's reminder is the person's own, and no conflict."""
    event = an_invitation(organizer=GUEST)
    link = a_link(role=Role.INVITED, base_event=event.content)
    decision = decide(linked(event, an_activity(noted(reminder=wall_clock(2026, 2, 2, 9))), link=link), an_office())

    assert (decision.graph, decision.erp, kept(decision).conflict) == (None, None, None)


@pytest.mark.parametrize("updated_at", [utc(2026, 1, 25, 7), LATER])
def test_the_organizers_word_stands(updated_at: datetime) -> None:
    """Edited on both sides, the organizer wins whoever was later, and ERP.net's value is kept in the journal."""
    event = an_invitation(organizer=GUEST, content=shown(subject="Plan"))
    link = a_link(role=Role.INVITED, base_event=replace(event.content, subject="Budget"))
    activity = an_activity(noted(subject="Forecast"), updated_at=updated_at)
    decision = decide(linked(event, activity, link=link), an_office())

    assert isinstance(decision.erp, PatchActivity)
    assert (decision.erp.content.subject, decision.graph) == ("Plan", None)
    assert [(side, c.activity_value) for side, c in decision.lost] == [(Side.ERP, "Forecast")]


def test_an_edit_of_somebody_elses_meeting_is_a_marked_conflict() -> None:
    """ERP.net's value waits with both values; of the copy only the category is written."""
    event = an_invitation(organizer=GUEST)
    link = a_link(role=Role.INVITED, base_event=event.content)
    decision = decide(linked(event, an_activity(noted(subject="Forecast")), link=link), an_office())

    assert isinstance(decision.graph, PatchEvent)
    assert (decision.graph.fields, decision.graph.categories) == (frozenset(), (CONFLICT_CATEGORY,))
    conflict = kept(decision).conflict
    assert conflict is not None
    assert [(c.event_value, c.activity_value, c.why) for c in conflict.clashes] == [
        ("Budget", "Forecast", "organised by someone else")
    ]


# Deletions


@pytest.mark.parametrize(("people", "mails"), [((), 0), ((BORIS, GUEST), 2)])
def test_a_removal_says_how_many_hear_of_it(people: tuple[str, ...], mails: int) -> None:
    """With guests it is a cancellation to each of them."""
    decision = decide(linked(a_meeting(*people), an_activity(void=True), link=known_to(people, people)), an_office())

    assert isinstance(decision.graph, RemoveEvent)
    assert (decision.graph.cancel, decision.mails) == (bool(people), mails)


# Hidden meetings

BUSY = an_office(policy=Policy(private=PrivateRule.BUSY, invite=Invite.ALL))
SECRETS = ("Merger", "Who knows", BORIS, GUEST)


class Hideout:
    """A meeting with people on both sides, read as a round reads it under ``SYNC_PRIVATE=busy``."""

    def __init__(self, *, invited: tuple[str, ...] = (BORIS, GUEST), rows: tuple[str, ...] = (BORIS, GUEST)) -> None:
        self.event = a_meeting(
            *invited, content=shown(subject="Merger", body="Who knows"), html="<div>Who knows</div>"
        )
        self.activity = attended(*rows, content=noted(subject="Merger", notes="Who knows"))
        self.link = a_link(base_event=self.event.content, base_activity=self.activity.content)
        self.decisions: list[Decision] = []

    def outlook(self, **told: object) -> None:
        """Somebody edits the event."""
        self.event = replace(self.event, content=replace(self.event.content, **told), modified_at=NOW)  # type: ignore[arg-type]

    def erp(self, **told: object) -> None:
        """Somebody edits the activity."""
        content = replace(self.activity.content, **told)  # type: ignore[arg-type]
        self.activity = replace(self.activity, content=content, updated_at=NOW + timedelta(hours=1))

    def turn(self) -> Decision:
        """One decision, carried out and settled."""
        decision = decide(linked(self._seen_event(), self._seen_activity(), link=self.link), BUSY)
        self.event, self.activity = patched(self.event, decision), after_patch(self.activity, decision)
        self.link = settled(decision, self.event, self.activity, BUSY)
        self.decisions.append(decision)
        return decision

    def rest(self) -> None:
        """Turns until nothing is written and nothing waits."""
        for _ in range(5):
            decision = self.turn()
            if decision.graph is None and decision.erp is None and not self.link.reread:
                return
        raise AssertionError("the pair does not come to rest")

    def people(self) -> tuple[set[str], set[str]]:
        """Who is on which list in truth."""
        return {one.email for one in self.event.attendees}, {one.email for one in self.activity.participants}

    def _seen_event(self) -> GraphEvent:
        hides = is_private(self.event.content)
        return replace(self.event, content=masked(self.event.content), attendees=()) if hides else self.event

    def _seen_activity(self) -> ErpActivity:
        hides = is_private(self.activity.content)
        content = masked(self.activity.content)
        return replace(self.activity, content=content, participants=()) if hides else self.activity


HIDE_EVENT, SHOW_EVENT = ({"sensitivity": word} for word in ("private", "normal"))
HIDE_ACTIVITY, SHOW_ACTIVITY = ({"private": flag} for flag in (True, False))


def texts(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(tuple(value.items()))
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from texts(one)
    elif is_dataclass(value):
        yield from texts([getattr(value, one.name) for one in fields(value)])


def leaks(*told: object) -> list[str]:
    """What of the secrets is told."""
    return [secret for secret in SECRETS for text in texts(told) if secret in text]


def test_a_meeting_hidden_in_outlook_hides_in_erp() -> None:
    """The activity tells its time only, its participants are gone, the event is untouched, nobody is mailed."""
    place = Hideout()
    place.outlook(**HIDE_EVENT)
    place.rest()

    assert place.people() == ({BORIS, GUEST}, set())
    content = place.activity.content
    assert (content.subject, content.notes, content.private, content.people) == (BUSY_SUBJECT, "", True, ())
    assert [one.mails for one in place.decisions] == [0] * len(place.decisions)
    assert leaks(place.link) == []


def test_a_meeting_hidden_in_erp_uninvites_nobody() -> None:
    """The invited hear that it is private; they stay invited, and the rows stay in ERP.net."""
    place = Hideout()
    place.erp(**HIDE_ACTIVITY)
    place.rest()

    assert place.people() == ({BORIS, GUEST}, {BORIS, GUEST})
    assert (place.event.content.sensitivity, place.event.content.subject) == ("private", "Merger")
    assert (place.activity.content.subject, place.activity.content.notes) == ("Merger", "Who knows")


@pytest.mark.parametrize("back", ["event", "activity"])
@pytest.mark.parametrize("hidden", ["event", "activity"])
def test_once_both_show_everybody_is_back(hidden: str, back: str) -> None:
    """Whoever hid it and whoever shows it again: both lists and texts are what they were, nobody was taken off."""
    place = Hideout()
    place.outlook(**HIDE_EVENT) if hidden == "event" else place.erp(**HIDE_ACTIVITY)
    place.rest()
    place.outlook(**SHOW_EVENT) if back == "event" else place.erp(**SHOW_ACTIVITY)
    place.rest()

    assert place.people() == ({BORIS, GUEST}, {BORIS, GUEST})
    assert (place.event.content.subject, place.event.content.body) == ("Merger", "Who knows")
    assert (place.activity.content.subject, place.activity.content.notes) == ("Merger", "Who knows")
    assert not any(Field.PEOPLE in one.graph.fields for one in place.decisions if isinstance(one.graph, PatchEvent))


def test_what_is_shown_again_is_looked_at_again() -> None:
    """The base takes nothing unseen from the side that was hidden."""
    place = Hideout()
    place.outlook(**HIDE_EVENT)
    place.rest()
    place.erp(**SHOW_ACTIVITY)
    decision = place.turn()

    assert (decision.in_step & HIDEABLE, place.link.reread) == (frozenset(), SHOWN_AGAIN)


def test_a_hidden_list_is_never_sent() -> None:
    """Somebody added in ERP.net to a meeting that Outlook hides is not invited: its list would lose the others."""
    place = Hideout()
    place.outlook(**HIDE_EVENT)
    place.rest()
    place.erp(private=False, people=(ZOE,))
    place.activity = replace(place.activity, participants=(Participant("R9", ZOE),))
    decision = place.turn()

    assert isinstance(decision.graph, PatchEvent)
    assert Field.PEOPLE not in decision.graph.fields
    assert {BORIS, GUEST} <= place.people()[0]


@pytest.mark.parametrize(
    ("invited", "rows"), [((BORIS, GUEST), (BORIS, GUEST)), ((), ()), ((BORIS,), ()), ((), (BORIS,))]
)
@pytest.mark.parametrize(
    "steps", list(product((HIDE_EVENT, HIDE_ACTIVITY, SHOW_EVENT, SHOW_ACTIVITY), repeat=3)), ids=str
)
def test_hiding_and_showing_comes_to_rest(
    steps: tuple[dict[str, object], ...], invited: tuple[str, ...], rows: tuple[str, ...]
) -> None:
    """In whatever order, nobody who was invited is taken off, and both sides hide or show together."""
    place = Hideout(invited=invited, rows=rows)
    for step in steps:
        place.outlook(**step) if "sensitivity" in step else place.erp(**step)
        place.rest()

        assert is_private(place.event.content) is is_private(place.activity.content)
        assert set(invited) <= place.people()[0]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            a_case(a_meeting(content=masked(shown(subject="Merger", body="Who knows", sensitivity="private")))),
            id="create-activity",
        ),
        pytest.param(
            a_case(None, an_activity(masked(noted(subject="Merger", notes="Who knows", private=True)))),
            id="create-event",
        ),
    ],
)
def test_a_hidden_item_is_made_without_its_words(case: Case) -> None:
    """Only the time is told, and nobody is invited or named."""
    decision = decide(case, BUSY)

    assert leaks(decision, values(decision, "Europe/Sofia")) == []
    assert decision.mails == 0


def test_a_hidden_items_answers_are_not_told() -> None:
    """Who comes is as little anybody's business as who is invited."""
    event = an_invitation(content=masked(shown(sensitivity="private")), organizer=GUEST, response="accepted")
    decision = decide(a_case(event), BUSY)

    assert isinstance(decision.erp, CreateActivity)
    assert decision.erp.notes == ()
    assert settled(decision, event, an_activity(external_id="uid-1"), BUSY).answers == ()


def test_what_is_read_back_is_remembered_masked() -> None:
    """A write's answer shows the item as it is; the link keeps nothing of what is hidden."""
    place = Hideout()
    place.outlook(**HIDE_EVENT)
    place.rest()
    place.erp(start=wall_clock(2026, 2, 2, 9))
    place.rest()

    assert any(isinstance(one.graph, PatchEvent) for one in place.decisions)
    assert leaks(place.link) == []
    assert not any(leaks(values(one, "Europe/Sofia")) for one in place.decisions[1:])
