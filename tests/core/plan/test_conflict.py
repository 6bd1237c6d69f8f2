"""The open conflict of a link: what makes it the same one, and its category on the event (R9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.model.conflict import CategoryState
from sync_core.model.decision import Context, Decision, Verdict
from sync_core.model.link import Link
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import CONFLICT_CATEGORY, Field, GraphEvent
from sync_core.model.writes import PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from tests.support.decided import between, conflict_of, kept, patched_erp, patched_graph
from tests.support.samples import NOW, a_context, a_link, an_activity, an_event, linked, noted, shown

ASKING = a_context(policy=Policy(winner=Winner.ASK))
LOCKED = "Released"


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
