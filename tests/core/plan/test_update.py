"""What is written to a live pair, which fields stay in conflict, and the conflict's category on the event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.base import as_expected, disturbed, moved, seal
from sync_core.content.changes import changed_in_erp
from sync_core.content.compare import SHOWN_TEXT
from sync_core.content.compare import shown as said
from sync_core.content.project import from_erp, from_graph
from sync_core.model.decision import Context, Decision, Intent, Verdict
from sync_core.model.link import CategoryState, Conflict, Link
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import (
    CONFLICT_CATEGORY,
    EVERYTHING,
    ErpActivity,
    ErpContent,
    Field,
    GraphContent,
    GraphEvent,
    Side,
)
from sync_core.model.writes import PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from sync_core.plan.update import ASK, NEEDS_BODY, RICH_BODY
from tests.support.samples import (
    NOW,
    SOFIA,
    a_context,
    a_link,
    an_activity,
    an_event,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

RULE = "_" * 80
TEAMS = f"<div>{RULE}</div><div><a href='https://teams.microsoft.com/l/meetup-join/19%3ax/0'>Join</a></div><div>{RULE}</div>"
LATER = utc(2026, 1, 25, 7, 30)
ASKING = a_context(policy=Policy(winner=Winner.ASK))
LOCKED = "Released"


def patched_erp(decision: Decision) -> PatchActivity:
    """The activity's patch."""
    assert isinstance(decision.erp, PatchActivity)
    return decision.erp


def patched_graph(decision: Decision) -> PatchEvent:
    """The event's patch."""
    assert isinstance(decision.graph, PatchEvent)
    return decision.graph


def kept(decision: Decision) -> Link:
    """The link the decision leaves."""
    assert decision.link is not None
    return decision.link


def conflict_of(decision: Decision) -> Conflict:
    """The conflict the decision leaves open."""
    conflict = kept(decision).conflict
    assert conflict is not None
    return conflict


def between(event: GraphContent, activity: ErpContent, ctx: Context | None = None) -> Decision:
    """The decision about a pair whose sides show this now."""
    return decide(linked(an_event(event), an_activity(activity)), ctx or a_context())


# Fields


@pytest.mark.parametrize(
    ("event", "field", "expected"),
    [
        pytest.param(shown(subject="Plan"), Field.SUBJECT, noted(subject="Plan"), id="subject"),
        pytest.param(shown(body="Minutes"), Field.BODY, noted(notes="Minutes"), id="body"),
        pytest.param(
            shown(reminder=30), Field.REMINDER, noted(reminder=wall_clock(2026, 2, 2, 9, 30)), id="reminder"
        ),
        pytest.param(shown(reminder=None), Field.REMINDER, noted(reminder=None), id="reminder-off"),
        pytest.param(shown(sensitivity="confidential"), Field.PRIVATE, noted(private=True), id="private"),
        pytest.param(shown(importance="high"), Field.PRIORITY, noted(priority="High"), id="priority"),
    ],
)
def test_an_edit_in_outlook_writes_its_field_only(event: GraphContent, field: Field, expected: ErpContent) -> None:
    """The activity gets the changed field, and its version guards the write."""
    decision = between(event, noted())

    assert patched_erp(decision) == PatchActivity("A1", 2, frozenset({field}), expected, "uid-1")
    assert (decision.verdict, decision.intent, decision.graph) == (Verdict.ACT, Intent.UPDATE_ACTIVITY, None)


@pytest.mark.parametrize(
    ("activity", "field", "expected"),
    [
        pytest.param(noted(subject="Plan"), Field.SUBJECT, shown(subject="Plan"), id="subject"),
        pytest.param(noted(notes="Minutes"), Field.BODY, shown(body="Minutes"), id="body"),
        pytest.param(
            noted(reminder=wall_clock(2026, 2, 2, 9, 30)), Field.REMINDER, shown(reminder=30), id="reminder"
        ),
        pytest.param(noted(private=True), Field.PRIVATE, shown(sensitivity="private"), id="private"),
        pytest.param(noted(priority="Highest"), Field.PRIORITY, shown(importance="high"), id="priority"),
        pytest.param(
            noted(
                start=wall_clock(2026, 2, 2, 12),
                end=wall_clock(2026, 2, 2, 13),
                reminder=wall_clock(2026, 2, 2, 11, 45),
            ),
            Field.TIME,
            shown(start=utc(2026, 2, 2, 10), end=utc(2026, 2, 2, 11)),
            id="time",
        ),
    ],
)
def test_an_edit_in_erp_writes_its_field_only(activity: ErpContent, field: Field, expected: GraphContent) -> None:
    """The event gets the changed field, and its change key guards the write."""
    decision = between(shown(), activity)

    assert patched_graph(decision) == PatchEvent("E1", "ck-2", frozenset({field}), expected)
    assert (decision.verdict, decision.intent, decision.erp) == (Verdict.ACT, Intent.UPDATE_EVENT, None)


def test_different_fields_both_survive() -> None:
    """Each side gets the other's edit, nothing is lost and nothing is a conflict."""
    decision = between(shown(subject="Plan"), noted(priority="High"))

    assert (frozenset({Field.SUBJECT}), "Plan") == (
        patched_erp(decision).fields,
        patched_erp(decision).content.subject,
    )
    assert (frozenset({Field.PRIORITY}), "high") == (
        patched_graph(decision).fields,
        patched_graph(decision).content.importance,
    )
    assert (decision.intent, decision.lost, kept(decision).conflict) == (Intent.MERGE, (), None)


@pytest.mark.parametrize("winner", Winner)
def test_the_same_edit_on_both_sides_writes_nothing(winner: Winner) -> None:
    """What both sides say alike only moves the base."""
    ctx = a_context(policy=Policy(winner=winner))
    event, activity = an_event(shown(subject="Plan")), an_activity(noted(subject="Plan"))
    decision = decide(linked(event, activity), ctx)

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.NOTHING, None, None)
    settled = link_after(decision, event, activity, ctx)
    assert settled is not None
    assert (settled.base_event.subject, settled.base_activity.subject) == ("Plan", "Plan")


@pytest.mark.parametrize(
    ("event", "activity"),
    [
        pytest.param(shown(importance="high"), noted(priority="Highest"), id="priority-class"),
        pytest.param(shown(subject="x" * 300), noted(subject="x" * 254), id="cut-subject"),
        pytest.param(shown(body="Minutes\n"), noted(notes="Minutes \r\n"), id="line-ends"),
        pytest.param(shown(subject=""), noted(subject="(no subject)"), id="empty-subject"),
        pytest.param(shown(sensitivity="personal"), noted(private=True), id="sensitivity"),
    ],
)
def test_what_means_the_same_is_the_same(event: GraphContent, activity: ErpContent) -> None:
    """Values that differ only in each side's own terms are no conflict."""
    decision = between(event, activity, ASKING)

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.NOTHING, None, None)


@pytest.mark.parametrize(
    ("policy", "activity_at", "loser"),
    [
        pytest.param(Policy(), utc(2026, 1, 25, 7, 1), Side.ERP, id="latest/a-minute-later"),
        pytest.param(Policy(), utc(2026, 1, 25, 7, 2), Side.ERP, id="latest/two-minutes-later"),
        pytest.param(Policy(), utc(2026, 1, 25, 7, 3), Side.GRAPH, id="latest/three-minutes-later"),
        pytest.param(Policy(), None, Side.ERP, id="latest/unknown"),
        pytest.param(Policy(winner=Winner.GRAPH), LATER, Side.ERP, id="microsoft365"),
        pytest.param(Policy(winner=Winner.ERP), utc(2026, 1, 20), Side.GRAPH, id="erpnet"),
        pytest.param(Policy(direction=Direction.TO_ERP), LATER, Side.ERP, id="one-way/to-erpnet"),
        pytest.param(Policy(direction=Direction.TO_GRAPH), NOW, Side.GRAPH, id="one-way/to-microsoft365"),
    ],
)
def test_a_conflict_is_solved_by_policy_and_the_loser_is_kept(
    policy: Policy, activity_at: object, loser: Side
) -> None:
    """One value wins; the other one goes to the journal, and nothing stays open."""
    activity = replace(an_activity(noted(subject="Forecast")), updated_at=activity_at)  # type: ignore[arg-type]
    decision = decide(linked(an_event(shown(subject="Plan")), activity), a_context(policy=policy))

    assert [(loser, "subject", "Plan", "Forecast")] == [
        (side, clash.field, clash.event_value, clash.activity_value) for side, clash in decision.lost
    ]
    assert kept(decision).conflict is None
    written = patched_erp(decision) if loser is Side.ERP else patched_graph(decision)
    assert written.content.subject == ("Plan" if loser is Side.ERP else "Forecast")
    assert (decision.graph is None) == (loser is Side.ERP)


def test_an_unsolved_conflict_keeps_both_values() -> None:
    """Left to a person, neither side is written and both values are listed."""
    decision = between(shown(subject="Plan"), noted(subject="Forecast"), ASKING)

    assert [(c.field, c.event_value, c.activity_value, c.why) for c in conflict_of(decision).clashes] == [
        ("subject", "Plan", "Forecast", ASK)
    ]
    assert (None, frozenset(), ()) == (decision.erp, patched_graph(decision).fields, decision.lost)
    assert Field.SUBJECT not in decision.in_step


def test_an_unsolved_conflict_does_not_stop_other_fields() -> None:
    """Only the field in question waits."""
    decision = between(shown(subject="Plan", importance="high"), noted(subject="Forecast"), ASKING)

    assert frozenset({Field.PRIORITY}) == patched_erp(decision).fields


def test_an_unsolved_conflict_is_solved_by_whoever_gives_in() -> None:
    """Made equal by hand, it closes without a write but for the category."""
    first = between(shown(subject="Plan"), noted(subject="Forecast"), ASKING)
    event = an_event(shown(subject="Plan"), categories=(CONFLICT_CATEGORY,))

    decision = decide(linked(event, an_activity(noted(subject="Plan")), link=kept(first)), ASKING)

    assert (kept(decision).conflict, decision.erp) == (None, None)
    assert ((), frozenset()) == (patched_graph(decision).categories, patched_graph(decision).fields)


@pytest.mark.parametrize(
    ("direction", "event", "activity"),
    [
        (Direction.TO_ERP, shown(), noted(subject="Forecast")),
        (Direction.TO_GRAPH, shown(subject="Plan"), noted()),
    ],
)
def test_an_edit_against_the_direction_waits(direction: Direction, event: GraphContent, activity: ErpContent) -> None:
    """It is left alone, no conflict, and its base stays so that it still is an edit."""
    decision = between(event, activity, a_context(policy=Policy(direction=direction)))

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.SKIP, None, None)
    assert (kept(decision).conflict, Field.SUBJECT in decision.in_step) == (None, False)


# Locked activities and the category


def locked_out(
    event: GraphEvent, link: Link | None = None, state: str = LOCKED, ctx: Context | None = None
) -> Decision:
    """The event was edited, the activity refuses."""
    return decide(linked(event, an_activity(state=state), link=link or a_link()), ctx or a_context())


def plan_event(*categories: str, subject: str = "Plan") -> GraphEvent:
    """The edited event with its categories."""
    return an_event(shown(subject=subject), categories=categories)


def test_a_locked_activity_makes_a_conflict_and_marks_the_event() -> None:
    """Both values are listed, other categories keep their place, and the base stays (R9)."""
    decision = locked_out(plan_event("Red", "Blue"))

    assert decision.erp is None
    assert decision.graph == PatchEvent(
        "E1", "ck-2", frozenset(), shown(subject="Plan"), None, ("Red", "Blue", CONFLICT_CATEGORY)
    )
    assert [(c.field, c.event_value, c.activity_value, c.why) for c in conflict_of(decision).clashes] == [
        ("subject", "Plan", "Budget", "the activity is read-only in ERP.net")
    ]
    assert (conflict_of(decision).category, conflict_of(decision).since_at) == (CategoryState.SET, NOW)
    settled = link_after(
        decision, plan_event("Red", "Blue", CONFLICT_CATEGORY), an_activity(state=LOCKED), a_context()
    )
    assert settled is not None
    assert settled.base_event.subject == "Budget"


def test_a_locked_activity_is_still_followed() -> None:
    """What changes in ERP.net reaches Outlook, locked or not."""
    decision = decide(linked(an_event(), an_activity(noted(subject="Forecast"), state=LOCKED)), a_context())

    assert patched_graph(decision).content.subject == "Forecast"


def test_the_mark_is_set_once() -> None:
    """An event with the category in the same conflict is not written again."""
    link = kept(locked_out(plan_event()))
    again = locked_out(plan_event(CONFLICT_CATEGORY), link, ctx=a_context(now=NOW + timedelta(hours=1)))

    assert (again.verdict, again.graph) == (Verdict.CONFLICT, None)
    assert kept(again).conflict == link.conflict


def test_a_mark_taken_off_is_not_set_again_for_the_same_conflict() -> None:
    """The user has seen it; the conflict stays open, with its age."""
    link = kept(locked_out(plan_event()))
    once = locked_out(plan_event("Red"), link)
    twice = locked_out(plan_event("Red"), kept(once))

    assert (once.graph, twice.graph) == (None, None)
    assert (conflict_of(twice).category, conflict_of(twice).since_at) == (CategoryState.TAKEN_OFF, NOW)


def test_a_new_conflict_is_marked_again() -> None:
    """Another value typed in Outlook is another conflict."""
    taken_off = kept(locked_out(plan_event(), kept(locked_out(plan_event()))))
    decision = locked_out(plan_event(subject="Forecast"), taken_off)

    assert patched_graph(decision).categories == (CONFLICT_CATEGORY,)
    assert conflict_of(decision).category is CategoryState.SET


def test_an_edit_in_erp_does_not_make_the_conflict_a_new_one() -> None:
    """The category that was taken off stays off, and the conflict keeps its age with the value of now."""
    first = between(shown(subject="Plan"), noted(subject="Forecast"), ASKING)
    off = decide(linked(plan_event(), an_activity(noted(subject="Forecast")), link=kept(first)), ASKING)
    later = replace(ASKING, now=NOW + timedelta(hours=1))
    decision = decide(linked(plan_event(), an_activity(noted(subject="Outlook")), link=kept(off)), later)

    assert decision.graph is None
    assert (
        conflict_of(decision).since_at,
        conflict_of(decision).category,
        conflict_of(decision).clashes[0].activity_value,
    ) == (NOW, CategoryState.TAKEN_OFF, "Outlook")


def test_an_unlocked_activity_closes_the_conflict() -> None:
    """The edit is written, our category comes off, and other categories stay in order."""
    link = kept(locked_out(plan_event("Red", "Blue")))
    decision = locked_out(plan_event("Red", CONFLICT_CATEGORY, "Blue"), link, state="FirmPlanned")

    assert frozenset({Field.SUBJECT}) == patched_erp(decision).fields
    assert patched_graph(decision).categories == ("Red", "Blue")
    assert kept(decision).conflict is None


def test_an_edit_taken_back_closes_the_conflict() -> None:
    """The event says again what the activity says."""
    link = kept(locked_out(plan_event()))
    decision = locked_out(plan_event(CONFLICT_CATEGORY, subject="Budget"), link)

    assert (decision.erp, patched_graph(decision).categories, kept(decision).conflict) == (None, (), None)


@pytest.mark.parametrize(
    ("category", "categories"),
    [
        pytest.param(None, ("Red", CONFLICT_CATEGORY), id="no-conflict-of-ours"),
        pytest.param(CategoryState.TAKEN_OFF, ("Red", CONFLICT_CATEGORY), id="put-there-by-the-user"),
        pytest.param(CategoryState.SET, ("Red",), id="already-off"),
    ],
)
def test_a_mark_comes_off_only_if_it_is_ours_and_there(
    category: CategoryState | None, categories: tuple[str, ...]
) -> None:
    """A category that we did not set is not ours to remove."""
    conflict = replace(conflict_of(locked_out(plan_event())), category=category) if category else None
    event = an_event(categories=categories)
    decision = decide(linked(event, an_activity(), link=a_link(conflict=conflict)), a_context())

    assert (decision.graph, kept(decision).conflict) == (None, None)


def test_nothing_is_marked_on_the_way_to_erpnet_only() -> None:
    """Where Outlook may not be written, the conflict is listed without the category."""
    decision = locked_out(plan_event(), ctx=a_context(policy=Policy(direction=Direction.TO_ERP)))

    assert (decision.verdict, decision.graph, conflict_of(decision).category) == (
        Verdict.CONFLICT,
        None,
        CategoryState.NONE,
    )


# Bodies


@pytest.mark.parametrize(
    ("html", "body", "expected"),
    [
        pytest.param("<div>Agenda</div>", "Agenda", None, id="plain"),
        pytest.param(f"<div>Agenda</div>{TEAMS}", "Agenda", f"<div>Minutes</div>{TEAMS}", id="teams-block-kept"),
    ],
)
def test_notes_replace_a_body_that_says_no_more(html: str, body: str, expected: str | None) -> None:
    """Plain text is replaced, a Teams block is kept byte for byte (graph.md T10)."""
    decision = decide(linked(an_event(shown(body=body), html=html), an_activity(noted(notes="Minutes"))), a_context())

    assert frozenset({Field.BODY}) == patched_graph(decision).fields
    assert expected == patched_graph(decision).html
    assert patched_graph(decision).content.body == "Minutes"


def test_formatted_text_is_never_overwritten() -> None:
    """A Notes edit of a formatted body is a listed conflict; everything else is written."""
    event = an_event(html="<table><tr><td>Agenda</td></tr></table>")
    decision = decide(linked(event, an_activity(noted(notes="Minutes", priority="High"))), a_context())

    assert frozenset({Field.PRIORITY}) == patched_graph(decision).fields
    assert [(c.field, c.why) for c in conflict_of(decision).clashes] == [("body", RICH_BODY)]
    assert Field.BODY not in decision.in_step


@pytest.mark.parametrize("event", [None, an_event(html=None)])
def test_text_is_not_written_before_the_html_is_known(event: GraphEvent | None) -> None:
    """Without the event's HTML the edit waits for the next read, and is no conflict."""
    decision = decide(linked(event, an_activity(noted(notes="Minutes"))), a_context())

    assert (decision.verdict, kept(decision).reread, decision.graph) == (Verdict.REREAD, NEEDS_BODY, None)
    assert (kept(decision).conflict, Field.BODY in decision.in_step) == (None, False)


# Reminders and zones


def test_a_moved_event_takes_the_reminder_along() -> None:
    """ReminderTime follows the start, with the minutes it had."""
    patch = patched_erp(between(shown(start=utc(2026, 2, 3, 8), end=utc(2026, 2, 3, 9)), noted()))

    assert frozenset({Field.TIME, Field.REMINDER}) == patch.fields
    assert (wall_clock(2026, 2, 3, 10), wall_clock(2026, 2, 3, 11), 60, wall_clock(2026, 2, 3, 9, 45)) == (
        patch.content.start,
        patch.content.end,
        patch.content.planned_minutes,
        patch.content.reminder,
    )


def test_a_moved_event_without_a_reminder_writes_none() -> None:
    """Where there is no reminder on either side, only the time is written."""
    link = a_link(base_event=shown(reminder=None), base_activity=noted(reminder=None))
    event = an_event(shown(start=utc(2026, 2, 2, 7), reminder=None))

    assert (
        frozenset({Field.TIME})
        == patched_erp(decide(linked(event, an_activity(noted(reminder=None)), link=link), a_context())).fields
    )


def test_a_reminder_left_behind_in_erp_is_sent_after_its_start() -> None:
    """Somebody moved the start in ERP.net alone: the event moves, and the reminder keeps its minutes."""
    decision = between(shown(), noted(start=wall_clock(2026, 2, 2, 12), end=wall_clock(2026, 2, 2, 13)))

    assert frozenset({Field.TIME}) == patched_graph(decision).fields
    assert (frozenset({Field.REMINDER}), wall_clock(2026, 2, 2, 11, 45)) == (
        patched_erp(decision).fields,
        patched_erp(decision).content.reminder,
    )


def test_a_reminder_left_behind_follows_a_start_that_both_moved_alike() -> None:
    """Both sides agree on the new time, and the reminder still has its minutes to keep."""
    decision = between(
        shown(start=utc(2026, 2, 2, 10), end=utc(2026, 2, 2, 11)),
        noted(start=wall_clock(2026, 2, 2, 12), end=wall_clock(2026, 2, 2, 13)),
    )

    assert (patched_erp(decision).fields, patched_erp(decision).content.reminder, decision.graph) == (
        frozenset({Field.REMINDER}),
        wall_clock(2026, 2, 2, 11, 45),
        None,
    )


@pytest.mark.parametrize(
    ("reminder", "written"),
    [
        pytest.param(wall_clock(2026, 2, 2, 23, 45), None, id="as-we-write-it"),
        pytest.param(wall_clock(2026, 2, 2, 23, 46), wall_clock(2026, 2, 2, 23, 45), id="as-it-moves-along"),
    ],
)
def test_a_reminder_keeps_its_minutes_where_both_moved_to_midnight(
    reminder: datetime, written: datetime | None
) -> None:
    """An activity at midnight stands a minute inside it; that minute is nobody's edit of the reminder, whether the
    round that moved the activity died before it could note so, or somebody typed the move."""
    decision = between(
        shown(start=utc(2026, 2, 2, 22), end=utc(2026, 2, 2, 23)),
        noted(start=wall_clock(2026, 2, 3, 0, 1), end=wall_clock(2026, 2, 3, 1), reminder=reminder),
    )

    assert decision.graph is None
    assert (decision.erp and patched_erp(decision).content.reminder) == written


def test_a_reminder_left_behind_in_a_locked_activity_stays() -> None:
    """Nothing is written where nothing may be."""
    activity = an_activity(noted(start=wall_clock(2026, 2, 2, 12), end=wall_clock(2026, 2, 2, 13)), state=LOCKED)
    decision = decide(linked(an_event(), activity), a_context())

    assert (decision.erp, kept(decision).conflict) == (None, None)


def test_a_moved_event_and_a_new_reminder_in_erp_both_survive() -> None:
    """The new minutes count from the new start, on both sides."""
    decision = between(
        shown(start=utc(2026, 2, 2, 7, 45), end=utc(2026, 2, 2, 8, 45)), noted(reminder=wall_clock(2026, 2, 2, 9, 30))
    )

    assert (frozenset({Field.REMINDER}), 30) == (
        patched_graph(decision).fields,
        patched_graph(decision).content.reminder,
    )
    assert (wall_clock(2026, 2, 2, 9, 45), wall_clock(2026, 2, 2, 9, 15)) == (
        patched_erp(decision).content.start,
        patched_erp(decision).content.reminder,
    )


@pytest.mark.parametrize(
    ("event", "activity", "expected"),
    [
        pytest.param(
            shown(start=utc(2026, 2, 2, 7), end=utc(2026, 2, 2, 8), reminder=45),
            noted(reminder=wall_clock(2026, 2, 2, 9, 30)),
            wall_clock(2026, 2, 2, 8, 30),
            id="event-moved",
        ),
        pytest.param(
            shown(reminder=45),
            noted(
                start=wall_clock(2026, 2, 2, 12),
                end=wall_clock(2026, 2, 2, 13),
                reminder=wall_clock(2026, 2, 2, 11, 30),
            ),
            None,
            id="activity-moved",
        ),
    ],
)
def test_a_reminder_in_conflict_keeps_both_values_while_the_start_moves(
    event: GraphContent, activity: ErpContent, expected: object
) -> None:
    """ERP.net's reminder stays at its own 30 minutes until somebody chooses, and the conflict stays open."""
    decision = between(event, activity, ASKING)

    assert [c.field for c in conflict_of(decision).clashes] == ["reminder"]
    assert expected == (patched_erp(decision).content.reminder if decision.erp else None)
    after_event, after = an_event(event), an_activity(activity)
    if decision.erp is not None:
        sent = patched_erp(decision).content
        after = an_activity(replace(activity, start=sent.start, end=sent.end, reminder=sent.reminder))
    else:
        after_event = an_event(replace(event, start=utc(2026, 2, 2, 10), end=utc(2026, 2, 2, 11)))
    link = link_after(decision, after_event, after, ASKING)
    again = decide(linked(after_event, after, link=link), ASKING)
    assert [c.field for c in conflict_of(again).clashes] == ["reminder"]
    assert again.erp is None


def test_the_zone_belongs_to_the_link() -> None:
    """A user who moves to Tokyo edits nothing: old digits stay as they are and mean what they meant."""
    tokyo = a_context(zone=ZoneInfo("Asia/Tokyo"))

    assert decide(linked(an_event(), an_activity()), tokyo).verdict is Verdict.NOTHING
    reminded = decide(linked(an_event(shown(reminder=30)), an_activity()), tokyo)
    assert (wall_clock(2026, 2, 2, 9, 30), "Europe/Sofia") == (
        patched_erp(reminded).content.reminder,
        kept(reminded).zone,
    )


def test_a_new_zone_counts_for_times_written_afterwards() -> None:
    """The next time that is written to ERP.net is in the new zone, reminder and all, and the link says so."""
    tokyo = a_context(zone=ZoneInfo("Asia/Tokyo"))
    decision = between(shown(start=utc(2026, 2, 3, 8), end=utc(2026, 2, 3, 9)), noted(), tokyo)

    assert (wall_clock(2026, 2, 3, 17), wall_clock(2026, 2, 3, 16, 45), "Asia/Tokyo") == (
        patched_erp(decision).content.start,
        patched_erp(decision).content.reminder,
        kept(decision).zone,
    )


def test_the_minute_away_from_midnight_is_not_written_back() -> None:
    """An activity beside an event at midnight can be edited without moving the event."""
    event = shown(start=utc(2026, 2, 1, 22), end=utc(2026, 2, 2, 22))
    base = noted(
        start=wall_clock(2026, 2, 2, 0, 1),
        end=wall_clock(2026, 2, 2, 23, 59),
        reminder=wall_clock(2026, 2, 1, 23, 45),
    )
    link = a_link(base_event=event, base_activity=base)

    decision = decide(linked(an_event(event), an_activity(replace(base, subject="Plan")), link=link), a_context())

    assert frozenset({Field.SUBJECT}) == patched_graph(decision).fields


# Our pair on an activity


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        pytest.param(an_activity(), "uid-1", id="new"),
        pytest.param(an_activity(state="FirmPlanned"), "uid-1", id="firm-planned"),
        pytest.param(an_activity(state="Planned"), "", id="planned"),
        pytest.param(an_activity(external_id="uid-1"), "", id="already-there"),
        pytest.param(an_activity(external_system="Another"), "", id="foreign-system"),
        pytest.param(an_activity(external_id="77", external_system="Another"), "", id="foreign-pair"),
    ],
)
def test_our_pair_is_written_along_with_another_write(activity: ErpActivity, expected: str) -> None:
    """Once, if ExternalId is empty, in a state where nobody minds; a foreign system is never overwritten."""
    assert expected == patched_erp(decide(linked(plan_event(), activity), a_context())).external_id


def test_our_pair_causes_no_write_of_its_own() -> None:
    """An activity in step is not patched for its ExternalId."""
    assert decide(linked(an_event(), an_activity()), a_context()).erp is None


# After the write

SENT = noted(subject="Plan")
SUBJECT = frozenset({Field.SUBJECT})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(SENT, set(), id="as-sent"),
        pytest.param(replace(SENT, planned_minutes=90), set(), id="duration-beside-an-end"),
        pytest.param(replace(SENT, notes="Agenda \r\n"), set(), id="rewritten-line-ends"),
        pytest.param(replace(SENT, people=("boris@acme.example",)), {Field.PEOPLE}, id="people"),
        pytest.param(replace(SENT, subject="Forecast"), {Field.SUBJECT}, id="the-written-field"),
        pytest.param(replace(SENT, priority="High"), {Field.PRIORITY}, id="another-field"),
        pytest.param(replace(SENT, end=wall_clock(2026, 2, 2, 12)), {Field.TIME}, id="time"),
    ],
)
def test_what_somebody_changed_between_write_and_read_is_noticed(after: ErpContent, expected: set[Field]) -> None:
    """The read-back is compared with what was sent and with what was there before (erpnet.md §6)."""
    assert expected == disturbed(SENT, SUBJECT, noted(), after)


def test_a_create_expects_everything_it_sent() -> None:
    """Without a before, all of the content was written."""
    assert frozenset() == disturbed(SENT, EVERYTHING, None, SENT)
    assert {Field.SUBJECT} == disturbed(SENT, EVERYTHING, None, noted())


contents = st.builds(
    noted,
    subject=st.sampled_from(["Budget", "Plan"]),
    notes=st.sampled_from(["Agenda", "Minutes"]),
    end=st.sampled_from([wall_clock(2026, 2, 2, 11), wall_clock(2026, 2, 2, 12)]),
    reminder=st.sampled_from([None, wall_clock(2026, 2, 2, 9), wall_clock(2026, 2, 2, 9, 45)]),
    private=st.booleans(),
    priority=st.sampled_from(["Low", "Medium", "Highest"]),
)


@given(contents, st.frozensets(st.sampled_from(sorted(EVERYTHING))), contents, contents)
def test_a_disturbance_still_looks_like_an_edit(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent, after: ErpContent
) -> None:
    """The base takes what was expected, so that exactly the disturbed fields are changes of the next round."""
    base = as_expected(sent, fields, before, after)

    assert frozenset() == disturbed(sent, fields, before, base)
    assert disturbed(sent, fields, before, after) == changed_in_erp(base, after)


# The base


def test_the_base_moves_for_what_is_in_step() -> None:
    """Named fields take what the readings show, the others stay, and the versions follow."""
    link = moved(
        a_link(),
        SUBJECT,
        an_event(shown(subject="Plan", reminder=40)),
        an_activity(noted(subject="Plan", priority="High")),
    )

    assert (shown(subject="Plan"), noted(subject="Plan")) == (link.base_event, link.base_activity)
    assert ("ck-2", 2, utc(2026, 1, 25, 7), utc(2026, 1, 25, 7)) == (
        link.change_key,
        link.version,
        link.updated_at,
        link.modified_at,
    )


def test_an_unread_side_keeps_its_base() -> None:
    """Nothing is known of it, so nothing moves."""
    assert seal(a_link()) == moved(a_link(), frozenset(Field), None, None)


def test_long_text_is_sealed_in_the_base() -> None:
    """The base keeps digests of long text."""
    link = moved(a_link(), frozenset(Field), an_event(shown(body="x" * 999)), an_activity(noted(notes="x" * 999)))

    assert link.base_event.body == link.base_activity.notes
    assert link.base_event.body.startswith("sha256:")


# Words


@pytest.mark.parametrize(
    ("field", "event", "expected"),
    [
        pytest.param(Field.SUBJECT, shown(), "Budget", id="subject"),
        pytest.param(Field.TIME, shown(), "2026-02-02 08:00Z – 2026-02-02 09:00Z", id="time"),
        pytest.param(
            Field.TIME,
            shown(start=utc(2026, 2, 2), end=utc(2026, 2, 4), all_day=True),
            "all day 2026-02-02 – before 2026-02-04",
            id="all-day",
        ),
        pytest.param(Field.REMINDER, shown(reminder=None), "none", id="no-reminder"),
        pytest.param(Field.REMINDER, shown(), "15", id="reminder"),
        pytest.param(Field.PRIVATE, shown(sensitivity="private"), "True", id="private"),
        pytest.param(Field.PRIORITY, shown(), "normal", id="priority"),
        pytest.param(Field.PEOPLE, shown(people=("b@x", "a@x")), "a@x, b@x", id="people"),
    ],
)
def test_values_are_shown_in_words(field: Field, event: GraphContent, expected: str) -> None:
    """Every field has a text for people."""
    assert expected == said(from_graph(event), field)


def test_long_values_say_that_they_were_cut() -> None:
    """Bounded text, with its true length."""
    text = said(from_erp(noted(notes="x" * (SHOWN_TEXT + 1)), SOFIA), Field.BODY)

    assert "x" * SHOWN_TEXT + f"… (cut, {SHOWN_TEXT + 1} characters)" == text
