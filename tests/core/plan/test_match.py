"""Which items without a link belong together: the table of evidence, twins, copies and what is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sync_core.content.ranges import uid_key
from sync_core.model.decision import Context, Sight
from sync_core.model.link import EndedBy, Pending, PendingState, ended, parked
from sync_core.model.policy import Policy, SeriesRule, Winner
from sync_core.model.series import EXCHANGE, NO_DATE, Occurrence, Rhythm
from sync_core.model.sides import MSSYNC_SYSTEM, ErpActivity, EventKind, GraphEvent, Malformed, Side
from sync_core.plan.evidence import BORN_APART, original
from sync_core.plan.identity import transaction_id
from sync_core.plan.match import Unlinked, match, owners, twins_of
from tests.support.samples import (
    NOW,
    SERVICE,
    a_context,
    a_link,
    an_activity,
    an_event,
    noted,
    shown,
    utc,
    wall_clock,
)

CTX = a_context()
WINDOWED = Policy(series=SeriesRule.WINDOW)
EVENT = an_event()
BORN = wall_clock(2026, 1, 20, 9)
OTHER = noted(subject="Other", start=wall_clock(2026, 2, 5, 10), end=wall_clock(2026, 2, 5, 11))


def named(ident: str, **told: Any) -> ErpActivity:
    """An activity that names the event; as an import makes them: by a service user, all at one moment."""
    known: dict[str, Any] = {
        "id": ident,
        "external_system": MSSYNC_SYSTEM,
        "external_id": "uid-1",
        "creation_user": SERVICE,
        "created": BORN,
    }
    return an_activity(**known | told)


def later(by: timedelta = timedelta(hours=1)) -> datetime:
    """A time of birth."""
    return BORN + by


EVIDENCE = {
    "only one": ([named("A1")], "A1"),
    "content": ([named("A1", content=OTHER), named("A2")], "A2"),
    "subject and time": ([named("A1", content=OTHER), named("A2", content=noted(notes="edited"))], "A2"),
    "all before subject and time": ([named("A1", content=noted(notes="edited")), named("A2")], "A2"),
    "made by a service user": ([named("A1", creation_user="anna"), named("A2")], "A2"),
    "older": ([named("A1", created=later()), named("A2")], "A2"),
    "all of it": ([named("A1", creation_user="anna", created=later(), content=OTHER), named("A2")], "A2"),
    "three, one older": ([named("A1", created=later()), named("A2"), named("A3", created=later())], "A2"),
    "nothing": ([named("A1"), named("A2")], None),
    "nothing but another content": ([named("A1", content=OTHER), named("A2", content=OTHER)], None),
    "a minute apart": ([named("A1"), named("A2", created=later(BORN_APART))], None),
    "age unknown of one": ([named("A1", created=None), named("A2")], None),
    "content against age": ([named("A1", created=later()), named("A2", content=OTHER)], None),
    "content against creator": ([named("A1", creation_user="anna"), named("A2", content=OTHER)], None),
    "creator against age": ([named("A1", creation_user="anna"), named("A2", created=later())], None),
}


@pytest.mark.parametrize("case", EVIDENCE)
def test_of_several_activities_the_evidence_chooses(case: str) -> None:
    """In whatever order they are read; without evidence, or where it contradicts itself, none."""
    activities, expected = EVIDENCE[case]
    for order in (activities, activities[::-1]):
        found = original(EVENT, order, CTX)
        assert expected == (found.id if found else None)


def test_our_mark_is_the_best_evidence() -> None:
    """Against content, creator and age."""
    activities = [named("A1"), named("A2", creation_user="anna", created=later(), content=OTHER)]
    found = original(EVENT, activities, CTX, mark="A2")

    assert found is activities[1]


def unlinked(*items: GraphEvent | ErpActivity, **told: Any) -> Unlinked:
    """Items of one round; activities at hand are among those that name a meeting."""
    activities = {item.id: item for item in items if isinstance(item, ErpActivity)}
    names: dict[str, Any] = {"uid-1": tuple(a for a in activities.values() if a.external_id)}
    known: dict[str, Any] = {
        "events": {item.id: item for item in items if isinstance(item, GraphEvent)},
        "activities": activities,
        "named": {uid: found for uid, found in names.items() if found},
        "known": activities,
    }
    return Unlinked(**known | told)


def told(material: Unlinked, ctx: Context = CTX) -> list[tuple[str, str, str]]:
    """Event id, activity id and what it waits for, of each case."""
    return sorted((c.event_id, c.activity_id, c.awaits.value) for c in match(material, ctx))


MARKED = an_activity(id="A1")
COPY = named("A2", creation_user="anna")
ORIGINAL = {"uid-1": ["A1"]}

SERIES = f"{EXCHANGE}{NO_DATE}01DC0000{NO_DATE}"


def dated(day: int) -> str:
    """The iCalUId of the date of ``SERIES`` on a day of February."""
    return Occurrence(SERIES, date(2026, 2, day)).uid


DATES = [
    an_event(
        id=f"D{day}",
        kind=EventKind.OCCURRENCE,
        ical_uid=f"uid-1_202602{day:02}",
        occurrence=Occurrence("uid-1", date(2026, 2, day)),
        content=shown(start=utc(2026, 2, day, 8), end=utc(2026, 2, day, 9)),
    )
    for day in (1, 2, 3)
]
OWN_AND_SERIES = {"uid-1": [named("A1")], DATES[1].ical_uid: [named("A2", external_id=DATES[1].ical_uid)]}
ON_THE_9TH = Occurrence("uid-1", date(2026, 2, 9))
LINKED_DATE = a_link(event_id="D9", activity_id="A9", ical_uid="uid-1_20260209", occurrence=ON_THE_9TH)

TUESDAYS = [
    replace(event, ical_uid=dated(day), occurrence=Occurrence(SERIES, date(2026, 2, day), rhythm=Rhythm.WEEKLY))
    for event, day in zip(DATES, (3, 10, 17), strict=True)
]
MONDAYS = [named(f"A{day}", external_id=dated(day)) for day in (2, 9)]

CASES = {
    "a whole series, on one of its days": (
        unlinked(*DATES, named("A1")),
        [("D1", "", "waiting"), ("D2", "A1", "waiting"), ("D3", "", "waiting")],
    ),
    "a whole series, on none of its days": (
        unlinked(*DATES, named("A1", content=OTHER)),
        [("D1", "A1", "waiting"), ("D2", "", "waiting"), ("D3", "", "waiting")],
    ),
    "a whole series whose dates are linked, on none of the days of the others": (
        unlinked(*DATES[:1], named("A1", content=OTHER), links=[LINKED_DATE]),
        [("", "A1", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a whole series, and that day has an activity of its own": (
        unlinked(*DATES[1:2], named("A1"), named("A2", external_id=DATES[1].ical_uid), named=OWN_AND_SERIES),
        [("", "A1", "partner-gone"), ("D2", "A2", "waiting")],
    ),
    "event alone": (unlinked(EVENT), [("E1", "", "waiting")]),
    "activity alone": (unlinked(an_activity()), [("", "A1", "waiting")]),
    "named": (unlinked(EVENT, named("A1")), [("E1", "A1", "waiting")]),
    "named by a void one": (
        unlinked(EVENT, named("A1", void=True)),
        [("", "A1", "waiting"), ("E1", "", "partner-gone")],
    ),
    "named by a void one, and begun anew": (
        unlinked(EVENT, named("A1", void=True), begun=frozenset({"E1"})),
        [("", "A1", "waiting"), ("E1", "", "waiting")],
    ),
    "begun anew, and made": (
        unlinked(EVENT, named("A1", void=True), named("A2"), begun=frozenset({"E1"})),
        [("", "A1", "waiting"), ("E1", "A2", "waiting")],
    ),
    "marked": (unlinked(EVENT, MARKED, marks={"E1": "A1"}), [("E1", "A1", "waiting")]),
    "marked with a void one": (
        unlinked(EVENT, marks={"E1": "A1"}, known={"A1": replace(MARKED, void=True)}),
        [("E1", "", "partner-gone")],
    ),
    "marked with a missing one": (unlinked(EVENT, marks={"E1": "A1"}), [("E1", "", "partner-gone")]),
    "named and not there": (unlinked(named("A1")), [("", "A1", "partner-gone")]),
    "named twice": (
        unlinked(EVENT, named("A1"), named("A2")),
        [("", "A1", "named-twice"), ("", "A2", "named-twice"), ("E1", "", "named-twice")],
    ),
    "a person's copy": (unlinked(EVENT, named("A1"), COPY), [("", "A2", "waiting"), ("E1", "A1", "waiting")]),
    "a service user's double": (
        unlinked(EVENT, named("A1"), named("A2", created=later())),
        [("", "A2", "named-twice"), ("E1", "A1", "waiting")],
    ),
    "a copy of a linked one": (
        unlinked(COPY, originals=ORIGINAL, known={"A1": named("A1")}),
        [("", "A2", "waiting")],
    ),
    "a copy of a linked one that is void": (
        unlinked(COPY, originals=ORIGINAL, known={"A1": named("A1", void=True)}),
        [("", "A2", "waiting")],
    ),
    "the linked one is not there any more": (unlinked(COPY, originals=ORIGINAL), [("", "A2", "partner-gone")]),
    "the double of a linked one": (
        unlinked(named("A2"), originals=ORIGINAL, known={"A1": named("A1")}),
        [("", "A2", "named-twice")],
    ),
    "the double of a linked one that is void": (
        unlinked(named("A2"), originals=ORIGINAL, known={"A1": named("A1", void=True)}),
        [("", "A2", "partner-gone")],
    ),
    "its mark is another event's": (
        unlinked(EVENT, an_event(id="E2", ical_uid="uid-2"), named("A1"), COPY, marks={"E2": "A2"}),
        [("E1", "A1", "waiting"), ("E2", "A2", "waiting")],
    ),
    "a twin of an unlinked event": (
        unlinked(EVENT, an_event(id="E2")),
        [("E1", "", "waiting"), ("E2", "", "twin")],
    ),
    "a twin of a linked event": (unlinked(an_event(id="E2"), links=[a_link()]), [("E2", "", "twin")]),
    "its activity is linked": (
        unlinked(an_event(id="E2", ical_uid="uid-1"), named("A1"), links=[a_link(ical_uid="uid-9")]),
        [("E2", "", "twin")],
    ),
    "its activity cannot be understood": (
        unlinked(EVENT, named={"uid-1": [Malformed(Side.ERP, "A1", "no start")]}),
        [("E1", "", "waiting")],
    ),
    "one more of a meeting that ERP.net ended": (
        unlinked(an_event(id="E2"), links=[ended(a_link(), EndedBy.ERP, "void", NOW)]),
        [("E2", "", "partner-gone")],
    ),
    "one more of a meeting that Outlook ended": (
        unlinked(an_event(id="E2"), links=[ended(a_link(), EndedBy.OUTLOOK, "deleted", NOW)]),
        [("E2", "", "waiting")],
    ),
    "somebody chose": (
        unlinked(
            EVENT,
            named("A1", void=True),
            waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.RELEASED)},
        ),
        [("", "A1", "waiting"), ("E1", "", "waiting")],
    ),
    "its partner was gone and nothing is known of it": (
        unlinked(EVENT, waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.PARTNER_GONE)}),
        [("E1", "", "partner-gone")],
    ),
    "its partner was gone and is back": (
        unlinked(
            EVENT,
            named("A1"),
            waiting={(Side.GRAPH, "E1"): Pending(Side.GRAPH, "E1", state=PendingState.PARTNER_GONE)},
        ),
        [("E1", "A1", "waiting")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_belongs_together(case: str) -> None:
    """Pairs, and what each item left alone waits for."""
    material, expected = CASES[case]

    assert expected == told(material)


WAITING = {"waiting": {(Side.ERP, "A2"): Pending(Side.ERP, "A2", state=PendingState.DECLINED)}}
PATTERNS: dict[str, tuple[list[GraphEvent | ErpActivity], dict[str, Any], list[tuple[str, str, str]]]] = {
    "other days": (
        [*TUESDAYS, *MONDAYS],
        {},
        [("D1", "A2", "waiting"), ("D2", "A9", "waiting"), ("D3", "", "waiting")],
    ),
    "a date that nobody shows beside one that is shown": (
        [*TUESDAYS[1:], MONDAYS[0], named("A17", external_id=dated(17))],
        {},
        [("", "A2", "partner-gone"), ("D2", "", "waiting"), ("D3", "A17", "waiting")],
    ),
    "somebody wants no event": (
        [TUESDAYS[0], MONDAYS[0]],
        WAITING,
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "it could not be looked for": (
        [TUESDAYS[0], MONDAYS[0]],
        {"unsure": frozenset({"A2"})},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a person's copy": (
        [TUESDAYS[0], replace(MONDAYS[0], creation_user="anna")],
        {},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a changed date, whose time may be the activity's": (
        [replace(TUESDAYS[0], kind=EventKind.EXCEPTION), MONDAYS[0]],
        {},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_dates_of_another_pattern(case: str) -> None:
    """Nobody remembers the pairs: an activity goes on with the date that takes the place of its own."""
    items, more, expected = PATTERNS[case]
    names: dict[str, tuple[ErpActivity, ...]] = {}
    for item in items:
        if isinstance(item, ErpActivity):
            names[uid_key(item.external_id)] = (item,)
    material = unlinked(*items, named=names, **more)

    assert expected == told(material, a_context(policy=WINDOWED))


@pytest.mark.parametrize("winner", [Winner.ERP, Winner.ASK])
def test_dates_of_another_pattern_where_outlooks_time_may_not_count(winner: Winner) -> None:
    """They would be moved back to their old days: nothing is linked."""
    named_by = {uid_key(MONDAYS[0].external_id): (MONDAYS[0],)}
    material = unlinked(TUESDAYS[0], MONDAYS[0], named=named_by)
    found = told(material, a_context(policy=replace(WINDOWED, winner=winner)))

    assert found == [("", "A2", "partner-gone"), ("D1", "", "waiting")]


def test_an_item_whose_partner_could_not_be_looked_for_waits() -> None:
    """Nothing is made that may be there already; a pair is one whatever was not read."""
    alone = match(unlinked(EVENT, named("A2", external_id=""), unsure=frozenset({"E1", "A2"})), CTX)
    pair = match(unlinked(EVENT, named("A1"), unsure=frozenset({"E1"})), CTX)

    assert [(c.event_sight, c.activity_sight) for c in alone] == [
        (Sight.UNDECIDED, Sight.UNREAD),
        (Sight.UNREAD, Sight.UNDECIDED),
    ]
    assert [(c.event_sight, c.activity_sight) for c in pair] == [(Sight.PRESENT, Sight.PRESENT)]


def test_rows_that_waited_for_both_are_over() -> None:
    """Found to be a pair, neither side waits any more."""
    rows = [Pending(Side.GRAPH, "E1"), Pending(Side.ERP, "A1")]
    [case] = match(unlinked(EVENT, named("A1"), waiting={(row.side, row.item_id): row for row in rows}), CTX)

    assert [case.pending, *case.over] == rows


def test_a_twin_of_what_is_out_of_scope_is_none() -> None:
    """A cancelled event does not stand in the way of the one that takes place."""
    cancelled = an_event(id="E0", is_cancelled=True)

    assert told(unlinked(cancelled, EVENT)) == [("E0", "", "waiting"), ("E1", "", "waiting")]


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


def test_what_the_event_shows_is_compared_in_common_ground() -> None:
    """The reminder, the priority and the minutes of both sides are one content."""
    event = an_event(shown(importance="high", reminder=30))
    same = named("A2", content=noted(priority="High", reminder=wall_clock(2026, 2, 2, 9, 30)))

    assert original(event, [named("A1", content=OTHER), same], CTX) is same
