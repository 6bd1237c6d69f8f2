"""The tables of scope, fate and permit, cell by cell. Expected values are written by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from sync_core.model.decision import Case, Context, Intent, Sight, Verdict
from sync_core.model.sides import ErpActivity, EventKind
from sync_core.plan.decide import decide
from sync_core.plan.tables import (
    ERP_TRAITS,
    FATE_LINKED,
    FATE_UNLINKED,
    GRAPH_TRAITS,
    PERMIT,
    REASONS,
    SCOPE,
    Obstacle,
    Trait,
    obstacles,
    permit,
    read_grid,
    scope,
)
from tests.support.cells import (
    FATE_LINKED_CELLS,
    LATE_EVENT,
    SCOPE_CELLS,
    SKIPPING,
    TO_ERP,
    TO_GRAPH,
    TRAITS,
    fated,
    with_trait,
)
from tests.support.samples import (
    ANNA,
    ANNA_ID,
    BORIS_ID,
    SERVICE,
    a_case,
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

# Reading


def test_a_printed_table_is_read_cell_by_cell() -> None:
    """Each row and column name leads to the cell where they meet."""
    expected = {("up", "left"): "one", ("up", "right"): "two", ("down", "left"): "three", ("down", "right"): "four"}

    assert expected == read_grid("""
              left   right
        up    one    two
        down  three  four
    """)


@pytest.mark.parametrize("row", ["down three", "down three four five"])
def test_a_row_that_does_not_fill_the_columns_is_refused(row: str) -> None:
    """A cell too few or too many would move the others into the wrong column."""
    with pytest.raises(ValueError, match="down"):
        read_grid(f"left right\nup one two\n{row}")


# Scope

BESIDE_FATE = {Intent.FOLLOW, Intent.HAND_ON, Intent.ANSWER}
"""What becomes of copies that do not feed the activity (test_shared.py)."""


@pytest.mark.parametrize("cell", SCOPE_CELLS)
def test_scope(cell: str) -> None:
    """A trait skips an unlinked item, sets a pair aside, or leaves it to fate and permit."""
    trait, _, column = cell.rpartition("/")
    verdict, reason = SCOPE_CELLS[cell]

    assert (None if verdict == "in" else Verdict(verdict), reason) == scope(*with_trait(trait, column))


def test_scope_has_no_gap() -> None:
    """Every trait of every side has both cells, each is tested, and all traits are asked."""
    rows = {*(f"graph/{t}" for t in GRAPH_TRAITS), *(f"erp/{t}" for t in ERP_TRAITS)}

    assert set(Trait) == {*GRAPH_TRAITS, *ERP_TRAITS}
    assert set(SCOPE) == set(product(rows, ("unlinked", "linked")))
    assert {tuple(cell.rsplit("/", 1)) for cell in SCOPE_CELLS} == set(SCOPE)
    assert set(TRAITS) == rows
    assert all(cell == "in" or cell in set(Verdict) for cell in SCOPE.values())


def test_the_first_trait_that_decides_names_the_reason() -> None:
    """A cancelled series is skipped as a series; a cancelled linked one is not read past that."""
    event = an_event(LATE_EVENT, kind=EventKind.MASTER, is_cancelled=True, is_organizer=False)

    assert scope(a_case(event), a_context()) == (Verdict.SKIP, "part of a recurring series")
    assert scope(a_case(replace(event, kind=EventKind.SINGLE)), a_context()) == (Verdict.SKIP, "cancelled")


def test_nothing_strange_is_in_scope() -> None:
    """A plain event and a plain activity are in, alone and as a pair."""
    for case in (a_case(an_event()), a_case(None, an_activity()), linked(an_event(), an_activity())):
        assert scope(case, a_context()) == (None, "")


@pytest.mark.parametrize(
    "ctx",
    [
        pytest.param(a_context(policy=TO_ERP), id="to-erpnet"),
        pytest.param(a_context(policy=TO_GRAPH), id="to-microsoft365"),
        pytest.param(a_context(now=utc(2025, 12, 20)), id="outside-the-window"),
    ],
)
def test_a_found_pair_is_linked_in_any_direction_and_wherever_it_lies(ctx: Context) -> None:
    """Two items that belong together are linked even where neither would get a counterpart."""
    assert scope(a_case(an_event(), an_activity()), ctx) == (None, "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            noted(start=wall_clock(2026, 1, 24, 9), end=wall_clock(2026, 1, 24, 10)), False, id="ended-24-hours-ago"
        ),
        pytest.param(
            noted(start=wall_clock(2026, 1, 24, 9), end=wall_clock(2026, 1, 24, 9, 59)), True, id="ended-before-that"
        ),
        pytest.param(noted(start=wall_clock(2026, 1, 24, 10), end=None), False, id="no-end-started-24-hours-ago"),
        pytest.param(noted(start=wall_clock(2026, 1, 24, 9, 59), end=None), True, id="no-end-started-before-that"),
        pytest.param(
            noted(start=wall_clock(2026, 1, 24, 9, 59), end=None, planned_minutes=600),
            True,
            id="no-end-but-a-long-plan",
        ),
        pytest.param(noted(start=wall_clock(2026, 1, 24), end=None), False, id="the-whole-of-yesterday"),
        pytest.param(noted(start=wall_clock(2026, 1, 23), end=None), True, id="the-whole-day-before"),
        pytest.param(
            noted(start=wall_clock(2020, 1, 1), end=wall_clock(2026, 1, 25)), False, id="six-years-and-still-on"
        ),
    ],
)
def test_activities_older_than_a_day_stay_out(content: object, expected: bool) -> None:
    """Ended, or without an end started, more than 24 hours ago (R8)."""
    verdict, _ = scope(a_case(None, replace(an_activity(), content=content)), a_context())  # type: ignore[arg-type]

    assert (Verdict.SKIP if expected else None) is verdict


@pytest.mark.parametrize(
    "activity",
    [
        pytest.param(an_activity(entity_name="Srv_ServiceActivities"), id="derived-entity"),
        pytest.param(an_activity(system_type="Campaign"), id="other-system-type"),
    ],
)
def test_only_plain_activities_of_the_chosen_types_go_to_outlook(activity: ErpActivity) -> None:
    """Derived activities and types that were not chosen are another type."""
    assert (Verdict.SKIP, REASONS[Trait.OTHER_TYPE]) == scope(a_case(None, activity), a_context())


# Who is the creator


@pytest.mark.parametrize(
    ("creator", "on", "expected"),
    [
        pytest.param(ANNA, {ANNA_ID}, None, id="creator-on"),
        pytest.param(ANNA, {ANNA_ID, BORIS_ID}, None, id="creator-and-participant-on"),
        pytest.param("boris", {ANNA_ID}, Verdict.SKIP, id="participant-alone-on"),
        pytest.param("boris", {ANNA_ID, BORIS_ID}, Verdict.SKIP, id="another-persons-activity"),
        pytest.param(SERVICE, {ANNA_ID}, None, id="made-for-the-user-by-a-service"),
    ],
)
def test_an_activity_appears_in_its_creators_calendar_only(
    creator: str, on: set[str], expected: Verdict | None
) -> None:
    """A participant's own switch brings nobody else's activity into their calendar (R12)."""
    ctx = a_context(creators_on=frozenset(on))

    assert expected is scope(a_case(None, an_activity(creation_user=creator)), ctx)[0]


def test_an_activity_owned_by_the_user_pairs_with_their_event() -> None:
    """What another login made for the user, and names their event, is theirs (a company switching over)."""
    migrated = an_activity(creation_user="mssync", external_id="uid-1")

    assert scope(a_case(an_event(), migrated), a_context()) == (None, "")
    assert scope(a_case(an_event(), replace(migrated, owner_party="party-boris")), a_context())[0] is Verdict.SKIP


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(linked(an_event(shown(subject="Plan"))), id="activity-not-read"),
        pytest.param(linked(an_event(), activity_sight=Sight.GONE), id="activity-deleted"),
        pytest.param(linked(None, an_activity(), event_sight=Sight.GONE), id="event-deleted"),
        pytest.param(linked(an_event(), an_activity(void=True)), id="activity-void"),
    ],
)
def test_nothing_is_written_while_the_creator_is_off(case: Case) -> None:
    """The creator kept on the link decides, also where the activity itself cannot be seen (R12)."""
    decision = decide(case, a_context(creators_on=frozenset({BORIS_ID})))

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.SKIP, None, None)
    assert REASONS[Trait.CREATOR_OFF] == decision.reason


# Fate


FATE_UNLINKED_CELLS = {
    "event-absent/activity-absent": "nothing",
    "event-absent/activity-present": "create-event",
    "event-present/activity-absent": "create-activity",
    "event-present/activity-present": "link",
}


@pytest.mark.parametrize("cell", FATE_UNLINKED_CELLS)
def test_fate_of_the_unlinked(cell: str) -> None:
    """An item alone gets a counterpart, two that belong together are linked."""
    assert Intent(FATE_UNLINKED_CELLS[cell]) is decide(fated(cell), a_context()).intent


@pytest.mark.parametrize("cell", FATE_LINKED_CELLS)
def test_fate_of_the_linked(cell: str) -> None:
    """A change is written to the other side, two are merged, and deletion wins over an edit."""
    case = replace(fated(cell), link=a_link())

    assert Intent(FATE_LINKED_CELLS[cell]) is decide(case, a_context()).intent


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(linked(an_event(is_cancelled=True), an_activity()), Intent.VOID, id="event-cancelled"),
        pytest.param(linked(an_event(), an_activity(void=True)), Intent.REMOVE, id="activity-void"),
        pytest.param(
            linked(an_event(is_cancelled=True), an_activity(void=True)), Intent.END, id="cancelled-and-void"
        ),
        pytest.param(
            linked(event_sight=Sight.GONE, activity_sight=Sight.HIDDEN), Intent.END, id="deleted-and-hidden"
        ),
    ],
)
def test_cancelled_and_void_are_gone(case: Case, expected: Intent) -> None:
    """A cancelled event is as good as deleted, and so is a void activity."""
    assert expected is decide(case, a_context()).intent


def test_fate_has_no_gap() -> None:
    """Every pair of states has its cell, each is tested, and each names an intent."""
    unlinked = product(("event-absent", "event-present"), ("activity-absent", "activity-present"))
    both = product(
        ("event-unchanged", "event-changed", "event-gone"),
        ("activity-unchanged", "activity-changed", "activity-gone"),
    )

    assert set(FATE_UNLINKED) == set(unlinked)
    assert set(FATE_LINKED) == set(both)
    assert {tuple(cell.split("/")) for cell in FATE_UNLINKED_CELLS} == set(FATE_UNLINKED)
    assert {tuple(cell.split("/")) for cell in FATE_LINKED_CELLS} == set(FATE_LINKED)
    assert {*FATE_UNLINKED.values(), *FATE_LINKED.values()} == set(Intent) - BESIDE_FATE


# Permit

PERMIT_CELLS = {
    "create-activity/past": "skip",
    "create-activity/series": "skip",
    "create-activity/private": "skip",
    "create-activity/invited": "act",
    "create-activity/one-way": "skip",
    "create-activity/no-company": "skip",
    "create-activity/beyond": "park",
    "create-activity/locked": "act",
    "create-activity/mass-deletion": "act",
    "create-event/past": "skip",
    "create-event/series": "skip",
    "create-event/private": "skip",
    "create-event/invited": "act",
    "create-event/one-way": "skip",
    "create-event/no-company": "act",
    "create-event/beyond": "park",
    "create-event/locked": "act",
    "create-event/mass-deletion": "act",
    "link/past": "skip",
    "link/series": "skip",
    "link/private": "skip",
    "link/invited": "act",
    "link/one-way": "act",
    "link/no-company": "act",
    "link/beyond": "act",
    "link/locked": "act",
    "link/mass-deletion": "act",
    "update-activity/past": "archive",
    "update-activity/series": "park",
    "update-activity/private": "park",
    "update-activity/invited": "act",
    "update-activity/one-way": "skip",
    "update-activity/no-company": "act",
    "update-activity/beyond": "act",
    "update-activity/locked": "conflict",
    "update-activity/mass-deletion": "act",
    "update-event/past": "archive",
    "update-event/series": "park",
    "update-event/private": "park",
    "update-event/invited": "conflict",
    "update-event/one-way": "skip",
    "update-event/no-company": "act",
    "update-event/beyond": "act",
    "update-event/locked": "act",
    "update-event/mass-deletion": "act",
    "void/past": "archive",
    "void/series": "park",
    "void/private": "park",
    "void/invited": "act",
    "void/one-way": "skip",
    "void/no-company": "act",
    "void/beyond": "act",
    "void/locked": "conflict",
    "void/mass-deletion": "hold",
    "remove/past": "skip",
    "remove/series": "park",
    "remove/private": "park",
    "remove/invited": "skip",
    "remove/one-way": "skip",
    "remove/no-company": "act",
    "remove/beyond": "act",
    "remove/locked": "act",
    "remove/mass-deletion": "hold",
}


@pytest.mark.parametrize("cell", PERMIT_CELLS)
def test_permit(cell: str) -> None:
    """One obstacle alone acts, or stops the write with its reason."""
    intent, obstacle = cell.split("/")
    reason = "" if PERMIT_CELLS[cell] == "act" else REASONS[Obstacle(obstacle)]
    hindering = {known: known == obstacle for known in Obstacle}

    assert (Verdict(PERMIT_CELLS[cell]), reason) == permit(Intent(intent), hindering)


def test_permit_has_no_gap() -> None:
    """Every intent that writes has a cell for every obstacle, each is tested, and each reason can be said."""
    writing = set(Intent) - BESIDE_FATE - {Intent.MERGE, Intent.END, Intent.NOTHING}

    assert set(PERMIT) == set(product(writing, Obstacle))
    assert {tuple(cell.split("/")) for cell in PERMIT_CELLS} == set(PERMIT)
    assert set(PERMIT.values()) <= set(Verdict)
    assert {*Trait, *Obstacle} == set(REASONS)


def test_the_first_obstacle_that_does_not_act_decides() -> None:
    """A locked activity of a series is parked as a series; what acts is passed over."""
    hindering = {obstacle: obstacle in (Obstacle.SERIES, Obstacle.LOCKED) for obstacle in Obstacle}

    assert (Verdict.PARK, REASONS[Obstacle.SERIES]) == permit(Intent.UPDATE_ACTIVITY, hindering)
    assert permit(Intent.CREATE_ACTIVITY, dict.fromkeys(Obstacle, False)) == (Verdict.ACT, "")


ENDED = shown(start=utc(2026, 1, 25, 6), end=utc(2026, 1, 25, 8))
NEARLY = shown(start=utc(2026, 1, 25, 6), end=utc(2026, 1, 25, 8, 1))
LAST_HOUR = shown(start=utc(4500, 12, 31, 22, 30), end=utc(4500, 12, 31, 23))
FIRST_HOUR = noted(start=wall_clock(1601, 1, 1, 1), end=wall_clock(2030, 1, 1))


@pytest.mark.parametrize(
    ("case", "intent", "ctx", "expected"),
    [
        pytest.param(linked(an_event(), an_activity()), Intent.UPDATE_ACTIVITY, a_context(), set(), id="none"),
        pytest.param(linked(an_event(ENDED)), Intent.REMOVE, a_context(), {Obstacle.PAST}, id="ended-now"),
        pytest.param(linked(an_event(NEARLY)), Intent.REMOVE, a_context(), set(), id="ends-in-a-minute"),
        pytest.param(
            linked(link=a_link(base_event=ENDED)), Intent.REMOVE, a_context(), {Obstacle.PAST}, id="ended-by-its-base"
        ),
        pytest.param(linked(an_event(ENDED)), Intent.VOID, a_context(), set(), id="a-past-activity-may-be-voided"),
        pytest.param(
            linked(an_event(kind=EventKind.EXCEPTION)), Intent.REMOVE, a_context(), {Obstacle.SERIES}, id="series"
        ),
        pytest.param(
            linked(None, an_activity(noted(private=True))),
            Intent.UPDATE_EVENT,
            a_context(policy=SKIPPING),
            {Obstacle.PRIVATE},
            id="private",
        ),
        pytest.param(
            linked(an_event(is_organizer=False)), Intent.REMOVE, a_context(), {Obstacle.INVITED}, id="invited"
        ),
        pytest.param(
            linked(), Intent.UPDATE_EVENT, a_context(policy=TO_ERP), {Obstacle.ONE_WAY}, id="against-to-erpnet"
        ),
        pytest.param(linked(), Intent.VOID, a_context(policy=TO_ERP), set(), id="along-to-erpnet"),
        pytest.param(
            linked(), Intent.VOID, a_context(policy=TO_GRAPH), {Obstacle.ONE_WAY}, id="against-to-microsoft365"
        ),
        pytest.param(
            a_case(an_event()),
            Intent.CREATE_ACTIVITY,
            a_context(has_company=False),
            {Obstacle.NO_COMPANY},
            id="company",
        ),
        pytest.param(
            linked(None, an_activity(state="Closed")), Intent.VOID, a_context(), {Obstacle.LOCKED}, id="locked"
        ),
        pytest.param(
            a_case(an_event(LAST_HOUR)),
            Intent.CREATE_ACTIVITY,
            a_context(),
            {Obstacle.BEYOND},
            id="next-year-in-sofia",
        ),
        pytest.param(linked(an_event(LAST_HOUR)), Intent.VOID, a_context(), set(), id="beyond-and-voided"),
        pytest.param(
            a_case(None, an_activity(FIRST_HOUR)),
            Intent.CREATE_EVENT,
            a_context(),
            {Obstacle.BEYOND},
            id="last-year-in-utc",
        ),
        pytest.param(
            a_case(None, an_activity(noted(start=wall_clock(4500, 12, 31), end=wall_clock(4500, 12, 31)))),
            Intent.CREATE_EVENT,
            a_context(),
            {Obstacle.BEYOND},
            id="a-whole-day-that-ends-in-4501",
        ),
    ],
)
def test_obstacles(case: Case, intent: Intent, ctx: Context, expected: set[Obstacle]) -> None:
    """What stands in the way of a write is read off the items and the settings."""
    assert expected == {obstacle for obstacle, stands in obstacles(case, intent, ctx).items() if stands}
