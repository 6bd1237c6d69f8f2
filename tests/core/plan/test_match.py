"""Which items without a link belong together: names, marks, twins, copies and what is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync_core.model.decision import Sight
from sync_core.model.link import EndedBy, ended, parked
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Malformed, Side
from sync_core.plan.identity import transaction_id
from sync_core.plan.match import match, owners, twins_of
from tests.support.samples import NOW, a_context, a_link, an_activity, an_event
from tests.support.unlinked import imported, later, matched, unpaired

CTX = a_context()
EVENT = an_event()
MARKED = an_activity(id="A1")
COPY = imported("A2", creation_user="anna")
ORIGINAL = {"uid-1": ["A1"]}

CASES = {
    "event alone": (unpaired(EVENT), [("E1", "", "waiting")]),
    "activity alone": (unpaired(an_activity()), [("", "A1", "waiting")]),
    "named": (unpaired(EVENT, imported("A1")), [("E1", "A1", "waiting")]),
    "named by a void one": (
        unpaired(EVENT, imported("A1", void=True)),
        [("", "A1", "waiting"), ("E1", "", "partner-gone")],
    ),
    "named by a void one, and begun anew": (
        unpaired(EVENT, imported("A1", void=True), begun=frozenset({"E1"})),
        [("", "A1", "waiting"), ("E1", "", "waiting")],
    ),
    "begun anew, and made": (
        unpaired(EVENT, imported("A1", void=True), imported("A2"), begun=frozenset({"E1"})),
        [("", "A1", "waiting"), ("E1", "A2", "waiting")],
    ),
    "marked": (unpaired(EVENT, MARKED, marks={"E1": "A1"}), [("E1", "A1", "waiting")]),
    "marked with a void one": (
        unpaired(EVENT, marks={"E1": "A1"}, known={"A1": replace(MARKED, void=True)}),
        [("E1", "", "partner-gone")],
    ),
    "marked with a missing one": (unpaired(EVENT, marks={"E1": "A1"}), [("E1", "", "partner-gone")]),
    "named and not there": (unpaired(imported("A1")), [("", "A1", "partner-gone")]),
    "named twice": (
        unpaired(EVENT, imported("A1"), imported("A2")),
        [("", "A1", "named-twice"), ("", "A2", "named-twice"), ("E1", "", "named-twice")],
    ),
    "a person's copy": (
        unpaired(EVENT, imported("A1"), COPY),
        [("", "A2", "waiting"), ("E1", "A1", "waiting")],
    ),
    "a service user's double": (
        unpaired(EVENT, imported("A1"), imported("A2", created=later())),
        [("", "A2", "named-twice"), ("E1", "A1", "waiting")],
    ),
    "a copy of a linked one": (
        unpaired(COPY, originals=ORIGINAL, known={"A1": imported("A1")}),
        [("", "A2", "waiting")],
    ),
    "a copy of a linked one that is void": (
        unpaired(COPY, originals=ORIGINAL, known={"A1": imported("A1", void=True)}),
        [("", "A2", "waiting")],
    ),
    "the linked one is not there any more": (unpaired(COPY, originals=ORIGINAL), [("", "A2", "partner-gone")]),
    "the double of a linked one": (
        unpaired(imported("A2"), originals=ORIGINAL, known={"A1": imported("A1")}),
        [("", "A2", "named-twice")],
    ),
    "the double of a linked one that is void": (
        unpaired(imported("A2"), originals=ORIGINAL, known={"A1": imported("A1", void=True)}),
        [("", "A2", "partner-gone")],
    ),
    "its mark is another event's": (
        unpaired(EVENT, an_event(id="E2", ical_uid="uid-2"), imported("A1"), COPY, marks={"E2": "A2"}),
        [("E1", "A1", "waiting"), ("E2", "A2", "waiting")],
    ),
    "a twin of an unlinked event": (
        unpaired(EVENT, an_event(id="E2")),
        [("E1", "", "waiting"), ("E2", "", "twin")],
    ),
    "a twin of a linked event": (unpaired(an_event(id="E2"), links=[a_link()]), [("E2", "", "twin")]),
    "its activity is linked": (
        unpaired(an_event(id="E2", ical_uid="uid-1"), imported("A1"), links=[a_link(ical_uid="uid-9")]),
        [("E2", "", "twin")],
    ),
    "its activity cannot be understood": (
        unpaired(EVENT, named={"uid-1": [Malformed(Side.ERP, "A1", "no start")]}),
        [("E1", "", "waiting")],
    ),
    "one more of a meeting that ERP.net ended": (
        unpaired(an_event(id="E2"), links=[ended(a_link(), EndedBy.ERP, "void", NOW)]),
        [("E2", "", "partner-gone")],
    ),
    "one more of a meeting that Outlook ended": (
        unpaired(an_event(id="E2"), links=[ended(a_link(), EndedBy.OUTLOOK, "deleted", NOW)]),
        [("E2", "", "waiting")],
    ),
    "somebody chose": (
        unpaired(
            EVENT,
            imported("A1", void=True),
            waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.RELEASED)},
        ),
        [("", "A1", "waiting"), ("E1", "", "waiting")],
    ),
    "its partner was gone and nothing is known of it": (
        unpaired(EVENT, waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.PARTNER_GONE)}),
        [("E1", "", "partner-gone")],
    ),
    "its partner was gone and is back": (
        unpaired(
            EVENT,
            imported("A1"),
            waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.PARTNER_GONE)},
        ),
        [("E1", "A1", "waiting")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_belongs_together(case: str) -> None:
    """Pairs, and what each item left alone waits for."""
    material, expected = CASES[case]

    assert expected == matched(material)


def test_an_item_whose_partner_could_not_be_looked_for_waits() -> None:
    """Nothing is made that may be there already; a pair is one whatever was not read."""
    alone = match(unpaired(EVENT, imported("A2", external_id=""), unsure=frozenset({"E1", "A2"})), CTX)
    pair = match(unpaired(EVENT, imported("A1"), unsure=frozenset({"E1"})), CTX)

    assert [(c.event_sight, c.activity_sight) for c in alone] == [
        (Sight.UNDECIDED, Sight.UNREAD),
        (Sight.UNREAD, Sight.UNDECIDED),
    ]
    assert [(c.event_sight, c.activity_sight) for c in pair] == [(Sight.PRESENT, Sight.PRESENT)]


def test_rows_that_waited_for_both_are_over() -> None:
    """Found to be a pair, neither side waits any more."""
    rows = [Pending(Side.GRAPH, "E1"), Pending(Side.ERP, "A1")]
    [case] = match(unpaired(EVENT, imported("A1"), waiting={(row.side, row.item_id): row for row in rows}), CTX)

    assert [case.pending, *case.over] == rows


def test_a_twin_of_what_is_out_of_scope_is_none() -> None:
    """A cancelled event does not stand in the way of the one that takes place."""
    cancelled = an_event(id="E0", is_cancelled=True)

    assert matched(unpaired(cancelled, EVENT)) == [("E0", "", "waiting"), ("E1", "", "waiting")]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        pytest.param([], {"E2"}, id="the-second"),
        pytest.param([a_link()], {"E1", "E2"} - {"E1"}, id="all-but-the-linked-one"),
        pytest.param([a_link(event_id="E9")], {"E1", "E2"}, id="all"),
        pytest.param([parked(a_link(event_id="E9"), "series")], {"E1", "E2"}, id="the-linked-one-is-parked"),
        pytest.param([ended(a_link(event_id="E9"), EndedBy.OUTLOOK, "", NOW)], {"E2"}, id="the-linked-one-has-ended"),
    ],
)
def test_one_event_of_a_calendar_is_the_meeting(links: list[Any], expected: set[str]) -> None:
    """The linked one, else the first."""
    assert twins_of([an_event(id="E2"), EVENT], links) == expected


def test_of_events_with_one_mark_ours_is_it() -> None:
    """A copy carries the mark without our transactionId."""
    copy = an_event(id="E0", mark="A1")
    ours = an_event(id="E9", mark="A1", transaction_id=transaction_id("anna-id", "A1", 1))

    assert owners([copy, ours], "anna-id") == {"A1": ours}
    assert owners([copy, an_event(id="E5", mark="A1")], "anna-id") == {"A1": copy}
