"""Lists that wait for a person: what is on them, in each version of the rows, and what an approval does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sync_core.model import link as life
from sync_core.model.decision import Case, Intent, Sight, Verdict
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import EndedBy, Held, Link, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.sides import Seen
from sync_core.plan.decide import decide
from sync_core.plan.holds import are_due, assembled, dropped, emptied, without_lost
from tests.support.samples import NOW, a_context, a_link, an_activity, an_event, linked, shown

ON = Held("h1", "void")


def waiting(number: int, on: Held | None = ON) -> Link:
    """A pair on a list, a day after the one before it."""
    start = datetime.combine(NOW, shown().start.timetz()) + timedelta(days=number)
    link = a_link(
        event_id=f"E{number}", activity_id=f"A{number}", base_event=shown(start=start, end=start + timedelta(hours=1))
    )
    return life.held(link, "part of a mass deletion", on)


def remembered(links: list[Link], *holds: Hold) -> Memory:
    """What is recalled of these rows."""
    known, lists = assembled(links, holds)
    return Memory(links=known, holds=lists)


def a_hold(answer: Approval = Approval.OPEN, listed: tuple[HeldItem, ...] = ()) -> Hold:
    """A list's own row."""
    return Hold("h1", "why", (), NOW, answer, listed)


def test_a_list_is_put_together_from_its_links_by_time() -> None:
    """Whatever the order of the rows; a pair on no list is on none."""
    memory = remembered([waiting(2), a_link(), waiting(1), waiting(3, Held("h2", "remove"))], a_hold())

    assert [item.event_id for item in memory.holds[0].items] == ["E1", "E2"]
    assert (memory.holds[0].items[0].subject, memory.holds[0].items[0].intent) == ("Budget", "void")


def test_a_row_of_version_one_names_its_links_itself() -> None:
    """Its links are held and do not know where: they are on it, and no other one is."""
    listed = (HeldItem("E1", "A1", "void"), HeldItem("E2", "A2", "remove"), HeldItem("E3", "A3", "void"))
    back = a_link(event_id="E3")
    memory = remembered([waiting(1, None), waiting(2, None), back], a_hold(listed=listed))

    assert [(item.event_id, item.intent) for item in memory.holds[0].items] == [("E1", "void"), ("E2", "remove")]
    assert [link.held for link in memory.links] == [Held("h1", "void"), Held("h1", "remove"), None]
    assert memory == remembered(list(memory.links), memory.holds[0])


@pytest.mark.parametrize("on", [None, Held("gone", "void")])
def test_what_waits_on_no_list_is_decided_anew(on: Held | None) -> None:
    """The list of an older build left before its items were dealt with: both sides are read, and then it is seen."""
    memory = without_lost(remembered([waiting(1, on), waiting(2)], a_hold()))

    assert [(x.status, x.held, bool(x.reread)) for x in memory.links] == [
        (LinkStatus.LIVE, None, True),
        (LinkStatus.HELD, ON, False),
    ]


def test_a_no_ends_what_is_on_the_list_and_nothing_else() -> None:
    """Without a look at the sides, whatever became of the items meanwhile."""
    parked = life.given_up(waiting(2), "answered 500", life.TRIES, Seen())
    other = waiting(3, Held("h2", "void"))
    memory = remembered([waiting(1), parked, other, a_link()], a_hold(Approval.DROPPED), replace(a_hold(), key="h2"))
    links, holds = dropped(memory, NOW)

    assert [(x.event_id, x.status, x.ended_by, x.held) for x in links] == [
        (name, LinkStatus.TOMBSTONE, EndedBy.DROPPED, None) for name in ("E1", "E2")
    ]
    assert [hold.key for hold in holds] == ["h1"]
    assert dropped(remembered([waiting(1)], a_hold()), NOW) == ([], [])


def test_a_list_leaves_with_the_last_of_its_items() -> None:
    """Answered or not."""
    for answer in Approval:
        assert emptied(remembered([waiting(1)], a_hold(answer))) == []
        assert [hold.key for hold in emptied(remembered([a_link()], a_hold(answer)))] == ["h1"]


@pytest.mark.parametrize("approved", [frozenset({"E1"}), frozenset()])
def test_another_deletion_than_the_one_on_the_list_is_decided_by_itself(approved: frozenset[str]) -> None:
    """Listed as deleted in Outlook; restored there and void in ERP.net since: the event goes as it always would."""
    decision = decide(linked(an_event(), an_activity(void=True), link=waiting(1)), a_context(approved=approved))

    assert (decision.intent, decision.verdict) == (Intent.REMOVE, Verdict.ACT)
    assert decision.link is not None
    assert decision.link.held is None


def test_an_answer_makes_a_round_due_until_it_is_carried_out() -> None:
    """An open list does not, nor what was given up on the way: that waits for a retry, and keeps its answer."""
    weary = life.given_up(waiting(1), "answered 500", life.TRIES, Seen())
    assert not are_due(remembered([waiting(1)], a_hold()))
    assert are_due(remembered([waiting(1)], a_hold(Approval.APPROVED)))
    assert are_due(remembered([], a_hold(Approval.APPROVED)))
    assert not are_due(remembered([weary], a_hold(Approval.APPROVED)))
    assert are_due(remembered([weary, waiting(2)], a_hold(Approval.APPROVED)))
    assert are_due(remembered([life.retried(weary)], a_hold(Approval.APPROVED)))
    assert not are_due(remembered([life.parked(waiting(1), "not visible")], a_hold(Approval.APPROVED)))


DROPPED = life.ended(a_link(), EndedBy.DROPPED, "no", NOW)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(an_event(), an_activity(void=True), link=DROPPED), id="activity-void"),
        pytest.param(linked(an_event(), link=DROPPED, activity_sight=Sight.GONE), id="activity-gone"),
        pytest.param(linked(an_event(), link=DROPPED, activity_sight=Sight.HIDDEN), id="activity-hidden"),
        pytest.param(linked(an_event(), link=DROPPED), id="activity-unread"),
        pytest.param(linked(an_event(shown(subject="Plan")), an_activity(void=True), link=DROPPED), id="edited"),
        pytest.param(linked(an_event(is_cancelled=True), an_activity(), link=DROPPED), id="event-cancelled"),
        pytest.param(linked(None, an_activity(), link=DROPPED, event_sight=Sight.GONE), id="event-gone"),
        pytest.param(linked(None, an_activity(), link=DROPPED), id="event-unread"),
    ],
)
def test_a_persons_no_is_remembered(case: Case) -> None:
    """Neither is the deletion carried out after all, nor is anything made of what stayed."""
    decision = decide(case, a_context())

    assert (decision.verdict, decision.reason, decision.graph, decision.erp) == (Verdict.SKIP, "no", None, None)
    assert decision.link == DROPPED


def test_a_pair_that_lives_on_both_sides_again_goes_on() -> None:
    """The event came back out of Deleted Items and the activity was never void: they are a pair as before."""
    decision = decide(linked(an_event(shown(subject="Plan")), an_activity(), link=DROPPED), a_context())

    assert decision.link is not None
    assert (decision.erp is not None, decision.link.status, decision.link.ended_by) == (
        True,
        LinkStatus.LIVE,
        EndedBy.NOBODY,
    )
