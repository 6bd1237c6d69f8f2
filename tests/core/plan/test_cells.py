"""What decided a case: every exit and every cell is named, and said in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model.decision import Case, Context
from sync_core.model.policy import Policy, Winner
from sync_core.plan import exits as way
from sync_core.plan.cells import WORDS, in_words, of_exit, of_table
from sync_core.plan.decide import decide
from sync_core.plan.guard import guard
from sync_core.plan.tables import FATE_LINKED, FATE_UNLINKED
from tests.core.plan.test_exits import CASES
from tests.support.cells import FATE_LINKED_CELLS, SCOPE_CELLS, TO_ERP, fated, with_trait
from tests.support.samples import (
    NOW,
    a_case,
    a_context,
    a_link,
    an_activity,
    an_event,
    an_office,
    linked,
    noted,
    shown,
)


def test_every_exit_and_every_cell_of_the_fate_has_its_words() -> None:
    """Of the other tables one line each; nothing is left over from an exit that is gone."""
    exits = {of_exit(leave.__name__) for leave in (*way.AS_READ, *way.BEFORE_FATE)}
    cells = {of_table("fate", cell) for cell in (*FATE_LINKED, *FATE_UNLINKED)}

    assert set(WORDS) == exits | cells | {"scope", "election", "permit"}


@pytest.mark.parametrize("name", CASES)
def test_an_exit_is_named(name: str) -> None:
    """By its printed name, in front of the table it asks."""
    assert {decide(case, an_office()).cell.split()[0] for case in CASES[name]} == {f"exit/{name}"}


@pytest.mark.parametrize("cell", FATE_LINKED_CELLS)
def test_a_cell_of_the_fate_is_named(cell: str) -> None:
    """By what was seen of both sides."""
    assert decide(replace(fated(cell), link=a_link()), a_context()).cell == f"fate/{cell}"


@pytest.mark.parametrize("cell", [name for name, (verdict, _) in SCOPE_CELLS.items() if verdict != "in"])
def test_a_cell_of_the_scope_is_named(cell: str) -> None:
    """Behind its exit."""
    trait, _, column = cell.rpartition("/")
    assert decide(*with_trait(trait, column)).cell == f"exit/out-of-scope scope/{cell}"


@pytest.mark.parametrize("case", CASES["not-feeding"])
def test_a_cell_of_the_election_is_named_where_it_decided(case: Case) -> None:
    """Of a clash with another's own event and of a copy that follows."""
    assert "election/" in decide(case, an_office()).cell


@pytest.mark.parametrize(
    ("case", "ctx", "expected"),
    [
        pytest.param(
            linked(an_event(shown(subject="Plan")), an_activity()),
            a_context(),
            "fate/event-changed/activity-unchanged",
            id="a-write-that-may-be-made",
        ),
        pytest.param(
            a_case(an_event()),
            a_context(has_company=False),
            "fate/event-present/activity-absent permit/create-activity/no-company",
            id="no-company",
        ),
        pytest.param(
            linked(an_event(), an_activity(noted(subject="Forecast"))),
            a_context(policy=TO_ERP),
            "fate/event-unchanged/activity-changed permit/update-event/one-way",
            id="one-way",
        ),
        pytest.param(
            linked(an_event(shown(subject="Plan")), an_activity(noted(subject="Forecast"))),
            a_context(policy=Policy(winner=Winner.ASK)),
            "fate/event-changed/activity-changed",
            id="a-conflict-of-two-edits-is-forbidden-by-no-cell",
        ),
    ],
)
def test_a_write_that_is_not_permitted_names_what_forbids_it(case: Case, ctx: Context, expected: str) -> None:
    """Behind the cell that asked for the write."""
    assert decide(case, ctx).cell == expected


def test_a_held_deletion_names_the_guards_cell() -> None:
    """In the round that holds it and in those that follow."""
    cases = [replace(fated("event-gone/activity-unchanged"), link=a_link(event_id=f"E{n}")) for n in range(3)]
    decisions = [decide(case, a_context()) for case in cases]
    held, _ = guard(decisions, live=0, recent=0, limit=(1, 0.1), approved=frozenset(), now=NOW)
    again = [decide(replace(one.case, link=one.link), a_context()) for one in held]

    assert {one.cell for one in (*held, *again)} == {"fate/event-gone/activity-unchanged permit/void/mass-deletion"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", ""),
        ("exit/hidden", "the activity is not visible to the service user (exit hidden)"),
        (
            "exit/out-of-scope scope/graph/series/linked",
            "it is not among what is synced (exit out-of-scope); "
            "what it is, is not synced (SCOPE graph/series × linked)",
        ),
        ("omen/raven/left", "OMEN raven × left"),
    ],
)
def test_it_is_said_in_words(cell: str, expected: str) -> None:
    """With the printed name beside it; a name of a newer build stands for itself."""
    assert in_words(cell) == expected
