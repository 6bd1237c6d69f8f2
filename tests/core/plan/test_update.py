"""What is written to a live pair, and which fields stay in conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sync_core.model.decision import Intent, Verdict
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import CONFLICT_CATEGORY, ErpActivity, ErpContent, Field, GraphContent, GraphEvent, Side
from sync_core.model.writes import PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.flow import ASK
from sync_core.plan.identity import link_after
from sync_core.plan.update_rules import NEEDS_BODY, RICH_BODY
from tests.support.decided import between, conflict_of, kept, patched_erp, patched_graph
from tests.support.samples import NOW, a_context, a_link, an_activity, an_event, linked, noted, shown, utc, wall_clock

RULE = "_" * 80
TEAMS = f"<div>{RULE}</div><div><a href='https://teams.microsoft.com/l/meetup-join/19%3ax/0'>Join</a></div><div>{RULE}</div>"
LATER = utc(2026, 1, 25, 7, 30)
ASKING = a_context(policy=Policy(winner=Winner.ASK))
LOCKED = "Released"


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
    assert expected == patched_erp(decide(linked(an_event(shown(subject="Plan")), activity), a_context())).external_id


def test_our_pair_causes_no_write_of_its_own() -> None:
    """An activity in step is not patched for its ExternalId."""
    assert decide(linked(an_event(), an_activity()), a_context()).erp is None
