"""Decisions about whole cases: what is parked, held, deleted, over, and what a deletion overrules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Case, Intent, Sight, Verdict
from sync_core.model.link import EndedBy, Link, LinkStatus
from sync_core.model.pending import PendingState
from sync_core.model.policy import Direction, Policy
from sync_core.model.sides import Attendee, ErpActivity, EventKind, Field, Side
from sync_core.model.writes import CreateActivity, PatchActivity, RemoveEvent, VoidActivity
from sync_core.plan.decide import decide
from sync_core.plan.exits import ELSEWHERE, HIDDEN
from sync_core.plan.identity import link_after
from sync_core.plan.tables import PARTNER_GONE
from tests.support.samples import (
    NOW,
    PAST_ACTIVITY,
    PAST_EVENT,
    a_case,
    a_context,
    a_link,
    an_activity,
    an_event,
    linked,
    noted,
    past_link,
    shown,
    tombstone,
    utc,
    wall_clock,
)

EDITED_EVENT, EDITED_ACTIVITY = an_event(shown(subject="Plan")), an_activity(noted(subject="Forecast"))
LOCKED = an_activity(state="Released")


def test_a_named_partner_that_is_gone_is_parked() -> None:
    """Nothing is made anew until a person chooses."""
    decision = decide(a_case(an_event(), awaits=PendingState.PARTNER_GONE), a_context())

    assert (decision.verdict, decision.reason, decision.erp) == (Verdict.PARK, PARTNER_GONE, None)


# Nothing is decided on half the sight


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(None, EDITED_ACTIVITY, event_sight=Sight.UNDECIDED), id="activity-edited"),
        pytest.param(linked(None, an_activity(void=True), event_sight=Sight.UNDECIDED), id="activity-void"),
        pytest.param(linked(event_sight=Sight.UNDECIDED), id="activity-not-read"),
    ],
)
def test_an_undecided_event_is_read_again(case: Case) -> None:
    """Nothing is voided, and the activity's edit is not taken for seen: no base moves (R11)."""
    decision = decide(case, a_context())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.REREAD, None, None)
    settled = link_after(decision, case.event, case.activity, a_context())
    assert settled is not None
    assert settled.reread != ""
    assert case.link is not None
    assert (case.link.base_activity, case.link.version) == (settled.base_activity, settled.version)


IN_CONFLICT = a_link(conflict=Conflict((Clash("subject", "Plan", "Budget", "locked"),), NOW, CategoryState.SET))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(None, an_activity(), link=IN_CONFLICT), id="conflict/event-unread"),
        pytest.param(linked(an_event(), link=IN_CONFLICT), id="conflict/activity-unread"),
        pytest.param(linked(an_event(), link=a_link(reread="a write failed")), id="failed-write/activity-unread"),
        pytest.param(linked(None, an_activity(), link=a_link(reread="failed")), id="failed-write/event-unread"),
        pytest.param(
            linked(None, EDITED_ACTIVITY, link=a_link(status=LinkStatus.HELD)), id="held-deletion/event-unread"
        ),
        pytest.param(linked(event_sight=Sight.GONE), id="event-gone/activity-unread"),
        pytest.param(linked(an_event(is_cancelled=True)), id="event-cancelled/activity-unread"),
        pytest.param(linked(an_event(), link=tombstone()), id="event-restored/activity-unread"),
    ],
)
def test_what_needs_both_sides_waits_for_both(case: Case) -> None:
    """A conflict, a failed write, a hold and a deletion are judged only when both sides were read."""
    decision = decide(case, a_context())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.REREAD, None, None)
    assert case.link is not None
    assert decision.link == replace(case.link, reread=decision.reason)


def test_a_plain_change_does_not_wait_for_the_other_side() -> None:
    """An ordinary pair is compared with its base where a side was not read."""
    assert decide(linked(an_event()), a_context()).verdict is Verdict.NOTHING
    assert decide(linked(None, an_activity()), a_context()).verdict is Verdict.NOTHING


# Parked


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        pytest.param(linked(None, an_activity(), event_sight=Sight.ELSEWHERE), ELSEWHERE, id="other-calendar"),
        pytest.param(linked(an_event(), activity_sight=Sight.HIDDEN), HIDDEN, id="hidden"),
        pytest.param(linked(None, None, activity_sight=Sight.HIDDEN), HIDDEN, id="hidden-and-event-unread"),
        pytest.param(
            linked(None, an_activity(), event_sight=Sight.MALFORMED, explanation="no start"),
            "no start",
            id="malformed",
        ),
        pytest.param(
            linked(an_event(kind=EventKind.MASTER), an_activity()), "part of a recurring series", id="series"
        ),
        pytest.param(
            linked(an_event(), an_activity(system_type="Campaign")),
            "an activity type that is not synced",
            id="other-type",
        ),
    ],
)
def test_what_cannot_be_followed_is_parked(case: Case, reason: str) -> None:
    """Both sides are left alone with the reason, and the base stays the last one in step (R10, R11)."""
    decision = decide(case, a_context())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.PARK, None, None)
    assert decision.link == a_link(status=LinkStatus.PARKED, reason=reason)
    assert link_after(decision, case.event, case.activity, a_context()) == decision.link


def test_a_series_that_is_single_again_is_compared_with_the_kept_base() -> None:
    """What changed while the pair was parked flows once."""
    parked = decide(linked(an_event(shown(subject="Plan"), kind=EventKind.MASTER), an_activity()), a_context()).link

    decision = decide(linked(EDITED_EVENT, an_activity(), link=parked), a_context())

    assert isinstance(decision.erp, PatchActivity)
    assert frozenset({Field.SUBJECT}) == decision.erp.fields
    assert decision.link is not None
    assert (decision.link.status, decision.link.reason) == (LinkStatus.LIVE, "")


@pytest.mark.parametrize("sight", [Sight.ELSEWHERE, Sight.MALFORMED])
@pytest.mark.parametrize("status", [LinkStatus.TOMBSTONE, LinkStatus.ARCHIVED])
def test_what_is_over_is_not_parked(status: LinkStatus, sight: Sight) -> None:
    """A restored event in another calendar does not bring an ended pair back to be watched."""
    link = tombstone(status=status)
    decision = decide(linked(event_sight=sight, link=link), a_context())

    assert (Verdict.PARK, link) == (decision.verdict, decision.link)


# Deletions


def test_a_deleted_event_voids_its_activity() -> None:
    """With a reason, and the pair stays as a tombstone (R11)."""
    decision = decide(linked(None, an_activity(), event_sight=Sight.GONE), a_context())

    assert decision.erp == VoidActivity("A1", "deleted in Outlook")
    assert decision.is_deletion
    assert decision.link == tombstone()
    assert decision.lost == ()


def test_a_deletion_beats_an_edit_of_the_activity() -> None:
    """The edited content goes to the journal, unedited content does not."""
    edited = an_activity(noted(subject="Forecast", notes="Minutes"))
    decision = decide(linked(None, edited, event_sight=Sight.GONE), a_context())

    assert isinstance(decision.erp, VoidActivity)
    assert [(side, clash.field, clash.activity_value) for side, clash in decision.lost] == [
        (Side.ERP, "subject", "Forecast"),
        (Side.ERP, "body", "Minutes"),
    ]


def test_a_deletion_beats_an_edit_of_the_event() -> None:
    """The edited event is removed, and what was typed in it is kept."""
    decision = decide(linked(EDITED_EVENT, an_activity(void=True)), a_context())

    assert decision.graph == RemoveEvent("E1", "ck-2")
    assert [(s, c.field, c.event_value) for s, c in decision.lost] == [(Side.GRAPH, "subject", "Plan")]


def test_a_meeting_with_guests_is_cancelled_with_a_message() -> None:
    """Who was invited hears of it."""
    guest = "guest@acme.example"
    event = an_event(shown(people=(guest,)), attendees=(Attendee(guest),))

    decision = decide(linked(event, an_activity(void=True)), a_context())

    assert decision.graph == RemoveEvent("E1", "ck-2", cancel=True, comment="Cancelled in ERP.net")


def test_an_event_that_has_ended_is_not_removed() -> None:
    """A meeting that took place stays in Outlook; the pair is over."""
    ended = shown(start=utc(2026, 1, 25, 6), end=utc(2026, 1, 25, 7))
    link = a_link(
        base_event=ended, base_activity=noted(start=wall_clock(2026, 1, 25, 8), end=wall_clock(2026, 1, 25, 9))
    )

    decision = decide(linked(an_event(ended), activity_sight=Sight.GONE, link=link), a_context())

    assert (decision.verdict, decision.graph) == (Verdict.SKIP, None)
    assert decision.link is not None
    assert LinkStatus.TOMBSTONE is decision.link.status


@pytest.mark.parametrize(
    ("case", "direction"),
    [
        pytest.param(linked(None, an_activity(), event_sight=Sight.GONE), Direction.TO_GRAPH, id="event-deleted"),
        pytest.param(linked(an_event(), activity_sight=Sight.GONE), Direction.TO_ERP, id="activity-deleted"),
    ],
)
def test_on_a_one_way_street_the_source_keeps_what_the_target_lost(case: Case, direction: Direction) -> None:
    """Nothing is deleted against the direction, and nothing is made again."""
    decision = decide(case, a_context(policy=Policy(direction=direction)))

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.SKIP, None, None)
    assert decision.link is not None
    assert LinkStatus.TOMBSTONE is decision.link.status


def test_gone_on_both_sides_ends_quietly() -> None:
    """Nothing is left to do but to remember it."""
    decision = decide(linked(event_sight=Sight.GONE, activity_sight=Sight.GONE), a_context())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.NOTHING, None, None)
    assert decision.link == tombstone(reason="gone on both sides", ended_by=EndedBy.BOTH)


# A locked activity


def gone_but_locked() -> Link:
    """The event is deleted, the activity released."""
    link = decide(linked(None, LOCKED, event_sight=Sight.GONE), a_context()).link
    assert link is not None
    return link


def test_a_locked_activity_is_not_voided() -> None:
    """The deletion is an open conflict and the link a tombstone (R9)."""
    decision = decide(linked(None, LOCKED, event_sight=Sight.GONE), a_context())

    assert (decision.verdict, decision.erp) == (Verdict.CONFLICT, None)
    assert decision.link is not None
    assert LinkStatus.TOMBSTONE is decision.link.status
    assert decision.link.conflict is not None
    assert [(c.field, c.activity_value) for c in decision.link.conflict.clashes] == [("deletion", "Released")]


def test_a_locked_tombstone_stays_and_nothing_is_made_again() -> None:
    """Seen again still locked, the same conflict stays open with its age, and no event is created."""
    link = gone_but_locked()
    decision = decide(linked(None, LOCKED, link=link), a_context(now=NOW + timedelta(hours=1)))

    assert (Verdict.CONFLICT, None, None, link) == (
        decision.verdict,
        decision.graph,
        decision.erp,
        decision.link,
    )


def test_an_unlocked_tombstone_voids() -> None:
    """Once the activity may be written, the deletion is carried out and the conflict closes."""
    decision = decide(linked(None, an_activity(), link=gone_but_locked()), a_context())

    assert decision.erp == VoidActivity("A1", "deleted in Outlook")
    assert decision.link == tombstone()


def test_a_locked_tombstone_whose_activity_goes_too_ends() -> None:
    """Voided by hand, there is nothing left to disagree about."""
    decision = decide(linked(None, an_activity(state="Released", void=True), link=gone_but_locked()), a_context())

    assert (decision.intent, decision.verdict) == (Intent.END, Verdict.NOTHING)
    assert decision.link is not None
    assert decision.link.conflict is None


def test_a_locked_tombstone_closes_when_its_meeting_is_long_over() -> None:
    """A deletion of what ended over a day ago is no deletion, so its conflict is none either."""
    link = replace(gone_but_locked(), base_event=PAST_EVENT, base_activity=PAST_ACTIVITY)
    decision = decide(linked(None, replace(LOCKED, content=PAST_ACTIVITY), link=link), a_context())

    assert (decision.verdict, decision.erp) == (Verdict.SKIP, None)
    assert decision.link == replace(link, conflict=None, ended_at=NOW)


# Tombstones


def test_a_restored_event_makes_a_new_activity() -> None:
    """The voided activity is not adopted again."""
    decision = decide(linked(an_event(), an_activity(void=True), link=tombstone()), a_context())

    assert decision.erp == CreateActivity("uid-1", noted())
    assert decision.case.link is None


def test_a_restored_event_of_a_living_activity_goes_on_with_it() -> None:
    """The old pair is compared with its kept base and lives again."""
    decision = decide(linked(EDITED_EVENT, an_activity(), link=tombstone()), a_context())

    assert isinstance(decision.erp, PatchActivity)
    assert decision.link is not None
    assert (decision.link.status, decision.link.ended_at, decision.link.reason) == (LinkStatus.LIVE, None, "")


@pytest.mark.parametrize("activity", [an_activity(), EDITED_ACTIVITY, an_activity(void=True), LOCKED])
def test_an_activity_of_a_tombstone_makes_no_new_event(activity: ErpActivity) -> None:
    """What happens to an activity after the pair ended brings nothing back."""
    decision = decide(linked(None, activity, link=tombstone()), a_context())

    assert (Verdict.SKIP, None, None, tombstone()) == (
        decision.verdict,
        decision.graph,
        decision.erp,
        decision.link,
    )


# Archived


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(an_event(PAST_EVENT), link=past_link()), id="event-touched"),
        pytest.param(linked(None, an_activity(PAST_ACTIVITY, void=True), link=past_link()), id="activity-void"),
        pytest.param(
            linked(None, an_activity(PAST_ACTIVITY), event_sight=Sight.GONE, link=past_link()), id="event-deleted"
        ),
        pytest.param(
            linked(an_event(replace(PAST_EVENT, subject="Plan")), an_activity(PAST_ACTIVITY), link=past_link()),
            id="event-edited",
        ),
    ],
)
def test_a_pair_that_is_long_over_is_archived(case: Case) -> None:
    """Event, activity and base ended over a day ago: a deletion is no deletion and an edit is not followed."""
    decision = decide(case, a_context())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.ARCHIVE, None, None)
    assert decision.link == past_link(
        status=LinkStatus.ARCHIVED, reason="older than a day", ended_at=NOW, ended_by=EndedBy.AGE
    )


def test_an_archived_pair_keeps_its_base() -> None:
    """An edit of what is over is not taken for seen, so that it flows if the meeting comes back."""
    archived = past_link(status=LinkStatus.ARCHIVED, ended_at=NOW)
    event = an_event(replace(PAST_EVENT, subject="Plan"))
    decision = decide(linked(event, link=archived), a_context())

    assert (Verdict.SKIP, archived) == (decision.verdict, link_after(decision, event, None, a_context()))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(an_event(), an_activity(PAST_ACTIVITY)), id="event-moved-back"),
        pytest.param(linked(an_event(PAST_EVENT), an_activity()), id="activity-moved-back"),
    ],
)
def test_an_archived_pair_that_moves_back_is_revived(case: Case) -> None:
    """The move is written to the other side and the pair lives."""
    decision = decide(replace(case, link=past_link(status=LinkStatus.ARCHIVED, ended_at=NOW)), a_context())

    assert (Verdict.ACT, frozenset({Field.TIME})) == (
        decision.verdict,
        (decision.erp or decision.graph).fields - {Field.REMINDER},  # type: ignore[union-attr]
    )
    assert decision.link is not None
    assert (decision.link.status, decision.link.ended_at) == (LinkStatus.LIVE, None)


def test_a_link_is_followed_wherever_its_event_goes() -> None:
    """A linked event that leaves the window is moved in ERP.net, not deleted (R11)."""
    far = shown(start=utc(2026, 9, 1, 7), end=utc(2026, 9, 1, 8))
    decision = decide(linked(an_event(far), an_activity()), a_context())

    assert isinstance(decision.erp, PatchActivity)
    assert wall_clock(2026, 9, 1, 10) == decision.erp.content.start


# Held

HELD_BY_EVENT = linked(None, EDITED_ACTIVITY, event_sight=Sight.GONE, link=a_link(status=LinkStatus.HELD))
HELD_BY_ACTIVITY = linked(EDITED_EVENT, an_activity(void=True), link=a_link(status=LinkStatus.HELD))


@pytest.mark.parametrize("case", [HELD_BY_EVENT, HELD_BY_ACTIVITY])
def test_a_held_deletion_waits_until_it_is_approved(case: Case) -> None:
    """Each round finds it held, and an approval of another item does not help."""
    decision = decide(case, a_context(approved=frozenset({"E2"})))

    assert (Verdict.HOLD, None, None, case.link) == (
        decision.verdict,
        decision.graph,
        decision.erp,
        decision.link,
    )
    assert not decision.is_deletion


@pytest.mark.parametrize("case", [HELD_BY_EVENT, HELD_BY_ACTIVITY])
def test_an_approved_deletion_is_carried_out(case: Case) -> None:
    """Once approved it is a deletion like any other, with what it overrules."""
    decision = decide(case, a_context(approved=frozenset({"E1"})))

    assert decision.is_deletion
    assert len(decision.lost) == 1


def test_a_held_event_that_is_back_is_no_deletion() -> None:
    """Each item is read again first: what lives is not deleted, even if approved."""
    case = linked(an_event(), an_activity(), link=a_link(status=LinkStatus.HELD))
    decision = decide(case, a_context(approved=frozenset({"E1"})))

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.NOTHING, None, None)
    assert decision.link == a_link()
