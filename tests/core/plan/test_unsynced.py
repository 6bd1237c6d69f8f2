"""What is not in step after a round: what gets on the list, what stays, what goes, and how old a reason is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sync_core.model.conflict import Clash, Conflict
from sync_core.model.decision import Case, Decision, Intent, Verdict
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.series import Occurrence
from sync_core.model.sides import EventKind, Field, GraphEvent, Side
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from sync_core.plan.tables import NAMED_TWICE, REASONS, Trait
from sync_core.plan.unsynced import LONGEST, MOST, after_round, series_once
from tests.support.samples import NOW, a_case, a_link, an_activity, an_event, linked, shown, utc

BEFORE = NOW - timedelta(hours=3)
CLASHES = (Clash(Field.SUBJECT, "Plan", "Forecast", "both sides changed it"),)


def decided(case: Case, verdict: Verdict, reason: str = "a series", link: Link | None = None) -> Decision:
    """A decision that writes nothing."""
    return Decision(case, Intent.NOTHING, verdict, reason, link=link)


def remembered(*links: Link, pending: tuple[Pending, ...] = ()) -> Memory:
    """A memory of these rows."""
    return replace(Memory(), links=links, pending=pending)


def an_item(event_id: str = "E1", **told: Any) -> UnsyncedItem:
    """An item that an earlier round has put on the list."""
    known: dict[str, Any] = {"what": "skipped", "reason": "a series", "at": BEFORE, "subject": "Budget"}
    return UnsyncedItem(event_id, "", **known | {"end": utc(2026, 2, 2, 9)} | told)


def after(
    *items: UnsyncedItem, decisions: tuple[Decision, ...] = (), memory: Memory | None = None, **told: Any
) -> Unsynced:
    """The list after a round."""
    return after_round(Unsynced(items), decisions, memory or Memory(), NOW, **told)


@pytest.mark.parametrize(
    ("decision", "what"),
    [
        pytest.param(decided(a_case(an_event()), Verdict.SKIP), ["skipped"], id="skipped"),
        pytest.param(decided(a_case(None, an_activity()), Verdict.SKIP), ["skipped"], id="an-activity-skipped"),
        pytest.param(decided(a_case(an_event()), Verdict.NOTHING), [], id="in-step"),
        pytest.param(decided(a_case(an_event()), Verdict.ACT), [], id="written"),
        pytest.param(decided(a_case(an_event()), Verdict.REREAD), [], id="looked-at-again"),
        pytest.param(
            decided(linked(an_event(), link=a_link(role=Role.FOLLOWER)), Verdict.SKIP), [], id="follows-another-copy"
        ),
        pytest.param(
            decided(linked(an_event(), link=a_link(status=LinkStatus.TOMBSTONE)), Verdict.SKIP), [], id="ended"
        ),
        pytest.param(
            decided(linked(an_event()), Verdict.SKIP, link=a_link(status=LinkStatus.ARCHIVED)), [], id="just-archived"
        ),
    ],
)
def test_what_a_decision_puts_on_the_list(decision: Decision, what: list[str]) -> None:
    """What is left out, with the reason; not what is in step, over, or another mailbox's."""
    found = after(decisions=(decision,))

    assert what == [item.what for item in found.items]
    assert found.counts == ({"a series": 1} if what else {})


@pytest.mark.parametrize(
    ("link", "what", "reason"),
    [
        pytest.param(a_link(), "", "", id="in-step"),
        pytest.param(a_link(status=LinkStatus.PARKED, reason="refused"), "parked", "refused", id="parked"),
        pytest.param(a_link(status=LinkStatus.HELD, reason="many at once"), "held", "many at once", id="held"),
        pytest.param(a_link(conflict=Conflict(CLASHES, NOW)), "conflict", "both sides changed it", id="conflict"),
    ],
)
def test_what_a_link_puts_on_the_list(link: Link, what: str, reason: str) -> None:
    """A link says by itself that it is not in step, whatever this round has read."""
    items = after(memory=remembered(link)).items

    assert [(what, reason, "Budget")] * bool(what) == [(one.what, one.reason, one.subject) for one in items]


def test_a_parked_item_without_a_link_has_the_title_of_its_decision() -> None:
    """Its row knows only its id."""
    row = Pending(Side.GRAPH, "E1", state=PendingState.CLASH, reason="twice in the calendar", parked=True)
    parked = decided(a_case(an_event()), Verdict.PARK, "twice in the calendar")

    assert [
        (one.event_id, one.subject) for one in after(decisions=(parked,), memory=remembered(pending=(row,))).items
    ] == [("E1", "Budget")]
    assert after(memory=remembered(pending=(replace(row, parked=False),))).items == ()
    assert after(decisions=(parked,)).items == ()


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        pytest.param({}, True, id="not-looked-at"),
        pytest.param({"decisions": (decided(a_case(an_event()), Verdict.ACT),)}, False, id="decided-anew"),
        pytest.param({"decisions": (decided(a_case(an_event(id="E2")), Verdict.ACT),)}, True, id="another-decided"),
        pytest.param({"removed": {"E1"}}, False, id="event-removed"),
        pytest.param({"removed": {"E2"}}, True, id="another-removed"),
        pytest.param({"is_full": True}, False, id="full-round-begins-anew"),
    ],
)
def test_an_item_stays_until_a_round_says_otherwise(told: dict[str, Any], *, stays: bool) -> None:
    """A round that has not read it says nothing of it."""
    assert (an_item(),) * stays == after(an_item(), **told).items


@pytest.mark.parametrize(
    ("end", "stays"),
    [(NOW - timedelta(hours=24), True), (NOW - timedelta(hours=25), False), (None, True)],
    ids=["a-day-ago", "longer-ago", "not-known"],
)
def test_a_meeting_that_is_over_leaves_the_list(end: Any, *, stays: bool) -> None:
    """A day after its end."""
    assert stays is bool(after(an_item(end=end)).items)


@pytest.mark.parametrize(("reason", "at"), [("a series", BEFORE), ("not in the window", NOW)])
def test_the_same_reason_keeps_its_age(reason: str, at: object) -> None:
    """Another reason begins anew."""
    skipped = decided(a_case(an_event()), Verdict.SKIP, reason)

    assert [at] == [item.at for item in after(an_item(), decisions=(skipped,)).items]


def test_the_list_is_bounded_and_its_counts_are_not() -> None:
    """The newest reasons stay; long texts are cut."""
    old = [an_item(f"E{number}") for number in range(MOST + 5)]
    long = decided(a_case(an_event(shown(subject="x" * 999), id="new")), Verdict.SKIP, "y" * 999)
    found = after(*old, decisions=(long,))

    assert len(found.items) == MOST
    assert (found.items[0].event_id, len(found.items[0].subject), len(found.items[0].reason)) == (
        "new",
        LONGEST,
        LONGEST,
    )
    assert sum(found.counts.values()) == MOST + 6


@pytest.mark.parametrize("rest", ["", ": a1, a2", " that went by another name"])
def test_every_item_is_found_under_what_it_is_counted_as(rest: str) -> None:
    """Whatever details of it stand behind the reason; one that only begins so is found under no other."""
    named = decided(a_case(an_event(id="E2")), Verdict.SKIP, f"{NAMED_TWICE}{rest}")
    found = after(an_item(reason="cancelled in Outlook"), an_item("E3", reason="cancelled"), decisions=(named,))

    assert {reason: [one.event_id for one in found.matching(reason)] for reason in found.counts} == {
        NAMED_TWICE: ["E2"],
        "cancelled in Outlook": ["E1"],
        "cancelled": ["E3"],
    }


SERIES = REASONS[Trait.SERIES]
MASTER, OTHER_MASTER = (an_event(id=i, kind=EventKind.MASTER) for i in ("M", "N"))
DATE, NEXT = (an_event(id=i, kind=EventKind.OCCURRENCE, series_id="M") for i in ("M1", "M2"))
PARKED = a_link(
    event_id="M3", status=LinkStatus.PARKED, reason=SERIES, occurrence=Occurrence("S", date(2026, 2, 2), "M")
)


def left_out(*events: GraphEvent) -> list[Decision]:
    """The decisions about events of series, where series are not synced."""
    return [decided(a_case(event), Verdict.SKIP, SERIES) for event in events]


@pytest.mark.parametrize(
    ("events", "links", "listed", "expected"),
    [
        pytest.param((DATE, MASTER, OTHER_MASTER, NEXT), (), (), ["M", "N"], id="by-its-master"),
        pytest.param((DATE, NEXT), (), (), ["M1"], id="by-one-date"),
        pytest.param((DATE, NEXT), (), ("M",), [], id="listed-before"),
        pytest.param((MASTER,), (), ("M",), ["M"], id="itself-again"),
        pytest.param((MASTER, DATE, OTHER_MASTER), (PARKED,), (), ["N"], id="by-its-parked-dates"),
        pytest.param((MASTER,), (replace(PARKED, status=LinkStatus.LIVE),), (), ["M"], id="dates-that-are-synced"),
    ],
)
def test_a_series_that_is_left_out_counts_once(
    events: tuple[GraphEvent, ...], links: tuple[Link, ...], listed: tuple[str, ...], expected: list[str]
) -> None:
    """Whatever of it was read; what else was decided stays."""
    other = decided(a_case(an_event()), Verdict.NOTHING)
    found = series_once([*left_out(*events), other], links, listed)

    assert [decision.case.event_id for decision in found] == [*expected, "E1"]


def test_a_series_is_on_the_list_until_it_is_removed() -> None:
    """Its own end is that of its first date, which may be years ago; of its parked dates each is listed for it."""
    old = replace(MASTER, content=replace(MASTER.content, end=NOW - timedelta(days=700)))
    first = after(decisions=tuple(left_out(old)))
    assert [one.event_id for one in after(*first.items).items] == ["M"]

    assert [one.event_id for one in after(*first.items, memory=remembered(PARKED)).items] == ["M3"]
    assert after(*first.items, removed={"M"}).items == ()
