"""Links whose event has another id now: which link goes on with which event, and on what base."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.content.changes import changed_in_erp, changed_in_graph
from sync_core.model.link import EndedBy, Link, Role, archived, ended, held, parked
from sync_core.model.sides import Field, GraphEvent
from sync_core.plan.relocate import COMING, LOOK_AGAIN, Move, moves, relocated, still_comes
from tests.support.samples import NOW, a_context, a_link, a_meeting, an_event, an_invitation, shown, utc

GONE = frozenset({"E1"})
HERE = an_event(id="E2")
CTX = a_context()
PAST = an_event(shown(start=utc(2026, 1, 24, 8), end=utc(2026, 1, 24, 9)), id="E2")


def over(by: EndedBy, **told: object) -> Link:
    """A link that has ended."""
    return ended(a_link(**told), by, "over", NOW)


@pytest.mark.parametrize(
    ("link", "event", "goes_on"),
    [
        pytest.param(a_link(), HERE, True, id="live"),
        pytest.param(parked(a_link(), "series"), HERE, True, id="parked"),
        pytest.param(held(a_link(), "many", None), HERE, True, id="held"),
        pytest.param(archived(a_link(), NOW), HERE, True, id="archived"),
        pytest.param(a_link(role=Role.FOLLOWER), replace(HERE, is_organizer=False), True, id="follower"),
        pytest.param(over(EndedBy.OUTLOOK), HERE, True, id="deleted-in-outlook-and-back"),
        pytest.param(over(EndedBy.ERP), HERE, False, id="void-in-erp-and-one-more"),
        pytest.param(over(EndedBy.ERP), PAST, True, id="void-in-erp-and-past"),
        pytest.param(over(EndedBy.ERP, role=Role.INVITED), HERE, True, id="dismissed-invitation"),
        pytest.param(a_link(), replace(HERE, ical_uid="UID-1"), True, id="other-letter-case"),
        pytest.param(a_link(), replace(HERE, ical_uid="uid-2"), False, id="another-meeting"),
        pytest.param(a_link(ical_uid=""), replace(HERE, ical_uid=""), False, id="no-ical-uid"),
        pytest.param(a_link(), replace(HERE, is_cancelled=True), True, id="cancelled-meanwhile"),
    ],
)
def test_a_link_goes_on_with_its_meetings_event(link: Link, event: GraphEvent, goes_on: bool) -> None:
    """Where its own event is gone; what it is to the meeting, and how it stands, stays."""
    found = moves([link], GONE, [event], CTX)

    assert [(move.old, move.new.event_id) for move in found] == ([(link, "E2")] if goes_on else [])
    assert [(m.new.status, m.new.reason, m.new.activity_id) for m in found] == [
        (link.status, link.reason, link.activity_id) for _ in found
    ]


def test_an_event_that_is_there_keeps_its_link() -> None:
    """One more event of the meeting is a twin, no mover."""
    assert moves([a_link()], frozenset(), [HERE], CTX) == ()


def test_what_has_ended_takes_nothing_from_what_lives() -> None:
    """An old tombstone of the meeting does not take the twin of its living event."""
    assert moves([over(EndedBy.OUTLOOK), a_link(event_id="E3")], GONE, [HERE], CTX) == ()


def test_the_living_link_goes_on_not_the_ended_one() -> None:
    """Both events are gone, one came back."""
    living = a_link(event_id="E3")
    found = moves([over(EndedBy.OUTLOOK), living], frozenset({"E1", "E3"}), [HERE], CTX)

    assert [move.old for move in found] == [living]


def test_a_move_that_was_cut_is_finished() -> None:
    """Both rows were left: the old one goes, whatever else is there."""
    new = a_link(event_id="E2")

    assert moves([a_link(), new], GONE, [replace(HERE, id="E4")], CTX) == (Move(a_link(), new),)


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(replace(HERE, id="E0", is_organizer=False), id="somebody-elses"),
        pytest.param(replace(HERE, id="E0", is_cancelled=True), id="cancelled"),
        pytest.param(replace(HERE, id="E0", content=shown(subject="Other")), id="other-content"),
        pytest.param(replace(HERE, id="E0", modified_at=utc(2026, 1, 25, 6)), id="older"),
        pytest.param(replace(HERE, id="E3"), id="later-id"),
    ],
)
def test_of_several_events_the_likest_is_it(stranger: GraphEvent) -> None:
    """Whatever the order in which they are read."""
    for events in ([stranger, HERE], [HERE, stranger]):
        assert [move.new.event_id for move in moves([a_link()], GONE, events, CTX)] == ["E2"]


def test_what_was_edited_meanwhile_is_an_edit() -> None:
    """The base stays, the event's versions are unknown to the link."""
    event = replace(HERE, content=shown(subject="Edited"), modified_at=utc(2026, 1, 25, 7, 30))
    link = relocated(a_link(), event)

    assert changed_in_graph(link.base_event, event.content) == {Field.SUBJECT}
    assert (link.base_activity, link.change_key, link.modified_at) == (a_link().base_activity, "", None)


def test_an_own_event_from_a_backup_overrules_nothing_unseen() -> None:
    """What it shows differently stands as an edit of both sides, so the later one wins; people are known apart."""
    before = a_link(modified_at=utc(2026, 1, 25, 7))
    old = shown(subject="Before", people=("boris@acme.example",))
    event = replace(HERE, content=old, modified_at=utc(2026, 1, 24, 7))
    link = relocated(before, event)

    assert changed_in_graph(link.base_event, old) == {Field.SUBJECT}
    assert changed_in_erp(link.base_activity, before.base_activity) == {Field.SUBJECT}


def test_an_invitation_from_a_backup_says_nothing() -> None:
    """The organizer's word of last week is not taken for news."""
    before = a_link(role=Role.INVITED, modified_at=utc(2026, 1, 25, 7))
    event = replace(an_invitation(), id="E2", modified_at=utc(2026, 1, 24, 7))
    link = relocated(before, event)

    assert (changed_in_graph(link.base_event, event.content), link.base_activity) == (
        frozenset(),
        before.base_activity,
    )


@pytest.mark.parametrize(
    ("role", "event", "after"),
    [
        pytest.param(Role.OWN, a_meeting(), Role.OWN, id="own"),
        pytest.param(Role.OWN, an_invitation(), Role.INVITED, id="own-to-invited"),
        pytest.param(Role.INVITED, an_invitation(), Role.INVITED, id="invited"),
        pytest.param(Role.FOLLOWER, an_invitation(), Role.FOLLOWER, id="follower"),
    ],
)
def test_the_role_is_the_new_events(role: Role, event: GraphEvent, after: Role) -> None:
    """A follower goes on following."""
    assert relocated(a_link(role=role), event).role is after


@pytest.mark.parametrize(
    ("link", "is_moving", "waits"),
    [
        pytest.param(a_link(), False, False, id="deleted"),
        pytest.param(a_link(), True, True, id="missing-in-a-move"),
        pytest.param(archived(a_link(), NOW), True, False, id="archived"),
        pytest.param(a_link(missed_at=NOW - timedelta(hours=3)), False, True, id="missing-for-hours"),
        pytest.param(a_link(missed_at=NOW - COMING), False, False, id="missing-for-a-day"),
        pytest.param(a_link(missed_at=NOW - COMING), True, False, id="missing-for-a-day-in-one-more-move"),
    ],
)
def test_a_moved_calendar_has_a_day_to_come_back(link: Link, is_moving: bool, waits: bool) -> None:
    """Meanwhile it is looked for now and then; since when it lacks the event is remembered."""
    found = still_comes(link, is_moving=is_moving, now=NOW)

    assert (found is not None) is waits
    if found is not None:
        assert (found.missed_at, found.retry_at) == (link.missed_at or NOW, NOW + LOOK_AGAIN)
